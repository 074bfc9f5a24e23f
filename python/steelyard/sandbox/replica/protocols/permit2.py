"""Permit2: allowances with an end, and transfers by signature.

The package holds the runtime code of a deployment on a test chain. Its two immutables, the chain's id and the
domain separator that follows from it and the address, are set to mainnet's.
"""

from __future__ import annotations

import re
from typing import Final

from eth_utils.crypto import keccak

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.packages import Origin, Packages, code_hash
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

PERMIT2: Final = Address("0x000000000022D473030F116dDEE9F6B43aC78BA3")
PACKAGED_CODE_HASH: Final = "0xa1ad0529565c25202190d4ae7f75d4ca08dc432cc760544ee7d0313b68e82ecd"
MAINNET_DOMAIN_SEPARATOR: Final = "0x866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28"

_FILE: Final = "lib/permit2/test/utils/DeployPermit2.sol"
_HEXADECIMAL: Final = re.compile(r'hex"([0-9a-f]+)"')
_TEST_CHAIN: Final = 31_337
# Of a deployment at another address on that chain.
_TEST_SEPARATOR: Final = bytes.fromhex("d5a17abc3865df5c1400c0299bd4ce2eefc8114aec5f9d3dded1745783e57b98")
_MAINNET: Final = 1
_DOMAIN: Final = "EIP712Domain(string name,uint256 chainId,address verifyingContract)"


def domain_separator(chain_id: int) -> bytes:
    """EIP-712's domain separator of Permit2 on a chain; Permit2's domain has no version."""
    return keccak(
        encode_arguments(
            "(bytes32,bytes32,uint256,address)",
            keccak(text=_DOMAIN),
            keccak(text="Permit2"),
            chain_id,
            PERMIT2,
        )
    )


def mainnet_code(packages: Packages) -> tuple[bytes, Origin]:
    """The runtime code with mainnet's immutables.

    Raises:
        ReplicaError: the package's code is not the one that is known.
    """
    text, origin = packages.npm_text("@uniswap/v4-periphery", _FILE)
    found = _HEXADECIMAL.search(text)
    code = bytes.fromhex(found.group(1)) if found else b""
    if code_hash(code) != PACKAGED_CODE_HASH:
        raise ReplicaError(f"{origin.file} holds Permit2 code of hash {code_hash(code)}")
    chain_id = _MAINNET.to_bytes(32, "big")
    code = code.replace(_TEST_CHAIN.to_bytes(32, "big"), chain_id)
    return code.replace(_TEST_SEPARATOR, domain_separator(_MAINNET)), origin


def build(bench: Workbench) -> None:
    """Places the code; Permit2's constructor leaves no storage behind."""
    code, origin = mainnet_code(bench.packages)
    bench.place_runtime(
        PERMIT2,
        code,
        origin,
        name="Permit2",
        check="Uniswap's runtime code by its hash, with mainnet's chain id and domain separator in it",
    )


PROTOCOL: Final = Protocol(name="Permit2", build=build)
