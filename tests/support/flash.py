"""The executor as its fork tests use it: plans as the contract takes them, and what may be left after."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import ape
import pytest
from eth_utils.crypto import keccak

from tests.support.fork_chain import ForkChain
from tests.support.fork_market import AAVE_POOL, BALANCER_VAULT, MORPHO, ForkMarket, Hop, VenueId

BEND_PERCENT = 10
BENDS = 20
RESERVE_TYPE = "((uint256),uint128,uint128,uint128,uint128,uint128,uint40,uint16,address)"
RESERVE_ATOKEN = 8
V2_KIND, V3_KIND = 0, 1
NAMES_INPUT = 0x80


class Lender(IntEnum):
    """Same numbers as ``LenderKind``; those that stand on every chain that is forked."""

    BALANCER_V2 = 0
    AAVE_V3 = 1
    MORPHO_BLUE = 2

    @property
    def address(self) -> str:
        """The protocol on mainnet."""
        return (BALANCER_VAULT, AAVE_POOL, MORPHO)[self]


@dataclass(kw_only=True)
class FlashPlan:
    """A plan whose fields a test may bend one by one; packed here without the codec's help.

    ``legs`` are (venue id, fee tier or 0, token out, least amount).
    """

    executor: str
    lender: int
    asset: str
    amount: int
    legs: list[tuple[int, int, str, int]]
    deadline: int
    max_loan_fee: int
    chain_id: int = 1
    min_profit: int = 1
    loan_params: bytes = b""
    builder_share_bps: int = 0
    by_way_of_us: bool = False
    """Legs after the first name all of their input, so that it comes to the executor in between."""

    @property
    def data(self) -> bytes:
        """What ``execute`` takes."""
        head = _packed((self.chain_id, 8), (self.executor, 20), (self.deadline, 5), (self.min_profit, 16))
        head += _packed((self.builder_share_bps, 2))
        loan = _packed((self.lender, 1), (self.asset, 20), (self.amount, 16), (self.max_loan_fee, 16))
        loan += bytes([len(self.loan_params)]) + self.loan_params
        sold = [None, *(leg[2] for leg in self.legs)] if self.by_way_of_us else [None] * len(self.legs)
        return head + loan + b"".join(_leg(leg, token) for leg, token in zip(self.legs, sold, strict=False))

    @property
    def plan_hash(self) -> bytes:
        """The contract's ``planHash``."""
        return keccak(self.data)


def _leg(leg: tuple[int, int, str, int], sold: str | None) -> bytes:
    venue, fee_pips, token_out, minimum = leg
    is_v3 = venue == VenueId.UNISWAP_V3
    params = _packed((venue, 2), (fee_pips, 3)) if is_v3 else _packed((venue, 2))
    kind = V3_KIND if is_v3 else V2_KIND
    named = b"" if sold is None else _packed((sold, 20), (0, 16))
    bought = _packed((token_out, 20), (minimum, 16), (len(params), 1))
    return _packed((kind | (NAMES_INPUT if named else 0), 1)) + named + bought + params


def _packed(*fields: tuple[int | str, int]) -> bytes:
    """Numbers and addresses, each in its number of bytes."""
    return b"".join(
        (int(value, 16) if isinstance(value, str) else value).to_bytes(size) for value, size in fields
    )


def round_trip(
    executor: Any, lender: Lender, asset: str, other: str, hops: tuple[Hop, Hop], amount: int
) -> FlashPlan:
    """Out to ``other`` over the first hop, back over the second; a fee of one per cent would be paid."""
    out, back = hops
    return FlashPlan(
        executor=executor.address,
        lender=lender,
        asset=asset,
        amount=amount,
        legs=[(out.venue, out.fee_pips, other, 1), (back.venue, back.fee_pips, asset, 1)],
        deadline=ape.chain.pending_timestamp + 6_000,
        max_loan_fee=amount // 100,
    )


def prepare(
    market: ForkMarket, executor: Any, lender: Lender, asset: str, other: str, hops: tuple[Hop, Hop]
) -> FlashPlan:
    """Bend the first pool until the round trip earns more than a per cent, and plan it."""
    out, back = hops
    amount = market.depth(out, asset, other) // 500
    lendable = _lendable_by(market.chain, lender, asset)
    if lendable < amount:
        pytest.skip(f"{lender.name} has {lendable} of {asset} to lend on this chain, the test needs {amount}")
    for _ in range(BENDS):
        if market.quote(back, other, asset, market.quote(out, asset, other, amount)) * 100 > amount * 101:
            return round_trip(executor, lender, asset, other, hops, amount)
        market.bend(out, other, asset, BEND_PERCENT)
    raise AssertionError(f"{BENDS} trades of {BEND_PERCENT} % each did not move {out} enough")


def _lendable_by(chain: ForkChain, lender: Lender, asset: str) -> int:
    """What the lender holds; Aave's tokens lie with the aToken."""
    holder = lender.address
    if lender is Lender.AAVE_V3:
        (data,) = chain.read(AAVE_POOL, "getReserveData(address)", f"({RESERVE_TYPE})", asset)
        holder = data[RESERVE_ATOKEN]
    return chain.balance(asset, holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What the executor says of one plan, by whichever of its two events."""

    plan_hash: bytes
    asset: str
    profit: int
    loan_fee: int
    builder_tip: int


def executed(executor: Any, receipt: Any) -> Executed:
    """The one plan of ``receipt``."""
    (event,) = receipt.decode_logs([executor.ArbitrageExecuted, executor.ArbitrageExecutedWithCosts])
    costs = event.event_arguments
    return Executed(
        plan_hash=bytes(event.planHash),
        asset=event.asset,
        profit=event.profit,
        loan_fee=costs.get("loanFee", 0),
        builder_tip=costs.get("builderTip", 0),
    )


def assert_nothing_left(chain: ForkChain, executor: Any, *tokens: str) -> None:
    """No token, no ether, no allowance."""
    assert chain.ether(executor.address) == 0
    for token in tokens:
        assert chain.balance(token, executor.address) == 0, f"executor holds {token}"
        for lender in Lender:
            allowed = chain.read(
                token, "allowance(address,address)", "(uint256)", executor.address, lender.address
            )
            assert allowed == (0,), f"{lender.name} keeps an allowance over {token}"
