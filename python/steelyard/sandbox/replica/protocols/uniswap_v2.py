"""Uniswap V2: factory (with the pair inside) and Router02."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import WETH
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

FACTORY: Final = Address("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f")
ROUTER: Final = Address("0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D")
INIT_CODE_HASH: Final = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
_FEE_TO_SETTER: Final = Address("0x18e433c7Bf8A2E1d0197CE5d8f9AFAda1A771360")


def build(bench: Workbench) -> None:
    """Places the factory and the router."""
    factory = bench.packages.npm_artifact("@uniswap/v2-core", "build/UniswapV2Factory.json")
    bench.place_real(
        FACTORY,
        factory,
        encode_arguments("(address)", _FEE_TO_SETTER),
        name="Uniswap V2 factory",
        check="holds the pair's creation code of mainnet's init-code hash; mainnet's pair addresses",
    )
    router = bench.packages.npm_artifact("@uniswap/v2-periphery", "build/UniswapV2Router02.json")
    bench.place_real(
        ROUTER,
        router,
        encode_arguments("(address,address)", FACTORY, WETH.address),
        name="Uniswap V2 router",
        check="finds mainnet's pairs by the init-code hash in it; code of mainnet's length (21,943 bytes)",
    )


PROTOCOL: Final = Protocol(name="Uniswap V2", build=build)
