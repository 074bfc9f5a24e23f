"""From the block we know to the block the node shows: every step linked by its parent hash, or none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from steelyard.connect.chain import ChainClient, block_parameter, parse_block
from steelyard.connect.hexes import quantity
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent, WrongChain
from steelyard.model.chain import BlockRef
from steelyard.observe.checkpoint import CheckpointUnusable

MAX_GAP_BLOCKS: Final = 256
"""Further behind than this, reading everything anew is cheaper than catching up."""


class Path(NamedTuple):
    """The way from what we know to a new head.

    Attributes:
        fork: the newest of our blocks that the head descends from; None where it is older than our memory.
        blocks: from the fork (not included) to the head.
    """

    fork: BlockRef | None
    blocks: tuple[BlockRef, ...]


def read_head(chain: ChainClient, chain_id: int) -> BlockRef:
    """Return the node's newest block, in one round trip with the chain's id.

    Raises:
        WrongChain: the node serves another chain than ``chain_id``.
        RpcInconsistent, RpcUnavailable, RpcRejected: the node cannot say.
    """
    id_, raw = chain.rpc.batch(
        [RpcRequest("eth_chainId"), RpcRequest("eth_getBlockByNumber", ["latest", False])]
    )
    found = quantity(id_, "chain id")
    if found != chain_id:
        raise WrongChain(
            f"RPC {chain.rpc.name} serves chain id {found}, but chain id {chain_id} is configured"
        )
    return parse_block(raw)


def within_reach(head: BlockRef, tip: BlockRef) -> bool:
    """Tell whether so few blocks lie between that catching up is cheaper than reading everything anew."""
    return head.number - tip.number - 1 <= MAX_GAP_BLOCKS


def path_to(chain: ChainClient, head: BlockRef, ours: Mapping[str, BlockRef], tip: BlockRef) -> Path:
    """Return the path from our blocks to ``head``.

    Args:
        ours: the blocks that we remember, by hash, oldest first and linked; ``tip`` is the newest.

    Raises:
        RpcInconsistent: the blocks that the node returns do not link, or it lacks one of them.
    """
    if not within_reach(head, tip):
        return Path(None, (head,))
    blocks = [*_between(chain, tip.number + 1, head.number - 1), head]
    for parent, child in pairwise(blocks):
        _require_link(parent, child)
    oldest = next(iter(ours.values())).number
    while blocks[0].parent_hash not in ours:
        if blocks[0].number <= oldest:
            return Path(None, (head,))
        parent = chain.block(blocks[0].parent_hash)
        _require_link(parent, blocks[0])
        blocks.insert(0, parent)
    fork = ours[blocks[0].parent_hash]
    _require_link(fork, blocks[0])
    return Path(fork, tuple(blocks))


def blocks_since(chain: ChainClient, start: BlockRef, head: BlockRef) -> tuple[BlockRef, ...]:
    """Return the blocks after ``start``, which an earlier run knew, up to ``head``.

    Raises:
        CheckpointUnusable: too many blocks lie between, or ``start`` is none of the head's ancestors.
        RpcInconsistent, RpcUnavailable, RpcRejected: the node cannot say.
    """
    if head.hash == start.hash:
        return ()
    if not within_reach(head, start):
        behind = head.number - start.number
        raise CheckpointUnusable(f"its block {start.number:,} is {behind:,} blocks old, too many to catch up")
    path = path_to(chain, head, {start.hash: start}, start)
    if path.fork is None:
        raise CheckpointUnusable(f"its block {start.number:,} {start.hash} is not of the node's chain")
    return path.blocks


def _between(chain: ChainClient, first: int, last: int) -> list[BlockRef]:
    requests = [
        RpcRequest("eth_getBlockByNumber", [block_parameter(number), False])
        for number in range(first, last + 1)
    ]
    return [parse_block(raw) for raw in chain.rpc.batch(requests)] if requests else []


def _require_link(parent: BlockRef, child: BlockRef) -> None:
    if child.parent_hash != parent.hash or child.number != parent.number + 1:
        raise RpcInconsistent(
            f"the node's block {child.number} {child.hash} does not follow {parent.number} {parent.hash}"
        )
