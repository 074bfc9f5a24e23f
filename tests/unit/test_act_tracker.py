"""What the tracker believes: only the executor's event for this very plan, in a block that is the chain's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from steelyard.act.arbitrage_kind import ArbitrageKind
from steelyard.act.effects import Effect
from steelyard.act.tracker import Tracker
from steelyard.connect.chain import Log, TransactionReceipt, TransactionView
from steelyard.connect.executor_events import ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC
from steelyard.connect.plan_codec import plan_id
from steelyard.exceptions import ConfigError, RpcRejected, RpcUnavailable
from steelyard.model import (
    Address,
    ArbitragePlan,
    BlockRef,
    IntentStatus,
    Outcome,
    SignedTransaction,
)
from steelyard.record.journal import JournalledIntent
from tests.support.plans import EXECUTOR, KEEPER, WETH, make_plan
from tests.support.records import make_signed

pytestmark = pytest.mark.unit

PLAN = make_plan(deadline_seconds=1_000)
FIRST, SECOND = make_signed(PLAN), make_signed(PLAN, attempt=2)
STRANGER = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")


def block(number: int, *, fork: str = "aa", seconds: int = 900) -> BlockRef:
    return BlockRef(
        number=number,
        hash="0x" + fork * 31 + f"{number % 256:02x}",
        parent_hash="0x" + "00" * 32,
        timestamp_seconds=seconds,
        base_fee_wei=1,
        gas_used=0,
        gas_limit=30_000_000,
    )


def word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def executed(*, by: Address = EXECUTOR, identity: str | None = None, profit: int = 777) -> Log:
    topics = (ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC, word(identity or plan_id(PLAN)), word(WETH))
    values = (word(profit), word(0), word(0))
    return Log(address=by, topics=topics, data=b"".join(values), log_index=0)


def receipt(
    *logs: Log, of: SignedTransaction = FIRST, at: BlockRef | None = None, succeeded: bool = True
) -> TransactionReceipt:
    place = at or block(101)
    return TransactionReceipt(
        transaction_hash=of.hash,
        block_number=place.number,
        block_hash=place.hash,
        succeeded=succeeded,
        gas_used=100,
        effective_gas_price_wei=3,
        logs=logs,
    )


def wei_of(plan: ArbitragePlan, profit: int) -> int:
    return ArbitrageKind(plan).value_in_wei(Effect(profit=profit, words=""))


class Chain:
    """Says what a test tells it to say."""

    def __init__(self) -> None:
        self.receipts: dict[str, TransactionReceipt] = {}
        self.pool: set[str] = set()
        self.pool_block: int | None = None
        self.nonce_after: dict[int, int] = {}
        self.sent: list[bytes] = []
        self.block_transactions: list[dict[str, str]] = []
        self.send_error: Exception | None = None
        self.on_nonce: Callable[[], None] = lambda: None
        self.rpc = self

    def receipt(self, transaction_hash: str) -> TransactionReceipt | None:
        return self.receipts.get(transaction_hash)

    def transaction(self, transaction_hash: str) -> TransactionView | None:
        if transaction_hash not in self.pool:
            return None
        number = self.pool_block
        return TransactionView(hash=transaction_hash, sender=KEEPER, nonce=7, block_number=number)

    def nonce(self, address: Address, at: int) -> int:
        assert address == KEEPER
        used = max((nonce for number, nonce in self.nonce_after.items() if number <= at), default=7)
        self.on_nonce()
        return used

    def find_block(self, number: int) -> BlockRef | None:
        return block(number)

    def send_raw(self, raw: bytes) -> str:
        self.sent.append(raw)
        if self.send_error is not None:
            raise self.send_error
        return FIRST.hash

    def call(self, method: str, _params: list[object]) -> object:
        assert method == "eth_getBlockByNumber"
        return {"transactions": self.block_transactions}

    def eth_call(self, *_args: object, **_options: object) -> bytes:
        raise RpcUnavailable("no state")


class Notes:
    """A journal that only remembers what was noted."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def sent(self, identity: str) -> None:
        self.noted.append(identity)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def settle(
    chain: Chain, *attempts: SignedTransaction, head: BlockRef | None = None, **options: Any
) -> Outcome | None:
    intent = JournalledIntent(
        plan_id=plan_id(PLAN),
        plan=PLAN,
        status=IntentStatus.SENT,
        attempts=attempts or (FIRST,),
        was_sent=True,
    )
    return Tracker(chain, Notes(), **options).settle(intent, head or block(101))  # type: ignore[arg-type]


def test_profit_is_that_of_the_executors_event_for_this_plan(chain: Chain) -> None:
    other = executed(identity="0x" + "77" * 32, profit=5)
    forged = executed(by=STRANGER, profit=10**30)
    chain.receipts[FIRST.hash] = receipt(forged, other, executed())
    outcome = settle(chain)
    assert outcome is not None
    assert (outcome.status, outcome.profit, outcome.gas_cost_wei) == (IntentStatus.CONFIRMED, 777, 300)
    assert outcome.net_wei == wei_of(PLAN, 777) - 300


@pytest.mark.parametrize(
    "logs",
    [(), (executed(by=STRANGER),), (executed(identity="0x" + "77" * 32),)],
    ids=["no event", "another contract's", "another plan's"],
)
def test_success_without_the_event_is_no_profit_and_counts_as_failure(
    chain: Chain, logs: tuple[Log, ...]
) -> None:
    chain.receipts[FIRST.hash] = receipt(*logs)
    outcome = settle(chain)
    assert outcome is not None
    assert (outcome.status, outcome.profit, outcome.net_wei) == (IntentStatus.REVERTED, 0, -300)
    assert "without the executor's event" in outcome.reason


def test_receipt_of_another_branch_decides_nothing(chain: Chain) -> None:
    chain.receipts[FIRST.hash] = receipt(executed(), at=block(101, fork="bb"))
    assert settle(chain) is None
    assert chain.sent == []


def test_receipt_ahead_of_the_head_decides_nothing(chain: Chain) -> None:
    chain.receipts[FIRST.hash] = receipt(executed(), at=block(102))
    assert settle(chain, head=block(101)) is None


def test_transaction_mined_between_two_questions_is_not_taken_for_replaced(chain: Chain) -> None:
    def mine() -> None:
        chain.nonce_after = {101: 8}
        chain.receipts[FIRST.hash] = receipt(executed())

    chain.on_nonce = mine
    outcome = settle(chain)
    assert outcome is not None
    assert outcome.status is IntentStatus.CONFIRMED


def test_own_hash_under_the_used_nonce_waits_for_its_receipt(chain: Chain) -> None:
    chain.nonce_after = {101: 8}
    chain.block_transactions = [{"from": KEEPER.lower(), "nonce": "0x7", "hash": FIRST.hash}]
    assert settle(chain) is None
    assert settle(chain, FIRST, SECOND) is None


def test_used_nonce_names_the_transaction_that_took_it(chain: Chain) -> None:
    chain.nonce_after = {101: 8}
    other = "0x" + "cc" * 32
    chain.block_transactions = [
        {"from": STRANGER.lower(), "nonce": "0x7", "hash": "0x" + "dd" * 32},
        {"from": KEEPER.lower(), "nonce": "0x7", "hash": other},
    ]
    outcome = settle(chain)
    assert outcome is not None
    assert outcome.status is IntentStatus.REPLACED
    assert other in outcome.reason


def test_used_nonce_without_a_transaction_waits_for_the_deadline(chain: Chain) -> None:
    chain.nonce_after = {101: 8}
    assert settle(chain) is None
    outcome = settle(chain, head=block(101, seconds=1_001))
    assert outcome is not None
    assert outcome.status is IntentStatus.REPLACED
    assert "could not be found" in outcome.reason
    assert chain.sent == [], "its nonce is used: sending again cannot help"


def test_deadline_itself_is_not_over(chain: Chain) -> None:
    assert settle(chain, head=block(101, seconds=1_000)) is None
    assert chain.sent == [FIRST.raw]
    outcome = settle(chain, head=block(101, seconds=1_001))
    assert outcome is not None
    assert outcome.status is IntentStatus.DROPPED


def test_attempt_that_waits_in_the_pool_keeps_the_others_from_being_sent(chain: Chain) -> None:
    chain.pool = {FIRST.hash}
    assert settle(chain, FIRST, SECOND, head=block(101, seconds=5_000)) is None
    assert chain.sent == []


def test_transaction_mined_after_its_receipt_was_asked_for_waits_for_the_receipt(chain: Chain) -> None:
    chain.pool, chain.pool_block = {FIRST.hash}, 101
    assert settle(chain) is None
    assert settle(chain, head=block(101, seconds=1_001)) is None
    assert chain.sent == []


@pytest.mark.parametrize(
    "error", [RpcUnavailable("no answer"), RpcRejected("nonce too low", code=-32000)], ids=["lost", "refused"]
)
def test_trouble_while_sending_again_leaves_the_intent_open(chain: Chain, error: Exception) -> None:
    chain.send_error = error
    assert settle(chain) is None


def test_out_of_gas_is_told_from_other_reverts(chain: Chain) -> None:
    burnt = replace(receipt(succeeded=False), gas_used=FIRST.gas_limit)
    chain.receipts[FIRST.hash] = burnt
    outcome = settle(chain)
    assert outcome is not None
    assert "out of gas" in outcome.reason
    chain.receipts[FIRST.hash] = receipt(succeeded=False)
    outcome = settle(chain)
    assert outcome is not None
    assert "shows no reason" in outcome.reason


def test_value_in_wei_is_at_the_decisions_price_and_rounded_down() -> None:
    plan: ArbitragePlan = make_plan(expected_profit=3, min_profit=1, expected_net_wei=5, gas_cost_wei=5)
    assert [wei_of(plan, profit) for profit in (0, 1, 2, 3, 6)] == [0, 3, 6, 10, 20]


def test_confirmations_begin_at_one() -> None:
    with pytest.raises(ConfigError, match=r"keeper\.confirmations must be at least 1"):
        Tracker(Chain(), Notes(), confirmations=0)  # type: ignore[arg-type]
