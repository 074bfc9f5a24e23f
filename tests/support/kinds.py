"""The kinds of test: each says by its one marker what it may touch, and gets no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = frozenset({"unit", "property", "invariant", "fork", "e2e"})
CHAINS = frozenset({"replica", "any"})


def check_markers(items: Iterable[pytest.Item]) -> None:
    """See that each test has exactly one kind, lies in its folder, and, on a fork, says which chain it needs.

    Raises:
        pytest.UsageError: names every test that does not.
    """
    troubles = [trouble for item in items if (trouble := _trouble_with(item)) is not None]
    if troubles:
        raise pytest.UsageError("\n".join(troubles))


def needs_replica(item: pytest.Item) -> bool:
    """True if the test makes sense on the replica only, and not on a fork of the real chain."""
    marker = item.get_closest_marker("needs")
    return marker is not None and marker.args == ("replica",)


def _trouble_with(item: pytest.Item) -> str | None:
    kinds = sorted(KINDS & {marker.name for marker in item.iter_markers()})
    if len(kinds) != 1:
        carried = " and ".join(kinds) or "none"
        return (
            f"{item.nodeid}: a test carries exactly one of {', '.join(sorted(KINDS))}; "
            f"this one carries {carried} (pytestmark = pytest.mark.unit)"
        )
    if kinds[0] not in item.path.parts:
        # The gate looks for a kind in its folder alone.
        return f"{item.nodeid}: a test lies in the folder of its kind, tests/{kinds[0]}"
    if kinds == ["fork"]:
        needs = item.get_closest_marker("needs")
        if needs is None or len(needs.args) != 1 or needs.args[0] not in CHAINS:
            return (
                f'{item.nodeid}: a fork test says what it needs: pytest.mark.needs("replica") or '
                'pytest.mark.needs("any")'
            )
    return None
