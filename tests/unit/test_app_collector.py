"""The collector of cyclic garbage waits while a decision is made, and is as before afterwards."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from steelyard.app.collector import settle_in, uncollected

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def failing_work() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise ValueError("in the middle")


def test_nothing_is_collected_inside_and_the_collector_is_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="in the middle"):
        failing_work()
    assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_what_stays_is_no_longer_looked_at() -> None:
    before = gc.get_freeze_count()
    settle_in()
    assert gc.get_freeze_count() > before
