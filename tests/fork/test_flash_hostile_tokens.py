"""Hostile tokens in real pools: they keep a fee, call back, reenter, or start loans in the middle of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from steelyard.sandbox.abi import encode_call, selector_of
from tests.support.flash import FlashPlan, Lender, assert_nothing_left, executed, round_trip
from tests.support.fork_chain import ETHER, Refusal, refusal
from tests.support.fork_market import AAVE_POOL, BALANCER_VAULT, MORPHO, WETH, Hop, VenueId

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

V2, SUSHI, V3 = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2), Hop(VenueId.UNISWAP_V3, 3000)
DEPTH = 1_000 * ETHER
LOAN = ETHER
NOBODY = "0x0000000000000000000000000000000000000000"
BALANCER_LOAN, AAVE_LOAN = 1, 2

lenders = pytest.mark.parametrize("lender", Lender, ids=lambda lender: lender.name.lower())


def _open_pools(chain: ForkChain, market: ForkMarket, token: str) -> None:
    """Three real pools of the token with WETH; both of Uniswap's pay a fifth more of it."""
    chain.give(WETH, market.trader, 3 * DEPTH)
    chain.send(market.trader, token, "mint(address,uint256)", market.trader, 4 * DEPTH)
    market.open_v2_pair(VenueId.UNISWAP_V2, WETH, DEPTH, token, DEPTH * 12 // 10)
    market.open_v2_pair(VenueId.SUSHISWAP_V2, WETH, DEPTH, token, DEPTH)
    market.open_v3_pool(WETH, DEPTH, token, DEPTH * 12 // 10)


@pytest.fixture(scope="module")
def hook(chain: ForkChain, market: ForkMarket, attacker: Any) -> Any:
    """A token that makes one call in the middle of a transfer."""
    token = attacker.deploy(ape.project.HookToken)
    _open_pools(chain, market, token.address)
    return token


@pytest.fixture(scope="module")
def taxed(chain: ForkChain, market: ForkMarket, attacker: Any) -> Any:
    """A token that keeps a share of every transfer, from now on."""
    token = attacker.deploy(ape.project.FeeOnTransferToken)
    _open_pools(chain, market, token.address)
    token.setFeeBps(1, sender=attacker)
    return token


def _plan(executor: Any, lender: Lender, token: Any, first: Hop = V3) -> FlashPlan:
    return round_trip(executor, lender, WETH, token.address, (first, SUSHI), LOAN)


def _answer_of(executor: Any, hook: Any) -> Refusal:
    """What the hook's call was answered; it must have been made once, and refused."""
    assert (hook.callCount(), hook.lastSuccess()) == (1, False)
    return refusal(executor, "0x" + bytes(hook.lastAnswer()).hex())


def _assert_refused(chain: ForkChain, executor: Any, keeper: Any, plan: FlashPlan) -> Refusal:
    """Mined and reverted, nothing left; returns why."""
    data = "0x" + bytes(executor.execute.encode_input(plan.data)).hex()
    answered = refusal(executor, chain.answer(keeper.address, executor.address, data))
    treasury_before = chain.balance(plan.asset, executor.treasury())
    assert not chain.send_data(keeper.address, executor.address, data)
    assert chain.balance(plan.asset, executor.treasury()) == treasury_before
    assert_nothing_left(chain, executor, WETH, plan.asset, plan.legs[0][2])
    return answered


# --- callbacks and loans from within --------------------------------------------------------------


def _forged_callbacks(executor: Any, plan: FlashPlan) -> list[bytes]:
    return [
        executor.receiveFlashLoan.encode_input([WETH], [LOAN], [0], plan.data),
        executor.executeOperation.encode_input(WETH, LOAN, 0, executor.address, plan.data),
        executor.onMorphoFlashLoan.encode_input(LOAN, plan.data),
        executor.uniswapV3SwapCallback.encode_input(LOAN, -1, plan.data),
    ]


@lenders
@pytest.mark.parametrize("kind", [1, 2, 3, 4], ids=["balancer", "aave", "morpho", "v3_swap"])
@pytest.mark.parametrize("moment", ["while_the_pool_is_awaited", "while_nobody_is"])
def test_hook_token__forges_a_callback_inside_our_call__is_refused_and_plan_unharmed(
    chain: ForkChain,
    executor: Any,
    keeper: Any,
    attacker: Any,
    hook: Any,
    lender: Lender,
    kind: int,
    moment: str,
) -> None:
    plan = _plan(executor, lender, hook)
    # The V3 pool pays the pair before it calls back; where we pay the pair, that callback has been consumed.
    plan.by_way_of_us = moment == "while_nobody_is"
    undisturbed = executor.execute.call(plan.data, sender=keeper)
    forged = _forged_callbacks(executor, plan)[kind - 1]
    pair = executor.poolFor(SUSHI.venue, WETH, hook.address, 0)
    hook.arm(pair, executor.address, forged, False, sender=attacker)
    receipt = executor.execute(plan.data, sender=keeper)
    event = executed(executor, receipt)
    assert event.profit == undisturbed
    assert _answer_of(executor, hook) == Refusal("UnexpectedCallback", (hook.address, kind))
    assert_nothing_left(chain, executor, WETH, hook.address)


@pytest.mark.parametrize("lender", [Lender.AAVE_V3, Lender.MORPHO_BLUE], ids=["inside_aave", "inside_morpho"])
def test_hook_token__starts_a_balancer_loan_for_us_inside_our_call__is_refused(
    chain: ForkChain, executor: Any, keeper: Any, attacker: Any, hook: Any, lender: Lender
) -> None:
    plan = _plan(executor, lender, hook, V2)
    plan.by_way_of_us = True
    signature = "flashLoan(address,address[],uint256[],bytes)"
    attack = encode_call(signature, executor.address, [WETH], [LOAN], plan.data)
    hook.arm(executor.address, BALANCER_VAULT, attack, False, sender=attacker)
    executor.execute(plan.data, sender=keeper)
    expected = Refusal("UnexpectedCallback", (BALANCER_VAULT, BALANCER_LOAN))
    assert _answer_of(executor, hook) == expected
    assert_nothing_left(chain, executor, WETH, hook.address)


@lenders
def test_hook_token__starts_an_aave_loan_for_us_inside_our_call__is_refused(
    chain: ForkChain, executor: Any, keeper: Any, attacker: Any, hook: Any, lender: Lender
) -> None:
    plan = _plan(executor, lender, hook, V2)
    plan.by_way_of_us = True
    signature = "flashLoanSimple(address,address,uint256,bytes,uint16)"
    attack = encode_call(signature, executor.address, WETH, LOAN, plan.data, 0)
    hook.arm(executor.address, AAVE_POOL, attack, False, sender=attacker)
    executor.execute(plan.data, sender=keeper)
    assert _answer_of(executor, hook) == Refusal("UnexpectedCallback", (AAVE_POOL, AAVE_LOAN))
    assert_nothing_left(chain, executor, WETH, hook.address)


# --- reentry --------------------------------------------------------------------------------------


@lenders
def test_reentrant_token__even_as_keeper__cannot_execute(
    chain: ForkChain, executor: Any, owner: Any, keeper: Any, attacker: Any, hook: Any, lender: Lender
) -> None:
    executor.setKeeper(hook.address, True, sender=owner)
    plan = _plan(executor, lender, hook)
    plan.by_way_of_us = True
    again = executor.execute.encode_input(plan.data)
    hook.arm(executor.address, executor.address, again, False, sender=attacker)
    executor.execute(plan.data, sender=keeper)
    assert _answer_of(executor, hook) == Refusal("Reentered")
    assert_nothing_left(chain, executor, WETH, hook.address)


@lenders
def test_reentrant_token__that_gives_the_refusal_on__reverts_the_plan_with_a_typed_error(
    chain: ForkChain, executor: Any, owner: Any, keeper: Any, attacker: Any, hook: Any, lender: Lender
) -> None:
    executor.setKeeper(hook.address, True, sender=owner)
    plan = _plan(executor, lender, hook, V2)
    plan.by_way_of_us = True
    again = executor.execute.encode_input(plan.data)
    # Fires in our own transfer to the second pair; the first pair's would revert in the pair's words.
    pair = executor.poolFor(SUSHI.venue, WETH, hook.address, 0)
    hook.arm(pair, executor.address, again, True, sender=attacker)
    assert _assert_refused(chain, executor, keeper, plan) == Refusal("TransferFailed")


# --- fee on transfer ------------------------------------------------------------------------------


@lenders
@pytest.mark.parametrize("first", [V2, V3], ids=["v2", "v3"])
def test_fee_on_transfer__in_the_route__reverts_with_what_was_missing(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, taxed: Any, lender: Lender, first: Hop
) -> None:
    plan = _plan(executor, lender, taxed, first)
    sent = market.quote(first, WETH, taxed.address, LOAN)
    kept = -(-sent // 10_000)
    answered = _assert_refused(chain, executor, keeper, plan)
    assert answered == Refusal("TransferShort", (taxed.address, sent, sent - kept))


def test_fee_on_transfer__as_the_asset__reverts_before_anything_is_spent(
    chain: ForkChain, executor: Any, keeper: Any, taxed: Any, attacker: Any
) -> None:
    taxed.mint(MORPHO, 10 * LOAN, sender=attacker)
    plan = round_trip(executor, Lender.MORPHO_BLUE, taxed.address, WETH, (SUSHI, V2), LOAN)
    answered = _assert_refused(chain, executor, keeper, plan)
    assert answered == Refusal("TransferShort", (taxed.address, LOAN, LOAN - LOAN // 10_000))


def test_selectors__of_refusals_from_the_token_library__are_in_the_abi(executor: Any) -> None:
    for error in ("TransferFailed()", "ApproveFailed()", "ETHTransferFailed()"):
        assert refusal(executor, "0x" + selector_of(error).hex()).name == error[:-2]
