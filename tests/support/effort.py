"""How hard a run tries: what takes long is only done where it was asked for."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

_DEEP_SECONDS: Final = 6 * 3_600


def is_deep() -> bool:
    """Tell whether this is a deep run, as hypothesis is told by ``HYPOTHESIS_PROFILE=deep``."""
    return os.environ.get("HYPOTHESIS_PROFILE") == "deep"


def patient() -> list[pytest.MarkDecorator]:
    """Return the mark that lets tests of a file take hours in a deep run, and none otherwise."""
    return [pytest.mark.timeout(_DEEP_SECONDS)] if is_deep() else []


def reading(max_examples: int) -> settings:
    """Return the settings of a law that only reads from a chain: its fixtures may serve many examples.

    What the profile leaves unchecked stays so; a list of one's own alone would make slow draws a failure.
    """
    unchecked = [*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture]
    return settings(max_examples=max_examples, suppress_health_check=unchecked)
