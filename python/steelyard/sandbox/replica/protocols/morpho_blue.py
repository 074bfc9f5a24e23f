"""Morpho Blue: one contract that holds every market's tokens and lends them in a flash without a fee.

The tokens come from idle markets (no collateral, no oracle, no interest model), which mainnet has too.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import BORROWABLE, MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import Address

MORPHO: Final = Address("0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb")
_OWNER: Final = Address("0xcBa28b38103307Ec8dA98377ffF9816C164f9AFa")
_NOBODY: Final = Address("0x0000000000000000000000000000000000000000")
_MARKET: Final = "(address,address,address,address,uint256)"
_HOLDINGS_USD: Final = 40_000_000


def build(bench: Workbench) -> None:
    """Places the contract and supplies an idle market for each borrowable token."""
    artifact = bench.packages.npm_factory(
        "@morpho-org/morpho-blue-bundlers",
        "types/factories/lib/morpho-blue/src/Morpho__factory.js",
    )
    bench.place_real(
        MORPHO,
        artifact,
        encode_arguments("(address)", _OWNER),
        name="Morpho Blue",
        check="Morpho's own package, of mainnet's compiler version (0.8.19); not compared byte by byte",
    )
    bench.endow(_OWNER)
    bench.send(MORPHO, "enableIrm(address)", _NOBODY, sender=_OWNER)
    bench.send(MORPHO, "enableLltv(uint256)", 0, sender=_OWNER)
    bench.settle()
    for token in BORROWABLE:
        _supply_idle_market(bench, token)
    bench.settle()


def _supply_idle_market(bench: Workbench, token: MarketToken) -> None:
    market = (token.address, _NOBODY, _NOBODY, _NOBODY, 0)
    amount = token.base_units(_HOLDINGS_USD)
    bench.send(MORPHO, f"createMarket({_MARKET})", market)
    bench.send(token.address, "approve(address,uint256)", MORPHO, amount)
    supply = f"supply({_MARKET},uint256,uint256,address,bytes)"
    bench.send(MORPHO, supply, market, amount, 0, ARCHITECT, b"")


PROTOCOL: Final = Protocol(name="Morpho Blue", build=build)
