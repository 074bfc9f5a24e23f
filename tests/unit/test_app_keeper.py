"""The loop: trouble is told and waited out, what must stop it does, and nights of trouble break nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from steelyard.app import loop as module
from steelyard.app.keeper import Keeper
from steelyard.app.loop import LONGEST_PAUSE_SECONDS
from steelyard.app.notices import Notices
from steelyard.exceptions import (
    ConfigError,
    QuoteError,
    RpcInconsistent,
    RpcUnavailable,
    SteelyardError,
    StoreUnavailable,
)

pytestmark = pytest.mark.unit


class TroubledStages:
    """Stages whose observation fails as told, then shows no new block."""

    def __init__(self, errors: Sequence[SteelyardError]) -> None:
        self.errors = list(errors)
        self.told: list[SteelyardError] = []
        self.recoveries = 0
        self.when_out_of_errors: Callable[[], None] = lambda: None

    async def recover(self) -> tuple[()]:
        self.recoveries += 1
        return ()

    async def observe(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.when_out_of_errors()

    async def trouble(self, error: SteelyardError) -> None:
        self.told.append(error)


def run(stages: TroubledStages, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Run until the errors are used up; return the pauses."""
    pauses: list[float] = []

    async def no_wait(_stop: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)

    async def story() -> None:
        stop = asyncio.Event()
        stages.when_out_of_errors = stop.set
        any_stages: Any = stages
        await Keeper(any_stages, poll_interval_seconds=0.5).run(stop)

    monkeypatch.setattr(module, "_wait", no_wait)
    asyncio.run(story())
    return pauses


def test_pauses_grow_to_a_bound_even_after_a_night_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = TroubledStages([RpcUnavailable("away")] * 5_000)
    *pauses, idle = run(stages, monkeypatch)
    assert pauses[:6] == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_SECONDS]
    assert set(pauses[6:]) == {LONGEST_PAUSE_SECONDS}
    assert idle == 0.5
    assert len(stages.told) == 5_000
    assert stages.recoveries == 1


@pytest.mark.parametrize("kind", [ConfigError, QuoteError])
def test_other_errors_are_told_and_end_the_run(
    monkeypatch: pytest.MonkeyPatch, kind: type[SteelyardError]
) -> None:
    stages = TroubledStages([kind("look at this")])
    with pytest.raises(kind, match="look at this"):
        run(stages, monkeypatch)
    assert [str(error) for error in stages.told] == ["look at this"]


class Ear:
    """Hears what is said and what is logged; the log can be broken."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.logged: list[tuple[str, str]] = []
        self.seconds = 0.0
        self.broken = False

    def hear(self, kind: str, message: str, severity: str) -> None:
        assert severity
        self.heard.append((kind, message))

    def event(self, kind: str, message: str, *, severity: str = "info") -> None:
        if self.broken:
            raise StoreUnavailable("disk full")
        self.logged.append((kind, severity))

    def notices(self) -> Notices:
        log: Any = self
        return Notices(log, self.hear, clock=lambda: self.seconds)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.heard]


def test_lasting_trouble_is_said_once_and_its_end_with_how_long_it_took() -> None:
    ear = Ear()
    notices = ear.notices()
    notices.well()
    for block in range(100):
        notices.trouble(RpcUnavailable(f"away at block {block}"))
        ear.seconds += 7
    notices.well()
    notices.well()
    assert ear.kinds() == ["trouble", "trouble_over"]
    assert "away at block 0; trying again" in ear.heard[0][1]
    assert "after 700 s" in ear.heard[1][1]
    assert ear.logged == [("trouble", "warning"), ("trouble_over", "info")]


def test_trouble_of_another_kind_is_said_anew() -> None:
    ear = Ear()
    notices = ear.notices()
    for error in (
        RpcUnavailable("away"),
        RpcInconsistent("lies"),
        RpcInconsistent("lies"),
        RpcUnavailable("a"),
    ):
        notices.trouble(error)
    notices.well()
    assert ear.kinds() == ["trouble"] * 3 + ["trouble_over"]


def test_end_is_written_once_with_its_reason_and_a_broken_store_does_not_hide_it() -> None:
    ear = Ear()
    notices = ear.notices()
    notices.ended(ConfigError("wrong key"))
    notices.ended(None)
    assert ear.logged == [("ended", "critical")]
    broken = Ear()
    broken.broken = True
    broken.notices().ended(StoreUnavailable("disk full"))
    assert broken.heard == []
