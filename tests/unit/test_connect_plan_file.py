"""A plan as a person writes it: every kind is taken, every fault is named by its place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from steelyard.connect.hexes import checksum
from steelyard.connect.plan_codec import ExecutorPlan, LegInput, decode_plan, encode_plan
from steelyard.connect.plan_file import load_plan
from steelyard.connect.plan_params import (
    BalancerPool,
    CurveCoins,
    LendingPair,
    LendingTier,
    ListedLender,
    ListedPair,
    ListedTier,
    NoParams,
    V4Pool,
)
from steelyard.exceptions import ConfigError, InvalidPlan, SteelyardError

pytestmark = pytest.mark.unit

EXECUTOR = checksum("0x" + "ee" * 20)
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "deploying.md"


def loan(**changes: Any) -> dict[str, Any]:
    return {"kind": "balancer_v2", "asset": USDC, "amount": 1_000} | changes


def leg(**changes: Any) -> dict[str, Any]:
    return {"kind": "wrapped_ether", "token_out": WETH, "min_amount_out": 1} | changes


def plan(**changes: Any) -> dict[str, Any]:
    return {"min_profit": 5, "loans": [loan()], "legs": [leg()]} | changes


def read(folder: Path, raw: object) -> ExecutorPlan:
    path = folder / "plan.json"
    path.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
    return load_plan(path, chain_id=1, executor=EXECUTOR, deadline_seconds=1_700_000_000)


def test_plan_file__the_guides_example__is_taken_and_survives_the_encoding(tmp_path: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    found = read(tmp_path, example)
    assert (found.chain_id, found.executor, found.deadline_seconds) == (1, EXECUTOR, 1_700_000_000)
    assert (found.min_profit, found.builder_share_bps, len(found.legs)) == (1_000_000, 0, 2)
    assert decode_plan(encode_plan(found)) == found


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("aave_v3", {}, NoParams()),
        (
            "uniswap_v2",
            {"venue_id": 1, "other_token": WETH},
            LendingPair(venue_id=1, other_token=checksum(WETH)),
        ),
        (
            "uniswap_v3",
            {"venue_id": 2, "other_token": WETH.lower(), "fee_pips": "500"},
            LendingTier(venue_id=2, other_token=checksum(WETH), fee_pips=500),
        ),
        ("erc3156", {"lender_id": 3}, ListedLender(lender_id=3)),
    ],
)
def test_plan_file__each_kind_of_loan__has_its_parameters(
    tmp_path: Path, kind: str, params: dict[str, Any], expected: object
) -> None:
    found = read(tmp_path, plan(loans=[loan(kind=kind, params=params, amount="7", max_fee=2)]))
    assert found.loans[0].params == expected
    assert (found.loans[0].amount, found.loans[0].max_fee) == (7, 2)
    assert decode_plan(encode_plan(found)) == found


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("uniswap_v2", {"venue_id": 0}, ListedPair(venue_id=0)),
        ("pancake_v3", {"venue_id": 3, "fee_pips": 2500}, ListedTier(venue_id=3, fee_pips=2500)),
        ("uniswap_v4", {"fee_pips": 500, "tick_spacing": -10}, V4Pool(fee_pips=500, tick_spacing=-10)),
        (
            "uniswap_v4",
            {"fee_pips": 500, "tick_spacing": 10, "hooks": WETH},
            V4Pool(fee_pips=500, tick_spacing=10, hooks=checksum(WETH)),
        ),
        ("balancer_v2", {"pool_id": "0x" + "ab" * 32}, BalancerPool(pool_id="0x" + "ab" * 32)),
        (
            "curve_stable",
            {"venue_id": 4, "coin_in": 0, "coin_out": 2},
            CurveCoins(venue_id=4, coin_in=0, coin_out=2),
        ),
        ("wrapped_ether", {}, NoParams()),
    ],
)
def test_plan_file__each_kind_of_leg__has_its_parameters(
    tmp_path: Path, kind: str, params: dict[str, Any], expected: object
) -> None:
    sold = {"token": USDC, "amount": "12"}
    found = read(tmp_path, plan(legs=[leg(kind=kind, params=params, input=sold)]))
    assert (found.legs[0].params, found.legs[0].input) == (
        expected,
        LegInput(token=checksum(USDC), amount=12),
    )
    assert decode_plan(encode_plan(found)) == found


@pytest.mark.parametrize(
    ("raw", "verdict", "complaint"),
    [
        ("not json", ConfigError, "cannot be read as JSON"),
        ([], InvalidPlan, "the plan must be an object"),
        ({"loans": [], "legs": []}, InvalidPlan, "the plan lacks min_profit"),
        (plan(deadline=1), InvalidPlan, "the plan holds deadline, which is not known"),
        (plan(loans={}), InvalidPlan, "loans must be a list"),
        (plan(min_profit=-1), InvalidPlan, "min_profit must not be negative, is -1"),
        (plan(min_profit="1.5"), InvalidPlan, "min_profit must be a whole number"),
        (plan(min_profit=True), InvalidPlan, "min_profit must be a whole number"),
        (plan(loans=[loan(kind="maker_v9")]), InvalidPlan, "loans/0/kind must be one of balancer_v2"),
        (plan(loans=[loan(asset="USDC")]), InvalidPlan, "loans/0/asset must be an address"),
        (plan(loans=[loan(fee=1)]), InvalidPlan, "loans/0 holds fee"),
        (
            plan(loans=[loan(params={"venue_id": 1})]),
            InvalidPlan,
            "loans/0/params takes nothing; not venue_id",
        ),
        (plan(loans=[loan(params=[])]), InvalidPlan, "loans/0/params must be an object"),
        (plan(legs=[leg(), leg(kind="uniswap_v3")]), InvalidPlan, "legs/1/params takes venue_id, fee_pips"),
        (plan(legs=[leg(input={})]), InvalidPlan, "legs/0/input lacks token"),
        (plan(legs=[1]), InvalidPlan, "legs/0 must be an object"),
    ],
)
def test_plan_file__with_a_fault__is_refused_by_its_place(
    tmp_path: Path, raw: object, verdict: type[SteelyardError], complaint: str
) -> None:
    with pytest.raises(verdict, match=complaint):
        read(tmp_path, raw)


def test_plan_file__that_is_not_there__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_plan(tmp_path / "none.json", chain_id=1, executor=EXECUTOR, deadline_seconds=1)
