"""What is particular to a rebalance on its way: its call, its loss, its event, and a relayer's word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from steelyard.act.effects import Effect
from steelyard.act.plan_kinds import kind_of
from steelyard.act.simulate import simulate_behind, simulate_for_sending
from steelyard.act.tracker import Tracker
from steelyard.connect.chain import BlockId, CallReverted, Log, SimulatedCall, TransactionReceipt
from steelyard.connect.plan_codec import encode_execute
from steelyard.connect.plan_ids import plan_id_of
from steelyard.connect.relay_calls import FAILED, RELAYED_MANY, SKIPPED, Refusal
from steelyard.connect.vault_calls import REBALANCED, encode_rebalance
from steelyard.exceptions import ConfigError, InvalidPlan, RpcUnavailable, SimulationReverted
from steelyard.model import Address, BlockRef, IntentStatus, Outcome, VaultCall
from steelyard.record.journal import JournalledIntent
from tests.support.plans import KEEPER, VAULT, make_plan, make_rebalance, make_vault_call
from tests.support.records import make_signed

pytestmark = pytest.mark.unit

RELAYER = Address("0x00000000000000000000000000000000000e1A4e")
STRANGER = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
SIGNER = Address("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")
DIRECT = make_vault_call()
LOSS = DIRECT.plan.expected_loss
HEAD = BlockRef(
    number=101,
    hash="0x" + "aa" * 32,
    parent_hash="0x" + "00" * 32,
    timestamp_seconds=1_999_999_000,
    base_fee_wei=1,
    gas_used=0,
    gas_limit=30_000_000,
)


def relayed() -> VaultCall:
    """The same moves through a relayer, signed by another than who sends."""
    return replace(DIRECT, to=RELAYER, data=b"\x01\x02" + encode_rebalance(DIRECT.plan), signer=SIGNER)


def word(value: int) -> bytes:
    return value.to_bytes(32)


class Chain:
    """Answers calls as told; remembers who asked what of whom."""

    def __init__(self, returned: bytes = word(LOSS)) -> None:
        self.returned = returned
        self.reverts: dict[Address, Exception] = {}
        self.asked: list[tuple[Address, bytes, Address]] = []
        self.the_receipt: TransactionReceipt | None = None

    def eth_call(self, to: Address, data: bytes, *, sender: Address, **_options: object) -> bytes:
        self.asked.append((to, data, sender))
        if to in self.reverts:
            raise self.reverts[to]
        return self.returned

    def estimate_gas(self, to: Address, data: bytes, *, sender: Address) -> int:
        self.asked.append((to, data, sender))
        if to in self.reverts:
            raise self.reverts[to]
        return 123_456

    def call_in_order(self, calls: list[tuple[Address, bytes]], *, sender: Address) -> list[SimulatedCall]:
        assert sender == KEEPER
        return [SimulatedCall(returned=self.returned, gas_used=100) for _ in calls]

    def receipt(self, _hash: str) -> TransactionReceipt | None:
        return self.the_receipt

    def find_block(self, _block: BlockId) -> BlockRef:
        return HEAD

    def nonce(self, _address: Address, _block: BlockId) -> int:
        return 8


def receipt(*logs: Log, succeeded: bool = True) -> TransactionReceipt:
    return TransactionReceipt(
        transaction_hash=make_signed(DIRECT).hash,
        block_number=HEAD.number,
        block_hash=HEAD.hash,
        succeeded=succeeded,
        gas_used=100,
        effective_gas_price_wei=3,
        logs=logs,
    )


def rebalanced(*, by: Address = VAULT, moved: int = 9_000, loss: int = 7) -> Log:
    data = encode(["uint256"] * 3, [10**12, moved, loss])
    return Log(address=by, topics=(REBALANCED, word(int(KEEPER, 16))), data=data, log_index=0)


def settle(chain: Chain, call: VaultCall) -> Outcome:
    signed = make_signed(call)
    intent = JournalledIntent(
        plan_id=plan_id_of(call), plan=call, status=IntentStatus.SENT, attempts=(signed,), was_sent=True
    )
    tracker = Tracker(chain, None)  # type: ignore[arg-type]
    outcome = tracker.settle(intent, HEAD)
    assert outcome is not None
    return outcome


def test_direct_rebalance_is_simulated_as_its_signer_and_says_what_it_loses() -> None:
    chain = Chain()
    simulation = simulate_for_sending(chain, DIRECT, KEEPER, HEAD, access_lists=False)  # type: ignore[arg-type]
    assert simulation.effect == Effect(loss=LOSS, words="")
    assert simulation.gas == 123_456
    assert chain.asked == [(VAULT, DIRECT.data, KEEPER)] * 2


def test_relayed_rebalance_is_asked_of_the_vault_as_its_signer_and_of_the_relayer_as_the_sender() -> None:
    chain, call = Chain(), relayed()
    simulation = simulate_for_sending(chain, call, KEEPER, HEAD, access_lists=False)  # type: ignore[arg-type]
    assert simulation.effect.loss == LOSS
    assert chain.asked == [(VAULT, encode_rebalance(call.plan), SIGNER), (RELAYER, call.data, KEEPER)]


def test_relayer_that_refuses_refuses_the_plan_though_the_vault_would_take_it() -> None:
    chain = Chain()
    chain.reverts[RELAYER] = CallReverted("RequestRefused(0x12, 7)", b"")
    with pytest.raises(SimulationReverted, match="RequestRefused"):
        simulate_for_sending(chain, relayed(), KEEPER, HEAD, access_lists=False)  # type: ignore[arg-type]


def test_simulated_loss_above_the_plans_limit_refuses_it() -> None:
    chain = Chain(word(DIRECT.plan.max_loss + 1))
    with pytest.raises(SimulationReverted, match=f"lose {DIRECT.plan.max_loss + 1}"):
        kind_of(DIRECT).simulate(chain, KEEPER)  # type: ignore[arg-type]
    assert kind_of(DIRECT).simulate(Chain(word(DIRECT.plan.max_loss)), KEEPER).loss == DIRECT.plan.max_loss  # type: ignore[arg-type]


def test_address_without_a_vault_stops_and_names_it() -> None:
    with pytest.raises(ConfigError, match=f"at {VAULT} returned 0 bytes"):
        kind_of(DIRECT).simulate(Chain(b""), KEEPER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "call",
    [
        replace(DIRECT, data=DIRECT.data + b"\0"),
        replace(DIRECT, data=make_vault_call(max_loss=10**18).data),
        replace(relayed(), data=b"\x01\x02" + make_vault_call(max_loss=10**18).data),
    ],
    ids=["more than the plan", "another plan", "another plan, relayed"],
)
def test_transaction_that_does_not_carry_its_plan_is_never_simulated(call: VaultCall) -> None:
    chain = Chain()
    with pytest.raises(InvalidPlan, match="does not carry the plan's moves"):
        kind_of(call).simulate(chain, KEEPER)  # type: ignore[arg-type]
    assert chain.asked == []


def test_behind_another_plan_a_direct_rebalance_tells_its_loss_and_a_relayed_one_cannot() -> None:
    arbitrage = make_plan()
    behind = simulate_behind(Chain(), [arbitrage], DIRECT, KEEPER)  # type: ignore[arg-type]
    assert (behind.effect.loss, behind.gas) == (LOSS, 125)
    with pytest.raises(SimulationReverted, match="cannot be seen behind another plan"):
        simulate_behind(Chain(), [arbitrage], relayed(), KEEPER)  # type: ignore[arg-type]


def test_outcome_is_what_the_vaults_event_says_and_its_loss_counts_in_wei_rounded_up() -> None:
    chain = Chain()
    chain.the_receipt = receipt(rebalanced(by=STRANGER, loss=0, moved=1), rebalanced())
    outcome = settle(chain, DIRECT)
    assert (outcome.status, outcome.moved, outcome.loss) == (IntentStatus.CONFIRMED, 9_000, 7)
    # 7 millionths of a dollar at 3,000 dollars for an ether: 2,333,333,333.3 wei.
    assert (outcome.profit, outcome.net_wei) == (0, -2_333_333_334 - 300)
    assert outcome.reason == "moved 9000 and lost 7 in block 101"


@pytest.mark.parametrize("logs", [(), (rebalanced(by=STRANGER),)], ids=["no event", "another contract's"])
def test_success_without_the_vaults_event_moved_nothing(logs: tuple[Log, ...]) -> None:
    chain = Chain()
    chain.the_receipt = receipt(*logs)
    outcome = settle(chain, DIRECT)
    assert (outcome.status, outcome.moved, outcome.net_wei) == (IntentStatus.REVERTED, 0, -300)
    assert f"nothing was moved; check the contract at {VAULT}" in outcome.reason


ID = "0x" + "17" * 32


@pytest.mark.parametrize(
    ("topic", "data", "said"),
    [
        (SKIPPED, encode(["uint8"], [int(Refusal.NONCE_USED)]), "its nonce is used or cancelled"),
        (FAILED, encode(["bytes"], [keccak(b"EntriesStopped()")[:4]]), "its call failed: EntriesStopped()"),
    ],
    ids=["skipped", "failed"],
)
def test_relayer_that_skips_or_fails_the_request_is_a_failure_with_its_reason(
    topic: bytes, data: bytes, said: str
) -> None:
    chain = Chain()
    log = Log(address=RELAYER, topics=(topic, bytes.fromhex(ID[2:])), data=data, log_index=0)
    chain.the_receipt = receipt(replace(log, address=STRANGER), log)
    outcome = settle(chain, relayed())
    assert outcome.status is IntentStatus.REVERTED
    assert outcome.reason.endswith(f"nothing was moved; the relayer's request {ID}: {said}")


def test_relayed_rebalance_is_confirmed_by_the_vault_and_not_by_the_relayer() -> None:
    chain = Chain()
    done = Log(
        address=RELAYER, topics=(RELAYED_MANY,), data=encode(["bytes32[]"], [[b"\x17" * 32]]), log_index=1
    )
    chain.the_receipt = receipt(done)
    assert settle(chain, relayed()).status is IntentStatus.REVERTED
    chain.the_receipt = receipt(done, rebalanced())
    assert settle(chain, relayed()).status is IntentStatus.CONFIRMED


def test_reason_of_a_revert_is_the_vaults_own_before_the_relayers_wrapping() -> None:
    chain = Chain()
    chain.the_receipt = receipt(succeeded=False)
    chain.reverts = {VAULT: CallReverted("TooEarly(2, 1)", b""), RELAYER: CallReverted("CallFailed(..)", b"")}
    assert settle(chain, relayed()).reason == "reverted in block 101: TooEarly(2, 1)"
    del chain.reverts[VAULT]
    assert settle(chain, relayed()).reason == "reverted in block 101: CallFailed(..)"
    chain.reverts = {VAULT: RpcUnavailable("no state"), RELAYER: RpcUnavailable("no state")}
    assert "shows no reason" in settle(chain, relayed()).reason


def test_outcome_that_moved_something_else_on_another_branch_stands_no_more() -> None:
    chain = Chain()
    chain.the_receipt = receipt(rebalanced())
    intent = JournalledIntent(
        plan_id=plan_id_of(DIRECT),
        plan=DIRECT,
        status=IntentStatus.CONFIRMED,
        attempts=(make_signed(DIRECT),),
        was_sent=True,
        outcome=settle(chain, DIRECT),
    )
    tracker = Tracker(chain, None)  # type: ignore[arg-type]
    assert tracker.still_stands(intent)
    for other in (rebalanced(loss=8), rebalanced(moved=9_001)):
        chain.the_receipt = receipt(other)
        assert not tracker.still_stands(intent)


def test_identity_is_of_what_is_done_and_not_of_how_it_is_sent() -> None:
    assert plan_id_of(DIRECT) == plan_id_of(relayed())
    assert plan_id_of(DIRECT) != plan_id_of(make_vault_call(max_loss=DIRECT.plan.max_loss + 1))
    assert plan_id_of(DIRECT) != plan_id_of(make_plan())


def test_arbitrage_is_carried_by_the_executor() -> None:
    kind = kind_of(make_plan())
    assert (kind.to, kind.data) == (make_plan().executor, encode_execute(make_plan()))
    assert kind.probes(KEEPER) == [(kind.to, kind.data, KEEPER)]


def test_rebalance_without_the_assets_price_is_no_plan() -> None:
    with pytest.raises(InvalidPlan, match="price in wei"):
        make_rebalance(wei_per_asset_unit_wad=0)
