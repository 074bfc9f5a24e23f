"""The keeper's hands on the real vault, directly and by relayer: what is recorded is what the vault did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest
from eth_utils.crypto import keccak

from steelyard.act.gas import GasSettings
from steelyard.act.recovery import recover
from steelyard.act.submitter import STEPS, Refusal, Rehearsal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.app.vault_sending import DirectCarrier, RelayedCarrier
from steelyard.connect.chain import ChainClient
from steelyard.connect.relay_calls import encode_batch
from steelyard.connect.relay_requests import RelayRequest, sign_request
from steelyard.connect.vault_calls import REBALANCE, encode_rebalance
from steelyard.model import Address, IntentStatus, Move, RebalancePlan, SignedTransaction, VaultCall
from steelyard.record.vault_reports import read_rebalances
from steelyard.sandbox.funding import allow, fund, fund_ether
from tests.support.dev_chain import KeySigner
from tests.support.drawn_requests import signing_with
from tests.support.fork_chain import ETHER
from tests.support.fork_market import USDC
from tests.support.fork_vault import deploy_prices, deploy_vault
from tests.support.plans import make_rebalance
from tests.support.records import Store, open_store
from tests.support.relay import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

UNIT: Final = 10**6
STAKE: Final = 20_000 * UNIT
MOVED: Final = 5_000 * UNIT
FEE_BPS: Final = 10
LOSS: Final = MOVED * FEE_BPS // 10_000
"""But for the lending pool's rounding."""
ROUNDING: Final = 2
GAS: Final = GasSettings(priority_fee_wei=10**9)
KEEPER_ROLE: Final = 0
UNSIGNED_STEPS: Final = ("opened", "simulated", "signed")
# A day and an hour: the heartbeat of the slowest, and what a fork lags behind.
MAX_AGE_SECONDS: Final = 90_000


@dataclass(frozen=True)
class Scene:
    """A vault over USDC with one lending pool that charges for entering, behind a relayer."""

    vault: Any
    strategy: Any
    relayer: Any

    def lent(self) -> int:
        """What the pool holds, base units."""
        value: int = self.strategy.report()[0]
        return value


@pytest.fixture(scope="module")
def scene(chain: ForkChain, owner: Any) -> Scene:
    project = ape.project
    relayer = owner.deploy(project.GaslessTransactionRelayer, owner)
    authority = owner.deploy(project.VaultAuthority, owner)
    prices = deploy_prices(chain, owner, authority, max_age_seconds=MAX_AGE_SECONDS)
    vault = deploy_vault(owner, USDC, authority, prices, forwarder=relayer.address)
    relayer.allowCall(vault, REBALANCE, sender=owner)
    target = owner.deploy(project.VaultTarget, USDC)
    target.setEntryFee(FEE_BPS, sender=owner)
    strategy = owner.deploy(project.Erc4626Strategy, vault, authority, target, 100, 100)
    vault.addPool(strategy, sender=owner)
    fund(chain.rpc, Address(owner.address), Address(USDC), STAKE)
    allow(chain.rpc, Address(owner.address), Address(vault.address), Address(USDC), STAKE)
    vault.deposit(STAKE, owner, sender=owner)
    return Scene(vault, strategy, relayer)


@pytest.fixture
def payer(chain: ForkChain) -> KeySigner:
    """Signs transactions and pays for them; nobody used its key before."""
    signer = KeySigner("0x" + keccak(text="steelyard test actor: paying keeper").hex())
    fund_ether(chain.rpc, signer.address, 10 * ETHER)
    return signer


@pytest.fixture
def direct(scene: Scene, owner: Any, payer: KeySigner) -> DirectCarrier:
    scene.vault.setRole(payer.address, KEEPER_ROLE, True, sender=owner)
    return DirectCarrier(payer.address)


@pytest.fixture
def relayed(scene: Scene, owner: Any, payer: KeySigner) -> RelayedCarrier:
    """The keeper has a key and no ether."""
    account = key("vault keeper")
    scene.vault.setRole(account.address, KEEPER_ROLE, True, sender=owner)
    forwarder = Address(scene.relayer.address)
    keeper = Address(account.address)
    return RelayedCarrier(keeper, signing_with(account), forwarder=forwarder, payer=payer.address)


def plan_for(scene: Scene, client: ChainClient, **changes: Any) -> RebalancePlan:
    head = client.block()
    fields: dict[str, Any] = {
        "chain_id": client.chain_id(),
        "vault": Address(scene.vault.address),
        "moves": (Move(strategy=Address(scene.strategy.address), is_deploy=True, assets=MOVED),),
        "max_loss": LOSS + ROUNDING,
        "expected_loss": LOSS,
        "moved": MOVED,
        "gas_units": 500_000,
        "deadline_seconds": head.timestamp_seconds + 600,
        "block_number": head.number,
    }
    return make_rebalance(**fields | changes)


def submit(client: ChainClient, store: Store, payer: KeySigner, call: VaultCall) -> SignedTransaction:
    signed = Submitter(client, store.journal, payer, GAS).submit(call)
    assert isinstance(signed, SignedTransaction), signed
    return signed


@pytest.mark.parametrize("way", ["direct", "relayed"])
def test_recorded_moves_loss_and_gas_are_what_happened_on_chain(
    way: str,
    scene: Scene,
    chain: ForkChain,
    client: ChainClient,
    store: Store,
    payer: KeySigner,
    request: pytest.FixtureRequest,
) -> None:
    call = request.getfixturevalue(way).carry(plan_for(scene, client))
    had_wei = chain.ether(payer.address)
    submit(client, store, payer, call)
    chain.rpc.call("evm_mine")
    (outcome,) = Tracker(client, store.journal).settle_open(client.block())
    assert outcome.status is IntentStatus.CONFIRMED, outcome.reason
    lost = MOVED - scene.lent()
    assert LOSS <= lost <= LOSS + ROUNDING
    assert (outcome.moved, outcome.loss) == (MOVED, lost)
    assert outcome.gas_cost_wei == had_wei - chain.ether(payer.address)
    assert outcome.net_wei < -outcome.gas_cost_wei
    with store.database.read() as session:
        (record,) = read_rebalances(session, Address(scene.vault.address))
    assert (record.moved, record.loss, record.signer) == (MOVED, lost, call.signer)


@pytest.mark.parametrize("way", ["direct", "relayed"])
def test_rehearsal_foretells_the_loss_and_sends_nothing(
    way: str,
    scene: Scene,
    client: ChainClient,
    store: Store,
    payer: KeySigner,
    request: pytest.FixtureRequest,
) -> None:
    call = request.getfixturevalue(way).carry(plan_for(scene, client))
    rehearsal = Submitter(client, store.journal, payer, GAS).rehearse(call)
    assert isinstance(rehearsal, Rehearsal)
    assert LOSS <= rehearsal.loss <= LOSS + ROUNDING
    assert (payer.signatures, scene.lent()) == (0, 0)


def refusals(scene: Scene, client: ChainClient) -> list[tuple[RebalancePlan, str]]:
    over = client.block().timestamp_seconds - 1
    no_pool = Move(strategy=Address(scene.relayer.address), is_deploy=True, assets=MOVED)
    return [
        (plan_for(scene, client, max_loss=LOSS - 1, expected_loss=0), "LossTooHigh"),
        (plan_for(scene, client, deadline_seconds=over), "PlanExpired"),
        (plan_for(scene, client, moves=(no_pool,)), "PoolNotFound"),
    ]


@pytest.mark.parametrize("way", ["direct", "relayed"])
def test_what_the_vault_refuses_is_refused_in_its_words_before_anything_is_signed(
    way: str,
    scene: Scene,
    client: ChainClient,
    store: Store,
    payer: KeySigner,
    request: pytest.FixtureRequest,
) -> None:
    carrier = request.getfixturevalue(way)
    for plan, reason in refusals(scene, client):
        refusal = Submitter(client, store.journal, payer, GAS).submit(carrier.carry(plan))
        assert isinstance(refusal, Refusal)
        assert reason in refusal.reason
    assert payer.signatures == 0
    assert store.journal.unfinished() == []


def test_account_that_is_no_keeper_is_refused_by_the_vaults_own_error(
    scene: Scene, client: ChainClient, store: Store, payer: KeySigner
) -> None:
    call = DirectCarrier(payer.address).carry(plan_for(scene, client))
    refusal = Submitter(client, store.journal, payer, GAS).submit(call)
    assert isinstance(refusal, Refusal)
    assert f"MissingRole(caller={payer.address}" in refusal.reason


def test_relayer_that_does_not_list_the_call_refuses_though_the_vault_would_take_it(
    scene: Scene, client: ChainClient, store: Store, payer: KeySigner, relayed: RelayedCarrier, owner: Any
) -> None:
    scene.relayer.disallowCall(scene.vault, REBALANCE, sender=owner)
    refusal = Submitter(client, store.journal, payer, GAS).submit(relayed.carry(plan_for(scene, client)))
    assert isinstance(refusal, Refusal)
    assert "RequestRefused" in refusal.reason


@pytest.fixture
def by_hand(chain: ForkChain, relayed: RelayedCarrier) -> Iterator[RelayedCarrier]:
    """A keeper behind the relayer, on a chain whose blocks are mined when a test says so."""
    chain.rpc.call("evm_setAutomine", False)
    yield relayed
    chain.rpc.call("evm_setAutomine", True)


def test_request_that_fails_in_a_batch_with_refund_is_a_failure_with_the_vaults_reason(
    scene: Scene,
    chain: ForkChain,
    client: ChainClient,
    store: Store,
    payer: KeySigner,
    by_hand: RelayedCarrier,
    owner: Any,
) -> None:
    """Such a transaction succeeds whatever becomes of its request: only events tell."""
    plan = plan_for(scene, client)
    request = RelayRequest(
        signer=by_hand.keeper,
        target=plan.vault,
        data=encode_rebalance(plan),
        gas=1_000_000,
        nonce=1,
        valid_until_seconds=plan.deadline_seconds,
    )
    forwarder = Address(scene.relayer.address)
    signed = sign_request(request, plan.chain_id, forwarder, signing_with(key("vault keeper")))
    batch = encode_batch([signed], [0], payer.address)
    call = VaultCall(plan=plan, to=forwarder, data=batch, signer=by_hand.keeper)
    sent = submit(client, store, payer, call)
    chain.rpc.call("anvil_dropAllTransactions")
    chain.rpc.call("evm_setAutomine", True)
    scene.vault.setRole(by_hand.keeper, KEEPER_ROLE, False, sender=owner)
    client.send_raw(sent.raw)
    chain.rpc.call("evm_mine")
    (outcome,) = Tracker(client, store.journal).settle_open(client.block())
    assert outcome.status is IntentStatus.REVERTED
    assert f"the relayer's request {signed.id}: its call failed: MissingRole" in outcome.reason
    assert scene.lent() == 0


class Crashed(BaseException):
    """Nothing that a keeper handles."""


def crash_at(fatal_step: str) -> Callable[[str], None]:
    def on_step(step: str) -> None:
        if step == fatal_step:
            raise Crashed

    return on_step


@pytest.mark.parametrize("step", STEPS)
def test_relayed_rebalance_that_a_crash_cut_off_after_a_step_is_done_once_at_most(
    step: str,
    scene: Scene,
    chain: ForkChain,
    client: ChainClient,
    payer: KeySigner,
    by_hand: RelayedCarrier,
    tmp_path: Path,
) -> None:
    call = by_hand.carry(plan_for(scene, client))
    before = client.nonce(payer.address)
    with open_store(tmp_path / "keeper.sqlite") as store, pytest.raises(Crashed):
        Submitter(client, store.journal, payer, GAS, on_step=crash_at(step)).submit(call)
    with open_store(tmp_path / "keeper.sqlite") as store:
        tracker = Tracker(client, store.journal)
        first = recover(store.journal, tracker, client.block())
        chain.rpc.call("evm_mine")
        outcomes = [*first.closed, *recover(store.journal, tracker, client.block()).closed]
        again = Submitter(client, store.journal, payer, GAS).submit(call)
        assert isinstance(again, Refusal)
        chain.rpc.call("evm_mine")
        sent = 0 if step in UNSIGNED_STEPS else 1
        assert client.nonce(payer.address) - before == sent
        assert (scene.lent() > 0) == bool(sent)
        (outcome,) = outcomes
        assert outcome.status is (IntentStatus.CONFIRMED if sent else IntentStatus.REFUSED)
        assert store.journal.unfinished() == []
