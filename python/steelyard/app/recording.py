"""Records what a keeper decides: a decider that hands each turn to the recorder, when the turn is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from steelyard.app.notices import Notices
from steelyard.app.stages import STEPS, Decider
from steelyard.config import Config
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.model import Decision, MarketSnapshot, Venue
from steelyard.record.recorder import Recorder
from steelyard.record.recording import DecisionInputs, Session, program_version

_MICROSECONDS: Final = 1_000_000
_UNRECORDED_SECTIONS: Final = frozenset({"chain", "gas", "keeper", "private"})
"""Addresses with keys in them, files, accounts, and how to send: no decision depends on them."""
_EXACT: Final = 1 << 53


def new_session(
    config: Config, settings: ArbitrageSettings, venues: tuple[Venue, ...]
) -> Session[ArbitrageSettings]:
    """Return what a recording says of a keeper that starts now with this configuration."""
    return Session(
        program=program_version(),
        started_at_seconds=int(time.time()),
        settings=settings,
        venues=venues,
        sections=recorded_sections(config),
    )


def recorded_sections(config: Config) -> dict[str, dict[str, Any]]:
    """Return the sections that decisions follow from, as the configuration file may write them."""
    return {
        name: {key: _exact(value) for key, value in getattr(config, name).model_dump(mode="json").items()}
        for name in type(config).model_fields
        if name not in _UNRECORDED_SECTIONS
    }


class RecordedDecider:
    """Decides as ``decider`` does, and has each decision recorded with all that it was given.

    A turn is handed over when its last step is done: what the recorder does must not stand in the way of what
    the turn sends.
    """

    def __init__(self, decider: Decider, recorder: Recorder, notices: Notices) -> None:
        self._decider = decider
        self._recorder = recorder
        self._notices = notices
        self._hand_over: Callable[[], None] | None = None
        self._troubled = False
        if recorder.dropped_bytes:
            message = (
                f"the last turn in {recorder.path} was half-written when its keeper died; it is taken off"
            )
            notices.say("recording_mended", message)

    def __call__(self, snapshot: MarketSnapshot, **given: Any) -> Decision:
        """Decide. ``given`` are the other arguments of ``decide`` by their names."""
        self.release()
        start = time.perf_counter()
        decision = self._decider(snapshot, **given)
        microseconds = round((time.perf_counter() - start) * _MICROSECONDS)
        inputs = DecisionInputs(snapshot=snapshot, **given)
        self._hand_over = lambda: self._recorder.post(inputs, decision, decision_microseconds=microseconds)
        return decision

    def release(self) -> None:
        """Hand over the last decision, where that was not done; say once if nothing is recorded any more."""
        hand_over, self._hand_over = self._hand_over, None
        if hand_over is not None:
            hand_over()
        if self._recorder.trouble is not None and not self._troubled:
            self._troubled = True
            message = f"nothing more is recorded, the keeper goes on: {self._recorder.trouble}"
            self._notices.say("recording_ended", message, "warning")

    def after(self, on_step: Callable[[str], None]) -> Callable[[str], None]:
        """Return ``on_step`` with the handing over behind a turn's last step."""

        def told(step: str) -> None:
            on_step(step)
            if step == STEPS[-1]:
                self.release()

        return told


def _exact(value: Any) -> Any:
    """Return wei as text: JSON's readers would round them, and the configuration takes both."""
    return str(value) if type(value) is int and value >= _EXACT else value
