"""Addresses that follow from what is deployed (CREATE2, EIP-1014)."""

from __future__ import annotations

from typing import Final

from eth_hash.auto import keccak

from steelyard.connect.abi import address_word, word
from steelyard.connect.hexes import checksum
from steelyard.model.plan import VenueKind
from steelyard.units import Address

DEPLOYMENT_PROXY: Final = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
"""Deploys what it is sent, salt first, at the same address on every chain; nobody owns it.

Source: https://github.com/Arachnid/deterministic-deployment-proxy
"""

DEPLOYMENT_PROXY_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
"""Its whole code: deploy calldata from byte 32 on, with the first 32 bytes as salt; return the address."""


def create2_address(deployer: Address, salt: bytes, init_code_hash: bytes) -> Address:
    """Return where ``deployer`` puts creation code of this hash under this salt of 32 bytes."""
    packed = b"\xff" + bytes.fromhex(deployer[2:]) + salt + init_code_hash
    return checksum("0x" + keccak(packed)[-20:].hex())


def pool_address(
    kind: VenueKind, deployer: Address, init_code_hash: bytes, tokens: tuple[Address, Address], fee_pips: int
) -> Address:
    """Return where a listed factory puts the pool of a pair; their order does not matter.

    As ``PoolAddressLib`` does: ``fee_pips`` counts for kinds with fee tiers only.
    """
    token0, token1 = sorted(tokens, key=lambda token: int(token, 16))
    if kind is VenueKind.UNISWAP_V2:
        seed = bytes.fromhex(token0[2:] + token1[2:])
    else:
        seed = address_word(token0) + address_word(token1)
        if kind.has_tiers:
            seed += word(fee_pips)
    return create2_address(deployer, keccak(seed), init_code_hash)
