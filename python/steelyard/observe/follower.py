"""Follows the market block by block: one frozen snapshot for each new head.

A cold start reads everything at one block. From then on a block costs two round trips: the head, then its
logs together with the lenders' terms and an audit of some pools, all pinned to the block's hash. A snapshot
is published only where everything agrees; where the node contradicts itself, RpcInconsistent is raised, what
we know stays as it was, and the next poll tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from steelyard.connect.chain import ChainClient
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef, GasTerms, Token
from steelyard.model.lending import LenderKind, LenderTerms
from steelyard.model.plan import Venue
from steelyard.model.snapshot import MarketSnapshot
from steelyard.observe.discovery import V3_FEE_TIERS, PoolIdentity, created_pool, discover_pools
from steelyard.observe.evidence import NOTHING, EvidenceSource
from steelyard.observe.heads import MAX_GAP_BLOCKS, Path, path_to, read_head
from steelyard.observe.index import Draft, PoolIndex
from steelyard.observe.lenders import LenderReader
from steelyard.observe.logs import WATCHED_TOPICS
from steelyard.observe.pools import head_calls, head_matches, read_pools
from steelyard.observe.tokens import read_tokens
from steelyard.units import Address

_BACKWARD_PATIENCE: Final = 2
"""Polls in a row that must show an old head before it is believed: a lagging node shows one for a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchList:
    """What to look at.

    Attributes:
        tokens: pools between any two of these are watched.
        venues: the factories to ask, those on the executor's list.
        lenders: the contracts that the executor borrows from.
        fee_tiers: of V3 factories, in pips.
    """

    chain_id: int
    tokens: tuple[Address, ...]
    venues: tuple[Venue, ...]
    lenders: Mapping[LenderKind, Address]
    fee_tiers: tuple[int, ...] = V3_FEE_TIERS


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
    ) -> None:
        """Prepare; nothing is read before the first poll.

        Args:
            priority_fee_wei: what we would pay on top of the base fee, for the snapshot's gas terms.
            clock: wall-clock time in whole seconds.
            audited_pools: pools whose state is compared with the chain's in each block, in turn: finds logs
                that the node kept from us.
            history_blocks: how deep a reorg may be before everything is read anew.
            evidence: what is observed beside pools and lenders: oracles, trials of tokens.
        """
        self._chain = chain
        self._watch = watch
        self._priority_fee_wei = priority_fee_wei
        self._clock = clock
        self._audited_pools = audited_pools
        self._multicall = Multicall(chain)
        self._evidence = evidence
        self._index = PoolIndex(history_blocks)
        self._lenders = LenderReader({}, ())
        self._venues = {venue.factory.lower(): venue for venue in watch.venues}
        self._tokens: dict[Address, Token] = {}
        self._unusable: dict[Address, str] = {}
        self._started = False
        self._backward_polls = 0
        self._audit_at = 0
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
            self._evidence.refresh(self._multicall, tip, self._index.pools(), idle=True)
            return None
        path = self._path(head, tip)
        if path.fork is None:
            within_reach = head.number <= tip.number + MAX_GAP_BLOCKS
            return self._reread(head, reorgs=self.reorgs + within_reach)
        return self._advance(path.fork, path.blocks, head)

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
        tokens, unusable = read_tokens(self._multicall, self._watch.tokens, head)
        lenders = LenderReader(self._watch.lenders, tuple(tokens))
        lenders.prepare(self._multicall, head)
        self._evidence.prepare(self._multicall, head, tokens)
        self._tokens, self._lenders = tokens, lenders
        self._unusable = dict(unusable)
        snapshot = self._reread(head, reorgs=self.reorgs)
        self._started = True
        return snapshot

    def _reread(self, head: BlockRef, *, reorgs: int) -> MarketSnapshot:
        """Read everything at ``head``, forgetting what was known."""
        # No parent of ours vouches for this head, so ask for it once more, by its hash.
        if self._chain.block(head.hash) != head:
            raise RpcInconsistent(f"the node shows two different headers for block {head.hash}")
        identities, misplaced = discover_pools(
            self._multicall, self._watch.venues, self._tokens, head, self._watch.fee_tiers
        )
        states, broken = read_pools(self._multicall, identities, head)
        lender_calls = self._lenders.calls()
        results = self._multicall.read([*lender_calls, *self._evidence.calls()], head)
        terms = self._lenders.terms(results[: len(lender_calls)])
        self._evidence.take(results[len(lender_calls) :], head)
        self._unusable.update(misplaced | broken)
        living = [identity for identity in identities if identity.address in states]
        touched = self._index.reset(head, living, states)
        self.reorgs = reorgs
        return self._snapshot(head, terms, touched)

    def _advance(self, fork: BlockRef, blocks: Sequence[BlockRef], head: BlockRef) -> MarketSnapshot:
        """Go from ``fork`` over ``blocks`` to ``head`` by logs."""
        audited = self._next_audited()
        lender_calls, evidence_calls = self._lenders.calls(), self._evidence.calls()
        audit_calls = [head_calls(identity) for identity in audited]
        calls = [*lender_calls, *evidence_calls, *(call for group in audit_calls for call in group)]
        raw_logs, results = self._multicall.read_beside(
            [_logs_request(block) for block in blocks], calls, head
        )
        draft = self._index.draft(fork)
        created: list[PoolIdentity] = []
        for block, logs in zip(blocks, raw_logs, strict=True):
            created.extend(self._created(draft.apply(block, _as_list(logs))))
        self._read_unknown(draft, created, head)
        reorgs = self.reorgs + (fork.hash != self._index.tip.hash)
        own = len(lender_calls) + len(evidence_calls)
        if not _audit(draft, audited, audit_calls, results[own:]):
            snapshot = self._reread(head, reorgs=reorgs)
            self.repairs += 1
            return snapshot
        self.reorgs = reorgs
        touched = self._index.commit(fork, draft)
        self._evidence.take(results[len(lender_calls) : own], head)
        return self._snapshot(head, self._lenders.terms(results[: len(lender_calls)]), touched)

    def _created(self, logs: Sequence[Mapping[str, Any]]) -> list[PoolIdentity]:
        """Return the pools of ours that the factories' logs announce."""
        found = []
        for log in logs:
            created = created_pool(log, self._venues, self._tokens)
            if created is None:
                continue
            identity, problem = created
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

    def _next_audited(self) -> list[PoolIdentity]:
        """Return the pools whose turn it is to be compared with the chain."""
        everyone = list(self._index.identities.values())
        if len(everyone) <= self._audited_pools:
            return everyone
        start = self._audit_at % len(everyone)
        self._audit_at = start + self._audited_pools
        due = everyone[start : self._audit_at]
        return due + everyone[: self._audited_pools - len(due)]

    def _snapshot(
        self, head: BlockRef, lenders: tuple[LenderTerms, ...], touched: frozenset[Address]
    ) -> MarketSnapshot:
        pools = self._index.pools()
        self._evidence.refresh(self._multicall, head, pools, idle=False)
        return MarketSnapshot(
            chain_id=self._watch.chain_id,
            block=head,
            gas=GasTerms(base_fee_wei=head.next_base_fee_wei(), priority_fee_wei=self._priority_fee_wei),
            tokens=self._tokens,
            pools=pools,
            lenders=lenders,
            touched=touched,
            unusable=self._unusable | self._index.empty(),
            safety=self._evidence.safety,
            oracles=self._evidence.oracles,
            reorgs=self.reorgs,
            observed_at_seconds=self._clock(),
        )


def _logs_request(block: BlockRef) -> RpcRequest:
    return RpcRequest("eth_getLogs", [{"blockHash": block.hash, "topics": [list(WATCHED_TOPICS)]}])


def _as_list(raw: Any) -> list[dict[str, Any]]:
    if not isinstance(raw, list):
        raise RpcInconsistent("the node answered eth_getLogs with no list")
    return raw


def _audit(
    draft: Draft,
    audited: Sequence[PoolIdentity],
    calls: Sequence[Sequence[StaticCall]],
    results: Sequence[CallResult],
) -> bool:
    """Tell whether the chain's own answers agree with what the logs made us believe."""
    answers = iter(results)
    for identity, group in zip(audited, calls, strict=True):
        head = [next(answers) for _ in group]
        known = draft.lookup(identity.address.lower())
        if known is not None and not head_matches(known, head):
            return False
    return True
