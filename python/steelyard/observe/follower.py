"""Follows the market block by block: one frozen snapshot for each new head.

A cold start reads everything at one block; a warm one takes up what a checkpoint saved, and catches up by
logs. From then on a block costs two round trips: the head, then its logs together with the lenders' terms and
an audit of some pools, all pinned to the block's hash. A snapshot is published only where everything agrees;
where the node contradicts itself, RpcInconsistent is raised, what we know stays as it was, and the next poll
tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from steelyard.connect.chain import ChainClient
from steelyard.connect.multicall import Multicall
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef, GasTerms, Token
from steelyard.model.lending import LenderTerms
from steelyard.model.snapshot import MarketSnapshot
from steelyard.observe.audit import Audit, Turns
from steelyard.observe.checkpoint import Checkpoint, CheckpointUnusable
from steelyard.observe.checkpointer import Checkpointer
from steelyard.observe.discovery import PoolIdentity, created_pool
from steelyard.observe.evidence import NOTHING, EvidenceSource
from steelyard.observe.heads import Path, blocks_since, path_to, read_head, within_reach
from steelyard.observe.index import Draft, PoolIndex
from steelyard.observe.lenders import LenderReader
from steelyard.observe.lending_pools import lending_pools
from steelyard.observe.logs import WATCHED_TOPICS
from steelyard.observe.pools import Known, read_pools
from steelyard.observe.progress import Notice, Progress, silent
from steelyard.observe.search import PoolSearch
from steelyard.observe.tokens import read_tokens
from steelyard.observe.watch import WatchList
from steelyard.units import Address

_BACKWARD_PATIENCE: Final = 2
"""Polls in a row that must show an old head before it is believed: a lagging node shows one for a moment."""
_POOLS_AT_ONCE: Final = 1_000
_BLOCKS_AT_ONCE: Final = 16
"""Logs of so many blocks go into one request: some megabytes of a busy chain."""


class MarketFollower:
    """Owns the mutable index of pools and publishes snapshots. Belongs to one thread, as its client does."""

    def __init__(
        self,
        chain: ChainClient,
        watch: WatchList,
        *,
        priority_fee_wei: int,
        clock: Callable[[], int],
        audited_pools: int = 64,
        history_blocks: int = 128,
        evidence: EvidenceSource = NOTHING,
        checkpointer: Checkpointer | None = None,
        notice: Notice = silent,
    ) -> None:
        """Prepare; nothing is read before the first poll.

        Args:
            priority_fee_wei: what we would pay on top of the base fee, for the snapshot's gas terms.
            clock: wall-clock time in whole seconds.
            audited_pools: pools whose state is compared with the chain's in each block, in turn: finds logs
                that the node kept from us.
            history_blocks: how deep a reorg may be before everything is read anew.
            evidence: what is observed beside pools and lenders: oracles, trials of tokens.
            checkpointer: keeps what is known over a restart; None starts cold each time.
            notice: told how the market was read at the start, and how far a long reading has got.
        """
        self._chain = chain
        self._watch = watch
        self._priority_fee_wei = priority_fee_wei
        self._clock = clock
        self._turns = Turns(audited_pools)
        self._multicall = Multicall(chain)
        self._search = PoolSearch(chain, watch)
        self.evidence = evidence
        self._checkpointer = checkpointer
        self._notice = notice
        self._index = PoolIndex(history_blocks)
        self._lenders = LenderReader({}, ())
        self._venues = {venue.factory.lower(): venue for venue in watch.venues}
        self._tokens: dict[Address, Token] = {}
        self._unusable: dict[Address, str] = {}
        self._started = False
        self._backward_polls = 0
        self.reorgs = 0
        self.repairs = 0
        """Times that an audit found the node's logs incomplete, and everything was read anew."""

    def poll(self) -> MarketSnapshot | None:
        """Return the newest block's market, or None where the node shows no new block.

        Raises:
            RpcUnavailable: the node does not answer; nothing has changed here.
            RpcInconsistent: it contradicts itself; nothing has changed here.
            WrongChain, RpcRejected: an operator must look at the node.
        """
        head = read_head(self._chain, self._watch.chain_id)
        if not self._started:
            return self._start(head)
        tip = self._index.tip
        if head.hash == tip.hash:
            self._backward_polls = 0
            self.evidence.refresh(self._multicall, tip, self._index.pools(), idle=True)
            return None
        path = self._path(head, tip)
        if path.fork is None:
            return self._reread(head, reorgs=self.reorgs + within_reach(head, tip))
        return self._advance(path.fork, path.blocks, head, self._turns.next(self._everyone()))

    def close(self) -> None:
        """Save what is known for the next start. The follower can go on afterwards."""
        if self._checkpointer is not None:
            number = self._index.tip.number if self._started else None
            self._checkpointer.close(number, self._checkpoint)

    def _path(self, head: BlockRef, tip: BlockRef) -> Path:
        """Return the way to ``head``; an old block of our own chain counts only when the node insists."""
        if head.hash not in self._index.blocks:
            self._backward_polls = 0
            return path_to(self._chain, head, self._index.blocks, tip)
        self._backward_polls += 1
        if self._backward_polls < _BACKWARD_PATIENCE:
            raise RpcInconsistent(f"the node's head went back from block {tip.number} to {head.number}")
        self._backward_polls = 0
        return Path(head, ())

    def _start(self, head: BlockRef) -> MarketSnapshot:
        snapshot = self._resume(head) or self._start_cold(head)
        self._started = True
        # Whoever is told first must look at all of it, whatever was known before a first try broke off.
        return replace(snapshot, touched=frozenset(snapshot.pools))

    def _start_cold(self, head: BlockRef) -> MarketSnapshot:
        tokens, unusable = read_tokens(self._multicall, self._watch.tokens, head)
        self._prepare(head, tokens, unusable)
        return self._reread(head, reorgs=self.reorgs)

    def _resume(self, head: BlockRef) -> MarketSnapshot | None:
        """Take up the checkpoint and catch up with ``head``; None where there is none that can be used."""
        saved = None if self._checkpointer is None else self._checkpointer.load()
        if self._checkpointer is None or saved is None:
            return None
        progress = Progress(self._notice)
        try:
            blocks = blocks_since(self._chain, saved.block, head)
            self._require_same_tokens(saved, head)
        except CheckpointUnusable as reason:
            self._checkpointer.refuse(str(reason))
            return None
        self._prepare(head, saved.tokens, saved.unusable)
        self._index.reset(saved.block, saved.identities.values(), saved.known)
        self._lend_from(saved.known.values())
        repairs = self.repairs
        # Each pool is held against the chain, once: all that a file can get wrong must show before we trade.
        snapshot = self._advance(saved.block, blocks, head, self._everyone())
        if self.repairs != repairs:
            self._checkpointer.refuse("the chain's own pools contradict it")
        else:
            progress.tell(
                f"market taken up from the checkpoint of block {saved.block.number:,}: "
                f"{len(snapshot.pools):,} pools, {len(blocks)} blocks caught up in {progress.seconds:.1f} s"
            )
        return snapshot

    def _require_same_tokens(self, saved: Checkpoint, head: BlockRef) -> None:
        """Raise CheckpointUnusable where a token that was left out can be traded now: pools are missing."""
        left_out = [token for token in self._watch.tokens if token not in saved.tokens]
        usable, _ = read_tokens(self._multicall, left_out, head)
        if usable:
            raise CheckpointUnusable(f"token {min(usable)}, which it leaves out, can be traded now")

    def _prepare(
        self, head: BlockRef, tokens: Mapping[Address, Token], unusable: Mapping[Address, str]
    ) -> None:
        """Get ready for a market of ``tokens``."""
        lenders = LenderReader(self._watch.lenders, tuple(tokens), self._watch.listed_lenders)
        lenders.prepare(self._multicall, head)
        self.evidence.prepare(self._multicall, head, tokens)
        self._tokens, self._lenders = dict(tokens), lenders
        self._unusable = dict(unusable)

    def _lend_from(self, known: Iterable[Known]) -> None:
        """Take the deepest pools of the base tokens for lenders."""
        pools = (state for state in known if not isinstance(state, PoolIdentity))
        self._lenders.lend_from(lending_pools(pools, self._watch.venues, self._watch.bases))

    def _reread(self, head: BlockRef, *, reorgs: int) -> MarketSnapshot:
        """Read everything at ``head``, forgetting what was known."""
        # No parent of ours vouches for this head, so ask for it once more, by its hash.
        if self._chain.block(head.hash) != head:
            raise RpcInconsistent(f"the node shows two different headers for block {head.hash}")
        progress = Progress(self._notice)
        found = self._search.find(self._multicall, self._tokens, head, progress)
        states, broken = self._read_all(found.identities, head, progress)
        self._lend_from(states.values())
        lender_calls = self._lenders.calls()
        results = self._multicall.read([*lender_calls, *self.evidence.calls()], head)
        terms = self._lenders.terms(results[: len(lender_calls)])
        self.evidence.take(results[len(lender_calls) :], head)
        self._unusable.update(found.unusable | broken)
        living = [identity for identity in found.identities if identity.address in states]
        touched = self._index.reset(head, living, states)
        self.reorgs = reorgs
        progress.tell(
            f"market read anew at block {head.number:,}: {len(living):,} pools of {len(self._tokens):,} "
            f"tokens in {progress.seconds:.1f} s"
        )
        return self._snapshot(head, terms, touched)

    def _read_all(
        self, identities: Sequence[PoolIdentity], head: BlockRef, progress: Progress
    ) -> tuple[dict[Address, Known], dict[Address, str]]:
        """Read the pools' states some at a time, saying how far that has got."""
        states: dict[Address, Known] = {}
        broken: dict[Address, str] = {}
        for start in range(0, len(identities), _POOLS_AT_ONCE):
            progress.step(f"reading pools: {start:,} of {len(identities):,}")
            some, silent_ones = read_pools(self._multicall, identities[start : start + _POOLS_AT_ONCE], head)
            states.update(some)
            broken.update(silent_ones)
        return states, broken

    def _advance(
        self, fork: BlockRef, blocks: Sequence[BlockRef], head: BlockRef, audited: Sequence[PoolIdentity]
    ) -> MarketSnapshot:
        """Go from ``fork`` over ``blocks`` to ``head`` by logs, holding some pools against the chain."""
        audit = Audit(audited)
        lender_calls, evidence_calls = self._lenders.calls(), self.evidence.calls()
        requests = [_logs_request(block) for block in blocks]
        old, new = requests[:-_BLOCKS_AT_ONCE], requests[-_BLOCKS_AT_ONCE:]
        raw_logs: list[Any] = []
        for start in range(0, len(old), _BLOCKS_AT_ONCE):
            raw_logs += self._chain.rpc.batch(old[start : start + _BLOCKS_AT_ONCE])
        newest, results = self._multicall.read_beside(
            new, [*lender_calls, *evidence_calls, *audit.calls], head
        )
        draft = self._index.draft(fork)
        created: list[PoolIdentity] = []
        for block, logs in zip(blocks, [*raw_logs, *newest], strict=True):
            created.extend(self._created(draft.apply(block, _as_list(logs))))
        self._read_unknown(draft, created, head)
        reorgs = self.reorgs + (fork.hash != self._index.tip.hash)
        own = len(lender_calls) + len(evidence_calls)
        if not audit.agrees(draft.lookup, results[own:]):
            snapshot = self._reread(head, reorgs=reorgs)
            self.repairs += 1
            return snapshot
        self.reorgs = reorgs
        touched = self._index.commit(fork, draft)
        self.evidence.take(results[len(lender_calls) : own], head)
        return self._snapshot(head, self._lenders.terms(results[: len(lender_calls)]), touched)

    def _created(self, logs: Sequence[Mapping[str, Any]]) -> list[PoolIdentity]:
        """Return the pools of ours that the factories' logs announce."""
        found = []
        for log in logs:
            created = created_pool(log, self._venues, self._tokens)
            if created is None:
                continue
            identity, problem = created
            if not self._watch.wants(identity.token0, identity.token1):
                continue
            if problem is None:
                found.append(identity)
            else:
                self._unusable[identity.address] = problem
        return found

    def _read_unknown(self, draft: Draft, created: Sequence[PoolIdentity], head: BlockRef) -> None:
        """Read at ``head`` what is new, what was taken back to nothing, and what its logs contradict."""
        draft.identities.update((identity.address.lower(), identity) for identity in created)
        wanted = {address: self._index.identities[address] for address in draft.stale} | draft.identities
        if not wanted:
            return
        states, broken = read_pools(self._multicall, list(wanted.values()), head)
        draft.put({address: states.get(identity.address) for address, identity in wanted.items()})
        # A pool of an orphaned block may not exist on the new chain: that is no fault of the pool.
        undone = {wanted[address].address for address in draft.dropped}
        self._unusable.update((name, reason) for name, reason in broken.items() if name not in undone)

    def _everyone(self) -> list[PoolIdentity]:
        return list(self._index.identities.values())

    def _checkpoint(self) -> Checkpoint:
        identities, known = self._index.state()
        return Checkpoint(
            block=self._index.tip,
            tokens=self._tokens,
            unusable=dict(self._unusable),
            identities=identities,
            known=known,
        )

    def _snapshot(
        self, head: BlockRef, lenders: tuple[LenderTerms, ...], touched: frozenset[Address]
    ) -> MarketSnapshot:
        pools = self._index.pools()
        self.evidence.refresh(self._multicall, head, pools, idle=False)
        if self._checkpointer is not None:
            self._checkpointer.save(head.number, self._checkpoint)
        return MarketSnapshot(
            chain_id=self._watch.chain_id,
            block=head,
            gas=GasTerms(base_fee_wei=head.next_base_fee_wei(), priority_fee_wei=self._priority_fee_wei),
            tokens=self._tokens,
            pools=pools,
            lenders=lenders,
            touched=touched,
            unusable=self._unusable | self._index.empty(),
            safety=self.evidence.safety,
            oracles=self.evidence.oracles,
            reorgs=self.reorgs,
            observed_at_seconds=self._clock(),
        )


def _logs_request(block: BlockRef) -> RpcRequest:
    return RpcRequest("eth_getLogs", [{"blockHash": block.hash, "topics": [list(WATCHED_TOPICS)]}])


def _as_list(raw: Any) -> list[dict[str, Any]]:
    if not isinstance(raw, list):
        raise RpcInconsistent("the node answered eth_getLogs with no list")
    return raw
