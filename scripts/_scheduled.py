"""What a vault's AccessManager has scheduled, read from its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import ape
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from scripts._authority import authority_container, date_text
from scripts._site import creation_block
from scripts._vault_record import DeployedVault
from steelyard.connect.abi import selector, topic
from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import blob, checksum
from steelyard.units import Address

_SCHEDULED: Final = topic("OperationScheduled(bytes32,uint32,uint48,address,address,bytes)")
_SELECTOR_BYTES: Final = 4


@dataclass(frozen=True)
class Operation:
    """One act of the administration that waits.

    Attributes:
        ready_seconds: from when on it can be done.
        what: the call, in words.
    """

    id: str
    ready_seconds: int
    caller: str
    target: str
    data: bytes
    what: str

    @property
    def text(self) -> str:
        """All of it, for people."""
        return f"{self.id}\n  {self.what}\n  by {self.caller}, from {date_text(self.ready_seconds)} on"


def scheduled_operations(chain: ChainClient, deployed: DeployedVault) -> list[Operation]:
    """Return what is scheduled and neither done, called off nor void, in the order of its scheduling."""
    authority = deployed.authority
    at = Address(authority.address)
    events = chain.raw_logs(from_block=creation_block(chain, at), addresses=[at], topics=[_SCHEDULED])
    ids = dict.fromkeys(event["topics"][1] for event in events)
    calls = {event["topics"][1]: event for event in events}
    ready = {each: int(authority.getSchedule(bytes.fromhex(each[2:]))) for each in ids}
    return [_operation(deployed, each, ready[each], calls[each]) for each in ids if ready[each]]


def _operation(
    deployed: DeployedVault, identity: str, ready_seconds: int, event: dict[str, Any]
) -> Operation:
    _, caller, target, data = decode(["uint48", "address", "address", "bytes"], blob(event["data"], "event"))
    return Operation(
        id=identity,
        ready_seconds=ready_seconds,
        caller=checksum(caller),
        target=checksum(target),
        data=data,
        what=_in_words(deployed, checksum(target), data),
    )


def _in_words(deployed: DeployedVault, target: Address, data: bytes) -> str:
    """The call by its name and values, where it is one of ours; else as it is."""
    containers = {
        deployed.vault.address: ape.project.AllocationVault,
        deployed.record["authority"]: authority_container(),
        deployed.record["price_source"]: ape.project.FeedPriceSource,
    }
    known = containers.get(target, ape.project.Erc4626Strategy)
    for method in known.contract_type.mutable_methods:
        if selector(method.selector) != data[:_SELECTOR_BYTES]:
            continue
        try:
            values = decode([part.canonical_type for part in method.inputs], data[_SELECTOR_BYTES:])
        except DecodingError:
            break
        named = zip(method.inputs, values, strict=True)
        shown = ", ".join(f"{part.name}={_shown(part.canonical_type, value)}" for part, value in named)
        return f"{method.name}({shown}) of {deployed.name_of(target)}"
    return f"the call 0x{data.hex()} of {target}"


def _shown(kind: str, value: Any) -> str:
    if kind == "address":
        return checksum(value)
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
