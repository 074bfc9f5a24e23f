"""What the executor refuses against real bytecode: strangers, forged callbacks, broken limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest
from eth_abi.abi import encode

from steelyard.sandbox.abi import encode_call
from tests.support.flash import Lender, assert_nothing_left, prepare
from tests.support.fork_chain import Refusal, refusal
from tests.support.fork_market import (
    AAVE_POOL,
    BALANCER_VAULT,
    MORPHO,
    USDC,
    USDT,
    WETH,
    Hop,
    VenueId,
)

if TYPE_CHECKING:
    from tests.support.flash import FlashPlan
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

V2, SUSHI = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2)
V3_LOW = Hop(VenueId.UNISWAP_V3, 500)

# As in CallbackKind.
BALANCER_LOAN, AAVE_LOAN, MORPHO_LOAN, V3_SWAP = 1, 2, 3, 4


@pytest.fixture
def plan(market: ForkMarket, executor: Any) -> FlashPlan:
    """A plan that would earn, if nothing were wrong with it."""
    return prepare(market, executor, Lender.AAVE_V3, WETH, USDC, (SUSHI, V3_LOW))


class Bystander:
    """Holds what must not change when a call is refused."""

    def __init__(self, chain: ForkChain, executor: Any, treasury: str) -> None:
        self._chain, self._executor, self._treasury = chain, executor, treasury
        self._before = self._balances()

    def _balances(self) -> list[int]:
        holders = (self._treasury, self._executor.address)
        return [self._chain.balance(token, holder) for token in (WETH, USDC, USDT) for holder in holders]

    def expect(self, sender: str, to: str, data: str) -> Refusal:
        """Why the call is refused; it is also mined, and leaves nothing."""
        answered = refusal(self._executor, self._chain.answer(sender, to, data))
        assert not self._chain.send_data(sender, to, data), f"went through, though it answered {answered}"
        assert self._balances() == self._before
        assert_nothing_left(self._chain, self._executor, WETH, USDC, USDT)
        return answered


@pytest.fixture
def bystander(chain: ForkChain, executor: Any, treasury: str) -> Bystander:
    return Bystander(chain, executor, treasury)


def _execution(executor: Any, plan: FlashPlan) -> str:
    return "0x" + bytes(executor.execute.encode_input(plan.data)).hex()


# --- callbacks that nobody awaits -----------------------------------------------------------------


def _forgeries(executor: Any, plan: FlashPlan) -> dict[int, str]:
    """Each callback with data that would be right inside a running plan."""
    swap_data = encode(["address", "uint256"], [plan.asset, plan.amount])
    calls = {
        BALANCER_LOAN: executor.receiveFlashLoan.encode_input([plan.asset], [plan.amount], [0], plan.data),
        AAVE_LOAN: executor.executeOperation.encode_input(
            plan.asset, plan.amount, 0, executor.address, plan.data
        ),
        MORPHO_LOAN: executor.onMorphoFlashLoan.encode_input(plan.amount, plan.data),
        V3_SWAP: executor.uniswapV3SwapCallback.encode_input(plan.amount, -1, swap_data),
    }
    return {kind: "0x" + bytes(call).hex() for kind, call in calls.items()}


@pytest.mark.parametrize("kind", [BALANCER_LOAN, AAVE_LOAN, MORPHO_LOAN, V3_SWAP])
def test_callback__from_stranger_keeper_or_any_protocol__is_unexpected(
    chain: ForkChain,
    market: ForkMarket,
    executor: Any,
    plan: FlashPlan,
    attacker: Any,
    keeper: Any,
    bystander: Bystander,
    kind: int,
) -> None:
    pool = market.pool(V3_LOW, WETH, USDC)
    forgery = _forgeries(executor, plan)[kind]
    for caller in (attacker.address, keeper.address, BALANCER_VAULT, AAVE_POOL, MORPHO, pool):
        answered = bystander.expect(caller, executor.address, forgery)
        assert answered == Refusal("UnexpectedCallback", (caller, kind))


def test_balancer_loan__started_by_stranger_for_us__is_refused(
    executor: Any, plan: FlashPlan, attacker: Any, bystander: Bystander
) -> None:
    signature = "flashLoan(address,address[],uint256[],bytes)"
    loan = encode_call(signature, executor.address, [WETH], [plan.amount], plan.data)
    answered = bystander.expect(attacker.address, BALANCER_VAULT, "0x" + loan.hex())
    assert answered == Refusal("UnexpectedCallback", (BALANCER_VAULT, BALANCER_LOAN))


def test_aave_loan__started_by_stranger_for_us__is_refused(
    executor: Any, plan: FlashPlan, attacker: Any, bystander: Bystander
) -> None:
    signature = "flashLoanSimple(address,address,uint256,bytes,uint16)"
    loan = encode_call(signature, executor.address, WETH, plan.amount, plan.data, 0)
    answered = bystander.expect(attacker.address, AAVE_POOL, "0x" + loan.hex())
    assert answered == Refusal("UnexpectedCallback", (AAVE_POOL, AAVE_LOAN))


# --- limits of the plan ---------------------------------------------------------------------------


def test_execute__gain_one_unit_short__names_both_numbers(
    chain: ForkChain, executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    gain = executor.execute.call(plan.data, sender=keeper)
    plan.min_profit = gain + 1
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("MinProfitNotMet", (gain, gain + 1))
    with ape.reverts(executor.MinProfitNotMet, gain=gain, minimum=gain + 1):
        executor.execute(plan.data, sender=keeper)


def test_execute__deadline_passed__reverts(
    executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    plan.deadline = ape.chain.blocks.head.timestamp - 1
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered.name == "DeadlineExpired"
    assert answered.values[0] == plan.deadline


def test_execute__plan_for_another_chain__reverts(
    executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    plan.chain_id = 10
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("WrongChain", (10, 1))


def test_execute__plan_for_another_executor__reverts(
    executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    plan.executor = keeper.address
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("WrongExecutor", (keeper.address, executor.address))


def test_execute__lender_asks_more_than_planned__reverts(
    chain: ForkChain, executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    plan.max_loan_fee = 0
    if chain.read(AAVE_POOL, "FLASHLOAN_PREMIUM_TOTAL()", "(uint128)") == (0,):
        pytest.skip("Aave lends free of charge on this chain")
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    fee = answered.values[0]
    plan.max_loan_fee = fee - 1
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("LoanFeeTooHigh", (fee, fee - 1))
    plan.max_loan_fee = fee
    assert executor.execute.call(plan.data, sender=keeper) > 0


def test_execute__losing_route__cannot_repay(
    market: ForkMarket, executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    first, last = plan.legs
    plan.legs = [(last[0], last[1], USDC, 1), (first[0], first[1], WETH, 1)]
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered.name == "LoanNotCovered"
    received = market.quote(SUSHI, USDC, WETH, market.quote(V3_LOW, WETH, USDC, plan.amount))
    assert answered.values[:2] == (WETH, received)


def test_execute__leg_under_its_minimum__names_the_leg(
    market: ForkMarket, executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    out = market.quote(SUSHI, WETH, USDC, plan.amount)
    plan.legs[0] = (*plan.legs[0][:3], out + 1)
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("LegOutputTooLow", (0, out, out + 1))


# --- venues and pools -----------------------------------------------------------------------------


def test_execute__venue_not_on_the_list__reverts(
    executor: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    unlisted = executor.venueCount()
    plan.legs[0] = (unlisted, *plan.legs[0][1:])
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("VenueNotListed", (unlisted,))


def test_execute__venue_taken_off_the_list__reverts(
    executor: Any, owner: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    executor.delistVenue(SUSHI.venue, sender=owner)
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("VenueNotListed", (SUSHI.venue,))


def test_execute__pool_that_the_factory_never_made__reverts(
    executor: Any, keeper: Any, attacker: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    plan.legs[0] = (SUSHI.venue, 0, attacker.address, 1)
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    expected = executor.poolFor(SUSHI.venue, WETH, attacker.address, 0)
    assert answered == Refusal("PoolNotFound", (SUSHI.venue, expected))
    plan.legs[0] = (V3_LOW.venue, 499, USDC, 1)
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    expected = executor.poolFor(V3_LOW.venue, WETH, USDC, 499)
    assert answered == Refusal("PoolNotFound", (V3_LOW.venue, expected))


def test_pool_for__every_known_pool__is_where_its_factory_put_it(market: ForkMarket, executor: Any) -> None:
    for hop in (V2, SUSHI, V3_LOW, Hop(VenueId.UNISWAP_V3, 3000)):
        expected = market.pool(hop, WETH, USDC)
        assert executor.poolFor(hop.venue, WETH, USDC, hop.fee_pips) == expected
        assert executor.poolFor(hop.venue, USDC, WETH, hop.fee_pips) == expected


# --- roles ----------------------------------------------------------------------------------------


def test_execute__by_anybody_but_a_keeper__reverts(
    executor: Any, owner: Any, guardian: Any, attacker: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    for caller in (owner, guardian, attacker):
        answered = bystander.expect(caller.address, executor.address, _execution(executor, plan))
        assert answered == Refusal("NotKeeper", (caller.address,))


def test_execute__keeper_revoked__reverts(
    executor: Any, owner: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    executor.setKeeper(keeper, False, sender=owner)
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("NotKeeper", (keeper.address,))


def test_execute__paused_by_guardian__reverts_until_owner_unpauses(
    executor: Any, owner: Any, guardian: Any, keeper: Any, plan: FlashPlan, bystander: Bystander
) -> None:
    executor.pause(sender=guardian)
    answered = bystander.expect(keeper.address, executor.address, _execution(executor, plan))
    assert answered == Refusal("ExecutionPaused")
    with ape.reverts(executor.OwnableUnauthorizedAccount, account=guardian.address):
        executor.unpause(sender=guardian)
    executor.unpause(sender=owner)
    assert executor.execute.call(plan.data, sender=keeper) > 0


def test_sweep__by_owner__goes_to_the_treasury_only(
    chain: ForkChain, executor: Any, owner: Any, attacker: Any, keeper: Any, treasury: str
) -> None:
    chain.give(USDT, executor.address, 5_000_000)
    before = chain.balance(USDT, treasury)
    for caller in (attacker, keeper):
        with ape.reverts(executor.OwnableUnauthorizedAccount, account=caller.address):
            executor.sweep(USDT, 5_000_000, sender=caller)
    executor.sweep(USDT, 5_000_000, sender=owner)
    assert chain.balance(USDT, treasury) - before == 5_000_000
    assert_nothing_left(chain, executor, USDT)
