"""What a recording says, line by line: all that a keeper's decisions were given, and what they were.

A file holds sessions, one for each run of a keeper that wrote to it. A session begins with a header line (the
format's version, the settings, the venues); each line after it is one turn: what differs from what the turn
before was given, then the decision with its digest. ``docs/replay.md`` describes the format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from steelyard.exceptions import RecordingDamaged, RecordingUnknown, SteelyardError
from steelyard.model import Address, Attempts, Decision, MarketSnapshot, Venue, Verdict
from steelyard.record.decision_digest import decision_digest
from steelyard.record.recorded_values import SAME, AddressBook, Json, kind_of
from steelyard.record.recording_file import Line, LineReader

S = TypeVar("S")

FORMAT_VERSION: Final = 1
FORMAT_KEY: Final = "steelyard_recording"
_VENUES: Final = tuple[Venue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInputs:
    """What changes from one decision to the next: the arguments of ``decide`` by their names.

    Settings and venues stay for a session; the cache changes no answer and is not recorded.
    """

    snapshot: MarketSnapshot
    busy_pools: frozenset[Address] = frozenset()
    stopped_reason: str | None = None
    attempts: Attempts = field(default_factory=Attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Generic[S]):
    """One run of a keeper.

    Attributes:
        program: the version of Steelyard that recorded.
        settings: those of the decisions.
        sections: the sections of the configuration that the settings were made of.
    """

    program: str
    started_at_seconds: int
    settings: S
    venues: tuple[Venue, ...]
    sections: Mapping[str, Mapping[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTurn(Generic[S]):
    """One decision as it was recorded.

    Attributes:
        digest: of the decision, see ``decision_digest``.
        decision: itself, with words as plain text, to show what differs.
        skipped: turns that were decided since the last recorded one, and were not recorded.
        line, end: where it is in the file: its line, and where that ends in bytes.
    """

    session: Session[S]
    inputs: DecisionInputs
    digest: str
    decision: Decision
    decision_microseconds: int
    skipped: int
    line: int
    end: int


class LineEncoder:
    """Writes the lines of one session, each as what changed since the last."""

    def __init__(self) -> None:
        self._book = AddressBook()
        self._last: DecisionInputs | None = None
        self._verdicts: tuple[Verdict, ...] = ()

    def header(self, session: Session[Any]) -> bytes:
        """Return the session's first line."""
        return self._line(
            {
                FORMAT_KEY: FORMAT_VERSION,
                "program": session.program,
                "started_at_seconds": session.started_at_seconds,
                "settings": kind_of(type(session.settings)).encode(session.settings, self._book),
                "venues": kind_of(_VENUES).encode(session.venues, self._book),
                "sections": session.sections,
            }
        )

    def turn(
        self, inputs: DecisionInputs, decision: Decision, *, decision_microseconds: int, skipped: int = 0
    ) -> bytes:
        """Return the next turn's line. Raises TypeError where something cannot be recorded exactly."""
        kind = kind_of(DecisionInputs)
        if self._last is None:
            given = kind.encode(inputs, self._book)
        else:
            given = kind.delta(self._last, inputs, self._book)
        decision = _with_plain_words(decision)
        besides = kind_of(Decision).delta(_bare(inputs), replace(decision, verdicts=()), self._book)
        verdicts = _verdict_parts(self._verdicts, decision.verdicts, self._book)
        self._last, self._verdicts = inputs, decision.verdicts
        return self._line(
            {
                "block": kind_of(int).encode(inputs.snapshot.block.number, self._book),
                "given": {} if given is SAME else given,
                "digest": decision_digest(decision),
                "verdicts": verdicts,
                "besides": {} if besides is SAME else besides,
                "decision_microseconds": decision_microseconds,
                "skipped": skipped,
            }
        )

    def _line(self, values: dict[str, Json]) -> bytes:
        """Put the addresses that are new before the values that name their places."""
        return json.dumps({**values, "addresses": self._book.untold()}, separators=(",", ":")).encode()


class LineDecoder(Generic[S]):
    """Reads lines in their order; unchanged values are shared from turn to turn, as they were live."""

    def __init__(self, settings_type: type[S]) -> None:
        self._settings_type = settings_type
        self._book = AddressBook()
        self._session: Session[S] | None = None
        self._last: DecisionInputs | None = None
        self._verdicts: tuple[Verdict, ...] = ()

    def read(self, line: Line) -> RecordedTurn[S] | None:
        """Return the turn that the line holds; None for a header.

        Raises:
            RecordingUnknown: it is no line of a recording, or one of a newer program.
            RecordingDamaged: it contradicts itself or what came before it.
        """
        try:
            values = json.loads(line.text)
            if not isinstance(values, dict):
                raise TypeError("an object is expected")
            if FORMAT_KEY in values:
                self._start(values)
                return None
            return self._turn(values, line)
        except RecordingUnknown as error:
            raise RecordingUnknown(f"line {line.number} of the recording: {error}") from None
        except (AttributeError, LookupError, TypeError, ValueError, SteelyardError) as error:
            raise RecordingDamaged(
                f"line {line.number} of the recording cannot be understood ({error!r:.300}); another program "
                "wrote it, or it was changed since"
            ) from None

    def _start(self, values: dict[str, Json]) -> None:
        found = values[FORMAT_KEY]
        if found != FORMAT_VERSION:
            raise RecordingUnknown(
                f"its format is version {found!r}, this program reads version {FORMAT_VERSION}: "
                f"use Steelyard {values.get('program', 'of that version')}"
            )
        self._book, self._last, self._verdicts = AddressBook(), None, ()
        self._book.learn(values["addresses"])
        self._session = Session(
            program=values["program"],
            started_at_seconds=values["started_at_seconds"],
            settings=kind_of(self._settings_type).decode(values["settings"], self._book),
            venues=kind_of(_VENUES).decode(values["venues"], self._book),
            sections=values["sections"],
        )

    def _turn(self, values: dict[str, Json], line: Line) -> RecordedTurn[S]:
        if self._session is None:
            raise RecordingUnknown("it is no recording of decisions: it begins with no header")
        self._book.learn(values["addresses"])
        kind = kind_of(DecisionInputs)
        if self._last is None:
            self._last = kind.decode(values["given"], self._book)
        else:
            self._last = kind.patch(self._last, values["given"], self._book)
        besides = kind_of(Decision).patch(_bare(self._last), values["besides"], self._book)
        self._verdicts = _verdicts(self._verdicts, values["verdicts"], self._book)
        return RecordedTurn(
            session=self._session,
            inputs=self._last,
            digest=values["digest"],
            decision=replace(besides, verdicts=self._verdicts),
            decision_microseconds=values["decision_microseconds"],
            skipped=values["skipped"],
            line=line.number,
            end=line.end,
        )


class Recording(Generic[S]):
    """A recording opened for reading; a context manager. Iterate it once."""

    def __init__(self, path: Path, settings_type: type[S]) -> None:
        """Open the file. Raises RecordingUnknown where there is none.

        Args:
            settings_type: the class of a session's settings.
        """
        self._lines = LineReader(path)
        self._decoder = LineDecoder(settings_type)

    @property
    def size_bytes(self) -> int:
        return self._lines.size_bytes

    @property
    def incomplete_bytes(self) -> int:
        """What a writer that died left half-written at the end, in bytes; known when all is read."""
        return self._lines.incomplete_bytes

    def __iter__(self) -> Iterator[RecordedTurn[S]]:
        """Yield the turns in their order. Raises RecordingUnknown, RecordingDamaged."""
        for line in self._lines:
            turn = self._decoder.read(line)
            if turn is not None:
                yield turn

    def close(self) -> None:
        self._lines.close()

    def __enter__(self) -> Recording[S]:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _with_plain_words(decision: Decision) -> Decision:
    """Return the decision with its sentences put together: digest and line, this and the next, read them."""
    verdicts = tuple(replace(verdict, words=str(verdict.words)) for verdict in decision.verdicts)
    return replace(decision, verdicts=verdicts)


def _bare(inputs: DecisionInputs) -> Decision:
    """Return the decision that says nothing; mostly all that there is to say besides verdicts."""
    return Decision(block=inputs.snapshot.block, verdicts=())


def _verdict_parts(before: tuple[Verdict, ...], after: tuple[Verdict, ...], book: AddressBook) -> list[Json]:
    """Return each verdict whole, or as ``[place, delta]`` from the one on the same route the turn before."""
    kind = kind_of(Verdict)
    places = {verdict.route: place for place, verdict in enumerate(before)}
    parts: list[Json] = []
    for verdict in after:
        place = places.get(verdict.route)
        if place is None:
            parts.append(kind.encode(verdict, book))
        else:
            part = kind.delta(before[place], verdict, book)
            parts.append([place, {} if part is SAME else part])
    return parts


def _verdicts(before: tuple[Verdict, ...], parts: list[Json], book: AddressBook) -> tuple[Verdict, ...]:
    kind = kind_of(Verdict)
    return tuple(
        kind.patch(before[part[0]], part[1], book) if isinstance(part, list) else kind.decode(part, book)
        for part in parts
    )


def program_version() -> str:
    """Return the version of this program."""
    return version("steelyard")
