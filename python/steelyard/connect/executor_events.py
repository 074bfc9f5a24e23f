"""What the executor says that it did: its events, read from a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from steelyard.connect.chain import Log
from steelyard.connect.hexes import address_of_word, to_hex
from steelyard.exceptions import RpcInconsistent
from steelyard.units import Address

ARBITRAGE_EXECUTED_TOPIC: Final = keccak(b"ArbitrageExecuted(bytes32,address,uint256)")
ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC: Final = keccak(
    b"ArbitrageExecutedWithCosts(bytes32,address,uint256,uint256,uint256)"
)
SURPLUS_PAID_TOPIC: Final = keccak(b"SurplusPaid(address,uint256)")
PLAN_SKIPPED_TOPIC: Final = keccak(b"PlanSkipped(uint256,bytes32,bytes)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedEvent:
    """``ArbitrageExecuted``, or ``ArbitrageExecutedWithCosts`` where a lender or a builder was paid.

    Lender and amount are in the plan, the caller in the transaction.

    Attributes:
        plan_id: the executor's ``planHash``.
        profit: base units of ``asset`` that the treasury received.
        loan_fee: base units of ``asset`` that went to lenders of it.
        builder_tip_wei: paid to the block's builder.
    """

    plan_id: str
    asset: Address
    profit: int
    loan_fee: int
    builder_tip_wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SurplusEvent:
    """``SurplusPaid``: a plan of several assets brought ``amount`` of one that is not its first loan's."""

    asset: Address
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedEvent:
    """``PlanSkipped``: the plan at ``index`` of a batch was undone.

    Attributes:
        reason: what it reverted with, cut at 256 bytes; ``describe_revert`` reads it.
    """

    index: int
    plan_id: str
    reason: bytes


def decode_executed(log: Log, executor: Address) -> ExecutedEvent | None:
    """Return what ``log`` says of an executed plan, or None where it is another event or contract.

    Raises:
        RpcInconsistent: it has the event's topic and cannot be that event.
    """
    if _is(log, executor, ARBITRAGE_EXECUTED_TOPIC):
        profit, loan_fee, tip = *_values(log, 3, "uint256"), 0, 0
    elif _is(log, executor, ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC):
        profit, loan_fee, tip = _values(log, 3, "uint256", "uint256", "uint256")
    else:
        return None
    return ExecutedEvent(
        plan_id=to_hex(log.topics[1]),
        asset=address_of_word(log.topics[2]),
        profit=profit,
        loan_fee=loan_fee,
        builder_tip_wei=tip,
    )


def decode_surplus(log: Log, executor: Address) -> SurplusEvent | None:
    """Return the ``SurplusPaid`` event in ``log``, or None. Raises RpcInconsistent as ``decode_executed``."""
    if not _is(log, executor, SURPLUS_PAID_TOPIC):
        return None
    (amount,) = _values(log, 2, "uint256")
    return SurplusEvent(asset=address_of_word(log.topics[1]), amount=amount)


def decode_skipped(log: Log, executor: Address) -> SkippedEvent | None:
    """Return the ``PlanSkipped`` event in ``log``, or None. Raises RpcInconsistent as ``decode_executed``."""
    if not _is(log, executor, PLAN_SKIPPED_TOPIC):
        return None
    (reason,) = _values(log, 3, "bytes")
    return SkippedEvent(
        index=int.from_bytes(log.topics[1]), plan_id=to_hex(log.topics[2]), reason=bytes(reason)
    )


def find_executed(logs: Iterable[Log], executor: Address, plan_id: str) -> ExecutedEvent | None:
    """Return what ``executor`` says of this very plan among a receipt's logs, or None."""
    for log in logs:
        event = decode_executed(log, executor)
        if event is not None and event.plan_id == plan_id:
            return event
    return None


def _is(log: Log, executor: Address, topic: bytes) -> bool:
    return log.address == executor and log.topics[:1] == (topic,)


def _values(log: Log, topics: int, *types: str) -> tuple[Any, ...]:
    try:
        found = decode(types, log.data)
    except DecodingError:
        found = ()  # none of the events is without values
    if len(log.topics) != topics or not found:
        raise RpcInconsistent(f"an event of the executor {log.address} has the wrong size")
    return found
