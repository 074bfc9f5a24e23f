"""Uniswap V3: factory (with the pool inside), SwapRouter, NonfungiblePositionManager, QuoterV2."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import WETH
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

FACTORY: Final = Address("0x1F98431c8aD98523631AE4a59f267346ea31F984")
SWAP_ROUTER: Final = Address("0xE592427A0AEce92De3Edee1F18E0157C05861564")
POSITION_MANAGER: Final = Address("0xC36442b4a4522E871399CD717aBDD847Ab11FE88")
QUOTER_V2: Final = Address("0x61fFE014bA17989E743c5F6cB21bF9697530B21e")
INIT_CODE_HASH: Final = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"

_OWNER: Final = Address("0x1a9C8182C09F50C8318d769245beA52c32BE35BC")
# Draws the picture of a position; only `tokenURI` asks it, and it is not placed.
_DESCRIPTOR: Final = Address("0x91ae842A5Ffd8d12023116943e72A606179294f3")
_CORE: Final = "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
_PERIPHERY: Final = "artifacts/contracts"


def build(bench: Workbench) -> None:
    """Places the contracts and enables the fee tier of 0.01 %, as governance did on mainnet."""
    factory = bench.packages.npm_artifact("@uniswap/v3-core", _CORE)
    bench.place_real(
        FACTORY,
        factory,
        sender=_OWNER,
        name="Uniswap V3 factory",
        check="holds the pool's creation code of mainnet's init-code hash; mainnet's pool addresses",
    )
    bench.send(FACTORY, "enableFeeAmount(uint24,int24)", 100, 1, sender=_OWNER)
    bench.settle()
    pair = encode_arguments("(address,address)", FACTORY, WETH.address)
    triple = encode_arguments("(address,address,address)", FACTORY, WETH.address, _DESCRIPTOR)
    _place_periphery(bench, SWAP_ROUTER, "SwapRouter", "SwapRouter", pair)
    manager = "NonfungiblePositionManager"
    _place_periphery(bench, POSITION_MANAGER, manager, "Uniswap V3 positions", triple)
    _place_periphery(bench, QUOTER_V2, "lens/QuoterV2", "QuoterV2", pair)


def _place_periphery(bench: Workbench, address: Address, path: str, name: str, arguments: bytes) -> None:
    contract = path.rpartition("/")[2]
    artifact = bench.packages.npm_artifact(
        "@uniswap/v3-periphery", f"{_PERIPHERY}/{path}.sol/{contract}.json"
    )
    bench.place_real(
        address,
        artifact,
        arguments,
        name=name,
        check="Uniswap's own package; finds mainnet's pools by the init-code hash in its code",
    )


PROTOCOL: Final = Protocol(name="Uniswap V3", build=build)
