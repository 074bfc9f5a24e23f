"""What an upgrade may do to a vault's storage: add at the end, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from scripts._vault_layout import Layout, compiled_layout, layout_conflicts

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def compiled() -> Layout:
    return compiled_layout()


@pytest.fixture
def layout(compiled: Layout) -> Layout:
    return copy.deepcopy(compiled)


def field(path: str, slot: int, offset: int = 0, kind: str = "uint256", size: int = 32) -> dict[str, Any]:
    return {"path": path, "slot": slot, "offset": offset, "type": kind, "bytes": size}


def at(layout: Layout, path: str) -> int:
    return [one["path"] for one in layout].index(path)


def test_layout__of_the_sources__is_what_the_snapshot_in_forge_holds(compiled: Layout) -> None:
    # tests/forge/vault/VaultUpgrade.t.sol reads these out of a vault's storage.
    places = {one["path"]: (one["slot"], one["offset"]) for one in compiled}
    assert places["asset"] == (0, 0)
    assert places["stop"] == (0, 21)
    assert (places["idle"], places["claimable"]) == ((1, 0), (1, 16))
    assert (places["settings"], places["settings.policy"]) == ((5, 0), (0, 0))
    assert (places["authority"], places["roles"], places["symbol"]) == ((8, 0), (13, 0), (15, 0))
    assert places["pools[].cScore"] == (0, 7)
    assert places["requests[].assets"] == (1, 16)


def test_same_layout__conflicts_with_nothing(layout: Layout) -> None:
    assert layout_conflicts(layout, copy.deepcopy(layout)) == []


def test_fields__added_at_the_end_of_the_struct_or_of_what_a_mapping_holds__are_fine(layout: Layout) -> None:
    grown = [*layout, field("added", 16), field("pools[].added", 0, 9, "uint16", 2), field("more[].first", 0)]
    assert layout_conflicts(layout, grown) == []


def test_field__added_in_a_gap_or_in_the_middle__is_refused(layout: Layout) -> None:
    grown = [*layout, field("sneaked", 4, 16, "uint128", 16)]
    assert layout_conflicts(layout, grown) == [
        "sneaked is new, uint128 at slot 4, byte 16, and not at the end of what holds it"
    ]


def test_field__moved__is_refused_with_both_places(layout: Layout) -> None:
    moved = copy.deepcopy(layout)
    moved[at(moved, "idle")]["offset"], moved[at(moved, "claimable")]["offset"] = 16, 0
    assert layout_conflicts(layout, moved) == [
        "idle is uint128 at slot 1, byte 0, and would be uint128 at slot 1, byte 16",
        "claimable is uint128 at slot 1, byte 16, and would be uint128 at slot 1, byte 0",
    ]


def test_field__of_another_type_or_gone__is_refused(layout: Layout) -> None:
    changed = copy.deepcopy(layout)
    changed[at(changed, "lossUsed")]["type"] = "int128"
    del changed[at(changed, "requests[].controller")]
    assert layout_conflicts(layout, changed) == [
        "lossUsed is uint128 at slot 4, byte 0, and would be int128 at slot 4, byte 0",
        "requests[].controller is address at slot 0, byte 0, and would be gone",
    ]
