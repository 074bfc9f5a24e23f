"""What a report shows, and its rendering to one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.web.report.charts import (
    estimate_against_realised,
    profit_over_blocks,
    verdict_bars,
)
from steelyard.web.report.templates import rendered
from steelyard.web.report.vault_section import VaultSection, vault_charts


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One sent plan.

    Attributes:
        amount, profit: in people's units of ``asset``, as text with the asset's decimals.
        builder_tip_wei: paid to the block's builder out of the gain; not in ``profit``.
        estimated_net_wei, net_wei: after gas, valued in the native coin; ``net_wei`` is the chain's.
    """

    block_number: int
    status: str
    route: str
    lender: str
    asset: str
    amount: str
    profit: str
    estimated_net_wei: int
    net_wei: int
    gas_cost_wei: int
    builder_tip_wei: int
    transaction_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCount:
    """How often candidates met one verdict, with the latest reason as an example."""

    code: str
    count: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """All that the report says."""

    title: str
    mode: str
    executor: str
    first_block: int
    last_block: int
    blocks_seen: int
    reorgs: int
    executions: Sequence[Execution]
    verdicts: Sequence[VerdictCount]
    alerts: Sequence[str]
    vaults: Sequence[VaultSection] = ()

    @property
    def confirmed(self) -> list[Execution]:
        return [execution for execution in self.executions if execution.status == "confirmed"]

    @property
    def net_wei(self) -> int:
        return sum(execution.net_wei for execution in self.executions)

    @property
    def gas_wei(self) -> int:
        return sum(execution.gas_cost_wei for execution in self.executions)

    @property
    def tip_wei(self) -> int:
        return sum(execution.builder_tip_wei for execution in self.executions)


def render_report(page: ReportPage) -> str:
    """Return the report as one HTML document; every value that comes from outside is escaped."""
    charts = {
        "Profit after gas, block by block": profit_over_blocks(
            [(execution.block_number, execution.net_wei) for execution in page.executions],
            first_block=page.first_block,
            last_block=page.last_block,
        ),
        "What was expected and what arrived": estimate_against_realised(
            [(execution.estimated_net_wei, execution.net_wei) for execution in page.confirmed]
        ),
        "Why candidates were taken or refused": verdict_bars(
            [(row.code, row.count) for row in page.verdicts]
        ),
    }
    vaults = [(vault, vault_charts(vault)) for vault in page.vaults]
    return rendered("report.html.j2", page=page, charts=charts, vaults=vaults)
