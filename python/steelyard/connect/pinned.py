"""Programs that run in an ``eth_call`` without ``to``: no contract, any state, one block.

An ``eth_call`` without ``to`` runs its data as the init code of a contract that is never created, and returns
what that code returns. Nodes bound both sides:

- the data may have 49,152 bytes (EIP-3860);
- what it returns would become code, so it may have 24,576 bytes (EIP-170), must not begin with 0xEF
  (EIP-3541), and costs 200 gas a byte.

So a long read is split into chunks. They go out as JSON-RPC batches, all pinned to one block: by its hash
(EIP-1898) where the node takes that, else by its height with the hash checked before and after. A chunk for
which the node grants too little gas or room is halved and tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, Self, TypeVar

from steelyard.connect.chain import ChainClient, as_revert, call_fields, state_parameter
from steelyard.connect.hexes import blob
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent, RpcRejected
from steelyard.model.chain import BlockRef

MAX_INIT_CODE_BYTES: Final = 49_152
MAX_RETURN_BYTES: Final = 24_576
_CHUNKS_PER_POST: Final = 16
_TOO_MUCH: Final = ("gas", "size", "limit", "large")
"""Words in a node's refusal of a chunk that half of it may escape."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class InitCodeChunk(Protocol[T_co]):
    """One program with its arguments."""

    def init_code(self) -> bytes:
        """Return the program and its list."""
        ...

    def decode(self, output: bytes) -> Sequence[T_co]:
        """Return the results. Raises RpcInconsistent where the output cannot be the program's."""
        ...

    def halves(self) -> Sequence[Self]:
        """Return chunks of half the work each, or none where it cannot be divided."""
        ...

    def unreadable(self) -> Sequence[T_co]:
        """Return what a chunk that cannot be run comes to, or raise."""
        ...


class PinnedReader:
    """Runs chunks on the state after one block."""

    def __init__(self, chain: ChainClient) -> None:
        self._chain = chain
        self._takes_hashes = True

    def run(self, chunks: Sequence[InitCodeChunk[T]], block: BlockRef) -> list[T]:
        """Return the results of all chunks, in order.

        Raises:
            RpcInconsistent: the node does not know the block (any more), or answers nonsense.
            RpcUnavailable: no answer in time.
            RpcRejected: the node refuses such calls.
        """
        return self.run_beside((), chunks, block)[1]

    def run_beside(
        self, beside: Sequence[RpcRequest], chunks: Sequence[InitCodeChunk[T]], block: BlockRef
    ) -> tuple[list[Any], list[T]]:
        """Like ``run``, with other requests in the same round trip; returns their results first."""
        if not self._takes_hashes:
            return self._run_by_number(beside, chunks, block)
        try:
            return self._run(beside, chunks, state_parameter(block.hash))
        except RpcRejected as refusal:
            if self._chain.find_block(block.hash) is None:
                raise RpcInconsistent(f"the node no longer knows block {block.number} {block.hash}") from None
            try:
                results = self._run_by_number(beside, chunks, block)
            except RpcRejected:
                raise refusal from None
            self._takes_hashes = False  # it knows the block, and refuses only to be asked by hash (EIP-1898)
            return results

    def _run_by_number(
        self, beside: Sequence[RpcRequest], chunks: Sequence[InitCodeChunk[T]], block: BlockRef
    ) -> tuple[list[Any], list[T]]:
        self._require_canonical(block)
        results = self._run(beside, chunks, state_parameter(block.number))
        self._require_canonical(block)
        return results

    def _require_canonical(self, block: BlockRef) -> None:
        found = self._chain.find_block(block.number)
        if found is None or found.hash != block.hash:
            raise RpcInconsistent(f"block {block.number} is no longer {block.hash}")

    def _run(
        self, beside: Sequence[RpcRequest], chunks: Sequence[InitCodeChunk[T]], state: object
    ) -> tuple[list[Any], list[T]]:
        results: list[T] = []
        others: list[Any] = []
        for start in range(0, max(len(chunks), 1), _CHUNKS_PER_POST):
            part = chunks[start : start + _CHUNKS_PER_POST]
            ahead = beside if start == 0 else ()
            requests = [
                RpcRequest("eth_call", [call_fields(None, chunk.init_code()), state]) for chunk in part
            ]
            outcomes = self._chain.rpc.batch_outcomes([*ahead, *requests])
            for outcome in outcomes[: len(ahead)]:
                if isinstance(outcome, RpcRejected):
                    raise outcome
                others.append(outcome)
            for chunk, outcome in zip(part, outcomes[len(ahead) :], strict=True):
                results.extend(self._results(chunk, outcome, state))
        return others, results

    def _results(self, chunk: InitCodeChunk[T], outcome: Any, state: object) -> Sequence[T]:
        if not isinstance(outcome, RpcRejected):
            return chunk.decode(blob(outcome, "answer to a batch of reads"))
        words = str(outcome).lower()
        if as_revert(outcome) is None and not any(word in words for word in _TOO_MUCH):
            raise outcome
        halves = chunk.halves()
        return self._run((), halves, state)[1] if halves else chunk.unreadable()
