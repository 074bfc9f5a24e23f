"""Algebra V1 as QuickSwap runs it on Polygon: factory, pool deployer and pool real, the router a model.

Mainnet has no Algebra V1 of note. The contracts stand at QuickSwap's addresses on Polygon, so a pool of two
tokens stands where those tokens' pool would be there. Fees move with volatility and volume.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

FACTORY: Final = Address("0x411b0fAcC3489691f28ad58c47006AF5E3Ab3A28")
POOL_DEPLOYER: Final = Address("0x2D98E2FA9da15aa6dC9581AB097Ced7af697CB92")
INIT_CODE_HASH: Final = "0x6ec6c9c8091d160c0aa74b2b14ba9c1717e95093bd3ac085cee99a49aab294a4"

ROUTER: Final = Address("0x57eE17AD00000000000000000000000000a19E5a")
"""Of ours: Algebra's periphery is not among the pinned packages."""

_VAULT: Final = Address("0x57eE17AD0000000000000000000000000a19eFEe")
"""Takes the community's part of the fees, which starts at none."""
_PACKAGE: Final = "@cryptoalgebra/v1-core"
_CHECK: Final = "Algebra's own package, at QuickSwap's address on Polygon; not compared byte by byte"


def build(bench: Workbench) -> None:
    """Places the contracts and lets the factory use the deployer."""
    bench.place_real(
        POOL_DEPLOYER,
        bench.packages.npm_artifact(_PACKAGE, _artifact("AlgebraPoolDeployer")),
        name="Algebra pool deployer",
        check="holds the pool's creation code of QuickSwap's init-code hash; QuickSwap's address on Polygon",
    )
    bench.place_real(
        FACTORY,
        bench.packages.npm_artifact(_PACKAGE, _artifact("AlgebraFactory")),
        encode_arguments("(address,address)", POOL_DEPLOYER, _VAULT),
        name="Algebra factory",
        check=_CHECK,
    )
    bench.send(POOL_DEPLOYER, "setFactory(address)", FACTORY)
    bench.place_model(
        ROUTER,
        "AlgebraRouterModel",
        b"",
        name="Algebra router",
        check="stands in for router and position manager; at an address of ours",
    )


def _artifact(contract: str) -> str:
    return f"artifacts/contracts/{contract}.sol/{contract}.json"


PROTOCOL: Final = Protocol(name="Algebra", build=build)
