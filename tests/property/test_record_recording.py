"""Laws of a recording: what goes in comes out, bit for bit and in its order, whatever happens to the file."""

from __future__ import annotations

import dataclasses
import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decide.arbitrage import ArbitrageSettings
from steelyard.exceptions import RecordingDamaged, RecordingUnknown
from steelyard.model import Decision, Venue, Verdict
from steelyard.record.decision_digest import decision_digest
from steelyard.record.recorded_values import AddressBook, kind_of
from steelyard.record.recording import DecisionInputs, LineDecoder, LineEncoder, RecordedTurn, Session
from steelyard.record.recording_file import Line, LineReader, LineWriter
from tests.support.drawn_values import drawn, few_addresses, runs
from tests.support.markets import VENUES, settings

pytestmark = pytest.mark.property

TEXTS = st.lists(st.binary(max_size=200), min_size=1, max_size=6)


def session() -> Session[ArbitrageSettings]:
    return Session(
        program="0", started_at_seconds=1, settings=settings(), venues=VENUES, sections={"limits": {"a": 1}}
    )


def through_lines(
    inputs: list[DecisionInputs], decisions: list[Decision]
) -> list[RecordedTurn[ArbitrageSettings]]:
    """Write the turns as lines and read them back."""
    encoder, decoder = LineEncoder(), LineDecoder(ArbitrageSettings)
    texts = [encoder.header(session())]
    texts += [
        encoder.turn(given, decision, decision_microseconds=7)
        for given, decision in zip(inputs, decisions, strict=True)
    ]
    read = [decoder.read(Line(number, 0, text)) for number, text in enumerate(texts, start=1)]
    assert read[0] is None
    return [turn for turn in read if turn is not None]


def nothing_on(inputs: list[DecisionInputs]) -> list[Decision]:
    """Decisions without a verdict."""
    return [Decision(block=given.snapshot.block, verdicts=()) for given in inputs]


def in_order(value: Any) -> Any:
    """The value with its mappings as lists of pairs: equal only where their order is too."""
    if isinstance(value, Mapping):
        return [(in_order(key), in_order(one)) for key, one in value.items()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            type(value).__name__,
            *(in_order(getattr(value, field.name)) for field in dataclasses.fields(value)),
        ]
    if isinstance(value, tuple):
        return [in_order(one) for one in value]
    return (type(value), value)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def written(path: Path, texts: list[bytes]) -> list[int]:
    """Append the lines and return the sizes of their members."""
    with LineWriter(path) as writer:
        return [writer.append(text) for text in texts]


def read_back(path: Path) -> tuple[list[bytes], int]:
    with LineReader(path) as reader:
        return [line.text.removesuffix(b"\n") for line in reader], reader.incomplete_bytes


@given(inputs=runs())
def test_all_that_a_decision_is_given_comes_back_in_value_type_and_order(
    inputs: list[DecisionInputs],
) -> None:
    turns = through_lines(inputs, nothing_on(inputs))
    for original, turn in zip(inputs, turns, strict=True):
        assert turn.inputs == original
        assert in_order(turn.inputs) == in_order(original)


@given(inputs=runs(), data=st.data())
def test_what_did_not_change_is_one_object_from_turn_to_turn(
    inputs: list[DecisionInputs], data: st.DataObject
) -> None:
    turns = through_lines(inputs, nothing_on(inputs))
    for place in range(1, len(inputs)):
        before, after = (inputs[at].snapshot.pools for at in (place - 1, place))
        was, now = (turns[at].inputs.snapshot.pools for at in (place - 1, place))
        for address in before.keys() & after.keys():
            if before[address] is after[address]:
                assert now[address] is was[address]


@given(first=drawn(Decision), data=st.data())
def test_decisions_come_back_whole_whether_or_not_their_routes_were_there_before(
    first: Decision, data: st.DataObject
) -> None:
    routes = [verdict.route for verdict in first.verdicts]
    second = data.draw(drawn(Decision))
    verdicts = tuple(
        dataclasses.replace(verdict, route=data.draw(st.sampled_from(routes)))
        if routes and data.draw(st.booleans())
        else verdict
        for verdict in second.verdicts
    )
    decisions = [first, dataclasses.replace(second, verdicts=verdicts)]
    turn = data.draw(drawn(DecisionInputs))
    for read, decision in zip(through_lines([turn, turn], decisions), decisions, strict=True):
        assert read.decision == decision
        assert read.digest == decision_digest(decision) == decision_digest(read.decision)


@given(left=drawn(Decision), right=drawn(Decision))
def test_digests_are_equal_exactly_where_decisions_are(left: Decision, right: Decision) -> None:
    assert (decision_digest(left) == decision_digest(right)) == (left == right)
    assert decision_digest(left) == decision_digest(dataclasses.replace(left))


@given(decision=drawn(Decision), data=st.data())
def test_any_other_value_of_any_field_of_a_verdict_is_another_digest(
    decision: Decision, data: st.DataObject
) -> None:
    verdict = data.draw(drawn(Verdict))
    whole = dataclasses.replace(decision, verdicts=(*decision.verdicts, verdict))
    name = data.draw(st.sampled_from([field.name for field in dataclasses.fields(Verdict)]))
    other = data.draw(drawn(Verdict))
    changed = dataclasses.replace(verdict, **{name: getattr(other, name)})
    again = dataclasses.replace(decision, verdicts=(*decision.verdicts, changed))
    same = getattr(verdict, name) == getattr(other, name)
    assert (decision_digest(whole) == decision_digest(again)) == same


@given(address=few_addresses, venue=drawn(Venue))
def test_addresses_are_written_once_and_named_by_their_place(address: str, venue: Venue) -> None:
    book = AddressBook()
    assert book.place(address) == book.place(address) == 0
    assert book.untold() == [address]
    kind_of(Venue).encode(venue, book)
    assert book.untold() == ([] if venue.factory == address else [venue.factory])


@given(texts=TEXTS, data=st.data())
def test_file_cut_anywhere_keeps_its_whole_lines_and_is_appended_to_behind_them(
    texts: list[bytes], data: st.DataObject
) -> None:
    with folder() as at:
        path = at / "recording.gz"
        sizes = written(path, texts)
        cut = data.draw(st.integers(0, sum(sizes)))
        whole = max(count for count in range(len(sizes) + 1) if sum(sizes[:count]) <= cut)
        path.write_bytes(path.read_bytes()[:cut])
        assert read_back(path) == (texts[:whole], cut - sum(sizes[:whole]))
        with LineWriter(path) as writer:
            assert writer.dropped_bytes == cut - sum(sizes[:whole])
            writer.append(b"after")
        assert read_back(path) == ([*texts[:whole], b"after"], 0)


@given(texts=TEXTS, data=st.data())
def test_flipped_bit_is_noticed_or_changes_nothing(texts: list[bytes], data: st.DataObject) -> None:
    with folder() as at:
        path = at / "recording.gz"
        written(path, texts)
        bytes_ = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(bytes_) - 1))
        bytes_[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(bytes_)
        try:
            found = read_back(path)
        except (RecordingDamaged, RecordingUnknown):
            return
        assert found == (texts, 0)


@given(texts=TEXTS)
def test_file_is_plain_gzip_for_everybody_else(texts: list[bytes]) -> None:
    with folder() as at:
        path = at / "recording.gz"
        written(path, texts)
        assert gzip.decompress(path.read_bytes()) == b"".join(text + b"\n" for text in texts)


@given(inputs=drawn(DecisionInputs))
def test_numbers_that_json_readers_would_round_are_text(inputs: DecisionInputs) -> None:
    text = LineEncoder().turn(
        inputs, Decision(block=inputs.snapshot.block, verdicts=()), decision_microseconds=0
    )
    as_double = json.loads(text, parse_int=float)
    as_whole = json.loads(text)
    assert as_double == as_whole
