"""A node with the real relayer and a desk that it may call, and requests by keys in the process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from steelyard.connect.relay_files import signed_as_json
from steelyard.connect.relay_requests import RelayRequest, SignedRequest, sign_request
from steelyard.sandbox.abi import decode_result, encode_arguments, encode_call, selector_of
from steelyard.sandbox.anvil import Anvil, native_anvil
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import Address
from tests.support.drawn_requests import signing_with
from tests.support.patience import PATIENCE_SECONDS

ROOT: Final = Path(__file__).resolve().parents[2]
CHAIN_ID: Final = 31_337
FOREVER: Final = 2**40 - 1
CALL_GAS: Final = 2_000_000
"""Six of these fit into one transaction."""
SIGNERS: Final = tuple(Account.from_key(bytes([number]) * 32) for number in (1, 2, 3))
_OWNER: Final = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"  # anvil's first
_BUILD: Final = ROOT / ".build" / "__local__.json"


@cache
def creation_code(name: str) -> bytes:
    """Creation code of one of our contracts, as the set-up compiled it."""
    types = json.loads(_BUILD.read_text(encoding="utf-8"))["contractTypes"]
    return bytes.fromhex(types[name]["deploymentBytecode"]["bytecode"].removeprefix("0x"))


@dataclass(frozen=True)
class RelayNode:
    """A chain that mines at once, on which anvil's first account owns the relayer."""

    url: str
    rpc: SandboxRpc
    relayer: Address
    desk: Address

    def sign(self, nonce: int, function: str = "visit(uint256)", **changes: Any) -> SignedRequest:
        """A request for the desk; the nonce chooses the signer, and is what the desk is told."""
        key: LocalAccount = SIGNERS[nonce % len(SIGNERS)]
        argument: Any = b"closed" if function == "refuse(bytes)" else nonce
        fields: dict[str, Any] = {
            "signer": Address(key.address),
            "target": self.desk,
            "data": encode_call(function, argument),
            "gas": CALL_GAS,
            "nonce": nonce,
            "valid_until_seconds": FOREVER,
        }
        return sign_request(RelayRequest(**(fields | changes)), CHAIN_ID, self.relayer, signing_with(key))

    def visits(self) -> int:
        return int(_read(self.rpc, self.desk, "visits()"))

    def visits_of(self, signer: LocalAccount) -> int:
        return int(_read(self.rpc, self.desk, "visitsOf(address)", signer.address))

    def sent_by(self, account: str) -> int:
        """Transactions of ``account``'s that were mined."""
        return int(self.rpc.call("eth_getTransactionCount", account, "latest"), 16)


def write(folder: Path, *batch: SignedRequest) -> Path:
    """Write signed requests into a folder, named by their nonces."""
    folder.mkdir(exist_ok=True)
    for signed in batch:
        file = folder / f"{signed.request.nonce:03}.json"
        file.write_text(signed_as_json(signed), encoding="utf-8")
    return folder


def configure(node: RelayNode, folder: Path) -> Path:
    """Write the configuration of a relaying operator."""
    file = folder / "steelyard.toml"
    file.write_text(f'[chain]\nchain_id = {CHAIN_ID}\nrpc_url = "{node.url}"\n', encoding="utf-8")
    return file


@contextmanager
def relay_node() -> Iterator[RelayNode]:
    """Start a node on a free port, deploy relayer and desk, and stop it at the end."""
    with Anvil(native_anvil(ROOT), ["--chain-id", str(CHAIN_ID)]) as anvil:
        rpc = SandboxRpc(anvil.rpc_url)
        relayer = _deploy(rpc, "GaslessTransactionRelayer", encode_arguments("(address)", _OWNER))
        desk = _deploy(rpc, "RelayDesk", encode_arguments("(address)", relayer))
        for function in ("visit(uint256)", "refuse(bytes)"):
            listed = encode_call("allowCall(address,bytes4)", desk, selector_of(function))
            _send(rpc, {"to": relayer, "data": "0x" + listed.hex()})
        try:
            yield RelayNode(anvil.rpc_url, rpc, relayer, desk)
        finally:
            rpc.close()


def _deploy(rpc: SandboxRpc, name: str, arguments: bytes) -> Address:
    receipt = _send(rpc, {"data": "0x" + (creation_code(name) + arguments).hex()})
    return Address(to_checksum_address(receipt["contractAddress"]))


def _send(rpc: SandboxRpc, call: dict[str, str]) -> dict[str, Any]:
    transaction = rpc.call("eth_sendTransaction", {"from": _OWNER, "gas": hex(6_000_000), **call})
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        receipt: dict[str, Any] | None = rpc.call("eth_getTransactionReceipt", transaction)
        if receipt is not None:
            assert int(receipt["status"], 16) == 1, call
            return receipt
        time.sleep(0.005)
    raise TimeoutError(f"not mined in {PATIENCE_SECONDS:.0f} seconds: {call}")


def _read(rpc: SandboxRpc, to: str, signature: str, *arguments: Any) -> int:
    call = {"to": to, "data": "0x" + encode_call(signature, *arguments).hex()}
    answer = rpc.call("eth_call", call, "latest")
    return int(decode_result("(uint256)", bytes.fromhex(answer[2:]))[0])
