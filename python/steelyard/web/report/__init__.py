"""The HTML report: one self-contained file with tables and plots, readable without a network."""

from steelyard.web.report.page import Execution, ReportPage, VerdictCount, render_report

__all__ = ["Execution", "ReportPage", "VerdictCount", "render_report"]
