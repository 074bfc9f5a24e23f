"""Decides a recording's turns once more: with what was recorded, or as they would be with other settings.

With what was recorded the same program must decide the same, bit for bit: the digests are compared turn by
turn. With other settings it is a what-if: each block is decided anew on the market as it was, in which the
keeper's own recorded trades took place; what other trades would have left behind nobody recorded.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from steelyard.app.recording import recorded_sections
from steelyard.app.wiring import arbitrage_settings
from steelyard.config import Config, parse_config
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.decision import decide
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.exceptions import ConfigError
from steelyard.model import Decision, MarketSnapshot
from steelyard.record.decision_digest import decision_digest
from steelyard.record.recording import RecordedTurn, Session

T = TypeVar("T")

_MICROSECONDS: Final = 1_000_000
_Sections = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to differ from what was recorded; nothing, unless it is said.

    Attributes:
        config: takes the place of the whole recorded configuration.
        keys: single keys by section and name, on top of that.
    """

    config: Config | None = None
    keys: Mapping[tuple[str, str], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a session is decided by, besides its snapshots.

    Attributes:
        priority_fee_wei: what takes the place of each snapshot's; None leaves them as they are.
    """

    settings: ArbitrageSettings
    priority_fee_wei: int | None = None

    def applied(self, snapshot: MarketSnapshot) -> MarketSnapshot:
        """Return the snapshot with gas as these terms have it."""
        if self.priority_fee_wei is None:
            return snapshot
        return replace(snapshot, gas=replace(snapshot.gas, priority_fee_wei=self.priority_fee_wei))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedTurn:
    """A recorded turn and what was decided on it now.

    Attributes:
        terms: what it was decided by now.
        as_recorded: nothing of what it was given was changed, so the digests must be equal.
    """

    recorded: RecordedTurn[ArbitrageSettings]
    decision: Decision
    digest: str
    decision_microseconds: int
    terms: Terms
    as_recorded: bool

    @property
    def equal(self) -> bool:
        """Whether the decision is the recorded one, to the last bit."""
        return self.digest == self.recorded.digest


def replay(
    turns: Iterable[RecordedTurn[ArbitrageSettings]],
    changes: Changes | None = None,
    *,
    cold: bool = False,
    from_block: int | None = None,
    to_block: int | None = None,
) -> Iterator[ReplayedTurn]:
    """Decide the turns of a recording again, in their order.

    Args:
        cold: begin each decision with an empty cache; it must not make a difference.
        from_block: earlier blocks are read and not decided.
        to_block: reading ends at the first later block.

    Raises:
        RecordingUnknown, RecordingDamaged: from ``turns``.
        ConfigError: the changes are no valid configuration, or one of them plays no part in decisions.
    """
    session: Session[ArbitrageSettings] | None = None
    terms, cache = None, ArbitrageCache()
    for turn in turns:
        number = turn.inputs.snapshot.block.number
        if to_block is not None and number > to_block:
            return
        if terms is None or turn.session is not session:
            session, cache = turn.session, ArbitrageCache()
            terms = changed_terms(turn.session, changes or Changes())
        if from_block is None or number >= from_block:
            yield _decided(turn, terms, ArbitrageCache() if cold else cache)


def changed_terms(session: Session[ArbitrageSettings], changes: Changes) -> Terms:
    """Return what a session is decided by when the changes are made. Raises ConfigError as ``replay``."""
    if changes.config is None and not changes.keys:
        return Terms(settings=session.settings)
    base = recorded_sections(changes.config) if changes.config else session.sections
    for key, value in changes.keys.items():
        _require_effect(session, base, key, value)
    return _terms(session, session.sections, _with_keys(base, changes.keys))


def parse_key(text: str) -> tuple[tuple[str, str], Any]:
    """Read ``section.key=value``, the value as TOML or as plain text. Raises ConfigError."""
    name, sign, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (sign and dot and section and key):
        raise ConfigError(f"--set {text!r}: write section.key=value, such as arbitrage.path_length=2")
    try:
        return (section, key), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return (section, key), value.strip()  # 0.002 ether: the shell has taken the quotation marks


def _decided(turn: RecordedTurn[ArbitrageSettings], terms: Terms, cache: ArbitrageCache) -> ReplayedTurn:
    snapshot = terms.applied(turn.inputs.snapshot)
    start = time.perf_counter()
    decision = decide(
        snapshot,
        terms.settings,
        turn.session.venues,
        cache,
        busy_pools=turn.inputs.busy_pools,
        stopped_reason=turn.inputs.stopped_reason,
        attempts=turn.inputs.attempts,
    )
    microseconds = round((time.perf_counter() - start) * _MICROSECONDS)
    return ReplayedTurn(
        recorded=turn,
        decision=decision,
        digest=decision_digest(decision),
        decision_microseconds=microseconds,
        terms=terms,
        as_recorded=snapshot is turn.inputs.snapshot and terms.settings == turn.session.settings,
    )


def _terms(session: Session[ArbitrageSettings], base: _Sections, wanted: _Sections) -> Terms:
    """Return the session's terms with what differs between two configurations.

    The recorded settings stay what they are where the configurations agree: what this program makes of the
    old configuration may have changed since.
    """
    before, after = _parsed(base), _parsed(wanted)
    executor = session.settings.executor
    old, new = arbitrage_settings(before, executor), arbitrage_settings(after, executor)
    fee_changed = before.arbitrage.priority_fee != after.arbitrage.priority_fee
    return Terms(
        settings=_moved(session.settings, old, new),
        priority_fee_wei=after.arbitrage.priority_fee if fee_changed else None,
    )


def _moved(value: T, old: T, new: T) -> T:
    """Return ``value``, a dataclass, with what differs between ``old`` and ``new`` as it is in ``new``."""
    changes = {}
    for one in fields(new):  # type: ignore[arg-type]
        before, after = getattr(old, one.name), getattr(new, one.name)
        if before != after:
            nested = is_dataclass(after) and type(before) is type(after)
            changes[one.name] = _moved(getattr(value, one.name), before, after) if nested else after
    return replace(value, **changes)  # type: ignore[type-var]


def _require_effect(
    session: Session[ArbitrageSettings], base: _Sections, key: tuple[str, str], value: Any
) -> None:
    """Raise ConfigError where a key differs and decisions do not hear of it: the answer would mislead."""
    changed = _with_keys(base, {key: value})
    if _parsed(base) != _parsed(changed) and _terms(session, base, changed) == Terms(
        settings=session.settings
    ):
        raise ConfigError(
            f"{'.'.join(key)} plays no part in a decision on a recorded market: it bears on what is "
            "observed, sent or stopped"
        )


def _with_keys(sections: _Sections, keys: Mapping[tuple[str, str], Any]) -> _Sections:
    values: dict[str, dict[str, Any]] = {name: dict(entries) for name, entries in sections.items()}
    for (section, key), value in keys.items():
        values.setdefault(section, {})[key] = value
    return values


def _parsed(sections: _Sections) -> Config:
    return parse_config(sections, source="the configuration to replay with")
