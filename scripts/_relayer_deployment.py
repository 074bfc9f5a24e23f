"""How a relayer comes to a chain: where it will stand, the steps to it, and what is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ape
import click
from ape.contracts import ContractInstance

from scripts._deployment import place_proxy
from scripts._executor import DeploymentRefused, address_or_none, default_output, write_record
from scripts._site import Site, code_hash, creation_block, creation_code
from scripts._steps import Step
from steelyard.connect.abi import selector
from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import checksum
from steelyard.units import Address

SUFFIX: Final = "-relayer"


@dataclass(frozen=True)
class AllowedCall:
    """A function of a target, as ``0xTARGET:function(types)`` says it."""

    target: Address
    signature: str

    @property
    def selector(self) -> bytes:
        """The function's first four bytes of calldata."""
        return selector(self.signature)

    @staticmethod
    def parse(text: str) -> AllowedCall:
        """Read one. Raises click.BadParameter."""
        target, _, signature = text.partition(":")
        if not signature.endswith(")") or "(" not in signature or " " in signature:
            raise click.BadParameter(f"{text!r} is not 0xTARGET:function(types)")
        try:
            return AllowedCall(checksum(target), signature)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None


def relayer_output(chain_id: int) -> Path:
    """Where a relayer's deployment is written down: beside the executor's."""
    usual = default_output(chain_id)
    return usual.with_name(f"{chain_id}{SUFFIX}.json")


def relayer_at(address: str) -> ContractInstance:
    """Return the relayer at an address, where it need not stand yet."""
    return ContractInstance(address, ape.project.GaslessTransactionRelayer.contract_type)


class RelayerBlueprint:
    """A relayer on one chain, before and after it stands there."""

    def __init__(
        self,
        chain: ChainClient,
        *,
        deployer: Address,
        owner: str | None,
        guardian: str | None,
        salt: str,
        calls: Sequence[AllowedCall],
    ) -> None:
        """Compute where it will stand; ``deployer`` owns it while it is set up."""
        self.chain, self._calls = chain, calls
        self._deployer, self._owner, self._guardian = deployer, owner, guardian
        self._site = Site(chain, salt)
        self._code = creation_code(ape.project.GaslessTransactionRelayer, deployer)
        self.address = self._site.address_of(self._code)
        self.relayer = relayer_at(self.address)

    def steps(self) -> list[Step]:
        """All that is to be done, in order, whether or not it has been."""
        place_proxy(self.chain)
        steps = [self._site.create("GaslessTransactionRelayer", self._code)]
        steps += [self._allowing(call) for call in self._calls]
        if self._guardian is not None:
            named = self._guardian
            steps.append(
                self._call(
                    f"name {named} guardian",
                    lambda: bool(self.relayer.guardian() == named),
                    "setGuardian",
                    named,
                )
            )
        if self._owner is not None and self._owner != self._deployer:
            offered = self._owner
            steps.append(
                self._call(
                    f"offer ownership to {offered}",
                    lambda: offered in (self.relayer.pendingOwner(), self.relayer.owner()),
                    "transferOwnership",
                    offered,
                )
            )
        return steps

    def record(self) -> dict[str, Any]:
        """Return what is written down, read from the chain."""
        calls = [
            {"target": str(call.target), "selector": "0x" + bytes(call.selector).hex()}
            for call in self.relayer.allowedCalls()
        ]
        return {
            "chain_id": ape.networks.provider.chain_id,
            "relayer": self.address,
            "code_hash": code_hash(self.chain, self.address),
            "block_number": creation_block(self.chain, self.address),
            "owner": self.relayer.owner(),
            "pending_owner": address_or_none(self.relayer.pendingOwner()),
            "guardian": address_or_none(self.relayer.guardian()),
            "allowed_calls": calls,
        }

    def write(self, path: Path) -> None:
        """Write it down."""
        write_record(path, self.record())

    def require_trust(self) -> None:
        """See that the targets trust the relayer, where it stands. Raises DeploymentRefused."""
        if not self._site.stands(self.address):
            return
        for call in self._calls:
            if not self.relayer.isTrustedBy(call.target):
                raise DeploymentRefused(
                    f"{call.target} does not trust {self.address}: deploy it with this forwarder"
                )

    def _allowing(self, call: AllowedCall) -> Step:
        return self._call(
            f"allow {call.signature} of {call.target}",
            lambda: bool(self.relayer.isCallAllowed(call.target, call.selector)),
            "allowCall",
            call.target,
            call.selector,
        )

    def _call(self, title: str, done: Callable[[], bool], method: str, *arguments: Any) -> Step:
        return self._site.call(self.relayer, title, done, method, *arguments)
