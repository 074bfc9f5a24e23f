"""Between a plan and the executor's calldata; ``docs/plan.md`` draws the encoding.

``encode_plan`` is what ``execute`` takes, and ``plan_id`` its keccak256: what the executor calls
``planHash``. Each ``ExecutorPlan`` has one encoding and each encoding one plan; anything else is refused. An
``ArbitragePlan`` holds more than the executor is told (expected amounts, the reason), so decoding gives the
``ExecutorPlan`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from steelyard.connect.abi import selector
from steelyard.connect.hexes import to_hex
from steelyard.connect.plan_bytes import PlanReader, packed_address, packed_uint
from steelyard.connect.plan_params import (
    LEG_PARAMS,
    LOAN_PARAMS,
    LegParams,
    LendingPair,
    LendingTier,
    ListedLender,
    ListedPair,
    ListedTier,
    LoanParams,
    NoParams,
)
from steelyard.exceptions import InvalidPlan
from steelyard.model.lending import LenderKind
from steelyard.model.plan import ArbitragePlan, PlanLeg, VenueKind
from steelyard.units import Address

_CHAIN_BYTES: Final = 8
_DEADLINE_BYTES: Final = 5
_AMOUNT_BYTES: Final = 16
_SHARE_BYTES: Final = 2
_FLAG: Final = 0x80
"""High bit of a kind: another loan follows; the leg names its input."""

_SELECTOR_BYTES: Final = 4
EXECUTE_SELECTOR: Final = selector("execute(bytes)")
EXECUTE_BATCH_SELECTOR: Final = selector("executeBatch(bytes[],bool)")
QUOTE_SELECTOR: Final = selector("quote(bytes)")

_K = TypeVar("_K", LenderKind, VenueKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorLoan:
    """One loan.

    Attributes:
        max_fee: base units of ``asset`` that the lender may ask at most.
        params: which lender, where there are several of the kind.
    """

    kind: LenderKind
    asset: Address
    amount: int
    max_fee: int
    params: LoanParams


@dataclass(frozen=True, slots=True, kw_only=True)
class LegInput:
    """What a leg sells where that is not what the leg before it received; amount 0 is all there is."""

    token: Address
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorLeg:
    """One swap; native ether is the zero address."""

    kind: VenueKind
    token_out: Address
    min_amount_out: int
    params: LegParams
    input: LegInput | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorPlan:
    """All that the chain is told of a plan. ``loans`` stand one inside another, in their order."""

    chain_id: int
    executor: Address
    deadline_seconds: int
    min_profit: int
    builder_share_bps: int
    loans: tuple[ExecutorLoan, ...]
    legs: tuple[ExecutorLeg, ...]


# --- from the decision's plan ----------------------------------------------------------------------------


def executor_plan(plan: ArbitragePlan) -> ExecutorPlan:
    """Return the part of ``plan`` that the chain is told."""
    loan = ExecutorLoan(
        kind=plan.lender,
        asset=plan.asset,
        amount=plan.amount,
        max_fee=plan.max_loan_fee,
        params=_loan_params(plan),
    )
    legs = tuple(
        ExecutorLeg(
            kind=leg.kind,
            token_out=leg.token_out,
            min_amount_out=leg.min_amount_out,
            params=_leg_params(leg),
        )
        for leg in plan.legs
    )
    return ExecutorPlan(
        chain_id=plan.chain_id,
        executor=plan.executor,
        deadline_seconds=plan.deadline_seconds,
        min_profit=plan.min_profit,
        builder_share_bps=plan.builder_share_bps,
        loans=(loan,),
        legs=legs,
    )


def _loan_params(plan: ArbitragePlan) -> LoanParams:
    source = plan.source
    if source is None:
        return NoParams()
    if source.other_token is None:
        return ListedLender(lender_id=source.listing_id)
    if plan.lender is LenderKind.UNISWAP_V2:
        return LendingPair(venue_id=source.listing_id, other_token=source.other_token)
    return LendingTier(venue_id=source.listing_id, other_token=source.other_token, fee_pips=source.fee_pips)


def _leg_params(leg: PlanLeg) -> LegParams:
    if leg.kind.has_tiers:
        return ListedTier(venue_id=leg.venue_id, fee_pips=leg.fee_pips)
    return ListedPair(venue_id=leg.venue_id)


# --- encoding --------------------------------------------------------------------------------------------


def encode_plan(plan: ArbitragePlan | ExecutorPlan) -> bytes:
    """Return the plan as the executor reads it: head, loans, legs.

    Raises:
        InvalidPlan: it has no loan, or a value does not fit its field or its kind.
    """
    wire = executor_plan(plan) if isinstance(plan, ArbitragePlan) else plan
    if not wire.loans:
        raise InvalidPlan("a plan needs at least one loan")
    last = len(wire.loans) - 1
    return b"".join(
        (
            packed_uint(wire.chain_id, _CHAIN_BYTES, "chain_id"),
            packed_address(wire.executor, "executor"),
            packed_uint(wire.deadline_seconds, _DEADLINE_BYTES, "deadline_seconds"),
            packed_uint(wire.min_profit, _AMOUNT_BYTES, "min_profit"),
            packed_uint(wire.builder_share_bps, _SHARE_BYTES, "builder_share_bps"),
            *(_encode_loan(loan, f"loan {at}", at < last) for at, loan in enumerate(wire.loans)),
            *(_encode_leg(leg, f"leg {at}") for at, leg in enumerate(wire.legs)),
        )
    )


def _encode_loan(loan: ExecutorLoan, what: str, more: bool) -> bytes:
    params = LOAN_PARAMS[loan.kind].encode(loan.params, f"{what} ({loan.kind.name.lower()})")
    return b"".join(
        (
            packed_uint(loan.kind | (_FLAG if more else 0), 1, "kind"),
            packed_address(loan.asset, f"{what}: asset"),
            packed_uint(loan.amount, _AMOUNT_BYTES, f"{what}: amount"),
            packed_uint(loan.max_fee, _AMOUNT_BYTES, f"{what}: max_fee"),
            packed_uint(len(params), 1, "length of parameters"),
            params,
        )
    )


def _encode_leg(leg: ExecutorLeg, what: str) -> bytes:
    params = LEG_PARAMS[leg.kind].encode(leg.params, f"{what} ({leg.kind.name.lower()})")
    named = b""
    if leg.input is not None:
        named = packed_address(leg.input.token, f"{what}: token_in") + packed_uint(
            leg.input.amount, _AMOUNT_BYTES, f"{what}: amount_in"
        )
    return b"".join(
        (
            packed_uint(leg.kind | (_FLAG if named else 0), 1, "kind"),
            named,
            packed_address(leg.token_out, f"{what}: token_out"),
            packed_uint(leg.min_amount_out, _AMOUNT_BYTES, f"{what}: min_amount_out"),
            packed_uint(len(params), 1, "length of parameters"),
            params,
        )
    )


def plan_id(plan: ArbitragePlan | ExecutorPlan) -> str:
    """Return the executor's ``planHash`` as 0x-hex. Raises InvalidPlan."""
    return to_hex(keccak(encode_plan(plan)))


# --- decoding --------------------------------------------------------------------------------------------


def decode_plan(data: bytes) -> ExecutorPlan:
    """Return the one plan whose encoding ``data`` is.

    Raises:
        InvalidPlan: it is no plan's encoding; the message says what is wrong.
    """
    reader = PlanReader(data)
    chain_id = reader.uint(_CHAIN_BYTES, "chain_id")
    executor = reader.address("executor")
    deadline = reader.uint(_DEADLINE_BYTES, "deadline_seconds")
    min_profit = reader.uint(_AMOUNT_BYTES, "min_profit")
    share = reader.uint(_SHARE_BYTES, "builder_share_bps")
    loans: list[ExecutorLoan] = []
    legs: list[ExecutorLeg] = []
    more = True
    while more:
        loan, more = _decode_loan(reader, f"loan {len(loans)}")
        loans.append(loan)
    while not reader.ended:
        legs.append(_decode_leg(reader, f"leg {len(legs)}"))
    return ExecutorPlan(
        chain_id=chain_id,
        executor=executor,
        deadline_seconds=deadline,
        min_profit=min_profit,
        builder_share_bps=share,
        loans=tuple(loans),
        legs=tuple(legs),
    )


def _decode_loan(reader: PlanReader, what: str) -> tuple[ExecutorLoan, bool]:
    kind, more = _decode_kind(reader, LenderKind, what)
    asset = reader.address(f"{what}: asset")
    amount = reader.uint(_AMOUNT_BYTES, f"{what}: amount")
    max_fee = reader.uint(_AMOUNT_BYTES, f"{what}: max_fee")
    params = LOAN_PARAMS[kind].decode(_params(reader, what), f"{what} ({kind.name.lower()})")
    return ExecutorLoan(kind=kind, asset=asset, amount=amount, max_fee=max_fee, params=params), more


def _decode_leg(reader: PlanReader, what: str) -> ExecutorLeg:
    kind, named = _decode_kind(reader, VenueKind, what)
    given = None
    if named:
        token = reader.address(f"{what}: token_in")
        given = LegInput(token=token, amount=reader.uint(_AMOUNT_BYTES, f"{what}: amount_in"))
    token_out = reader.address(f"{what}: token_out")
    minimum = reader.uint(_AMOUNT_BYTES, f"{what}: min_amount_out")
    params = LEG_PARAMS[kind].decode(_params(reader, what), f"{what} ({kind.name.lower()})")
    return ExecutorLeg(kind=kind, token_out=token_out, min_amount_out=minimum, params=params, input=given)


def _decode_kind(reader: PlanReader, kinds: type[_K], what: str) -> tuple[_K, bool]:
    number = reader.uint(1, f"{what}: kind")
    try:
        return kinds(number & ~_FLAG), bool(number & _FLAG)
    except ValueError:
        raise InvalidPlan(f"{what}: kind {number & ~_FLAG} is none of 0..{max(kinds)}") from None


def _params(reader: PlanReader, what: str) -> bytes:
    return reader.take(reader.uint(1, f"{what}: length of parameters"), f"{what}: parameters")


# --- calls -----------------------------------------------------------------------------------------------


def encode_execute(plan: ArbitragePlan | ExecutorPlan) -> bytes:
    """Return the calldata of ``execute(plan)``. Raises InvalidPlan."""
    return EXECUTE_SELECTOR + encode(["bytes"], [encode_plan(plan)])


def encode_quote(plan: ArbitragePlan | ExecutorPlan) -> bytes:
    """Return the calldata of ``quote(plan)``. Raises InvalidPlan."""
    return QUOTE_SELECTOR + encode(["bytes"], [encode_plan(plan)])


def encode_execute_batch(plans: Sequence[ArbitragePlan | ExecutorPlan], *, skip_failing: bool) -> bytes:
    """Return the calldata of ``executeBatch``.

    Args:
        skip_failing: whether a plan that fails is undone and skipped, or reverts all of them.

    Raises:
        InvalidPlan: as ``encode_plan``.
    """
    encoded = [encode_plan(plan) for plan in plans]
    return EXECUTE_BATCH_SELECTOR + encode(["bytes[]", "bool"], [encoded, skip_failing])


def decode_execute(calldata: bytes) -> ExecutorPlan:
    """Return the plan in the calldata of ``execute``.

    Only the canonical encoding is taken: decoding and encoding again gives the same bytes.

    Raises:
        InvalidPlan: it is not the canonical calldata of ``execute``.
    """
    if calldata[:_SELECTOR_BYTES] != EXECUTE_SELECTOR:
        raise InvalidPlan(f"calldata begins with 0x{calldata[:4].hex()}, not with the selector of execute")
    body = calldata[_SELECTOR_BYTES:]
    try:
        (data,) = decode(["bytes"], body)
    except (DecodingError, OverflowError) as error:
        raise InvalidPlan(f"execute's calldata of {len(calldata)} bytes holds no bytes: {error}") from None
    if encode(["bytes"], [data]) != body:
        raise InvalidPlan("execute's calldata is not in its canonical encoding")
    return decode_plan(data)
