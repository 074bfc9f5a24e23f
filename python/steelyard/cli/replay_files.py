"""What a replay leaves behind: ``verdicts.csv`` and ``blocks.csv``, written turn by turn, and the report."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from steelyard.app.replay import ReplayedTurn
from steelyard.cli.wording import route
from steelyard.exceptions import ConfigError
from steelyard.model import Address, Token, Verdict
from steelyard.web.report.replay_page import BlockSide, ReplayedBlock, ReplayPage, render_replay

VERDICT_COLUMNS: Final = (
    "turn",
    "block",
    "code",
    "route",
    "pools",
    "asset",
    "amount",
    "profit",
    "net_wei",
    "gap_wei",
    "reason",
)
BLOCK_COLUMNS: Final = (
    "turn",
    "block",
    "hash",
    "timestamp_seconds",
    "base_fee_wei",
    "pools",
    "touched",
    "equal",
    "recorded_candidates",
    "recorded_accepted",
    "recorded_expected_net_wei",
    "recorded_microseconds",
    "candidates",
    "accepted",
    "expected_net_wei",
    "microseconds",
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@")


class ReplayFiles:
    """The folder that a replay writes into; a context manager.

    Attributes:
        blocks: what each turn came to, for the report.
        examples: the latest reason of each verdict.
    """

    def __init__(self, folder: Path) -> None:
        """Open the tables. Raises ConfigError where the folder cannot be written."""
        self.folder = folder
        self.blocks: list[ReplayedBlock] = []
        self.examples: dict[str, str] = {}
        self._opened = ExitStack()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._verdicts = self._table("verdicts.csv", VERDICT_COLUMNS)
            self._blocks = self._table("blocks.csv", BLOCK_COLUMNS)
        except OSError as error:
            self._opened.close()
            raise ConfigError(
                f"the replay cannot be written to {folder} ({error.strerror}); name another folder with --out"
            ) from None

    def add(self, turn: ReplayedTurn) -> ReplayedBlock:
        """Write a turn's rows and return what it came to."""
        block = _block(turn)
        number = len(self.blocks) + 1
        tokens = turn.recorded.inputs.snapshot.tokens
        for verdict in turn.decision.verdicts:
            self._verdicts.writerow((number, block.number, *_verdict_row(verdict, tokens)))
            self.examples[verdict.code.value] = verdict.reason
        self._blocks.writerow((number, *_block_row(block)))
        self.blocks.append(block)
        return block

    def write_report(self, page: ReplayPage) -> Path:
        """Write the page beside the tables and return its path."""
        path = self.folder / "report.html"
        path.write_text(render_replay(page), encoding="utf-8")
        return path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._opened.close()

    def _table(self, name: str, columns: Sequence[str]) -> Any:
        file = self._opened.enter_context((self.folder / name).open("w", encoding="utf-8", newline=""))
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        return table


def _block(turn: ReplayedTurn) -> ReplayedBlock:
    snapshot = turn.recorded.inputs.snapshot
    return ReplayedBlock(
        number=snapshot.block.number,
        hash=snapshot.block.hash,
        timestamp_seconds=snapshot.block.timestamp_seconds,
        base_fee_wei=snapshot.block.base_fee_wei,
        pools=len(snapshot.pools),
        touched=len(snapshot.touched),
        equal=turn.equal,
        recorded=_side(turn.recorded.decision.verdicts, turn.recorded.decision_microseconds),
        replayed=_side(turn.decision.verdicts, turn.decision_microseconds),
    )


def _side(verdicts: Sequence[Verdict], microseconds: int) -> BlockSide:
    gaps = [verdict.gap_wei for verdict in verdicts if verdict.amount]
    return BlockSide(
        codes=Counter(verdict.code.value for verdict in verdicts),
        expected_net_wei=sum(verdict.plan.expected_net_wei for verdict in verdicts if verdict.plan),
        microseconds=microseconds,
        proofs=(gaps.count(0), sum(gap is not None and gap > 0 for gap in gaps), gaps.count(None)),
    )


def _verdict_row(verdict: Verdict, tokens: Mapping[Address, Token]) -> tuple[object, ...]:
    return (
        verdict.code.value,
        _cell(route([verdict.asset, *(leg.token_out for leg in verdict.route)], tokens)),
        " ".join(leg.pool for leg in verdict.route),
        verdict.asset,
        verdict.amount,
        verdict.profit,
        "" if verdict.net_wei is None else verdict.net_wei,
        "" if verdict.gap_wei is None else verdict.gap_wei,
        _cell(verdict.reason),
    )


def _block_row(block: ReplayedBlock) -> tuple[object, ...]:
    sides = [
        (side.candidates, side.accepted, side.expected_net_wei, side.microseconds)
        for side in (block.recorded, block.replayed)
    ]
    return (
        block.number,
        block.hash,
        block.timestamp_seconds,
        block.base_fee_wei,
        block.pools,
        block.touched,
        int(block.equal),
        *sides[0],
        *sides[1],
    )


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: tokens choose their own symbols."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
