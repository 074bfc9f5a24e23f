"""USDC: Circle's proxy and the FiatTokenV2_1 behind it."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import USDC
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import Address

IMPLEMENTATION: Final = Address("0xa2327a938Febf5FEC13baCFb16Ae10EcBc4cbDCF")
PROXY_ADMIN: Final = Address("0x807a96288A1A408dBC13DE2b1d087d10356395d2")
OWNER: Final = Address("0xFcb19e6a322b27c06842A71e8c725399f049AE3a")
_LOST_AND_FOUND: Final = Address("0x000000000000000000000000000000000000dEaD")
_SUPPLY: Final = 25_000_000_000 * 10**6
_FOLDER: Final = "eth_defi/abi/centre"


def build(bench: Workbench) -> None:
    """Places the proxy and the implementation, initialises up to V2.1, and mints for the architect."""
    implementation = bench.packages.wheel_artifact(f"{_FOLDER}/FiatTokenV2_1.json")
    bench.place_real(
        IMPLEMENTATION,
        implementation,
        name="USDC implementation",
        check="V2.1, as on mainnet until January 2024 (V2.2 since); not compared byte by byte",
    )
    proxy = bench.packages.wheel_artifact(f"{_FOLDER}/FiatTokenProxy.json")
    bench.place_real(
        USDC.address,
        proxy,
        encode_arguments("(address)", IMPLEMENTATION),
        sender=PROXY_ADMIN,
        name="USDC",
        check="code of a package; mainnet's address, admin and implementation; not compared byte by byte",
    )
    _initialise(bench)
    bench.send(USDC.address, "configureMinter(address,uint256)", ARCHITECT, _SUPPLY, sender=OWNER)
    bench.send(USDC.address, "mint(address,uint256)", ARCHITECT, _SUPPLY)
    bench.settle()


def _initialise(bench: Workbench) -> None:
    bench.endow(OWNER)
    # One owner in every role: who holds which on mainnet matters to no caller.
    bench.send(
        USDC.address,
        "initialize(string,string,string,uint8,address,address,address,address)",
        "USD Coin",
        "USDC",
        "USD",
        6,
        OWNER,
        OWNER,
        OWNER,
        OWNER,
    )
    bench.send(USDC.address, "initializeV2(string)", "USD Coin")
    bench.send(USDC.address, "initializeV2_1(address)", _LOST_AND_FOUND)


PROTOCOL: Final = Protocol(name="USDC", build=build)
