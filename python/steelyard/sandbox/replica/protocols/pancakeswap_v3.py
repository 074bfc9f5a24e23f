"""PancakeSwap V3: factory and pool real; the deployer between them and the router are models.

The package has no artifact of the deployer. A model at its address creates the real pools, so they come to
stand where mainnet has them.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.packages import code_hash
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

FACTORY: Final = Address("0x0BFbCF9fa4f9C56B0F40a671Ad40E0805A091865")
POOL_DEPLOYER: Final = Address("0x41ff9AA7e16B8B1a8a8dc4f0eFacd93D02d071c9")
INIT_CODE_HASH: Final = "0x6ce8eb472fa82df5469c6ab6d485f17c3ad13c8cd7af59b3d4a8026c5ce0f7e2"

ROUTER: Final = Address("0x57EE17AD000000000000000000000000003CA1e5")
"""Of ours: the package of the periphery holds sources only."""

_POOL_CODE: Final = Address("0x57EE17Ad0000000000000000000000000ca1EC0D")
_PACKAGE: Final = "@pancakeswap/v3-core"


def build(bench: Workbench) -> None:
    """Places the contracts and lets the factory use the deployer."""
    pool = bench.packages.npm_artifact(_PACKAGE, _artifact("PancakeV3Pool"))
    if code_hash(pool.creation) != INIT_CODE_HASH:
        raise ReplicaError(f"PancakeSwap's pool has the init-code hash {code_hash(pool.creation)}")
    bench.place_runtime(
        _POOL_CODE,
        pool.creation,
        pool.origin,
        name="PancakeSwap V3 pool, creation code",
        check="mainnet's init-code hash; kept as the code of an address of ours",
    )
    bench.place_model(
        POOL_DEPLOYER,
        "PancakePoolDeployerModel",
        encode_arguments("(address)", _POOL_CODE),
        name="PancakeSwap V3 pool deployer",
        check="stands in for the deployer; its pools come out at mainnet's addresses",
    )
    bench.place_real(
        FACTORY,
        bench.packages.npm_artifact(_PACKAGE, _artifact("PancakeV3Factory")),
        encode_arguments("(address)", POOL_DEPLOYER),
        name="PancakeSwap V3 factory",
        check="PancakeSwap's own package; not compared byte by byte",
    )
    bench.send(POOL_DEPLOYER, "setFactoryAddress(address)", FACTORY)
    bench.place_model(
        ROUTER,
        "PancakeRouterModel",
        b"",
        name="PancakeSwap V3 router",
        check="stands in for router and position manager; at an address of ours",
    )


def _artifact(contract: str) -> str:
    return f"artifacts/contracts/{contract}.sol/{contract}.json"


PROTOCOL: Final = Protocol(name="PancakeSwap V3", build=build)
