"""Blocks on purpose: every block of the sandbox has a chosen time and base fee."""

from __future__ import annotations

import threading
from random import Random
from types import TracebackType
from typing import Final, Self

from steelyard.exceptions import StopError
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import GWEI

BLOCK_SECONDS: Final = 12
BASE_FEE_START_WEI: Final = 20 * GWEI
BASE_FEE_FLOOR_WEI: Final = 8 * GWEI
BASE_FEE_CEILING_WEI: Final = 60 * GWEI
_LARGEST_STEP_DENOMINATOR: Final = 8
"""EIP-1559: from one block to the next the base fee moves by an eighth at most (12.5 %)."""


class TransactionFailed(StopError):
    """A transaction of the sandbox itself reverted or was not mined."""


def wander_base_fee(base_fee_wei: int, random: Random) -> int:
    """The next block's base fee: a step within EIP-1559's eighth, drawn towards 20 gwei.

    The sandbox's own transactions would leave mainnet-sized blocks nearly empty, so following the gas used
    would only let the fee sink. Rounds towards the old fee, so that a step never exceeds the eighth.
    """
    largest = base_fee_wei // _LARGEST_STEP_DENOMINATOR
    # Three steps in five lead back to the start, so the fee wanders but stays where mainnet's was.
    homeward = 1 if base_fee_wei < BASE_FEE_START_WEI else -1
    direction = homeward if random.randrange(5) < 3 else -homeward
    step = random.randrange(largest + 1)
    return min(BASE_FEE_CEILING_WEI, max(BASE_FEE_FLOOR_WEI, base_fee_wei + direction * step))


class Miner:
    """Mines blocks 12 seconds apart, with a base fee that wanders by seed.

    The same seed on the same state gives the same times and fees; with the same transactions, the same
    hashes.

    Args:
        rpc: a node started with ``--no-mining``.
        seed: of the base fee's walk.

    Attributes:
        next_base_fee_wei: base fee of the block that :meth:`mine` will mine.
    """

    def __init__(self, rpc: SandboxRpc, seed: int) -> None:
        self._rpc = rpc
        self._random = Random(f"base fee {seed}")
        block = rpc.call("eth_getBlockByNumber", "latest", False)
        self.next_base_fee_wei = wander_base_fee(
            max(BASE_FEE_FLOOR_WEI, int(block["baseFeePerGas"], 16)), self._random
        )

    def announce(self) -> None:
        """Tells the node the next block's base fee, so that whoever asks for it can bid."""
        self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(self.next_base_fee_wei))

    def mine(self) -> int:
        """Mines one block of all that is pending and can pay; returns its number."""
        latest = self._rpc.call("eth_getBlockByNumber", "latest", False)
        mine_block(self._rpc, int(latest["timestamp"], 16) + BLOCK_SECONDS, self.next_base_fee_wei)
        self.next_base_fee_wei = wander_base_fee(self.next_base_fee_wei, self._random)
        return int(latest["number"], 16) + 1


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
    """

    _PAUSE_SECONDS: Final = 0.05

    def __init__(self, url: str, base_fee_wei: int = BASE_FEE_START_WEI) -> None:
        self._url = url
        self._base_fee_wei = base_fee_wei
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mine-on-demand", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        with SandboxRpc(self._url) as rpc:
            while not self._stop.wait(self._PAUSE_SECONDS):
                if int(rpc.call("txpool_status")["pending"], 16):
                    latest = rpc.call("eth_getBlockByNumber", "latest", False)
                    mine_block(rpc, int(latest["timestamp"], 16) + BLOCK_SECONDS, self._base_fee_wei)
