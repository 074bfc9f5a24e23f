"""Balancer V2's factories of weighted and of composable stable pools (both version 3), with the fee provider.

A factory's constructor stores the pool's creation code in two contracts of its own, so the first pool that it
makes has the factory's third nonce: mainnet's record says where that is.
"""

from __future__ import annotations

import json
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.protocols.balancer_v2 import PACKAGE, VAULT
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import WAD, Address

FEE_PROVIDER: Final = Address("0x97207B095e4D5C9a6e4cfbfcd2C3358E03B90c4A")
WEIGHTED_FACTORY: Final = Address("0x5Dd94Da3644DDD055fcf6B3E1aa310Bb7801EB8b")
STABLE_FACTORY: Final = Address("0xdba127fBc23fb20F5929C546af220A991b5C6e01")

_FIRST_POOL_NONCE: Final = 3
"""The first two creations of a factory are the halves of the pool's creation code."""

_WEIGHTED_TASK: Final = "20230206-weighted-pool-v3"
_STABLE_TASK: Final = "20230206-composable-stable-pool-v3"
_FEE_TASK: Final = "20220725-protocol-fee-percentages-provider"
_VERSION: Final = 3
_RECORD: Final = "Balancer's record of mainnet's deployment"


def build(bench: Workbench) -> None:
    """Places the fee provider and both factories."""
    bench.place_real(
        FEE_PROVIDER,
        bench.packages.npm_artifact(PACKAGE, _file(_FEE_TASK, "ProtocolFeePercentagesProvider")),
        # The highest protocol fees on yield and on assets under management: a half.
        encode_arguments("(address,uint256,uint256)", VAULT, WAD // 2, WAD // 2),
        name="Balancer V2 fee provider",
        check=_RECORD,
    )
    _place_factory(bench, WEIGHTED_FACTORY, _WEIGHTED_TASK, "WeightedPool")
    _place_factory(bench, STABLE_FACTORY, _STABLE_TASK, "ComposableStablePool")


def pool_address(factory: Address, index: int) -> Address:
    """Where a factory makes its pool of this index, the first being zero."""
    # CREATE: keccak of the RLP list of sender and nonce; a nonce below 128 is its own RLP.
    listed = b"\xd6\x94" + bytes.fromhex(factory[2:]) + bytes([_FIRST_POOL_NONCE + index])
    return Address(to_checksum_address(keccak(listed)[-20:]))


def _file(task: str, contract: str) -> str:
    return f"dist/tasks/{task}/artifact/{contract}.json"


def _place_factory(bench: Workbench, address: Address, task: str, pool: str) -> None:
    arguments: tuple[Any, ...] = (
        VAULT,
        FEE_PROVIDER,
        *(_version(task, name) for name in (f"{pool}Factory", pool)),
    )
    bench.place_real(
        address,
        bench.packages.npm_artifact(PACKAGE, _file(task, f"{pool}Factory")),
        encode_arguments("(address,address,string,string)", *arguments),
        name=f"Balancer V2 {pool}Factory",
        check=f"{_RECORD}; its first pool stands where mainnet's first stood",
    )


def _version(task: str, name: str) -> str:
    return json.dumps({"name": name, "version": _VERSION, "deployment": task}, separators=(",", ":"))


PROTOCOL: Final = Protocol(name="Balancer V2 pools", build=build)
