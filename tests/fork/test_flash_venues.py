"""Every kind of venue on its real bytecode: what a leg brings is what the pool itself quotes, to the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from scripts._deployment import venue_arguments
from steelyard.config.address_book import address_book
from steelyard.exceptions import RpcRejected
from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.replica import PoolKind, PoolRecord, ensure_state, project_root
from steelyard.sandbox.replica.protocols import uniswap_v4
from steelyard.sandbox.replica.protocols.curve import FRAX_USDC, THREE_POOL
from tests.support.flash_venues import (
    NATIVE,
    WRAPPED_ETHER,
    Leg,
    ListedVenues,
    Stop,
    algebra_pool,
    allowances,
    balancer_pool,
    curve_pool,
    pancake,
    plan_data,
    v4_pool,
)
from tests.support.fork_chain import ETHER, ForkChain, refusal
from tests.support.fork_market import (
    AAVE_POOL,
    BALANCER_VAULT,
    MORPHO,
    USDC,
    USDT,
    WETH,
    ForkMarket,
    Hop,
    VenueId,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from steelyard.units import Address

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

BALANCER_LOAN, MORPHO_LOAN, V4_LOAN = 0, 2, 7
DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
FRAX = "0x853d955aCEf822Db058eb8505911ED77F175b99e"
AMOUNT = 20_000 * 10**6
BEND_PERCENT = 10
BENDS = 8

# name: other token, the bent pool on the other side
OTHERS = {
    "pancake": (WETH, Hop(VenueId.SUSHISWAP_V2)),
    "algebra": (WETH, Hop(VenueId.SUSHISWAP_V2)),
    "v4": (WETH, Hop(VenueId.SUSHISWAP_V2)),
    "balancer_weighted": (WETH, Hop(VenueId.SUSHISWAP_V2)),
    "balancer_stable": (DAI, Hop(VenueId.UNISWAP_V2)),
    "curve_returning_nothing": (DAI, Hop(VenueId.UNISWAP_V2)),
    "curve_returning_the_amount": (FRAX, Hop(VenueId.UNISWAP_V3, 500)),
}


Stops = dict[str, Stop]


@pytest.fixture(scope="module")
def venue_executor(owner: Any, keeper: Any, treasury: Address) -> Any:
    """With the manager of Uniswap V4, whatever else the chain's book knows."""
    book = address_book(1)
    lenders = (BALANCER_VAULT, AAVE_POOL, MORPHO, NATIVE, NATIVE, uniswap_v4.POOL_MANAGER)
    deployed = owner.deploy(ape.project.FlashLoanArbitrage, owner.address, treasury, lenders, WETH, NATIVE)
    for venue in book.venues[:3]:
        deployed.listVenue(venue_arguments(venue), sender=owner)
    deployed.setKeeper(keeper.address, True, sender=owner)
    return deployed


@pytest.fixture(scope="module")
def stops(chain: ForkChain, venue_executor: Any, owner: Any) -> Stops:
    """A pool of each kind, by name, each of USDC and the token in ``OTHERS``."""
    listed = ListedVenues(chain, venue_executor.address, owner.address)
    (pancake_pool,) = _pools(PoolKind.PANCAKESWAP_V3, WETH)
    (algebra_at,) = _pools(PoolKind.ALGEBRA, WETH)
    (weighted,) = _pools(PoolKind.BALANCER_WEIGHTED, WETH)
    (stable,) = _pools(PoolKind.BALANCER_STABLE, DAI)
    return {
        "pancake": pancake(listed, pancake_pool.address, pancake_pool.fee_pips),
        "algebra": algebra_pool(listed, algebra_at.address),
        "v4": v4_pool(500, 10),
        "balancer_weighted": balancer_pool(weighted.pool_id),
        "balancer_stable": balancer_pool(stable.pool_id),
        "curve_returning_nothing": curve_pool(listed.three_pool, THREE_POOL),
        "curve_returning_the_amount": curve_pool(listed.frax_pool, FRAX_USDC),
    }


def _pools(kind: PoolKind, other: str) -> list[PoolRecord]:
    """Those of USDC and ``other``."""
    pools = ensure_state(project_root()).manifest.pools_of(kind)
    wanted = {USDC.lower(), other.lower()}
    return [
        pool
        for pool in pools
        if wanted <= {token.lower() for token in (pool.tokens or (pool.token0, pool.token1))}
    ]


class Trade:
    """Plans that borrow USDC, and what came of them."""

    def __init__(self, chain: ForkChain, executor: Any, keeper: str, treasury: str) -> None:
        self.chain, self.executor, self.keeper, self.treasury = chain, executor, keeper, treasury

    def call_data(self, legs: list[Leg], lender: int = MORPHO_LOAN, asset: str = USDC) -> str:
        """What ``execute`` is called with."""
        deadline = int(self.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 10_000
        amount = AMOUNT if asset == USDC else ETHER
        plan = plan_data(self.executor.address, deadline, lender, asset, amount, legs)
        return "0x" + encode_call("execute(bytes)", plan).hex()

    def gain_of(self, legs: list[Leg], lender: int = MORPHO_LOAN) -> int:
        """Executes and measures; nothing may be left, whatever the route went over."""
        data = self.call_data(legs, lender)
        returned = int(self.chain.answer(self.keeper, self.executor.address, data), 16)
        before = self.chain.balance(USDC, self.treasury)
        assert self.chain.send_data(self.keeper, self.executor.address, data)
        gained = self.chain.balance(USDC, self.treasury) - before
        assert gained == returned
        self.assert_nothing_left()
        return gained

    def assert_nothing_left(self) -> None:
        """No token, no ether, no allowance to anybody who pulls."""
        at = self.executor.address
        tokens = [USDC, WETH, USDT, DAI, FRAX]
        assert self.chain.ether(at) == 0
        assert {token: self.chain.balance(token, at) for token in tokens} == dict.fromkeys(tokens, 0)
        spenders = [BALANCER_VAULT, MORPHO, AAVE_POOL, THREE_POOL.address, FRAX_USDC.address]
        assert allowances(self.chain, at, tokens, spenders) == {}


@pytest.fixture
def trade(chain: ForkChain, venue_executor: Any, keeper: Any, treasury: Address) -> Trade:
    return Trade(chain, venue_executor, keeper.address, treasury)


def _hop_leg(hop: Hop, token_out: str) -> Leg:
    tier = hop.fee_pips.to_bytes(3) if hop.venue is VenueId.UNISWAP_V3 else b""
    return Leg(kind=1 if tier else 0, token_out=token_out, params=hop.venue.to_bytes(2) + tier)


def _off_by(name: str) -> int:
    """The 3pool's own quote takes the fee after it converts, its exchange before: a unit more or less."""
    return 1 if name == "curve_returning_nothing" else 0


@pytest.mark.parametrize("name", OTHERS)
def test_selling_at_venue__brings_what_the_pool_quotes(
    market: ForkMarket, trade: Trade, stops: Stops, name: str
) -> None:
    (other, hop), stop = OTHERS[name], stops[name]

    def received() -> int:
        bought = market.quote(hop, USDC, other, AMOUNT)
        return stop.quote(trade.chain, other, USDC, bought)

    _bend_until_worth_it(market, hop, other, USDC, received)
    expected = received() - AMOUNT
    gained = trade.gain_of([_hop_leg(hop, other), stop.leg(other, USDC)])
    assert abs(gained - expected) <= _off_by(name)


@pytest.mark.parametrize("name", OTHERS)
def test_buying_at_venue__pays_the_next_pool_what_the_pool_quotes(
    market: ForkMarket, trade: Trade, stops: Stops, name: str
) -> None:
    (other, hop), stop = OTHERS[name], stops[name]

    def received() -> int:
        return market.quote(hop, other, USDC, stop.quote(trade.chain, USDC, other, AMOUNT))

    _bend_until_worth_it(market, hop, USDC, other, received)
    expected = received() - AMOUNT
    gained = trade.gain_of([stop.leg(USDC, other), _hop_leg(hop, USDC)])
    # What the pool's quote is off by, in DAI's eighteen decimals, is nothing in USDC's six.
    assert gained == expected


def _bend_until_worth_it(
    market: ForkMarket, hop: Hop, sold: str, bought: str, received: Callable[[], int]
) -> None:
    for _ in range(BENDS):
        if received() * 1000 > AMOUNT * 1001:
            return
        market.bend(hop, sold, bought, BEND_PERCENT)
    raise AssertionError(f"{BENDS} trades of {BEND_PERCENT} % each did not move {hop} enough")


@pytest.mark.parametrize("lender", [MORPHO_LOAN, V4_LOAN], ids=["morpho", "v4"])
def test_consecutive_legs_over_v4__ether_between__bring_what_the_quoter_says(
    market: ForkMarket, trade: Trade, lender: int
) -> None:
    hop, ether_tether, tether_usdc = Hop(VenueId.SUSHISWAP_V2), v4_pool(500, 10), v4_pool(10, 1)

    def received() -> int:
        bought = market.quote(hop, USDC, WETH, AMOUNT)
        tether = ether_tether.quote(trade.chain, NATIVE, USDT, bought)
        return tether_usdc.quote(trade.chain, USDT, USDC, tether)

    _bend_until_worth_it(market, hop, WETH, USDC, received)
    expected = received() - AMOUNT
    legs = [
        _hop_leg(hop, WETH),
        Leg(kind=WRAPPED_ETHER, token_out=NATIVE),
        ether_tether.leg(NATIVE, USDT),
        tether_usdc.leg(USDT, USDC),
    ]
    assert trade.gain_of(legs, lender) == expected


def test_ether_bought_at_v4__is_wrapped_and_sold(market: ForkMarket, trade: Trade) -> None:
    hop, stop = Hop(VenueId.SUSHISWAP_V2), v4_pool(500, 10)

    def received() -> int:
        return market.quote(hop, WETH, USDC, stop.quote(trade.chain, USDC, NATIVE, AMOUNT))

    _bend_until_worth_it(market, hop, USDC, WETH, received)
    expected = received() - AMOUNT
    legs = [stop.leg(USDC, NATIVE), Leg(kind=WRAPPED_ETHER, token_out=WETH), _hop_leg(hop, USDC)]
    assert trade.gain_of(legs) == expected


def test_ether_at_balancer__is_wrapped_by_the_vault_itself(
    market: ForkMarket, trade: Trade, stops: Stops
) -> None:
    hop, stop = Hop(VenueId.SUSHISWAP_V2), stops["balancer_weighted"]

    def received() -> int:
        return stop.quote(trade.chain, WETH, USDC, market.quote(hop, USDC, WETH, AMOUNT))

    _bend_until_worth_it(market, hop, WETH, USDC, received)
    expected = received() - AMOUNT
    unwrapped = Leg(kind=WRAPPED_ETHER, token_out=NATIVE)
    assert trade.gain_of([_hop_leg(hop, WETH), unwrapped, stop.leg(NATIVE, USDC)]) == expected


def test_least_output__one_unit_above_the_quote__reverts(trade: Trade, stops: Stops) -> None:
    for name, stop in stops.items():
        other = OTHERS[name][0]
        quoted = stop.quote(trade.chain, USDC, other, AMOUNT) + _off_by(name) * 10**12
        leg = stop.leg(USDC, other)
        legs = [Leg(kind=leg.kind, token_out=other, params=leg.params, min_amount_out=quoted + 1)]
        data = trade.call_data(legs)
        refused = refusal(trade.executor, trade.chain.answer(trade.keeper, trade.executor.address, data))
        assert (refused.name, refused.values[0]) == ("LegOutputTooLow", 0), name


def test_balancer_swap_inside_a_loan_of_the_same_vault__is_locked_out(trade: Trade, stops: Stops) -> None:
    """One lock for loans and swaps: a Balancer loan cannot pay for a Balancer swap."""
    data = trade.call_data([stops["balancer_weighted"].leg(USDC, WETH)], BALANCER_LOAN)
    refused = refusal(trade.executor, trade.chain.answer(trade.keeper, trade.executor.address, data))
    assert (refused.name, refused.values) == ("Error", ("BAL#400",))


def test_ether_sent_by_anybody__is_refused(trade: Trade) -> None:
    for sender in (WETH, uniswap_v4.POOL_MANAGER, BALANCER_VAULT, THREE_POOL.address):
        call = {"from": sender, "to": trade.executor.address, "value": "0x1"}
        with pytest.raises(RpcRejected) as caught:
            trade.chain.rpc.call("eth_call", call, "latest", {sender: {"balance": hex(ETHER)}})
        assert refusal(trade.executor, caught.value.data or "0x").name == "EtherRefused"
