"""The vault's part of the report: escaped, the same for the same records, and small whatever it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from steelyard.units import WAD
from steelyard.web.report import (
    ReportPage,
    VaultPoint,
    VaultRebalanceLine,
    VaultSection,
    VaultVerdictLine,
    render_report,
)
from steelyard.web.report.vault_charts import MOST_POINTS
from steelyard.web.report.vault_section import vault_charts

pytestmark = pytest.mark.unit

HOSTILE = "<script>alert(1)</script>"


def point(seconds: int, held: int, *, is_told: bool = True) -> VaultPoint:
    return VaultPoint(
        seconds=seconds,
        held={"pool": held, "buffer": WAD - held} if is_told else None,
        wanted={"pool": WAD // 2, "buffer": WAD // 2} if is_told else None,
        total_assets=Decimal(1_000 + seconds) if is_told else None,
        share_price=Decimal("1.01") if is_told else None,
    )


SECTION = VaultSection(
    address="0xVault",
    headline="Vault 0xVault at block 9",
    symbol="USDC",
    points=[point(0, WAD // 4), point(3_600, WAD // 2)],
    rebalanced_seconds=[1_800],
    pool_headings=["pool", "now"],
    pools=[["pool", "50.00 %"]],
    metrics=[("Herfindahl index", "1.0000")],
    rebalances=[],
    verdicts=[],
)


def page(*vaults: VaultSection) -> str:
    return render_report(
        ReportPage(
            title="Report",
            mode="paper",
            executor="not used yet",
            first_block=0,
            last_block=9,
            blocks_seen=1,
            reorgs=0,
            executions=[],
            verdicts=[],
            alerts=[],
            vaults=vaults,
        )
    )


def steps(svg: str) -> list[int]:
    """How many points each line of the plot has."""
    return [path.count("L") + 1 for path in re.findall(r'<path d="(M[^"]*)" clip-path', svg, re.DOTALL)]


def test_each_vault_has_a_section_with_plots_of_its_own() -> None:
    html = page(SECTION, replace(SECTION, address="0xOther", headline="Vault 0xOther at block 9"))
    assert html.count("<h1>Vault 0x") == 2
    assert html.count("<svg") == 3 + 2 * 3
    ids: list[str] = re.findall(r'<clipPath id="([^"]*)"', html)
    assert len(ids) == len(set(ids)), "one plot's parts must not stand in for another's"


def test_vault_that_was_never_rebalanced_says_so() -> None:
    assert "Nothing was sent." in page(SECTION).partition("Vault 0xVault")[2]


def test_what_comes_from_outside_is_escaped() -> None:
    line = VaultRebalanceLine(
        time="now", status="reverted", moves=[HOSTILE, HOSTILE], moved=HOSTILE, loss_expected="", loss="",
        cost="", benefit="", gas_cost_wei=None, reason=HOSTILE, transaction_hash="",
    )  # fmt: skip
    verdict = VaultVerdictLine(verdict="no price", times=1, lasted="", latest="", reason=HOSTILE)
    hostile = replace(
        SECTION,
        symbol=HOSTILE,
        headline=HOSTILE,
        pools=[[HOSTILE, HOSTILE]],
        metrics=[("a share", HOSTILE)],
        rebalances=[line],
        verdicts=[verdict],
        points=[replace(point(0, WAD), held={HOSTILE: WAD}, wanted={HOSTILE: WAD})],
    )
    html = page(hostile)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 8


def test_same_records_give_the_same_bytes() -> None:
    assert page(SECTION) == page(SECTION)


def test_vault_that_cannot_be_told_now_has_no_bars_and_the_rest_of_its_story() -> None:
    untold = replace(
        SECTION, points=[point(0, WAD // 4), point(3_600, WAD // 4), point(7_200, 0, is_told=False)]
    )
    assert "Weights now and their targets" in vault_charts(SECTION)
    assert "Weights now and their targets" not in vault_charts(untold)
    assert len(vault_charts(untold)) == 2


def test_long_story_is_thinned_out_to_what_an_eye_sees() -> None:
    points = [point(60 * at, WAD // 4 + at % 7 * WAD // 100) for at in range(3 * MOST_POINTS)]
    long = replace(SECTION, points=points, rebalanced_seconds=range(0, 60_000, 7))
    *_, weights, assets = vault_charts(long).values()
    # Each point but the first makes two lines of a step.
    assert MOST_POINTS < max(steps(weights)) <= 2 * MOST_POINTS
    assert len(assets) < 400_000
    ended_elsewhere = replace(long, points=[*points[:-1], replace(points[-1], held={"pool": WAD})])
    assert weights not in vault_charts(ended_elsewhere).values(), "the last look is never left out"


def test_rebalances_are_marked_at_their_time() -> None:
    title = "Total assets, the price of a share, and rebalances"
    marked, unmarked = (
        vault_charts(replace(SECTION, rebalanced_seconds=moments))[title] for moments in ([900, 1_800], [])
    )
    # Each mark is a line over the whole height; the legend has one more.
    assert len(steps(marked)) - len(steps(unmarked)) == 2
