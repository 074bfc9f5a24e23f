"""What commands print: aligned lines in a pipe, a live table on a terminal, events in both."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from steelyard.app.keeper import Turn
from steelyard.cli.tables import aligned, show_lines, show_table
from steelyard.cli.turns import TurnTable, profits_by_asset
from steelyard.cli.wording import amount, ether, moment, route, symbol
from steelyard.model import (
    Address,
    Decision,
    IntentStatus,
    Token,
    Verdict,
    VerdictCode,
)
from steelyard.units import ETHER
from tests.support.markets import block, snapshot
from tests.support.plans import USDC, WETH, make_plan
from tests.support.records import make_outcome

pytestmark = pytest.mark.unit

TOKENS = {
    WETH: Token(address=WETH, symbol="WETH", decimals=18),
    USDC: Token(address=USDC, symbol="USDC", decimals=6),
}
PLAN = make_plan()


def pipe() -> Console:
    return Console(file=io.StringIO(), width=40)


def terminal() -> Console:
    return Console(file=io.StringIO(), width=140, force_terminal=True, color_system=None)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def make_turn(**changes: object) -> Turn:
    verdict = Verdict(
        route=(), asset=WETH, amount=1, profit=1, net_wei=1, code=VerdictCode.BELOW_GAS, words="gas"
    )
    accepted = replace(verdict, code=VerdictCode.ACCEPTED, plan=PLAN)
    fields: dict[str, object] = {
        "snapshot": snapshot(()),
        "decision": Decision(block=block(), verdicts=(accepted, verdict, verdict)),
        "outcomes": (),
        "submitted": (PLAN,),
        "stopped": None,
        "decision_milliseconds": 12.4,
    }
    return Turn(**fields | changes)  # type: ignore[arg-type]


def test_columns_in_a_pipe_are_aligned_and_never_cut() -> None:
    console = pipe()
    long_word = "x" * 60
    with TurnTable(console, "title") as table:
        table.show(make_turn())
        table.show(make_turn(stopped=long_word))
    heading, first, second = text(console).splitlines()
    assert heading.index("verdicts") == first.index("1 accepted, 2 below gas") == second.index("stopped")
    assert heading.index("candidates") + len("candidates") == first.index("3     1") + 1
    show_lines(console, [long_word])
    assert long_word in text(console)


def test_profit_adds_up_from_block_to_block() -> None:
    console = pipe()
    gain = make_outcome(PLAN, net_wei=ETHER // 4)
    loss = make_outcome(PLAN, IntentStatus.REVERTED, net_wei=-ETHER // 100)
    with TurnTable(console, "title") as table:
        table.show(make_turn(outcomes=(gain,)))
        table.show(make_turn(outcomes=(loss,)))
    assert "+0.2500     0.250000" in text(console)
    assert "reverted     0.240000" in text(console)


def test_event_says_when_how_grave_and_what() -> None:
    console = pipe()
    with TurnTable(console, "title") as table:
        table.say("trouble", "the node [is] away", "warning")
    line = text(console).splitlines()[-1]
    assert line.endswith(" UTC  warning  trouble: the node [is] away")


def test_terminal_gets_a_table_and_events_above_it() -> None:
    console = terminal()
    with TurnTable(console, "Steelyard, paper") as table:
        table.show(make_turn())
        table.say("trouble", "the node is away", "warning")
        table.show(make_turn())
    assert "Steelyard, paper" in text(console)
    assert "│ 1 accepted, 2 below gas" in text(console)
    assert text(console).count("the node is away") == 1


def test_tables_are_lines_in_a_pipe_and_boxes_on_a_terminal() -> None:
    rows = [("open", "0"), ("net, ether", "0.5")]
    piped, boxed = pipe(), terminal()
    for console in (piped, boxed):
        show_table(console, rows, title="Records")
    assert text(piped).splitlines() == ["Records:", "open        0", "net, ether  0.5"]
    assert "│ open       │ 0   │" in text(boxed)
    assert aligned([("a", "bb"), ("ccc", "d")]) == ["a    bb", "ccc  d"]


def test_table_whose_words_a_terminal_would_cut_is_lines() -> None:
    for cell, is_boxed in (("x" * 133, False), ("x" * 132, True), ("x " * 200, True)):
        console = terminal()
        show_table(console, [("a", cell)], title="Long")
        assert ("│" in text(console)) is is_boxed
        assert text(console).count("x") == cell.count("x")


def test_brackets_in_a_table_are_no_markup() -> None:
    for console in (pipe(), terminal()):
        show_table(console, [("reason", "[red]limits[/red]")], title="Vault")
        assert "[red]limits[/red]" in text(console)


@pytest.mark.parametrize(
    ("value", "token", "words"),
    [
        (1_204_100_000, USDC, "1,204.1"),
        (1, WETH, "0.000000000000000001"),
        (-5 * 10**17, WETH, "-0.5"),
        (0, USDC, "0"),
        (3 * 10**24, WETH, "3,000,000"),
    ],
)
def test_amounts_are_exact(value: int, token: Address, words: str) -> None:
    assert amount(value, TOKENS[token]) == words


def test_amount_of_a_token_without_decimals_has_no_point() -> None:
    assert amount(-7, Token(address=USDC, symbol="ONE", decimals=0)) == "-7"


def test_unknown_token_is_shortened_and_counted_in_base_units() -> None:
    assert amount(7, None) == "7 base units"
    assert symbol(WETH, {}) == f"{WETH[:6]}..{WETH[-4:]}"
    assert route([WETH, USDC, WETH], TOKENS) == "WETH > USDC > WETH"


def test_ether_has_a_sign_and_fixed_places() -> None:
    assert ether(-ETHER // 2) == "-0.500000"
    assert ether(1) == "0.000000"
    assert ether(1_234 * ETHER, 2) == "1,234.00"


def test_moment_is_utc() -> None:
    assert moment(0) == "1970-01-01 00:00:00 UTC"


def test_profits_are_listed_by_asset() -> None:
    assert profits_by_asset({WETH: ETHER, USDC: 5 * 10**5}, TOKENS) == "0.5 USDC, 1 WETH"
