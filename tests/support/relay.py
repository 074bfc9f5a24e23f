"""The relayer on a fork: deployed, its list filled, requests by real keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ape
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak

from steelyard.connect.relay_requests import RelayRequest, SignedRequest, sign_request
from steelyard.units import Address
from tests.support.drawn_requests import signing_with

HOUR = 3_600
CALL_GAS = 200_000


@dataclass(frozen=True)
class RelayScene:
    """A relayer, and a desk among its targets that notes who visits it."""

    relayer: Any
    desk: Any

    @property
    def forwarder(self) -> Address:
        return Address(self.relayer.address)

    def visit(self, signer: str, tag: int, nonce: int, **changes: Any) -> RelayRequest:
        """A request of ``signer``'s to visit the desk, good for an hour."""
        fields: dict[str, Any] = {
            "signer": Address(signer),
            "target": Address(self.desk.address),
            "data": bytes(self.desk.visit.encode_input(tag)),
            "gas": CALL_GAS,
            "nonce": nonce,
            "valid_until_seconds": ape.chain.pending_timestamp + HOUR,
        }
        return RelayRequest(**(fields | changes))

    def sign(self, request: RelayRequest, key: LocalAccount) -> SignedRequest:
        return sign_request(request, ape.chain.chain_id, self.forwarder, signing_with(key))


def key(role: str) -> LocalAccount:
    """The key of a role, the same in every run."""
    account: LocalAccount = Account.from_key(keccak(role.encode()))
    return account


def deploy_scene(owner: Any) -> RelayScene:
    """Deploy relayer and desk; the desk's functions are on the list."""
    relayer = owner.deploy(ape.project.GaslessTransactionRelayer, owner)
    desk = owner.deploy(ape.project.RelayDesk, relayer)
    for function in (desk.visit, desk.refuse, desk.serveIfPossible):
        selector = bytes(function.encode_input(*_some(function)))[:4]
        relayer.allowCall(desk, selector, sender=owner)
    return RelayScene(relayer, desk)


def _some(function: Any) -> list[Any]:
    return [b"" if one.type == "bytes" else 0 for one in function.abis[0].inputs]
