"""The HTML report: one self-contained file with tables and plots, readable without a network."""

from steelyard.web.report.page import Execution, ReportPage, VerdictCount, render_report
from steelyard.web.report.vault_section import VaultPoint, VaultRebalanceLine, VaultSection, VaultVerdictLine

__all__ = [
    "Execution",
    "ReportPage",
    "VaultPoint",
    "VaultRebalanceLine",
    "VaultSection",
    "VaultVerdictLine",
    "VerdictCount",
    "render_report",
]
