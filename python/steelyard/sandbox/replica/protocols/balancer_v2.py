"""Balancer V2: the Vault (a flash lender without a fee), its Authorizer, the FeesCollector it creates.

What the Vault lends is what its pools hold, and what is paid in here as internal balance.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import Kind
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import BORROWABLE, WETH
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import Address

VAULT: Final = Address("0xBA12222222228d8Ba445958a75a0704d566BF2C8")
AUTHORIZER: Final = Address("0xA331D84eC860Bf466b4CdCcFb4aC09a1B43F3aE6")
FEES_COLLECTOR: Final = Address("0xce88686553686DA562CE7Cea497CE749DA109f9F")

_ADMIN: Final = Address("0x10A19e7eE7d7F8a52822f6817de8ea18204F2e4f")
_PAUSE_WINDOW_SECONDS: Final = 90 * 86_400
_BUFFER_PERIOD_SECONDS: Final = 30 * 86_400
PACKAGE: Final = "@balancer-labs/v2-deployments"
_HOLDINGS_USD: Final = 60_000_000
_DEPOSIT_INTERNAL: Final = 0


def build(bench: Workbench) -> None:
    """Places the contracts and fills the Vault with what can be borrowed."""
    authorizer = bench.packages.npm_artifact(
        PACKAGE, "dist/tasks/20210418-authorizer/artifact/Authorizer.json"
    )
    bench.place_real(
        AUTHORIZER,
        authorizer,
        encode_arguments("(address)", _ADMIN),
        name="Balancer V2 Authorizer",
        check="Balancer's record of mainnet's deployment",
    )
    _place_vault(bench)
    _fill(bench)


def _place_vault(bench: Workbench) -> None:
    vault = bench.packages.npm_artifact(PACKAGE, "dist/tasks/20210418-vault/artifact/Vault.json")
    bench.place_real(
        VAULT,
        vault,
        encode_arguments(
            "(address,address,uint256,uint256)",
            AUTHORIZER,
            WETH.address,
            _PAUSE_WINDOW_SECONDS,
            _BUFFER_PERIOD_SECONDS,
        ),
        name="Balancer V2 Vault",
        check="Balancer's record of mainnet's deployment; its child stands at mainnet's address",
    )
    (collector,) = bench.read(VAULT, "getProtocolFeesCollector()", "(address)")
    if collector.lower() != FEES_COLLECTOR.lower():
        raise ReplicaError(f"the Vault made its FeesCollector at {collector}, not {FEES_COLLECTOR}")
    bench.note(
        FEES_COLLECTOR,
        "Balancer V2 FeesCollector",
        Kind.REAL,
        vault.origin,
        "created by the Vault, at mainnet's address",
    )


def _fill(bench: Workbench) -> None:
    operations = []
    for token in BORROWABLE:
        amount = token.base_units(_HOLDINGS_USD)
        bench.send(token.address, "approve(address,uint256)", VAULT, amount)
        operations.append((_DEPOSIT_INTERNAL, token.address, amount, ARCHITECT, ARCHITECT))
    bench.send(VAULT, "manageUserBalance((uint8,address,uint256,address,address)[])", operations)
    bench.settle()


PROTOCOL: Final = Protocol(name="Balancer V2", build=build)
