"""Recordings of markets written down by tests, and what a vandal does to one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from steelyard.app.recording import new_session
from steelyard.config import Config, parse_config
from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, decide
from steelyard.model import MarketSnapshot
from steelyard.record.recorder import Recorder
from steelyard.record.recording import DecisionInputs, Recording, Session
from steelyard.record.recording_file import LineReader, LineWriter
from tests.support.markets import VENUES, WETH, block, drifted, settings, snapshot

CONFIG = parse_config(
    {"market": {"tokens": [WETH], "wrapped_native": WETH}, "limits": {"max_trade": "1000000000 ether"}},
    source="the test",
)


def session(config: Config = CONFIG, **changes: Any) -> Session[ArbitrageSettings]:
    """A session of a keeper that refuses nothing for its size."""
    return new_session(config, settings(**changes), VENUES)


def market_blocks(count: int, *, first: int = 100) -> list[MarketSnapshot]:
    """Blocks in each of which the two drifted pairs are traded a little nearer to each other."""
    pools = drifted()
    made = []
    for number in range(first, first + count):
        touched = frozenset(pool.address for pool in pools)
        made.append(snapshot(pools, at=block(number), touched=touched))
        pools = [pools[0].swap_exact_in(WETH, 10**17)[1], *pools[1:]]
    return made


def record(path: Path, turns: Iterable[DecisionInputs], opened: Session[ArbitrageSettings]) -> None:
    """Decide the turns and append them to a recording as a keeper would."""
    cache = ArbitrageCache()
    with Recorder(path, opened) as recorder:
        for given in turns:
            decision = decide(
                given.snapshot,
                opened.settings,
                opened.venues,
                cache,
                busy_pools=given.busy_pools,
                stopped_reason=given.stopped_reason,
                attempts=given.attempts,
            )
            recorder.post(given, decision, decision_microseconds=1_500)
    assert recorder.trouble is None


def record_blocks(
    path: Path, blocks: Iterable[MarketSnapshot], opened: Session[ArbitrageSettings] | None = None
) -> None:
    """Record decisions on these blocks with nothing else to mind."""
    record(path, (DecisionInputs(snapshot=one) for one in blocks), opened or session())


def read_turns(path: Path) -> list[Any]:
    """Return all turns of a recording."""
    with Recording(path, ArbitrageSettings) as recording:
        return list(recording)


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let ``change`` edit each line's object, and write the file anew with right checksums."""
    with LineReader(path) as reader:
        lines = [json.loads(line.text) for line in reader]
    path.unlink()
    with LineWriter(path) as writer:
        for line in lines:
            change(line)
            writer.append(json.dumps(line).encode())
