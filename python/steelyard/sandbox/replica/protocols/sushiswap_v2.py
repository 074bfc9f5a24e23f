"""SushiSwap V2: factory (with the pair inside) and Router02, as deployed on mainnet."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import WETH
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

FACTORY: Final = Address("0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac")
ROUTER: Final = Address("0xd9e1cE17f2641f24aE83637ab66a2cca9C378B9F")
INIT_CODE_HASH: Final = "0xe18a34eb0e04b04f7a0ac29a6e80748dca96319b42c54d679cb821dca90c6303"
_FEE_TO_SETTER: Final = Address("0x19B3Eb3Af5D93b77a5619b047De0EED7115A19e7")
_PACKAGE: Final = "@sushiswap/sushiswap"


def build(bench: Workbench) -> None:
    """Places the factory and the router."""
    factory = bench.packages.npm_artifact(_PACKAGE, "deployments/ethereum/UniswapV2Factory.json")
    bench.place_real(
        FACTORY,
        factory,
        encode_arguments("(address)", _FEE_TO_SETTER),
        name="SushiSwap V2 factory",
        check="record of mainnet's deployment; holds the pair's creation code of mainnet's init-code hash",
    )
    router = bench.packages.npm_artifact(_PACKAGE, "deployments/ethereum/UniswapV2Router02.json")
    bench.place_real(
        ROUTER,
        router,
        encode_arguments("(address,address)", FACTORY, WETH.address),
        name="SushiSwap V2 router",
        check="record of mainnet's deployment; finds the factory's pairs by their init-code hash",
    )


PROTOCOL: Final = Protocol(name="SushiSwap V2", build=build)
