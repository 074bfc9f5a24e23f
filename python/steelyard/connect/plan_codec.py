"""Between a plan and the executor's calldata, its event and its errors.

``encode_plan`` is Solidity's ``abi.encode(plan)`` to the byte, and ``plan_id`` its keccak256: what the
executor calls ``planHash``. A plan holds more than the executor is told (expected amounts, the reason), so
decoding gives the ``ExecutorPlan`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak

from steelyard.connect.chain import Log
from steelyard.connect.hexes import address_of_word, to_hex
from steelyard.connect.reverts import error_table
from steelyard.exceptions import InvalidPlan, RpcInconsistent
from steelyard.model.lending import LenderKind
from steelyard.model.plan import ArbitragePlan
from steelyard.units import Address

_WORD: Final = 32
_ADDRESS_BYTES: Final = 20
_SELECTOR_BYTES: Final = 4
_HEAD_WORDS: Final = 10
_LEG_WORDS: Final = 4
_MAX_LEGS: Final = 64
_EVENT_WORDS: Final = 5
_EVENT_TOPICS: Final = 4

_LEG_TYPE: Final = "(uint16,uint24,address,uint256)"
_PLAN_TYPE: Final = f"(uint256,address,uint256,uint8,address,uint256,uint256,uint256,uint16,{_LEG_TYPE}[])"
EXECUTE_SELECTOR: Final = keccak(f"execute({_PLAN_TYPE})".encode())[:_SELECTOR_BYTES]
ARBITRAGE_EXECUTED_TOPIC: Final = keccak(
    b"ArbitrageExecuted(bytes32,address,uint8,address,uint256,uint256,uint256,uint256)"
)

EXECUTOR_ERRORS: Final = error_table(
    # roles and settings
    "NotKeeper(address caller)",
    "NotGuardian(address caller)",
    "ExecutionPaused()",
    "OwnershipNotRenounceable()",
    "InvalidTreasury(address treasury)",
    "InvalidKeeper()",
    "EtherRefused(address sender)",
    "OwnableUnauthorizedAccount(address account)",
    "OwnableInvalidOwner(address owner)",
    # venues
    "InvalidFactory(address factory)",
    "InvalidInitCodeHash()",
    "InvalidVenueFee(uint24 feePips)",
    "VenueListFull()",
    "VenueNotListed(uint16 venueId)",
    "PoolNotFound(uint16 venueId,address pool)",
    "UnexpectedFeeTier(uint16 venueId,uint24 feePips)",
    # plan
    "WrongChain(uint256 planned,uint256 actual)",
    "WrongExecutor(address planned,address actual)",
    "DeadlineExpired(uint256 deadline,uint256 timestamp)",
    "BuilderShareTooLarge(uint16 builderShareBps)",
    "TipNeedsWeth(address asset)",
    "LenderNotAvailable(uint8 lender)",
    "RouteNotClosed(address asset,address lastToken)",
    # callbacks
    "UnexpectedCallback(address caller,uint8 kind)",
    "CallbackDataChanged(bytes32 given,bytes32 returned)",
    "CallbackNotMade(address callee)",
    "CallbackPending(address callee)",
    "WrongInitiator(address initiator)",
    "WrongLoan(address asset,uint256 amount)",
    # amounts
    "LoanFeeTooHigh(uint256 loanFee,uint256 maximum)",
    "TransferShort(address token,uint256 sent,uint256 received)",
    "LegOutputTooLow(uint256 legIndex,uint256 received,uint256 minimum)",
    "SwapNotFilled(address pool,uint256 offered,int256 taken)",
    "LoanNotCovered(uint256 received,uint256 owed)",
    "BalanceShrank(uint256 balanceBefore,uint256 balanceAfter)",
    "MinProfitNotMet(uint256 gain,uint256 minimum)",
    "AllowanceLeft(address token,address spender,uint256 amount)",
    # from the libraries that the executor stands on
    "ReentrancyGuardReentrantCall()",
    "SafeCastOverflowedIntToUint(int256 value)",
    "SafeCastOverflowedUintToInt(uint256 value)",
    "TransferFailed()",
    "ApproveFailed()",
    "ETHTransferFailed()",
)
"""Every error that the executor can revert with, by selector; a test holds it against the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorLeg:
    """``Leg`` of ``IFlashLoanArbitrage``."""

    venue_id: int
    fee_pips: int
    token_out: Address
    min_amount_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorPlan:
    """``Plan`` of ``IFlashLoanArbitrage``: all that the chain is told of an ArbitragePlan."""

    chain_id: int
    executor: Address
    deadline_seconds: int
    lender: LenderKind
    asset: Address
    amount: int
    max_loan_fee: int
    min_profit: int
    builder_share_bps: int
    legs: tuple[ExecutorLeg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedEvent:
    """``ArbitrageExecuted``: what the executor says it did.

    Attributes:
        profit: base units of ``asset`` that the treasury received.
        builder_tip_wei: paid to the block's builder.
    """

    plan_id: str
    asset: Address
    lender: LenderKind
    caller: Address
    amount: int
    loan_fee: int
    profit: int
    builder_tip_wei: int


def executor_plan(plan: ArbitragePlan) -> ExecutorPlan:
    """Return the part of ``plan`` that the chain is told."""
    legs = tuple(
        ExecutorLeg(
            venue_id=leg.venue_id,
            fee_pips=leg.fee_pips,
            token_out=leg.token_out,
            min_amount_out=leg.min_amount_out,
        )
        for leg in plan.legs
    )
    return ExecutorPlan(
        chain_id=plan.chain_id,
        executor=plan.executor,
        deadline_seconds=plan.deadline_seconds,
        lender=plan.lender,
        asset=plan.asset,
        amount=plan.amount,
        max_loan_fee=plan.max_loan_fee,
        min_profit=plan.min_profit,
        builder_share_bps=plan.builder_share_bps,
        legs=legs,
    )


def encode_plan(plan: ArbitragePlan | ExecutorPlan) -> bytes:
    """Return ``abi.encode(plan)``: an offset word, ten head words, and the legs.

    Raises:
        InvalidPlan: a value does not fit its Solidity type.
    """
    wire = executor_plan(plan) if isinstance(plan, ArbitragePlan) else plan
    words = [
        _uint(_WORD, 256, "offset"),
        _uint(wire.chain_id, 256, "chain_id"),
        _address(wire.executor, "executor"),
        _uint(wire.deadline_seconds, 256, "deadline_seconds"),
        _uint(int(wire.lender), 8, "lender"),
        _address(wire.asset, "asset"),
        _uint(wire.amount, 256, "amount"),
        _uint(wire.max_loan_fee, 256, "max_loan_fee"),
        _uint(wire.min_profit, 256, "min_profit"),
        _uint(wire.builder_share_bps, 16, "builder_share_bps"),
        _uint(_HEAD_WORDS * _WORD, 256, "offset of legs"),
        _uint(len(wire.legs), 256, "number of legs"),
    ]
    for leg in wire.legs:
        words.append(_uint(leg.venue_id, 16, "venue_id"))
        words.append(_uint(leg.fee_pips, 24, "fee_pips"))
        words.append(_address(leg.token_out, "token_out"))
        words.append(_uint(leg.min_amount_out, 256, "min_amount_out"))
    return b"".join(words)


def encode_execute(plan: ArbitragePlan | ExecutorPlan) -> bytes:
    """Return the calldata of ``execute(plan)``. Raises InvalidPlan."""
    return EXECUTE_SELECTOR + encode_plan(plan)


def plan_id(plan: ArbitragePlan | ExecutorPlan) -> str:
    """Return the executor's ``planHash`` as 0x-hex. Raises InvalidPlan."""
    return to_hex(keccak(encode_plan(plan)))


def decode_execute(calldata: bytes) -> ExecutorPlan:
    """Return the plan in the calldata of ``execute``.

    Only the canonical encoding is taken: decoding and encoding again gives the same bytes.

    Raises:
        InvalidPlan: it is not the canonical calldata of ``execute``.
    """
    body = calldata[_SELECTOR_BYTES:]
    if calldata[:_SELECTOR_BYTES] != EXECUTE_SELECTOR:
        raise InvalidPlan(f"calldata begins with 0x{calldata[:4].hex()}, not with the selector of execute")
    head = _HEAD_WORDS + 2
    if len(body) % _WORD or len(body) < head * _WORD:
        raise InvalidPlan(f"execute's calldata is {len(calldata)} bytes long, which no plan is")
    words = [int.from_bytes(body[i : i + _WORD]) for i in range(0, len(body), _WORD)]
    count = words[head - 1]
    if count > _MAX_LEGS or len(words) != head + _LEG_WORDS * count:
        raise InvalidPlan(f"execute's calldata names {count} legs and has room for others")
    plan = _plan_of_words(words[1:head], words[head:])
    if encode_plan(plan) != body:
        raise InvalidPlan("execute's calldata is not in its canonical encoding")
    return plan


def decode_executed(log: Log, executor: Address) -> ExecutedEvent | None:
    """Return the ``ArbitrageExecuted`` event in ``log``, or None where it is another event or contract.

    Raises:
        RpcInconsistent: it has the event's topic and cannot be that event.
    """
    if log.address != executor or not log.topics or log.topics[0] != ARBITRAGE_EXECUTED_TOPIC:
        return None
    if len(log.topics) != _EVENT_TOPICS or len(log.data) != _EVENT_WORDS * _WORD:
        raise RpcInconsistent(f"ArbitrageExecuted of {executor} has the wrong size")
    caller, amount, loan_fee, profit, tip = (
        log.data[i : i + _WORD] for i in range(0, _EVENT_WORDS * _WORD, _WORD)
    )
    return ExecutedEvent(
        plan_id=to_hex(log.topics[1]),
        asset=address_of_word(log.topics[2]),
        lender=LenderKind(int.from_bytes(log.topics[3])),
        caller=address_of_word(caller),
        amount=int.from_bytes(amount),
        loan_fee=int.from_bytes(loan_fee),
        profit=int.from_bytes(profit),
        builder_tip_wei=int.from_bytes(tip),
    )


def find_executed(logs: Iterable[Log], executor: Address) -> ExecutedEvent | None:
    """Return the first ``ArbitrageExecuted`` of ``executor`` among a receipt's logs, or None."""
    for log in logs:
        event = decode_executed(log, executor)
        if event is not None:
            return event
    return None


def _plan_of_words(head: list[int], tail: list[int]) -> ExecutorPlan:
    try:
        lender = LenderKind(head[3])
    except ValueError:
        raise InvalidPlan(f"lender {head[3]} is none of {[int(kind) for kind in LenderKind]}") from None
    legs = tuple(
        ExecutorLeg(
            venue_id=tail[i],
            fee_pips=tail[i + 1],
            token_out=_address_of_int(tail[i + 2]),
            min_amount_out=tail[i + 3],
        )
        for i in range(0, len(tail), _LEG_WORDS)
    )
    return ExecutorPlan(
        chain_id=head[0],
        executor=_address_of_int(head[1]),
        deadline_seconds=head[2],
        lender=lender,
        asset=_address_of_int(head[4]),
        amount=head[5],
        max_loan_fee=head[6],
        min_profit=head[7],
        builder_share_bps=head[8],
        legs=legs,
    )


def _address_of_int(value: int) -> Address:
    return address_of_word(value.to_bytes(_WORD))


def _uint(value: int, bits: int, what: str) -> bytes:
    if not 0 <= value < 1 << bits:
        raise InvalidPlan(f"{what} {value} does not fit uint{bits}")
    return value.to_bytes(_WORD)


def _address(value: Address, what: str) -> bytes:
    try:
        digits = bytes.fromhex(value[2:])
    except ValueError:
        digits = b""
    if len(digits) != _ADDRESS_BYTES:
        raise InvalidPlan(f"{what} {value!r} is not an address")
    return digits.rjust(_WORD, b"\0")
