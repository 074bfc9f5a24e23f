"""Simulate, sign, journal, send: in this order, and never two of them in one.

Whatever happens in between, the journal knows at least as much as the chain: the intent is durable before
anything is done, the signed bytes before they are sent.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from eth_hash.auto import keccak

from steelyard.act.doors import Doors
from steelyard.act.gas import GasSettings, bid_fees, limit_gas, require_funds
from steelyard.act.nonces import choose_nonce
from steelyard.act.plan_kinds import kind_of
from steelyard.act.simulate import Simulation, simulate_behind, simulate_for_sending
from steelyard.connect.access_list import as_json
from steelyard.connect.plan_ids import plan_id_of
from steelyard.exceptions import DuplicateIntent, RetryError, SkipError, SteelyardError
from steelyard.model import Door, IntentStatus, Outcome, SignedTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steelyard.act.gas import FeeBid
    from steelyard.connect.access_list import AccessList
    from steelyard.connect.chain import ChainClient
    from steelyard.model import Address, BlockRef, Journal, OpenIntent, Plan, Signer

_log = logging.getLogger(__name__)

STEPS: Final = ("opened", "simulated", "signed", "journalled", "sent", "noted")
"""What ``on_step`` is told, each after the step of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A plan that was not sent, and why; the journal has it too."""

    plan_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A plan that was simulated and not signed. ``profit`` and ``loss`` are in base units of its asset."""

    plan_id: str
    profit: int
    loss: int = 0


class Submitter:
    """Brings plans to the chain, one at a time."""

    def __init__(
        self,
        chain: ChainClient,
        journal: Journal,
        signer: Signer,
        gas: GasSettings,
        *,
        doors: Doors | None = None,
        guard: Callable[[], None] = lambda: None,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Bind the submitter.

        Args:
            doors: where signed transactions leave; the public one where None is given.
            guard: raises a StopError where no new risk may be taken (kill file, limits); asked before the
                intent is written and again before it is signed.
            on_step: told each of ``STEPS`` when it is done.
        """
        self._chain = chain
        self._journal = journal
        self._signer = signer
        self._gas = gas
        self._doors = doors or Doors(chain, journal)
        self._guard = guard
        self._on_step = on_step

    def submit(self, plan: Plan, behind: Sequence[Plan] = ()) -> SignedTransaction | Refusal:
        """Simulate the plan, sign and send it; return what was signed, or why nothing was sent.

        A signed transaction that comes back may be on its way, lost, or unknown to every node: the tracker
        finds out, and the journal holds its bytes.

        Args:
            behind: plans just sent that it builds on: it is simulated on the state that they leave, and its
                nonce puts it behind them.

        Raises:
            StopError: nothing was sent and nothing new should be; the intent, where written, is closed.
            RetryError: the node or the database did not answer in time; nothing was sent.
        """
        known = self._open(plan)
        if known is not None:
            return known
        try:
            signed = self._prepare(plan, behind)
        except SteelyardError as error:
            return self._refuse(plan_id_of(plan), error)
        self._journal.signed(signed)
        self._on_step("journalled")
        return self._send(signed)

    def rehearse(self, plan: Plan, behind: Sequence[Plan] = ()) -> Rehearsal | Refusal:
        """Simulate the plan and write it down as a paper trade; nothing is signed. Raises as ``submit``."""
        known = self._open(plan)
        if known is not None:
            return known
        identity = plan_id_of(plan)
        keeper = self._signer.address
        try:
            if behind:
                effect = simulate_behind(self._chain, behind, plan, keeper).effect
            else:
                effect = kind_of(plan).simulate(self._chain, keeper)
        except SteelyardError as error:
            return self._refuse(identity, error)
        reason = f"paper: in simulation it {effect.words} (base units)"
        self._journal.close(unmined_outcome(identity, IntentStatus.PAPER, reason))
        return Rehearsal(plan_id=identity, profit=effect.profit, loss=effect.loss)

    def _open(self, plan: Plan) -> Refusal | None:
        """Write the intent; a plan that the journal knows is refused and its record left alone."""
        self._guard()
        try:
            self._journal.open(plan)
        except DuplicateIntent as error:
            return Refusal(plan_id=plan_id_of(plan), reason=str(error))
        self._on_step("opened")
        return None

    def _simulate(self, plan: Plan, behind: Sequence[Plan], head: BlockRef) -> Simulation:
        keeper = self._signer.address
        if behind:
            return simulate_behind(self._chain, behind, plan, keeper)
        lists = self._gas.access_lists
        return simulate_for_sending(self._chain, plan, keeper, head, access_lists=lists)

    def _prepare(self, plan: Plan, behind: Sequence[Plan]) -> SignedTransaction:
        keeper = self._signer.address
        head = self._chain.block()
        simulation = self._simulate(plan, behind, head)
        gas_limit = limit_gas(simulation.gas, head, self._gas)
        fees = bid_fees(head, self._gas)
        open_intents = self._journal.unfinished()
        require_funds(
            keeper,
            balance_wei=self._chain.balance_wei(keeper),
            gas_limit=gas_limit,
            fees=fees,
            committed_wei=committed_wei(open_intents),
        )
        nonce = choose_nonce(self._chain.nonce(keeper, "pending"), open_intents, keeper)
        self._on_step("simulated")
        self._guard()
        door, held_until_block = self._doors.stamp(head)
        kind = kind_of(plan)
        signed = sign_transaction(
            self._signer,
            plan,
            to=kind.to,
            data=kind.data,
            nonce=nonce,
            gas_limit=gas_limit,
            fees=fees,
            door=door,
            held_until_block=held_until_block,
            access_list=simulation.access_list,
            access_list_gas_saved=simulation.gas_saved,
        )
        self._on_step("signed")
        return signed

    def _refuse(self, identity: str, error: SteelyardError) -> Refusal:
        reason = str(error)
        self._journal.close(unmined_outcome(identity, IntentStatus.REFUSED, reason))
        if isinstance(error, SkipError):
            return Refusal(plan_id=identity, reason=reason)
        raise error

    def _send(self, signed: SignedTransaction) -> SignedTransaction | Refusal:
        error = self._doors.send(signed)
        if error is None:
            self._note_sent(signed)
            return signed
        if isinstance(error, RetryError):
            _log.warning("whether %s was taken is unknown; the tracker finds out: %s", signed.hash, error)
            return signed
        return self._refuse(signed.plan_id, error)

    def _note_sent(self, signed: SignedTransaction) -> None:
        self._on_step("sent")
        self._journal.sent(signed.plan_id)
        self._on_step("noted")


def sign_transaction(
    signer: Signer,
    plan: Plan,
    *,
    to: Address,
    data: bytes,
    nonce: int,
    gas_limit: int,
    fees: FeeBid,
    door: Door,
    held_until_block: int | None,
    access_list: AccessList = (),
    access_list_gas_saved: int | None = None,
) -> SignedTransaction:
    """Sign an EIP-1559 transaction for ``plan``; nothing is sent. Raises KeyUnavailable."""
    fields: dict[str, object] = {
        "type": 2,
        "chainId": plan.chain_id,
        "to": to,
        "nonce": nonce,
        "gas": gas_limit,
        "maxFeePerGas": fees.max_fee_per_gas_wei,
        "maxPriorityFeePerGas": fees.max_priority_fee_per_gas_wei,
        "value": 0,
        "data": data,
    }
    if access_list:
        fields["accessList"] = as_json(access_list)
    raw = signer.sign(fields)
    return SignedTransaction(
        plan_id=plan_id_of(plan),
        hash="0x" + keccak(raw).hex(),
        sender=signer.address,
        nonce=nonce,
        raw=raw,
        gas_limit=gas_limit,
        max_fee_per_gas_wei=fees.max_fee_per_gas_wei,
        max_priority_fee_per_gas_wei=fees.max_priority_fee_per_gas_wei,
        deadline_seconds=plan.deadline_seconds,
        door=door,
        held_until_block=held_until_block,
        access_list_gas_saved=access_list_gas_saved,
    )


def committed_wei(open_intents: Sequence[OpenIntent]) -> int:
    """Return the most that open intents can cost: of each the dearest attempt, since one at most is mined."""
    return sum(
        max(attempt.gas_limit * attempt.max_fee_per_gas_wei for attempt in intent.attempts)
        for intent in open_intents
        if intent.attempts
    )


def unmined_outcome(identity: str, status: IntentStatus, reason: str) -> Outcome:
    """Return the outcome of an intent that cost and brought nothing."""
    return Outcome(
        plan_id=identity,
        status=status,
        block_number=None,
        transaction_hash=None,
        profit=0,
        gas_used=0,
        gas_cost_wei=0,
        net_wei=0,
        reason=reason,
    )
