"""What to do about an error while sending: one handler for each class, False where nobody knows better."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from steelyard.act.gas import TRANSACTION_GAS_CAP
from steelyard.act.send_errors import SendVerdict, classify_send_error
from steelyard.units import BPS, mul_div_up

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steelyard.units import Address

_log = logging.getLogger(__name__)

GAS_RAISE_BPS: Final = 2_500
Context = dict[str, Any]


class RecoveryChain(Protocol):
    """What the recovery asks of the chain; ``connect.chain.ChainClient`` has it."""

    def receipt(self, transaction_hash: str) -> object | None: ...
    def nonce(self, address: Address, block: str = "latest") -> int: ...


class ErrorRecoverySystem:
    """Handles the errors whose cure is known. Thin: the journal and the tracker hold the truth."""

    def __init__(
        self,
        chain: RecoveryChain,
        *,
        receipt_timeout_seconds: float = 30.0,
        poll_seconds: float = 0.5,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Bind to a chain.

        Args:
            receipt_timeout_seconds: how long a nonce error may wait for the transaction that took the nonce.
        """
        self._chain = chain
        self._tries = max(1, round(receipt_timeout_seconds / poll_seconds))
        self._poll_seconds = poll_seconds
        self._sleep = sleep
        self.error_handlers: dict[str, Callable[[Context], Awaitable[bool]]] = {
            SendVerdict.NONCE_TOO_LOW.value: self._handle_nonce_error,
            SendVerdict.INSUFFICIENT_FUNDS.value: self._handle_balance_error,
            SendVerdict.GAS_TOO_LOW.value: self._handle_gas_error,
            SendVerdict.EXECUTION_REVERTED.value: self._handle_revert,
        }

    async def handle_error(self, error: Exception, context: Context) -> bool:
        """Return whether the step may be tried again with what ``context`` says now.

        False also for errors of a kind that nobody has met.

        Args:
            context: ``last_tx_hash`` and ``sender`` for a nonce error, ``gas_limit`` for a gas error; the
                handler writes back ``nonce``, ``gas_limit`` or ``reason``.
        """
        handler = self.error_handlers.get(classify_send_error(str(error)).value)
        context.setdefault("reason", str(error))
        return False if handler is None else await handler(context)

    async def _handle_nonce_error(self, context: Context) -> bool:
        """Wait, within bounds, for the transaction that took the nonce, then count anew from the pool."""
        last_hash = context.get("last_tx_hash")
        if last_hash is not None:
            await self._wait_for_receipt(str(last_hash))
        context["nonce"] = self._chain.nonce(context["sender"], "pending")
        return True

    async def _handle_balance_error(self, context: Context) -> bool:
        """Only a person can send funds."""
        _log.error("the account cannot pay for gas: %s", context["reason"])
        return False

    async def _handle_gas_error(self, context: Context) -> bool:
        """Raise the gas limit by a quarter, rounded up, as long as a transaction may have that much."""
        raised = mul_div_up(int(context["gas_limit"]), BPS + GAS_RAISE_BPS, BPS)
        if raised > TRANSACTION_GAS_CAP:
            return False
        context["gas_limit"] = raised
        return True

    async def _handle_revert(self, context: Context) -> bool:
        """The market has moved: the plan is off, and a new block brings new plans."""
        _log.info("the plan is off: %s", context["reason"])
        return False

    async def _wait_for_receipt(self, transaction_hash: str) -> None:
        for _ in range(self._tries):
            if self._chain.receipt(transaction_hash) is not None:
                return
            await self._sleep(self._poll_seconds)
        _log.warning("%s has no receipt yet; the nonce is counted from the pool", transaction_hash)
