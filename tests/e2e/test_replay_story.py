"""A keeper records, dies and records again; another process decides all of it once more, to the bit."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from steelyard.cli.demo_stage import DemoStage
from steelyard.config import load_config
from steelyard.model import Address
from steelyard.sandbox.replica.build import ReplicaState
from tests.support.fatal_keeper import KeeperProcess
from tests.support.keeper_books import head
from tests.support.keeper_stage import keeper_stage, run_steelyard
from tests.support.operator import running_keeper, write_config
from tests.support.recordings import read_turns, rewrite

pytestmark = pytest.mark.e2e

BLOCKS, BLOCKS_AFTER = 9, 4
QUICK = {"poll_interval_milliseconds": 10}
EQUAL = "Every decision is the recorded one, bit for bit."


@pytest.fixture(scope="module")
def stage(deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStage]:
    with keeper_stage(tmp_path_factory.mktemp("stage"), deployed) as opened:
        yield opened


@pytest.fixture(scope="module")
def recording(stage: DemoStage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a live keeper that was killed in the middle of a turn, and of one that came after it."""
    folder = tmp_path_factory.mktemp("recorded")
    path = folder / "recording.jsonl.gz"
    file = write_config(stage, folder, chain=QUICK, keeper={"recording": str(path)})
    config = load_config(file, environment={})
    with KeeperProcess(config, fatal_step="signed", spared_sends=3) as keeper:
        for _ in range(BLOCKS):
            if not keeper.saw(head(stage)):
                break
            stage.next_block()
        keeper.kill()
        assert keeper.end() == -signal.SIGKILL
    with KeeperProcess(config) as keeper:
        for _ in range(BLOCKS_AFTER):
            assert keeper.saw(head(stage))
            stage.next_block()
        assert keeper.saw(head(stage))
        assert keeper.stop() == 0
    return path


def replay(recording: Path, *options: str) -> CompletedProcess[str]:
    return run_steelyard("replay", str(recording), "--out", str(recording.parent / "out"), *options)


@pytest.mark.parametrize("options", [(), ("--cold",)])
def test_recording_of_keepers_that_died_and_came_back_is_decided_again_to_the_bit(
    recording: Path, options: tuple[str, ...]
) -> None:
    turns = read_turns(recording)
    assert len({id(turn.session) for turn in turns}) == 2
    assert sum(bool(turn.decision.verdicts) for turn in turns) > BLOCKS_AFTER
    assert any(verdict.plan for turn in turns for verdict in turn.decision.verdicts)
    assert any(turn.inputs.busy_pools for turn in turns), "transactions of its own were open"
    result = replay(recording, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert EQUAL in result.stdout
    assert f"{len(turns)} turns" in result.stdout


def test_pool_that_was_tampered_with_is_found_at_the_block_where_it_first_matters(
    recording: Path, tmp_path: Path
) -> None:
    copy = tmp_path / recording.name
    copy.write_bytes(recording.read_bytes())
    turns = [turn for turn in read_turns(copy) if turn.decision.verdicts]
    last = turns[-1]
    pool = last.decision.verdicts[0].route[0].pool
    place = _tamper(copy, pool, before_line=last.line)
    result = replay(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    named = re.search(r"^Block (\d+) \(0x[0-9a-f]{64}\): ", result.stdout, re.MULTILINE)
    assert named is not None, result.stdout
    assert place <= int(named[1]) <= last.inputs.snapshot.block.number
    assert EQUAL not in result.stdout


def test_what_if_of_another_process_shows_both_sides(recording: Path) -> None:
    result = replay(recording, "--set", "arbitrage.min_net_profit=1000 ether")
    assert result.returncode == 0, result.stdout + result.stderr
    (plans,) = [line.split() for line in result.stdout.splitlines() if line.startswith("accepted plans")]
    assert int(plans[-2]) > 0
    assert plans[-1] == "0"


def test_command_line_names_the_recording_of_a_paper_keeper(stage: DemoStage, tmp_path: Path) -> None:
    path = tmp_path / "paper.jsonl.gz"
    with running_keeper(write_config(stage, tmp_path, chain=QUICK), "--record", str(path)) as keeper:
        for _ in range(3):
            keeper.wait_for(f"{head(stage)} ")
            stage.next_block()
        assert keeper.stop() == 0
    assert len(read_turns(path)) >= 3
    assert replay(path).returncode == 0


def _tamper(path: Path, pool: Address, *, before_line: int) -> int:
    """Double a pool's depth where it was last written before a line, and return that line's block."""
    turns = {turn.line: turn for turn in read_turns(path)}
    written = [
        line
        for line, turn in turns.items()
        if line <= before_line
        and turn.session is turns[before_line].session
        and pool in _changed(turn, turns)
    ]
    target = turns[max(written)].inputs.snapshot.block.number
    before, after = _depth(turns[max(written)].inputs.snapshot.pools[pool])
    number = 0

    def change(line: dict[str, Any]) -> None:
        nonlocal number
        number += 1
        if number == max(written):
            _replace_text(line["given"]["snapshot"], before, after)

    rewrite(path, change)
    return target


def _changed(turn: Any, turns: dict[int, Any]) -> set[Address]:
    """Return the pools whose whole state or depth a turn's line holds."""
    pools = turn.inputs.snapshot.pools
    previous = turns.get(turn.line - 1)
    if previous is None or previous.session is not turn.session:
        return set(pools)
    old = previous.inputs.snapshot.pools
    return {at for at, pool in pools.items() if at not in old or _depth(old[at]) != _depth(pool)}


def _depth(pool: Any) -> tuple[int, int]:
    value: int = pool.reserve0 if hasattr(pool, "reserve0") else pool.liquidity
    return value, value * 2


def _replace_text(part: Any, before: int, after: int) -> None:
    """Replace a number wherever it stands, as a number or as text."""
    items = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in list(items):
        if isinstance(value, dict | list):
            _replace_text(value, before, after)
        elif str(value) == str(before):
            part[key] = type(value)(after)
