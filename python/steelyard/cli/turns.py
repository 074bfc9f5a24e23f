"""How a turn of the keeper is shown: one line a block, in a live table or as plain text."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from steelyard.app.keeper import Turn
from steelyard.app.vault_watch import VaultTurn
from steelyard.cli.tables import GAP, show_lines
from steelyard.cli.vault_words import turn_line
from steelyard.cli.wording import amount, ether, moment, symbol
from steelyard.model import Address, IntentStatus, Outcome, RebalanceCode, Token, VerdictCode

LINES_SHOWN = 16
_COLUMNS = {
    "block": 10,
    "gwei": 6,
    "touched": 7,
    "candidates": 10,
    "sent": 4,
    "settled": 9,
    "net, ether": 11,
    "ms": 5,
    "verdicts": 0,
}
"""The headings, and how wide they are in a pipe, where what comes later is not known."""
_STYLES = {"critical": "bold red", "warning": "yellow"}


class TurnTable:
    """Shows turns as they come; a context manager. On a terminal a live table, elsewhere a line each."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._lines: deque[tuple[str, ...]] = deque(maxlen=LINES_SHOWN)
        self._net_wei = 0
        self._vault_code: RebalanceCode | None = None
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        else:
            show_lines(self._console, [_plain(tuple(_COLUMNS))])
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, turn: Turn) -> None:
        """Add one turn."""
        self._net_wei += sum(outcome.net_wei for outcome in turn.outcomes)
        line = _line(turn, self._net_wei)
        self._lines.append(line)
        if self._live:
            self._live.update(self._table(), refresh=True)
        else:
            show_lines(self._console, [_plain(line)])
        if turn.vault is not None:
            self.look(turn.vault)

    def look(self, turn: VaultTurn) -> None:
        """Print a look at the vault where something was sent, or the answer is another than before."""
        if turn.is_sent or turn.verdict.code is not self._vault_code:
            show_lines(self._console, [f"vault, {turn_line(turn)}"])
        self._vault_code = turn.verdict.code

    def say(self, kind: str, message: str, severity: str) -> None:
        """Print an event; it stays above the live table."""
        line = f"{moment(int(time.time()))}{GAP}{severity}{GAP}{kind}: {message}"
        show_lines(self._console, [line], style=_STYLES.get(severity))

    def _table(self) -> Table:
        table = Table(*_COLUMNS, title=self._title, caption=f"after gas so far: {ether(self._net_wei)} ether")
        for line in self._lines:
            table.add_row(*line)
        return table


def _plain(cells: tuple[str, ...]) -> str:
    *numbers, words = cells
    widths = list(_COLUMNS.values())
    return GAP.join([*(cell.rjust(width) for cell, width in zip(numbers, widths, strict=False)), words])


def _line(turn: Turn, net_wei: int) -> tuple[str, ...]:
    block = turn.decision.block
    return (
        str(block.number),
        f"{block.base_fee_wei / 10**9:.1f}",
        str(len(turn.snapshot.touched)),
        str(len(turn.decision.verdicts)),
        str(len(turn.submitted)),
        ", ".join(_settled(outcome) for outcome in turn.outcomes) or "-",
        ether(net_wei),
        f"{turn.decision_milliseconds:.0f}",
        _verdicts(turn),
    )


def _verdicts(turn: Turn) -> str:
    """Count the verdicts, the commonest refusals only; why risk is stopped was said when it was."""
    if turn.stopped:
        return "stopped: no new risk"
    counts = Counter(verdict.code for verdict in turn.decision.verdicts)
    accepted = counts.pop(VerdictCode.ACCEPTED, 0)
    words = [f"{accepted} accepted"] if accepted else []
    words += [f"{count} {code.value.replace('_', ' ')}" for code, count in counts.most_common(2)]
    return ", ".join(words) or "none"


def _settled(outcome: Outcome) -> str:
    if outcome.status is IntentStatus.CONFIRMED:
        sign = "" if outcome.net_wei < 0 else "+"
        return f"{sign}{ether(outcome.net_wei, 4)}"
    return outcome.status.value


def profits_by_asset(profits: Mapping[str, int], tokens: Mapping[Address, Token]) -> str:
    """Return gross profits as people read them: ``0.52 WETH, 1,204.1 USDC``."""
    return ", ".join(
        f"{amount(value, tokens.get(Address(asset)))} {symbol(asset, tokens)}"
        for asset, value in sorted(profits.items())
    )
