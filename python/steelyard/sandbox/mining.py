"""Blocks on purpose: every block of the sandbox has a chosen time and base fee."""

from __future__ import annotations

import threading
from typing import Final, Self

from steelyard.model.chain import BlockRef
from steelyard.sandbox.rpc import SandboxRpc

BLOCK_SECONDS: Final = 12


class Miner:
    """Mines blocks 12 seconds apart, each at the base fee that EIP-1559 gives it.

    The same transactions on the same state give the same hashes.

    Args:
        rpc: a node started with ``--no-mining``.
    """

    def __init__(self, rpc: SandboxRpc) -> None:
        self._rpc = rpc

    def announce(self) -> BlockRef:
        """Tells the node the next block's base fee, so that whoever asks can bid; returns its parent."""
        parent = read_block(self._rpc)
        self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(parent.next_base_fee_wei()))
        return parent

    def mine(self) -> int:
        """Mines one block of all that is pending and can pay; returns its number."""
        parent = read_block(self._rpc)
        mine_block(self._rpc, parent.timestamp_seconds + BLOCK_SECONDS, parent.next_base_fee_wei())
        return parent.number + 1


def read_block(rpc: SandboxRpc, block: str = "latest") -> BlockRef:
    """The block's header, as far as the next block follows from it."""
    raw = rpc.call("eth_getBlockByNumber", block, False)
    return BlockRef(
        number=int(raw["number"], 16),
        hash=raw["hash"],
        parent_hash=raw["parentHash"],
        timestamp_seconds=int(raw["timestamp"], 16),
        base_fee_wei=int(raw["baseFeePerGas"], 16),
        gas_used=int(raw["gasUsed"], 16),
        gas_limit=int(raw["gasLimit"], 16),
    )


def mine_block(rpc: SandboxRpc, timestamp_seconds: int, base_fee_wei: int) -> None:
    """Mines one block at exactly this time and base fee."""
    # Two requests and not one batch: anvil may run the members of a batch side by side.
    rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))
    rpc.call("evm_mine", timestamp_seconds)


class MineOnDemand:
    """Mines a block as soon as a transaction waits, while a program that expects that does its work.

    A program that sends its transactions one by one gets a block for each, 12 seconds apart on the chain's
    clock: the same program gives the same blocks, however long it takes. A context manager.

    Args:
        url: a node started with ``--no-mining``.
        base_fee_wei: of every block that it mines.
    """

    _PAUSE_SECONDS: Final = 0.05

    def __init__(self, url: str, base_fee_wei: int) -> None:
        self._url = url
        self._base_fee_wei = base_fee_wei
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mine-on-demand", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        with SandboxRpc(self._url) as rpc:
            while not self._stop.wait(self._PAUSE_SECONDS):
                if int(rpc.call("txpool_status")["pending"], 16):
                    parent = read_block(rpc)
                    mine_block(rpc, parent.timestamp_seconds + BLOCK_SECONDS, self._base_fee_wei)
