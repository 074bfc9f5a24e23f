"""The pages' templates, rendered to self-contained HTML; every value from outside is escaped."""

from __future__ import annotations

from decimal import Decimal

from jinja2 import Environment, PackageLoader, StrictUndefined

from steelyard.units import ETHER


def rendered(template: str, **values: object) -> str:
    """Return a template of this folder as one HTML document."""
    environment = Environment(
        loader=PackageLoader("steelyard.web.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ether"] = ether
    return environment.get_template(template).render(**values)


def ether(wei: int, places: int = 6) -> str:
    """Return wei as ether with ``places`` decimals, for eyes only (rounded half to even)."""
    return f"{Decimal(wei) / ETHER:,.{places}f}"
