"""The keeper's hands on the real executor: what is recorded is what the treasury got, to the wei."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ape
import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from steelyard.act.gas import GasSettings
from steelyard.act.submitter import Refusal, Rehearsal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.access_list import listed_in
from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import to_hex
from steelyard.connect.plan_codec import plan_id
from steelyard.decide.arbitrage import GasModel
from steelyard.model import (
    Address,
    ArbitragePlan,
    IntentStatus,
    LenderKind,
    PlanLeg,
    SignedTransaction,
    VenueKind,
)
from steelyard.record import reports
from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.mining import BLOCK_SECONDS
from steelyard.units import BPS
from tests.support.dev_chain import KeySigner
from tests.support.flash import FlashPlan, Lender, executed, prepare
from tests.support.fork_chain import ETHER
from tests.support.fork_market import USDC, WETH, Hop, VenueId
from tests.support.records import Store, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

ROUTE = (Hop(VenueId.SUSHISWAP_V2), Hop(VenueId.UNISWAP_V3, 500))
BUILDER = "0x00000000000000000000000000000000B0B1de41"
SHARE_BPS = 4_000
MOST_SPARE_PERCENT = 20
ANY_POOL = Address("0x397FF1542f962076d0BFE58eA045FfA2d347ACa0")


@pytest.fixture
def signer(chain: ForkChain, executor: Any, owner: Any) -> KeySigner:
    """A keeper with a key of its own, which nobody used before."""
    signer = KeySigner("0x" + keccak(text="steelyard test actor: signing keeper").hex())
    fund_ether(chain.rpc, signer.address, 10 * ETHER)
    executor.setKeeper(signer.address, True, sender=owner)
    return signer


@pytest.fixture
def submitter(client: ChainClient, store: Store, signer: KeySigner) -> Submitter:
    return Submitter(client, store.journal, signer, GasSettings(priority_fee_wei=10**9))


def plan_of(flash: FlashPlan, *, profit: int) -> ArbitragePlan:
    """The keeper's plan that says to the executor what ``flash`` says."""
    tokens = [flash.asset, *(leg[2] for leg in flash.legs)]
    legs = tuple(
        PlanLeg(
            kind=VenueKind.UNISWAP_V3 if fee_pips else VenueKind.UNISWAP_V2,
            venue_id=venue,
            pool=ANY_POOL,
            fee_pips=fee_pips,
            token_in=Address(token_in),
            token_out=Address(token_out),
            amount_in=1,
            amount_out=minimum,
            min_amount_out=minimum,
        )
        for (venue, fee_pips, token_out, minimum), token_in in zip(flash.legs, tokens, strict=False)
    )
    return ArbitragePlan(
        chain_id=flash.chain_id,
        executor=Address(flash.executor),
        deadline_seconds=flash.deadline,
        lender=LenderKind(int(flash.lender)),
        asset=Address(flash.asset),
        amount=flash.amount,
        loan_fee=0,
        max_loan_fee=flash.max_loan_fee,
        min_profit=flash.min_profit,
        builder_share_bps=flash.builder_share_bps,
        legs=legs,
        expected_profit=profit,
        gas_units=400_000,
        gas_price_wei=1,
        gas_cost_wei=400_000,
        expected_net_wei=profit - 400_000,
        block_number=ape.chain.blocks.height,
        reason="prepared by the test",
    )


@pytest.fixture
def flash(market: ForkMarket, executor: Any) -> FlashPlan:
    return prepare(market, executor, Lender.BALANCER_V2, WETH, USDC, ROUTE)


def test_plan_is_the_same_to_the_keeper_and_to_the_executor(
    flash: FlashPlan, executor: Any, keeper: Any
) -> None:
    plan = plan_of(flash, profit=1)
    event = executed(executor, executor.execute(flash.data, sender=keeper))
    assert plan_id(plan) == to_hex(event.plan_hash)


def test_recorded_profit_and_gas_are_the_balance_differences_on_chain(
    chain: ForkChain,
    client: ChainClient,
    store: Store,
    signer: KeySigner,
    submitter: Submitter,
    flash: FlashPlan,
    treasury: Address,
) -> None:
    plan = plan_of(flash, profit=10**15)
    treasury_before, keeper_before = chain.balance(WETH, treasury), chain.ether(signer.address)
    signed = submitter.submit(plan)
    assert isinstance(signed, SignedTransaction), signed
    chain.rpc.call("evm_mine")
    (outcome,) = Tracker(client, store.journal).settle_open(client.block())
    with store.database.read() as session:
        (record,) = reports.read_records(session)
    assert outcome.status is IntentStatus.CONFIRMED
    assert record.realised_profit == chain.balance(WETH, treasury) - treasury_before > 0
    assert record.gas_cost_wei == keeper_before - chain.ether(signer.address)
    # The plan values its asset, WETH, at one wei a unit.
    assert record.net_wei == record.realised_profit - record.gas_cost_wei
    assert Account.recover_transaction(signed.raw) == signer.address


def test_plan_that_pays_too_little_is_refused_with_the_executors_own_error(
    submitter: Submitter, store: Store, signer: KeySigner, flash: FlashPlan
) -> None:
    flash.min_profit = 10**24
    refusal = submitter.submit(plan_of(flash, profit=10**24))
    assert isinstance(refusal, Refusal)
    assert "MinProfitNotMet(gain=" in refusal.reason
    assert signer.signatures == 0
    assert store.journal.unfinished() == []


def test_rehearsal_foretells_the_profit_to_the_wei(
    chain: ForkChain, submitter: Submitter, flash: FlashPlan, treasury: Address
) -> None:
    plan = plan_of(flash, profit=10**15)
    rehearsal = submitter.rehearse(plan)
    assert isinstance(rehearsal, Rehearsal)
    before = chain.balance(WETH, treasury)
    submitter.submit(replace(plan, deadline_seconds=plan.deadline_seconds + 1))
    chain.rpc.call("evm_mine")
    assert chain.balance(WETH, treasury) - before == rehearsal.profit


def mine_a_block_later(chain: ForkChain) -> None:
    """As on a live chain: pairs and reserves write their accumulators once in a block's time."""
    chain.let_pass(BLOCK_SECONDS)
    chain.rpc.call("evm_mine")


def test_access_list_of_real_pools_saves_what_is_recorded_to_the_unit(
    chain: ForkChain, client: ChainClient, store: Store, signer: KeySigner, flash: FlashPlan, tmp_path: Path
) -> None:
    plan = plan_of(flash, profit=10**15)
    used = {}
    mine_a_block_later(chain)
    before = chain.rpc.call("evm_snapshot")
    for lists in (False, True):
        gas = GasSettings(priority_fee_wei=10**9, access_lists=lists)
        with open_store(tmp_path / f"{lists}.sqlite") as opened:
            signed = Submitter(client, opened.journal, signer, gas).submit(plan)
        assert isinstance(signed, SignedTransaction), signed
        mine_a_block_later(chain)
        receipt = client.receipt(signed.hash)
        assert receipt is not None
        assert receipt.succeeded
        used[lists] = receipt.gas_used
        if not lists:
            chain.rpc.call("evm_revert", before)
    assert signed.access_list_gas_saved == used[False] - used[True] > 0
    assert Address(flash.executor) not in dict(listed_in(signed.raw))


@pytest.fixture
def paid_builder(chain: ForkChain, treasury: Address) -> str:
    """The next blocks' builder; it and the treasury have been paid before, as on a live chain."""
    chain.rpc.call("anvil_setCoinbase", BUILDER)
    chain.rpc.call("anvil_setBalance", BUILDER, hex(10**18))
    chain.give(WETH, treasury, 1)
    return BUILDER


@pytest.mark.usefixtures("paid_builder")
def test_tip_costs_the_gas_that_the_model_adds_without_much_to_spare(
    chain: ForkChain, flash: FlashPlan, executor: Any, keeper: Any
) -> None:
    mine_a_block_later(chain)
    before = chain.rpc.call("evm_snapshot")
    chain.let_pass(BLOCK_SECONDS)
    plain = executor.execute(flash.data, sender=keeper).gas_used
    chain.rpc.call("evm_revert", before)
    flash.builder_share_bps = SHARE_BPS
    chain.let_pass(BLOCK_SECONDS)
    more = executor.execute(flash.data, sender=keeper).gas_used - plain
    modelled = GasModel().builder_tip
    assert more <= modelled <= more * (100 + MOST_SPARE_PERCENT) // 100, f"{more} more, {modelled} modelled"


def test_tip_is_paid_to_the_builder_and_recorded_beside_the_treasurys_profit(
    chain: ForkChain,
    client: ChainClient,
    store: Store,
    submitter: Submitter,
    flash: FlashPlan,
    executor: Any,
    keeper: Any,
    treasury: Address,
    paid_builder: str,
) -> None:
    gain = executor.execute.call(flash.data, sender=keeper)
    flash.min_profit, flash.builder_share_bps = gain // 2, SHARE_BPS
    tip = (gain - flash.min_profit) * SHARE_BPS // BPS
    had, builder_had = chain.balance(WETH, treasury), chain.ether(paid_builder)
    signed = submitter.submit(plan_of(flash, profit=gain - tip))
    assert isinstance(signed, SignedTransaction), signed
    chain.rpc.call("evm_mine")
    (outcome,) = Tracker(client, store.journal).settle_open(client.block())
    with store.database.read() as session:
        (record,) = reports.read_records(session)
        totals = reports.add_up([record])
    assert chain.ether(paid_builder) - builder_had >= tip, "beside the priority fee"
    assert chain.balance(WETH, treasury) - had == record.realised_profit == gain - tip
    assert record.builder_tip_wei == outcome.builder_tip_wei == totals.builder_tip_wei == tip
    assert f"{tip} wei to its builder" in record.reason


def test_share_of_a_gain_that_is_not_wrapped_ether_is_refused_before_anything_is_signed(
    market: ForkMarket, executor: Any, submitter: Submitter, signer: KeySigner
) -> None:
    dollars = prepare(market, executor, Lender.BALANCER_V2, USDC, WETH, ROUTE)
    refusal = submitter.submit(replace(plan_of(dollars, profit=10**6), builder_share_bps=1))
    assert isinstance(refusal, Refusal)
    assert "TipNeedsWeth" in refusal.reason
    assert signer.signatures == 0
