"""Which pools stand on another vault is asked once; what that takes, and what it means if it does not say."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

import pytest

from steelyard.connect import abi
from steelyard.connect.multicall import CallResult, StaticCall
from steelyard.observe.vaults_below import VaultsBelow, room_of
from steelyard.observe.views import View
from steelyard.units import UINT256_MAX, Address
from tests.support.markets import address

pytestmark = pytest.mark.unit

LENDING, RANGE, ODD = address(1), address(2), address(3)
BELOW = address(11)
SILENT = CallResult(success=False, returned=0, data=bytes(32))


def says(value: int) -> CallResult:
    return CallResult(success=True, returned=32, data=value.to_bytes(32))


def answers(calls: Sequence[StaticCall], said: Mapping[Address, CallResult]) -> list[CallResult]:
    return [said.get(call.target, SILENT) for call in calls]


def test_each_strategy_is_asked_once_for_the_vault_below_whatever_it_answers() -> None:
    below = VaultsBelow()
    asked = below.unknown([LENDING, RANGE])
    assert [(call.target, call.data) for call in asked] == [
        (LENDING, abi.selector("target()")),
        (RANGE, abi.selector("target()")),
    ]
    below.learn(asked, answers(asked, {LENDING: says(int(BELOW, 16))}))

    assert [call.target for call in below.unknown([RANGE, ODD, LENDING])] == [ODD]


def test_only_vaults_below_are_asked_what_they_take_from_whom() -> None:
    below = VaultsBelow()
    asked = below.unknown([RANGE, LENDING, ODD])
    no_address = CallResult(success=True, returned=32, data=b"\xff" * 32)
    below.learn(asked, answers(asked, {LENDING: says(int(BELOW, 16)), ODD: no_address}))

    questions = below.questions([RANGE, LENDING, ODD])
    assert [(call.target, call.data) for call in questions] == [
        (BELOW, abi.selector("maxDeposit(address)") + abi.address_word(LENDING)),
        (BELOW, abi.selector("totalAssets()")),
    ]
    assert below.rooms([RANGE, LENDING, ODD], [says(1_000), says(0)]) == {LENDING: 990}
    assert (below.questions([RANGE]), below.rooms([RANGE], [])) == ([], {})


@pytest.mark.parametrize(
    ("most", "held", "room"),
    [
        (1_000, 0, 990),
        (1_001, 0, 990),
        (10**6, 10**9, 990_000),
        (10**6, 2 * 10**9, 980_000),
        (10**6, 2 * 10**9 + 1, 979_999),
        (10**6, 10**12, 0),
        (1, 0, 0),
        (0, 0, 0),
        (UINT256_MAX, 10**12, None),
        (UINT256_MAX - 1, 0, UINT256_MAX - 1 - -(-(UINT256_MAX - 1) // 100)),
    ],
)
def test_part_of_what_it_takes_is_left_to_others_and_to_its_interest_rounded_up(
    most: int, held: int, room: int | None
) -> None:
    assert room_of(says(most), says(held)) == room


@pytest.mark.parametrize(
    "garbage",
    [SILENT, CallResult(success=True, returned=0, data=bytes(32)), CallResult(True, 31, b"\1" * 32)],
    ids=["reverts", "no code", "half a word"],
)
def test_vault_that_does_not_say_what_it_takes_or_holds_is_given_nothing(garbage: CallResult) -> None:
    assert room_of(garbage, says(10**9)) == 0
    assert room_of(says(10**9), garbage) == 0
    assert room_of(says(UINT256_MAX), garbage) is None, "nothing limits it"


def test_answer_cut_short_is_none_though_ape_has_numbers_filled_up() -> None:
    importlib.import_module("ape.utils.abi")
    assert View("totalAssets()", ("uint256",), 32).number(CallResult(True, 31, bytes(32))) is None
