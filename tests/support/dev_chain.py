"""An anvil that mines only when told to, with the doubles of executor and vault on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account import Account

from steelyard.connect.chain import ChainClient
from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.rpc import RpcClient
from steelyard.model import Address, BlockRef
from steelyard.sandbox.anvil import Anvil, native_anvil
from steelyard.units import ETHER
from tests.support import vault_double
from tests.support.executor_double import BASE_SLOT, COUNT_SLOT, EXECUTOR_DOUBLE, EXTRA_SLOT, FAIL_SLOT
from tests.support.plans import EXECUTOR, KEEPER, VAULT

ROOT = Path(__file__).parents[2]
KEEPER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's first, public
STRANGER = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
GENESIS_SECONDS = 1_700_000_000


class KeySigner:
    """``model.ports.Signer`` over a bare key, for tests that are not about Ape."""

    def __init__(self, key: str = KEEPER_KEY) -> None:
        self._account = Account.from_key(key)
        self.signatures = 0

    @property
    def address(self) -> Address:
        return Address(self._account.address)

    def sign(self, fields: dict[str, object]) -> bytes:
        self.signatures += 1
        return bytes(self._account.sign_transaction(fields).raw_transaction)


class DevChain:
    """What tests do to the chain, beside what the keeper does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rpc = RpcClient(url)
        self.client = ChainClient(self.rpc, errors=KNOWN_ERRORS)

    def mine(self, blocks: int = 1, *, seconds: int = 12) -> BlockRef:
        for _ in range(blocks):
            head = self.client.block()
            self.rpc.call("evm_mine", [head.timestamp_seconds + seconds])
        return self.client.block()

    def install_doubles(self) -> None:
        self.rpc.call("anvil_setCode", [EXECUTOR, "0x" + EXECUTOR_DOUBLE.hex()])

        self.rpc.call("anvil_setCode", [VAULT, "0x" + vault_double.VAULT_DOUBLE.hex()])

    def set_slot(self, slot: int, value: int, *, of: Address = EXECUTOR) -> None:
        self.rpc.call("anvil_setStorageAt", [of, hex(slot), f"0x{value:064x}"])

    def fail_with_gain(self, gain: int) -> None:
        self.set_slot(FAIL_SLOT, gain)

    def pay_extra(self, amount: int) -> None:
        self.set_slot(EXTRA_SLOT, amount)

    def require_order(self, base_amount: int) -> None:
        """Let a plan whose loan is ``n`` above ``base_amount`` succeed only behind ``n`` others."""
        self.set_slot(BASE_SLOT, base_amount)

    def executions(self) -> int:
        return self._slot(EXECUTOR, COUNT_SLOT)

    def stop_vault(self) -> None:
        self.set_slot(vault_double.FAIL_SLOT, 1, of=VAULT)

    def rebalance_by(self, moved: int, loss: int) -> None:
        """Have each rebalance move and lose so much."""
        self.set_slot(vault_double.MOVED_SLOT, moved, of=VAULT)
        self.set_slot(vault_double.LOSS_SLOT, loss, of=VAULT)

    def rebalances(self) -> int:
        return self._slot(VAULT, vault_double.COUNT_SLOT)

    def _slot(self, address: Address, slot: int) -> int:
        return int(self.rpc.call("eth_getStorageAt", [address, hex(slot), "latest"]), 16)

    def set_balance(self, address: Address, wei: int) -> None:
        self.rpc.call("anvil_setBalance", [address, hex(wei)])

    def forget_pool(self) -> None:
        """Drop what waits in the pool, as a node that was started again does."""
        self.rpc.call("anvil_dropAllTransactions")

    def pool(self) -> dict[str, Any]:
        pending: dict[str, Any] = self.rpc.call("txpool_content")["pending"]
        return pending

    def send_from_keeper(self, nonce: int, *, fee_wei: int = 100 * 10**9) -> str:
        """Send a transfer with the keeper's key from elsewhere: another program that uses it."""
        raw = KeySigner().sign(
            {
                "type": 2,
                "chainId": 1,
                "to": STRANGER,
                "nonce": nonce,
                "gas": 21_000,
                "maxFeePerGas": fee_wei,
                "maxPriorityFeePerGas": fee_wei,
                "value": 1,
                "data": b"",
            }
        )
        return self.client.send_raw(raw)


@contextmanager
def start_chain() -> Iterator[DevChain]:
    """Start an anvil on a free port, give it the executor's double, and stop it at the end."""
    arguments = ["--no-mining", "--chain-id", "1", "--timestamp", str(GENESIS_SECONDS), "--accounts", "2"]
    with Anvil(native_anvil(ROOT), arguments) as anvil:
        chain = DevChain(anvil.rpc_url)
        chain.install_doubles()
        chain.set_balance(KEEPER, 100 * ETHER)
        chain.mine()
        try:
            yield chain
        finally:
            chain.rpc.close()
