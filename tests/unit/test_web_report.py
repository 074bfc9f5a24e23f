"""The report is one file that says what the records say, and cannot be bent by what it shows."""

import pytest

from steelyard.units import ETHER
from steelyard.web.report import Execution, ReportPage, VerdictCount, render_report

pytestmark = pytest.mark.unit


def execution(**changes: object) -> Execution:
    values: dict[str, object] = {
        "block_number": 101,
        "status": "confirmed",
        "route": "WETH > USDC > WETH",
        "lender": "balancer v2",
        "asset": "WETH",
        "amount": "3.2",
        "profit": "0.1",
        "estimated_net_wei": ETHER // 10,
        "net_wei": ETHER // 10,
        "gas_cost_wei": ETHER // 1000,
        "builder_tip_wei": 0,
        "transaction_hash": "0x" + "ab" * 32,
    }
    return Execution(**{**values, **changes})  # type: ignore[arg-type]  # a builder for tests


def page(*executions: Execution) -> ReportPage:
    return ReportPage(
        title="Report",
        mode="paper",
        executor="0xExecutor",
        first_block=100,
        last_block=140,
        blocks_seen=41,
        reorgs=0,
        executions=executions,
        verdicts=[VerdictCount(code="below_gas", count=3, example="12 wei under gas")],
        alerts=[],
    )


def test_report_sums_every_execution_and_counts_the_confirmed() -> None:
    html = render_report(page(execution(), execution(status="reverted", net_wei=-ETHER // 100)))
    assert "<b>0.090000</b>ether after gas" in html
    assert "<b>1</b>confirmed of 2 executions" in html
    assert html.count("<svg") == 3


def test_tips_are_shown_by_execution_and_summed_where_there_are_any() -> None:
    html = render_report(
        page(execution(builder_tip_wei=ETHER // 50), execution(builder_tip_wei=ETHER // 100))
    )
    assert "<b>0.030000</b>ether tipped to builders" in html
    assert '<td class="num">0.020000</td>' in html
    assert "tipped to builders" not in render_report(page(execution()))


def test_report_with_nothing_sent_says_so() -> None:
    assert "Nothing was sent." in render_report(page())


def test_hostile_token_symbol_is_escaped() -> None:
    html = render_report(page(execution(asset="<script>alert(1)</script>")))
    assert "<script>" not in html


def test_same_records_give_the_same_bytes() -> None:
    assert render_report(page(execution())) == render_report(page(execution()))
