"""Brings signed requests to the relayer contract: written down, simulated, signed, sent, followed.

As with plans (:mod:`steelyard.act.submitter`) the journal knows at least as much as the chain: the intent is
durable before anything is done, the signed bytes before they are sent. The same requests are the same intent:
submitted again after a crash, the transaction that was signed is looked for and sent again, never signed anew
while it can still be mined.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from eth_hash.auto import keccak

from steelyard.act.gas import bid_fees, limit_gas, require_funds
from steelyard.connect.hexes import to_hex
from steelyard.connect.relay_calls import RelayResult, encode_batch, results_of
from steelyard.exceptions import DeliveryUnknown, RpcRejected, SkipError
from steelyard.model.relaying import RelayAttempt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steelyard.act.gas import GasSettings
    from steelyard.connect.chain import ChainClient, TransactionReceipt
    from steelyard.connect.relay_requests import SignedRequest
    from steelyard.model import Signer
    from steelyard.model.relaying import RelayJournal

POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """A batch that was mined."""

    intent_id: str
    transaction_hash: str
    block_number: int
    gas_used: int
    results: tuple[RelayResult, ...]


def intent_id_of(batch: Sequence[SignedRequest]) -> str:
    """Return the identity of a batch: the same for the same requests in any order, whatever their fees."""
    ids = sorted(one.id for one in batch)
    return to_hex(keccak(b"".join(bytes.fromhex(one[2:]) for one in ids)))


class RelaySubmitter:
    """Relays batches by one account."""

    def __init__(
        self,
        chain: ChainClient,
        journal: RelayJournal,
        signer: Signer,
        gas: GasSettings,
        *,
        patience_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Bind the submitter.

        Args:
            patience_seconds: how long to wait for a transaction to be mined.
        """
        self._chain = chain
        self._journal = journal
        self._signer = signer
        self._gas = gas
        self._patience_seconds = patience_seconds
        self._sleep = sleep

    def submit(self, batch: Sequence[SignedRequest], fees: Sequence[int]) -> Relayed:
        """Relay a batch for one forwarder; what is refused in it is skipped, its ether comes back.

        Raises:
            SkipError: the node says that it would revert; nothing was sent.
            InsufficientGasFunds: the account cannot pay for it; nothing was sent.
            DeliveryUnknown: signed, perhaps sent, not mined so far; submit the same again.
        """
        intent_id = intent_id_of(batch)
        attempt = self._journal.open(intent_id, [one.id for one in batch])
        if attempt is not None and self._is_overtaken(attempt):
            self._journal.close(intent_id, "its account's nonce was used by another transaction")
            self._journal.open(intent_id, [one.id for one in batch])
            attempt = None
        if attempt is None:
            attempt = self._sign(intent_id, batch, fees)
        return self._deliver(intent_id, attempt, batch)

    def _sign(self, intent_id: str, batch: Sequence[SignedRequest], fees: Sequence[int]) -> RelayAttempt:
        sender = self._signer.address
        to, value_wei = batch[0].forwarder, sum(one.request.value_wei for one in batch)
        data = encode_batch(batch, fees, sender)
        try:
            head = self._chain.block()
            gas = self._chain.estimate_gas(to, data, sender=sender, value_wei=value_wei)
            gas_limit, bid = limit_gas(gas, head, self._gas), bid_fees(head, self._gas)
            balance_wei = self._chain.balance_wei(sender) - value_wei
            require_funds(sender, balance_wei=balance_wei, gas_limit=gas_limit, fees=bid)
        except SkipError as error:
            self._journal.close(intent_id, f"not sent: {error}")
            raise
        nonce = self._chain.nonce(sender, "pending")
        raw = self._signer.sign(
            {
                "type": 2,
                "chainId": batch[0].chain_id,
                "to": to,
                "nonce": nonce,
                "gas": gas_limit,
                "maxFeePerGas": bid.max_fee_per_gas_wei,
                "maxPriorityFeePerGas": bid.max_priority_fee_per_gas_wei,
                "value": value_wei,
                "data": data,
            }
        )
        attempt = RelayAttempt(hash=to_hex(keccak(raw)), nonce=nonce, raw=raw)
        self._journal.signed(intent_id, attempt)
        return attempt

    def _deliver(self, intent_id: str, attempt: RelayAttempt, batch: Sequence[SignedRequest]) -> Relayed:
        receipt = self._chain.receipt(attempt.hash)
        if receipt is None:
            # A node that refuses it may know it already; if not, nothing will be found below.
            with contextlib.suppress(RpcRejected):
                self._chain.send_raw(attempt.raw)
            receipt = self._wait(attempt.hash)
        results = results_of(receipt.logs, batch[0].forwarder, [one.id for one in batch])
        done = sum(result.done for result in results)
        self._journal.close(intent_id, f"mined in block {receipt.block_number}: {done} of {len(batch)} done")
        return Relayed(
            intent_id=intent_id,
            transaction_hash=attempt.hash,
            block_number=receipt.block_number,
            gas_used=receipt.gas_used,
            results=tuple(results),
        )

    def _wait(self, transaction_hash: str) -> TransactionReceipt:
        waited = 0.0
        while waited <= self._patience_seconds:
            receipt = self._chain.receipt(transaction_hash)
            if receipt is not None:
                return receipt
            self._sleep(POLL_SECONDS)
            waited += POLL_SECONDS
        raise DeliveryUnknown(
            f"{transaction_hash} is not mined after {self._patience_seconds:g} seconds; submit the same again"
        )

    def _is_overtaken(self, attempt: RelayAttempt) -> bool:
        mined_nonce = self._chain.nonce(self._signer.address)
        return mined_nonce > attempt.nonce and self._chain.receipt(attempt.hash) is None
