"""What new scores would make of a vault, what a rebalance would do about it, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from eth_abi.abi import decode, encode

from scripts._executor import DeploymentRefused
from scripts._steps import ether
from scripts._vault_record import DeployedVault
from steelyard.act.vault_trial import try_moves
from steelyard.cli.tables import aligned
from steelyard.config.vault_terms import ScoreTerms
from steelyard.connect.abi import selector
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.vault_calls import encode_c_score, encode_moves, encode_rebalance, encode_scores
from steelyard.decide.allocation.rebalance import (
    Proposal,
    RebalanceSettings,
    propose,
    refused_by_chain,
    weigh,
)
from steelyard.decide.allocation.weights import c_score
from steelyard.decide.wording import token_text
from steelyard.exceptions import RpcRejected, SimulationReverted
from steelyard.model import BlockRef
from steelyard.model.vault import (
    PoolScores,
    PoolState,
    RebalanceCode,
    RebalanceTrial,
    RebalanceVerdict,
    VaultPool,
    VaultRole,
    VaultSnapshot,
)
from steelyard.observe.vault import VaultReader
from steelyard.units import BPS, UINT256_MAX, Address

ALLOCATE = selector("allocate(uint16[],uint256,uint256,uint256)")
WEIGHTS = selector("weightsWad(uint16[])")
OUTVOTED = frozenset({RebalanceCode.BELOW_COST, RebalanceCode.NO_PRICE})
"""Verdicts on whether it pays: who wants it at any cost is not asked."""

Scores = Mapping[Address, ScoreTerms]
"""New scores by strategy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The vault as it is, as the new scores make it, and what would be done.

    Attributes:
        data: calldata of the rebalance that may be sent; None where none may.
    """

    before: VaultSnapshot
    after: VaultSnapshot
    proposal: Proposal | None
    trial: RebalanceTrial | None
    verdict: RebalanceVerdict
    data: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who asks, and for what.

    Attributes:
        tip_wei: what a unit of gas is expected to cost above the base fee.
        at_any_cost: whether what does not pay is done too; limits on losses hold all the same.
    """

    chain: ChainClient
    deployed: DeployedVault
    reader: VaultReader
    account: Address
    settings: RebalanceSettings
    tip_wei: int
    at_any_cost: bool

    def look(self, scores: Scores) -> Look:
        """Return what is, and what would be done with these scores. Nothing is sent."""
        head = self.chain.block()
        before = self.reader.read(head)
        after = _rescored(self.chain, before, scores)
        found = propose(after, self.settings)
        if isinstance(found, RebalanceVerdict):
            return Look(before=before, after=after, proposal=None, trial=None, verdict=found, data=None)
        try:
            trial = self._try(found, head, scores)
        except SimulationReverted as error:
            refused = refused_by_chain(found, error.reason)
            return Look(before=before, after=after, proposal=found, trial=None, verdict=refused, data=None)
        verdict = weigh(found, trial, self.settings)
        return Look(
            before=before,
            after=after,
            proposal=found,
            trial=trial,
            verdict=verdict,
            data=self._data(found, trial, verdict),
        )

    def holder_of(self, role: VaultRole, written: str) -> Address:
        """Return the account where it has the role; else, to simulate as, one of the file's that has."""
        vault = self.deployed.vault
        for account in (self.account, *self.deployed.record[written]):
            if vault.hasRole(account, int(role)):
                return Address(account)
        raise DeploymentRefused(
            f"neither {self.account} nor anybody in {self.deployed.path} is {role.name.lower()} of the vault"
        )

    def _try(self, proposal: Proposal, head: BlockRef, scores: Scores) -> RebalanceTrial:
        keeper = self.holder_of(VaultRole.KEEPER, "keepers")
        vault = proposal.snapshot.vault
        if not scores:
            return try_moves(
                self.chain,
                vault,
                proposal.moves,
                sender=keeper,
                head=head,
                priority_fee_wei=self.tip_wei,
                is_relayed=False,
            )
        manager = self.holder_of(VaultRole.MANAGER, "managers")
        calls = [(manager, vault, score_data(strategy, terms)) for strategy, terms in scores.items()]
        calls.append((keeper, vault, encode_moves(proposal.moves, UINT256_MAX, UINT256_MAX)))
        try:
            results = self.chain.calls_of_many(calls)
        except RpcRejected as error:
            raise SimulationReverted(f"the node cannot simulate calls one after the other: {error}") from None
        for result in results:
            if isinstance(result, CallReverted):
                raise result
        *_, rebalanced = [result for result in results if not isinstance(result, CallReverted)]
        return RebalanceTrial(
            loss=int.from_bytes(rebalanced.returned),
            gas_units=sum(result.gas_used for result in results if not isinstance(result, CallReverted)),
            gas_price_wei=head.next_base_fee_wei() + self.tip_wei,
        )

    def _data(self, proposal: Proposal, trial: RebalanceTrial, verdict: RebalanceVerdict) -> bytes | None:
        if verdict.plan is not None:
            return encode_rebalance(verdict.plan)
        if not self.at_any_cost or verdict.code not in OUTVOTED:
            return None
        settings = self.settings
        tolerated = trial.loss + proposal.moved * settings.loss_tolerance_bps // BPS
        most = min(tolerated, proposal.moved * settings.max_loss_bps // BPS)
        deadline = proposal.snapshot.block.timestamp_seconds + settings.deadline_seconds
        return encode_moves(proposal.moves, most, deadline)


def score_data(strategy: Address, terms: ScoreTerms) -> bytes:
    """Return the calldata that scores a pool."""
    if len(terms.scores) == 1:
        return encode_c_score(strategy, terms.scores[0])
    trust, liquidity, performance = terms.scores
    return encode_scores(strategy, trust, liquidity, performance)


def scores_of(terms: ScoreTerms) -> PoolScores:
    """Return what the vault will have stored."""
    if len(terms.scores) == 1:
        return PoolScores(trust=0, liquidity=0, performance=0, c_score=terms.scores[0])
    trust, liquidity, performance = terms.scores
    mean = c_score(trust, liquidity, performance)
    return PoolScores(trust=trust, liquidity=liquidity, performance=performance, c_score=mean)


def _rescored(chain: ChainClient, snapshot: VaultSnapshot, scores: Scores) -> VaultSnapshot:
    """Return the vault as it will be once it is scored: the policy's own targets for these scores."""
    if not scores or snapshot.total_assets is None:
        return snapshot
    pools = [
        replace(pool, scores=scores_of(scores[pool.strategy])) if pool.strategy in scores else pool
        for pool in snapshot.pools
    ]
    weighing = [pool.scores.c_score if pool.state is PoolState.ACTIVE else 0 for pool in pools]
    held = sum(pool.value or 0 for pool in pools if pool.state is PoolState.PAUSED)
    amounts = [snapshot.total_assets, snapshot.awaited, held]
    asked = encode(["uint16[]", "uint256", "uint256", "uint256"], [weighing, *amounts])
    block = snapshot.block.hash
    answer = chain.eth_call(snapshot.policy, ALLOCATE + asked, block=block)
    targets, idle_target = decode(["uint256[]", "uint256"], answer)
    answer = chain.eth_call(snapshot.policy, WEIGHTS + encode(["uint16[]"], [weighing]), block=block)
    (weights,) = decode(["uint256[]"], answer)
    placed = [
        replace(pool, target=_target(pool, target), weight_wad=weight)
        for pool, target, weight in zip(pools, targets, weights, strict=True)
    ]
    return replace(snapshot, pools=tuple(placed), idle_target=idle_target)


def _target(pool: VaultPool, target: int) -> int:
    return (pool.value or 0) if pool.state is PoolState.PAUSED else target


# --- for people ------------------------------------------------------------------------------------------


def table_of(deployed: DeployedVault, look: Look) -> list[str]:
    """Return a line for each pool and the buffer: scores, what it has, is to have, and what is moved."""
    before, after = look.before, look.after
    rows: list[Sequence[str]] = [
        ("pool", "state", "cScore", "now", "part", "target", "part", "moved"),
    ]
    moves = {move.strategy: move for move in look.proposal.moves} if look.proposal else {}
    for old, new in zip(before.pools, after.pools, strict=True):
        scores = f"{old.scores.c_score:,}"
        if new.scores != old.scores:
            scores += f" -> {new.scores.c_score:,}"
        move = moves.get(new.strategy)
        sign = "" if move is None else "+" if move.is_deploy else "-"
        rows.append(
            (
                deployed.name_of(new.strategy),
                new.state.name.lower() + ("" if new.is_sound else ", not sound"),
                scores,
                *_amounts(after, new.value, new.target),
                "" if move is None else sign + token_text(move.assets, after.asset),
            )
        )
    rows.append(("uninvested", "", "", *_amounts(after, after.idle, after.idle_target), ""))
    return aligned(rows)


def _amounts(snapshot: VaultSnapshot, value: int | None, target: int) -> tuple[str, str, str, str]:
    total = snapshot.total_assets
    if total is None or value is None:
        return ("unknown" if value is None else token_text(value, snapshot.asset), "", "", "")
    parts = [f"{Decimal(amount * 100) / (total or 1):.2f} %" for amount in (value, target)]
    texts = [token_text(amount, snapshot.asset) for amount in (value, target)]
    return texts[0], parts[0], texts[1], parts[1]


def costs_of(look: Look) -> str:
    """Return what the rebalance costs, in one line."""
    if look.trial is None or look.proposal is None:
        return "nothing is moved"
    trial, asset = look.trial, look.after.asset
    cost_wei = trial.gas_units * trial.gas_price_wei
    return (
        f"{len(look.proposal.moves)} moves of {token_text(look.proposal.moved, asset)}: "
        f"lose {token_text(trial.loss, asset)}, {trial.gas_units:,} gas = {ether(cost_wei)} ether"
    )
