"""Where contracts come to stand by CREATE2, the steps that bring them, and what stands there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ape.contracts import ContractContainer, ContractInstance
from eth_hash.auto import keccak

from scripts._steps import Step, StepRefused, call_step
from steelyard.connect.chain import ChainClient
from steelyard.connect.create2 import DEPLOYMENT_PROXY, create2_address
from steelyard.connect.hexes import to_hex
from steelyard.exceptions import RetryError, RpcRejected
from steelyard.units import Address


class Site:
    """One chain and one salt: addresses follow from them and from the code alone."""

    def __init__(self, chain: ChainClient, salt: str) -> None:
        self.chain = chain
        self._salt = bytes(keccak(salt.encode()))

    def address_of(self, code: bytes) -> Address:
        """Return where this creation code comes to stand."""
        return create2_address(DEPLOYMENT_PROXY, self._salt, bytes(keccak(code)))

    def stands(self, address: str) -> bool:
        """Whether an address holds code."""
        return bool(self.chain.code(Address(address)))

    def create(self, name: str, code: bytes) -> Step:
        """Return the step that brings a contract."""
        at = self.address_of(code)
        return Step(
            f"deploy {name} at {at}", DEPLOYMENT_PROXY, self._salt + code, lambda: self.stands(at), creates=at
        )

    def call(
        self, contract: ContractInstance, title: str, done: Callable[[], bool], method: str, *arguments: Any
    ) -> Step:
        """Return a step that calls a contract, which need not stand yet."""
        return call_step(
            contract, title, lambda: self.stands(contract.address) and done(), method, *arguments
        )


def creation_code(container: ContractContainer, *arguments: Any) -> bytes:
    """Return what creates the contract: compiled code and the constructor's arguments."""
    return bytes(container(*arguments).data)


def runtime_hash(chain: ChainClient, code: bytes) -> str:
    """Hash of what creation code returns: the code that would stand there, immutables filled in."""
    return "0x" + keccak(chain.eth_call(None, code)).hex()


def runtime_code_at(chain: ChainClient, address: str, code: bytes) -> bytes:
    """Return the code that creation code leaves at an address: some contracts remember where they are.

    The constructor is run there in a call, over whatever there is.

    Raises:
        CallReverted: the constructor refuses.
        StepRefused: the node cannot run a call on another state than the chain's.
    """
    try:
        return chain.eth_call(Address(address), b"", overrides={address: {"code": to_hex(code)}})
    except RpcRejected as error:
        raise StepRefused(
            f"the node takes no state overrides in eth_call, which this needs; another node does: {error}"
        ) from None


def code_hash(chain: ChainClient, address: Address) -> str | None:
    """Return the hash of the code at an address as 0x-hex; None where there is none."""
    code = chain.code(address)
    return "0x" + keccak(code).hex() if code else None


def creation_block(chain: ChainClient, address: Address) -> int:
    """Return the block that brought code to ``address``; or the oldest that the node has the state of."""
    without, with_code = 0, chain.block().number
    while with_code - without > 1:
        middle = (without + with_code) // 2
        try:
            stood = bool(chain.code(address, middle))
        except (RpcRejected, RetryError):
            stood = False
        without, with_code = (without, middle) if stood else (middle, with_code)
    return with_code
