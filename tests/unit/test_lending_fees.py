"""What each kind of lender asks: its own rounding, to the unit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.exceptions import InvalidPlan
from steelyard.model import Address, LenderKind, LenderTerms, LoanSource
from steelyard.model.lending import pair_fee_wad
from steelyard.units import BPS, PIPS, WAD
from tests.support.plans import POOL_CHEAP, USDC, WETH, make_plan

pytestmark = pytest.mark.unit

POOL = LoanSource(listing_id=1, address=Address("0x" + "77" * 20), other_token=USDC, fee_pips=3_000)
amounts = st.integers(1, 2**112)


def terms(kind: LenderKind, fee_wad: int, source: LoanSource | None = None) -> LenderTerms:
    return LenderTerms(kind=kind, asset=WETH, available=2**128, fee_wad=fee_wad, source=source)


@pytest.mark.parametrize(
    ("kind", "fee_wad", "amount", "fee"),
    [
        (LenderKind.AAVE_V3, 5 * 10**14, 999, 0),  # 0.4995: half up is down here
        (LenderKind.AAVE_V3, 5 * 10**14, 1_000, 1),  # 0.5
        (LenderKind.AAVE_V2, 9 * 10**14, 1_111, 0),  # 0.9999
        (LenderKind.AAVE_V2, 9 * 10**14, 1_112, 1),
        (LenderKind.MAKER, 10**15, 1_999, 1),
        (LenderKind.BALANCER_V2, 10**15, 1, 1),
        (LenderKind.UNISWAP_V3, 5 * 10**14, 1, 1),
        (LenderKind.UNISWAP_V3, 5 * 10**14, 2_000, 1),
        (LenderKind.UNISWAP_V3, 5 * 10**14, 2_001, 2),
        (LenderKind.ERC3156, 10**15 + 1, 1_000, 2),
        (LenderKind.MORPHO_BLUE, 0, 10**30, 0),
        (LenderKind.UNISWAP_V4, 0, 10**30, 0),
    ],
)
def test_the_fee_is_rounded_as_the_lender_rounds_it(
    kind: LenderKind, fee_wad: int, amount: int, fee: int
) -> None:
    assert terms(kind, fee_wad, POOL if kind.is_pool else None).fee(amount) == fee


@given(amounts, st.integers(0, 999_999))
def test_a_pair_is_paid_the_least_that_its_product_check_passes(amount: int, fee_pips: int) -> None:
    source = replace(POOL, fee_pips=fee_pips)
    fee = terms(LenderKind.UNISWAP_V2, pair_fee_wad(fee_pips), source).fee(amount)

    def passes(paid: int) -> bool:
        return paid * (PIPS - fee_pips) >= amount * PIPS

    assert passes(amount + fee)
    assert fee == 0 or not passes(amount + fee - 1)
    assert fee <= -(-amount * pair_fee_wad(fee_pips) // WAD), "never above the rate that it is ranked by"


@given(amounts, st.integers(0, 100))
def test_aave_s_two_versions_are_never_more_than_a_unit_apart(amount: int, premium_bps: int) -> None:
    older, newer = (
        terms(kind, premium_bps * (WAD // BPS)).fee(amount)
        for kind in (LenderKind.AAVE_V2, LenderKind.AAVE_V3)
    )
    assert 0 <= newer - older <= 1
    assert older == amount * premium_bps // BPS


@given(amounts, st.integers(1, 100))
def test_aave_s_later_pool_rounds_up(amount: int, premium_bps: int) -> None:
    half_up = terms(LenderKind.AAVE_V3, premium_bps * (WAD // BPS))
    later = replace(half_up, fee_rounds_up=True)
    assert later.fee(amount) == -(-amount * premium_bps // BPS)
    assert 0 <= later.fee(amount) - half_up.fee(amount) <= 1


def test_a_plan_names_its_lender_where_there_are_several_and_only_there() -> None:
    make_plan(lender=LenderKind.UNISWAP_V3, source=POOL)
    with pytest.raises(InvalidPlan, match="the uniswap_v3 that lends must be named"):
        make_plan(lender=LenderKind.UNISWAP_V3)
    with pytest.raises(InvalidPlan, match="the balancer_v2 that lends is the only one of its kind"):
        make_plan(source=POOL)


def test_a_pool_of_the_route_cannot_lend() -> None:
    with pytest.raises(InvalidPlan, match="it is locked, the route cannot trade there"):
        make_plan(lender=LenderKind.UNISWAP_V2, source=replace(POOL, address=POOL_CHEAP))


def test_a_pool_that_lends_is_one_of_the_plan_s_pools() -> None:
    plain = make_plan()
    assert POOL.address in make_plan(lender=LenderKind.UNISWAP_V2, source=POOL).pools
    listed = LoanSource(listing_id=0, address=POOL.address)
    assert make_plan(lender=LenderKind.ERC3156, source=listed).pools == plain.pools
