"""How a vault's plan becomes a transaction: straight to the vault, or as a request that a relayer carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from steelyard.connect.relay_calls import encode_one
from steelyard.connect.relay_requests import RelayRequest, sign_request
from steelyard.connect.vault_calls import encode_rebalance, vault_call_id
from steelyard.model import Address, RebalancePlan, VaultCall
from steelyard.units import BPS, mul_div_up

_NONCE_BYTES: Final = 8
_GAS_MARGIN_BPS: Final = 2_500
"""On top of the simulated gas, as for transactions: the state may differ when the call runs."""


class Carrier(Protocol):
    """Turns a plan into what is sent."""

    @property
    def keeper(self) -> Address:
        """Who has the vault's keeper role."""
        ...

    @property
    def is_relayed(self) -> bool: ...

    def carry(self, plan: RebalancePlan) -> VaultCall:
        """Return the plan with its transaction. Raises KeyUnavailable where something must be signed."""
        ...


class DirectCarrier:
    """The keeper's account calls the vault itself."""

    def __init__(self, keeper: Address, *, is_relayed: bool = False) -> None:
        """Bind the carrier.

        Args:
            is_relayed: paper mode, which signs nothing, stands for a relayer: its gas counts.
        """
        self._keeper = keeper
        self.is_relayed = is_relayed

    @property
    def keeper(self) -> Address:
        """Who has the vault's keeper role, and pays."""
        return self._keeper

    def carry(self, plan: RebalancePlan) -> VaultCall:
        """Return the call of the vault."""
        return VaultCall(plan=plan, to=plan.vault, data=encode_rebalance(plan), signer=self._keeper)


class RelayedCarrier:
    """An account without ether signs a request; another account takes it to the relayer and pays."""

    is_relayed: Final = True

    def __init__(
        self, keeper: Address, sign: Callable[[Any], bytes], *, forwarder: Address, payer: Address
    ) -> None:
        """Bind the carrier.

        Args:
            keeper: who has the vault's keeper role; ``sign`` signs EIP-712 messages with its key.
            forwarder: the relayer contract that the vault trusts.
            payer: the only account that may relay the request.
        """
        self._keeper = keeper
        self._sign = sign
        self._forwarder = forwarder
        self._payer = payer

    @property
    def keeper(self) -> Address:
        """Who has the vault's keeper role, and signs."""
        return self._keeper

    def carry(self, plan: RebalancePlan) -> VaultCall:
        """Return the relayer's call.

        The request's nonce follows from the plan, so the same plan is never done twice, whoever relays it.
        """
        direct = VaultCall(plan=plan, to=plan.vault, data=encode_rebalance(plan), signer=self._keeper)
        request = RelayRequest(
            signer=self._keeper,
            target=plan.vault,
            data=direct.data,
            gas=mul_div_up(plan.gas_units, BPS + _GAS_MARGIN_BPS, BPS),
            nonce=int.from_bytes(bytes.fromhex(vault_call_id(direct)[2:])[:_NONCE_BYTES]),
            valid_until_seconds=plan.deadline_seconds,
            relayer=self._payer,
        )
        signed = sign_request(request, plan.chain_id, self._forwarder, self._sign)
        return VaultCall(plan=plan, to=self._forwarder, data=encode_one(signed), signer=self._keeper)
