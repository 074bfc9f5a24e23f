"""The recorder beside the keeper: it never waits, never stops the keeper, and says what became of it."""

from __future__ import annotations

import errno
import gzip
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steelyard.app.recording import RecordedDecider, recorded_sections
from steelyard.app.stages import STEPS
from steelyard.config import Config, parse_config
from steelyard.exceptions import (
    AlreadyRunning,
    ConfigError,
    RecordingDamaged,
    RecordingUnknown,
    StoreUnavailable,
)
from steelyard.model import Decision, VerdictCode
from steelyard.record.decision_digest import decision_digest
from steelyard.record.recorder import Recorder
from steelyard.record.recording import FORMAT_KEY, FORMAT_VERSION, DecisionInputs, LineEncoder
from steelyard.record.recording_file import LineReader, LineWriter
from tests.support.markets import (
    DAI,
    EXECUTOR,
    ODD,
    USDC,
    WETH,
    address,
    block,
    decided,
    pair,
    snapshot,
)
from tests.support.patience import PATIENCE_SECONDS
from tests.support.pools import v3_pool
from tests.support.recordings import market_blocks, read_turns, record_blocks, rewrite, session

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "recording.jsonl.gz"


def post(recorder: Recorder, number: int) -> None:
    (snapshot,) = market_blocks(1, first=number)
    recorder.post(DecisionInputs(snapshot=snapshot), decided(snapshot), decision_microseconds=number)


def refuse_writes(monkeypatch: pytest.MonkeyPatch, after_bytes: int = 0) -> None:
    """Let the disk be full from now on, when ``after_bytes`` of a line are written."""
    real = os.pwrite

    def pwrite(descriptor: int, data: Any, offset: int) -> int:
        if offset % 2 == 0 and after_bytes:
            real(descriptor, data[:after_bytes], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", pwrite)


def test_turns_of_two_runs_are_two_sessions_of_one_file(path: Path) -> None:
    record_blocks(path, market_blocks(3))
    record_blocks(path, market_blocks(2, first=103), session(path_length=2))
    turns = read_turns(path)
    assert [turn.inputs.snapshot.block.number for turn in turns] == [100, 101, 102, 103, 104]
    assert [turn.session.settings.path_length for turn in turns] == [3, 3, 3, 2, 2]
    assert {turn.skipped for turn in turns} == {0}
    assert turns[2].inputs.snapshot.pools == market_blocks(3)[2].pools


def test_session_has_addresses_of_its_own(path: Path) -> None:
    (known,) = market_blocks(1)
    elsewhere = snapshot([pair(8, DAI, ODD, 10, 20), pair(7, ODD, WETH, 30, 40)])
    record_blocks(path, [known])
    record_blocks(path, [elsewhere])
    assert [turn.inputs.snapshot.pools for turn in read_turns(path)] == [known.pools, elsewhere.pools]


def test_pool_that_did_not_change_stays_one_object_when_others_do_go_come_or_move(path: Path) -> None:
    resting, traded, new = (pair(number, WETH, USDC, 10**20, 10**11 + number) for number in (1, 2, 3))
    position = v3_pool([(-600, 600, 10**18)], address=address(2), token0=WETH, token1=USDC)
    markets = [
        [resting, traded],
        [resting, traded.with_reserves(10**20 + 1, 10**11)],  # type: ignore[attr-defined]
        [resting, position],  # another kind of pool at one address
        [resting, traded],
        [resting],
        [new, resting],
        [resting, new],
    ]
    blocks = [snapshot(pools, at=block(100 + at)) for at, pools in enumerate(markets)]
    record_blocks(path, blocks)
    read = [turn.inputs.snapshot.pools for turn in read_turns(path)]
    assert read == [one.pools for one in blocks]
    assert [list(pools) for pools in read] == [list(one.pools) for one in blocks]
    assert len({id(pools[resting.address]) for pools in read}) == 1


def test_any_flipped_bit_of_a_small_file_is_noticed_or_changes_nothing(path: Path) -> None:
    lines = [b"a first line", b"and another, and another, and another"]
    with LineWriter(path) as writer:
        for text in lines:
            writer.append(text)
    whole = path.read_bytes()
    noticed = 0
    for place in range(8 * len(whole)):
        bytes_ = bytearray(whole)
        bytes_[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes_)
        try:
            with LineReader(path) as reader:
                assert [line.text for line in reader] == [text + b"\n" for text in lines], place
        except (RecordingDamaged, RecordingUnknown):
            noticed += 1
    assert noticed > 8 * len(whole) * 9 // 10


def test_every_verdict_code_is_another_digest() -> None:
    (market,) = market_blocks(1)
    decision = decided(market)
    verdict = decision.verdicts[0]
    digests = {
        decision_digest(replace(decision, verdicts=(replace(verdict, code=code),))) for code in VerdictCode
    }
    assert len(digests) == len(VerdictCode)


def test_second_keeper_on_one_recording_is_refused(path: Path) -> None:
    with Recorder(path, session()), pytest.raises(AlreadyRunning, match="the recording"):
        Recorder(path, session())


def test_posting_does_not_wait_and_what_the_bound_drops_is_counted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    busy = threading.Event()
    real = LineWriter.append

    def append(self: LineWriter, text: bytes) -> int:
        busy.set()
        assert gate.wait(PATIENCE_SECONDS)
        return real(self, text)

    with Recorder(path, session(), max_queued=2) as recorder:
        monkeypatch.setattr(LineWriter, "append", append)
        post(recorder, 100)
        assert busy.wait(PATIENCE_SECONDS)
        for number in range(101, 106):  # two may wait, three are dropped
            post(recorder, number)
        gate.set()
    turns = read_turns(path)
    assert [turn.inputs.snapshot.block.number for turn in turns] == [100, 101, 102]
    assert sum(turn.skipped for turn in turns) == 3


def test_full_disk_ends_the_recording_and_leaves_what_was_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Recorder(path, session()) as recorder:
        post(recorder, 100)
    whole = path.read_bytes()
    with Recorder(path, session()) as recorder:
        refuse_writes(monkeypatch, after_bytes=10)
        post(recorder, 101)
    assert recorder.trouble is not None
    assert "No space left on device" in recorder.trouble
    assert path.read_bytes().startswith(whole)
    with LineReader(path) as reader:
        assert len(list(reader)) == 3, "two headers and a turn"
    assert reader.incomplete_bytes == 0


def test_file_that_cannot_be_written_is_refused_at_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_writes(monkeypatch)
    with pytest.raises(StoreUnavailable, match="No space left on device"):
        Recorder(path, session())
    monkeypatch.undo()
    Recorder(path, session()).close()
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        Recorder(path.parent, session())


@pytest.mark.parametrize("bytes_", [b"not a recording", gzip.compress(b"{}", mtime=0), b"\x1f\x8b"])
def test_file_of_another_kind_is_refused_and_left_as_it_is(path: Path, bytes_: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(bytes_)
    if bytes_ == b"\x1f\x8b":  # what is left of a first line: an unfinished recording
        assert read_turns(path) == []
        return
    for use in (lambda: read_turns(path), lambda: Recorder(path, session())):
        with pytest.raises(RecordingUnknown, match="is no recording"):
            use()
    assert path.read_bytes() == bytes_


def test_gzip_lines_without_a_header_are_no_recording(path: Path) -> None:
    with LineWriter(path) as writer:
        writer.append(b'{"block":1}')
    with pytest.raises(RecordingUnknown, match="begins with no header"):
        read_turns(path)


def test_missing_file_is_named(path: Path) -> None:
    with pytest.raises(RecordingUnknown, match=r"recording\.jsonl\.gz cannot be read \(No such file"):
        read_turns(path)


def test_newer_format_is_refused_with_the_version_that_reads_it(path: Path) -> None:
    record_blocks(path, market_blocks(1))

    def age(line: dict[str, Any]) -> None:
        if FORMAT_KEY in line:
            line |= {FORMAT_KEY: FORMAT_VERSION + 1, "program": "9.9.9"}

    rewrite(path, age)
    with pytest.raises(
        RecordingUnknown, match=r"version 2, this program reads version 1: use Steelyard 9\.9"
    ):
        read_turns(path)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda given: given["snapshot"].update(moon_phase=3), RecordingUnknown),
        (lambda given: given["snapshot"].update(chain_id=1.5), RecordingDamaged),
        (lambda given: given["snapshot"].update(chain_id="one"), RecordingDamaged),
        (lambda given: given["snapshot"]["block"].pop("hash"), RecordingDamaged),
        (lambda given: given["snapshot"]["pools"][0].__setitem__(0, 10**6), RecordingDamaged),
        (lambda given: given["snapshot"]["pools"][0][1].update(reserve0=-1), RecordingDamaged),
        (lambda given: given["snapshot"]["pools"][0][1].update(kind="CurvePool"), RecordingDamaged),
        (lambda given: given.update(snapshot=[]), RecordingDamaged),
    ],
)
def test_line_that_says_what_cannot_be_is_named(path: Path, change: Any, error: type[Exception]) -> None:
    record_blocks(path, market_blocks(1))
    rewrite(path, lambda line: change(line["given"]) if "given" in line else None)
    with pytest.raises(error, match="line 2 of the recording"):
        read_turns(path)


def test_settings_that_this_program_does_not_take_are_refused(path: Path) -> None:
    record_blocks(path, market_blocks(1))
    rewrite(path, lambda line: line.get("settings", {}).update(max_plans=-1))
    with pytest.raises(RecordingDamaged, match="max_plans must be positive"):
        read_turns(path)
    rewrite(path, lambda line: line.get("settings", {}).update(max_plans=1, horoscope=1))
    with pytest.raises(RecordingUnknown, match="knows no horoscope of ArbitrageSettings"):
        read_turns(path)


def test_field_that_an_older_recording_lacks_has_its_default(path: Path) -> None:
    record_blocks(path, market_blocks(1))
    rewrite(path, lambda line: line.get("given", {}).pop("attempts", None))
    (turn,) = read_turns(path)
    assert turn.inputs == DecisionInputs(snapshot=market_blocks(1)[0])


def test_float_is_not_recorded() -> None:
    (market,) = market_blocks(1)
    inexact: Any = DecisionInputs(snapshot=market, stopped_reason=1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"not 1\.5|expected, not 1\.5"):
        LineEncoder().turn(inexact, decided(market), decision_microseconds=0)
    inexact = DecisionInputs(snapshot=replace(market, reorgs=2.0))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"whole numbers, not 2\.0"):
        LineEncoder().turn(inexact, decided(market), decision_microseconds=0)


class Ear:
    """Takes notices."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def say(self, kind: str, message: str, severity: str = "info") -> None:
        assert severity
        self.heard.append((kind, message))


def recorded_decider(recorder: Recorder, ear: Any) -> RecordedDecider:
    def decide_nothing(snapshot: Any, *, busy_pools: Any, stopped_reason: Any) -> Decision:
        assert (busy_pools, stopped_reason) == (frozenset(), "kill file")
        return Decision(block=snapshot.block, verdicts=())

    return RecordedDecider(decide_nothing, recorder, ear)


def test_turn_is_handed_over_when_its_last_step_is_done(path: Path) -> None:
    posted: list[DecisionInputs] = []
    steps: list[str] = []
    recorder = Recorder(path, session())
    recorder.post = lambda inputs, decision, **_: posted.append(inputs)  # type: ignore[method-assign]
    decider = recorded_decider(recorder, Ear())
    on_step = decider.after(steps.append)
    first, second = market_blocks(2)
    decision = decider(first, busy_pools=frozenset(), stopped_reason="kill file")
    assert decision == Decision(block=block(100), verdicts=())
    for step in STEPS[:-1]:
        on_step(step)
    assert posted == [], "nothing is done for the recording while the turn goes on"
    on_step(STEPS[-1])
    assert posted == [DecisionInputs(snapshot=first, stopped_reason="kill file")]
    assert steps == list(STEPS)
    decider(second, busy_pools=frozenset(), stopped_reason="kill file")
    decider(second, busy_pools=frozenset(), stopped_reason="kill file")
    decider.release()
    assert [inputs.snapshot for inputs in posted] == [first, second, second], "a turn that broke off is kept"
    recorder.close()


def test_trouble_of_the_recording_is_said_once_and_decisions_go_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear()
    with Recorder(path, session()) as recorder:
        decider = recorded_decider(recorder, ear)
        refuse_writes(monkeypatch)
        for snapshot in market_blocks(3):
            decider(snapshot, busy_pools=frozenset(), stopped_reason="kill file")
            decider.release()
            recorder._thread.join(20)
            decider.release()
    assert [kind for kind, _ in ear.heard] == ["recording_ended"]
    assert "No space left" in ear.heard[0][1]


def test_half_written_end_is_taken_off_and_said(path: Path) -> None:
    record_blocks(path, market_blocks(2))
    path.write_bytes(path.read_bytes()[:-3])
    ear = Ear()
    with Recorder(path, session()) as recorder:
        recorded_decider(recorder, ear)
    assert [kind for kind, _ in ear.heard] == ["recording_mended"]
    record_blocks(path, market_blocks(1, first=101))
    assert [turn.inputs.snapshot.block.number for turn in read_turns(path)] == [100, 101]


def test_damaged_recording_is_not_appended_to(path: Path) -> None:
    record_blocks(path, market_blocks(2))
    bytes_ = bytearray(path.read_bytes())
    bytes_[17] ^= 1  # the first member's length
    path.write_bytes(bytes_)
    with pytest.raises(RecordingDamaged, match="header of line 1"):
        Recorder(path, session())
    assert path.read_bytes() == bytes_


def test_recorded_sections_are_the_configuration_without_addresses_keys_and_files() -> None:
    secret = "http://127.0.0.1/s3cret"
    written = {"chain": {"rpc_url": secret}, "limits": {"max_trade": "700 ether"}}
    config = parse_config(written, source="the test")
    sections = recorded_sections(config)
    text = json.dumps(sections)
    assert "s3cret" not in text
    assert "keeper" not in sections
    assert set(sections) == set(Config.model_fields) - {"chain", "gas", "keeper", "private"}
    again = parse_config(json.loads(text), source="the test")
    assert again == config.model_copy(update={"chain": again.chain})
    assert EXECUTOR not in text


def test_configuration_takes_the_path() -> None:
    config = parse_config({"keeper": {"recording": "a/b.gz"}}, source="the test")
    assert config.keeper.recording == Path("a/b.gz")
    with pytest.raises(ConfigError, match=r"keeper\.recording"):
        parse_config({"keeper": {"recording": 7}}, source="the test")
