"""Executor plans as hypothesis draws them: every kind of lender and venue, every shape of a plan."""

from __future__ import annotations

from hypothesis import strategies as st

from steelyard.connect.hexes import checksum
from steelyard.connect.plan_codec import ExecutorLeg, ExecutorLoan, ExecutorPlan, LegInput
from steelyard.connect.plan_params import (
    BalancerPool,
    CurveCoins,
    LegParams,
    LendingPair,
    LendingTier,
    ListedLender,
    ListedPair,
    ListedTier,
    LoanParams,
    NoParams,
    V4Pool,
)
from steelyard.model import Address, LenderKind, VenueKind

MOST_LOANS, MOST_LEGS = 4, 5


def uints(bits: int) -> st.SearchStrategy[int]:
    """Numbers of so many bits, the ends often."""
    return st.one_of(st.sampled_from([0, 1, (1 << bits) - 1]), st.integers(0, (1 << bits) - 1))


addresses: st.SearchStrategy[Address] = st.binary(min_size=20, max_size=20).map(
    lambda raw: checksum("0x" + raw.hex())
)
_some_addresses = addresses.filter(lambda address: int(address, 16) != 0)
_amounts = uints(128)

LOAN_PARAMS: dict[LenderKind, st.SearchStrategy[LoanParams]] = {
    **dict.fromkeys(LenderKind, st.just(NoParams())),
    LenderKind.UNISWAP_V2: st.builds(LendingPair, venue_id=uints(16), other_token=addresses),
    LenderKind.UNISWAP_V3: st.builds(
        LendingTier, venue_id=uints(16), other_token=addresses, fee_pips=uints(24)
    ),
    LenderKind.ERC3156: st.builds(ListedLender, lender_id=uints(16)),
}
_pairs: st.SearchStrategy[LegParams] = st.builds(ListedPair, venue_id=uints(16))
_tiers: st.SearchStrategy[LegParams] = st.builds(ListedTier, venue_id=uints(16), fee_pips=uints(24))
LEG_PARAMS: dict[VenueKind, st.SearchStrategy[LegParams]] = {
    VenueKind.UNISWAP_V2: _pairs,
    VenueKind.UNISWAP_V3: _tiers,
    VenueKind.PANCAKE_V3: _tiers,
    VenueKind.ALGEBRA: _pairs,
    VenueKind.UNISWAP_V4: st.builds(
        V4Pool,
        fee_pips=uints(24),
        tick_spacing=st.integers(-(2**23), 2**23 - 1),
        hooks=st.one_of(st.none(), _some_addresses),
    ),
    VenueKind.BALANCER_V2: st.builds(
        BalancerPool, pool_id=st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())
    ),
    VenueKind.CURVE_STABLE: st.builds(CurveCoins, venue_id=uints(16), coin_in=uints(8), coin_out=uints(8)),
    VenueKind.WRAPPED_ETHER: st.just(NoParams()),
}


@st.composite
def loans(draw: st.DrawFn) -> ExecutorLoan:
    kind = draw(st.sampled_from(LenderKind))
    return ExecutorLoan(
        kind=kind,
        asset=draw(addresses),
        amount=draw(_amounts),
        max_fee=draw(_amounts),
        params=draw(LOAN_PARAMS[kind]),
    )


@st.composite
def legs(draw: st.DrawFn) -> ExecutorLeg:
    kind = draw(st.sampled_from(VenueKind))
    named = st.builds(LegInput, token=addresses, amount=_amounts)
    return ExecutorLeg(
        kind=kind,
        token_out=draw(addresses),
        min_amount_out=draw(_amounts),
        params=draw(LEG_PARAMS[kind]),
        input=draw(st.one_of(st.none(), named)),
    )


plans: st.SearchStrategy[ExecutorPlan] = st.builds(
    ExecutorPlan,
    chain_id=uints(64),
    executor=addresses,
    deadline_seconds=uints(40),
    min_profit=_amounts,
    builder_share_bps=uints(16),
    loans=st.lists(loans(), min_size=1, max_size=MOST_LOANS).map(tuple),
    legs=st.lists(legs(), max_size=MOST_LEGS).map(tuple),
)
