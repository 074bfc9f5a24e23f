"""Uniswap V4: the PoolManager that keeps all pools, positions, quoter, state view, and a router of ours."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.protocols.permit2 import PERMIT2
from steelyard.sandbox.replica.tokens import WETH
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

POOL_MANAGER: Final = Address("0x000000000004444c5dc75cB358380D2e3dE08A90")
POSITION_MANAGER: Final = Address("0xbD216513d74C8cf14cf4747E6AaA6420FF64ee9e")
QUOTER: Final = Address("0x52F0E24D1c21C8A0cB1e5a5dD6198556BD9E1203")
STATE_VIEW: Final = Address("0x7fFE42C4a5DEeA5b0feC41C94C136Cf115597227")
OWNER: Final = Address("0x1a9C8182C09F50C8318d769245beA52c32BE35BC")
"""Uniswap's governance timelock, the PoolManager's first owner."""

CREATION_HASH: Final = "0x94d114296a5af85c1fd2dc039cdaa32f1ed4b0fe0868f02d888bfc91feb645d9"
"""Of creation code and argument: the hash that was published for the mining of the PoolManager's address."""

ROUTER: Final = Address("0x57eE17AD0000000000000000000000000004A01E")
"""Of ours: no package's router swaps at a single pool without a language of commands."""

_CORE: Final = "@uniswap/v4-core"
_PERIPHERY: Final = "@uniswap/v4-periphery"
# Draws the picture of a position; only `tokenURI` asks it, and it is not placed.
_DESCRIPTOR: Final = Address("0xd1428Ba554F4C8450b763a0B2040A4935c63f06C")
_UNSUBSCRIBE_GAS: Final = 300_000
_LISTED: Final = "Uniswap's own package, at the address that Uniswap lists; not compared byte by byte"


def build(bench: Workbench) -> None:
    """Places the contracts."""
    manager = bench.packages.npm_artifact(_CORE, "out/PoolManager.sol/PoolManager.json")
    bench.place_real(
        POOL_MANAGER,
        manager,
        encode_arguments("(address)", OWNER),
        name="Uniswap V4 PoolManager",
        check="creation code and argument have the hash that mainnet's address was mined for",
    )
    of_manager = encode_arguments("(address)", POOL_MANAGER)
    _place_periphery(bench, QUOTER, "V4Quoter", "Uniswap V4 Quoter", of_manager)
    _place_periphery(bench, STATE_VIEW, "StateView", "Uniswap V4 StateView", of_manager)
    of_positions = encode_arguments(
        "(address,address,uint256,address,address)",
        POOL_MANAGER,
        PERMIT2,
        _UNSUBSCRIBE_GAS,
        _DESCRIPTOR,
        WETH.address,
    )
    _place_periphery(bench, POSITION_MANAGER, "PositionManager", "Uniswap V4 positions", of_positions)
    bench.place_model(
        ROUTER,
        "V4RouterModel",
        of_manager,
        name="Uniswap V4 router",
        check="stands in for a router; at an address of ours",
    )


def _place_periphery(bench: Workbench, address: Address, contract: str, name: str, arguments: bytes) -> None:
    file = f"foundry-out/{contract}.sol/{contract}.json"
    artifact = bench.packages.npm_artifact(_PERIPHERY, file)
    bench.place_real(address, artifact, arguments, name=name, check=_LISTED)


PROTOCOL: Final = Protocol(name="Uniswap V4", build=build)
