"""Questions to the records of vaults, answered with plain values; printing and plotting is for others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from steelyard.model import (
    Address,
    IntentStatus,
    RebalanceCode,
    RebalanceLimits,
    Token,
    VaultPool,
    VaultStop,
)
from steelyard.record.tokens import read_tokens
from steelyard.record.vault_json import parse_limits, parse_pools
from steelyard.record.vault_tables import VaultRebalance, VaultState, VaultVerdictRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

MOST_ROWS: Final = 5_000
"""Of states, verdicts and rebalances: as far back as a history goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVault:
    """A vault as it was seen from one block to another; the fields as in ``VaultSnapshot``.

    Attributes:
        block_number, timestamp_seconds: the first block at which it was so, and its time; amounts are of it.
        last_block, last_seconds: the last one, and its time.
        seen_seconds: when it was looked at last.
    """

    vault: Address
    block_number: int
    timestamp_seconds: int
    last_block: int
    last_seconds: int
    seen_seconds: int
    policy: Address
    asset: Token
    stop: VaultStop
    total_assets: int | None
    idle: int
    idle_target: int
    claimable: int
    awaited: int
    supply: int
    share_price_wad: int | None
    liquidity_ratio_bps: int
    tvl_usd_wad: int | None
    pools: tuple[VaultPool, ...]
    limits: RebalanceLimits
    last_rebalance_seconds: int
    loss_used: int
    loss_updated_seconds: int
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVerdict:
    """What was decided about a vault from one block to another; ``drift`` and ``reason`` are of the last."""

    vault: Address
    block_number: int
    timestamp_seconds: int
    last_block: int
    last_seconds: int
    seen_seconds: int
    code: RebalanceCode
    drift: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceTotals:
    """What rebalances add up to; those that were not confirmed moved nothing and cost their gas.

    Attributes:
        by_status: number of each status.
        moved, loss: base units of the asset.
        net_wei: gas and losses valued in wei: below zero.
    """

    by_status: dict[str, int]
    moved: int
    loss: int
    gas_cost_wei: int
    net_wei: int

    @property
    def confirmed(self) -> int:
        """How many did their work."""
        return self.by_status.get(IntentStatus.CONFIRMED.value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultHistory:
    """All that is remembered of one vault, at most ``MOST_ROWS`` of each kind.

    Attributes:
        states: at least one; oldest first.
        verdicts, rebalances: newest first.
    """

    states: tuple[SeenVault, ...]
    verdicts: tuple[SeenVerdict, ...]
    rebalances: Sequence[VaultRebalance]

    @property
    def latest(self) -> SeenVault:
        """The vault as it was seen last."""
        return self.states[-1]

    @property
    def since_seconds(self) -> int:
        """The chain's time of the first look that is remembered."""
        return self.states[0].timestamp_seconds

    @property
    def until_seconds(self) -> int:
        """The chain's time of the last look."""
        return self.latest.last_seconds

    @property
    def rebalanced_seconds(self) -> tuple[int, ...]:
        """When the vault was rebalanced meanwhile, by anybody, by the chain's clock; oldest first.

        Of two rebalances between two looks the second is known.
        """
        found = {state.last_rebalance_seconds for state in self.states}
        return tuple(sorted(seconds for seconds in found if seconds >= self.since_seconds))

    @property
    def scores(self) -> dict[str, list[tuple[int, int]]]:
        """Of each pool that the vault has now: its scores as (seconds, basis points), oldest first.

        A score speaks when it came and when it was seen last; what else was new meanwhile does not matter.
        """
        runs: dict[str, list[tuple[int, int, int]]] = {pool.strategy: [] for pool in self.latest.pools}
        for state in self.states:
            for pool in state.pools:
                own = runs.get(pool.strategy, [])
                score, first = pool.scores.c_score, state.timestamp_seconds
                if own and own[-1][0] == score:
                    first = own.pop()[1]
                own.append((score, first, state.last_seconds))
        return {
            strategy: [(seconds, score) for score, *times in own for seconds in dict.fromkeys(times)]
            for strategy, own in runs.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictSum:
    """How often, and for how long, one thing was decided about a vault.

    Attributes:
        times: how often it was decided anew; looks that said the same as the one before are one.
        seconds: from the first to the last look that said so, all times together.
    """

    times: int
    seconds: int
    latest: SeenVerdict


def read_vaults(session: Session) -> tuple[Address, ...]:
    """Return the vaults that were ever looked at, the one looked at last first."""
    rows = session.scalars(select(VaultState.vault).order_by(VaultState.id.desc()))
    return tuple(Address(vault) for vault in dict.fromkeys(rows))


def read_states(
    session: Session, vault: Address, *, since_seconds: int = 0, limit: int | None = None
) -> tuple[SeenVault, ...]:
    """Return how the vault was seen from ``since_seconds`` on, oldest first; the newest ``limit`` states."""
    query = select(VaultState).where(VaultState.vault == vault, VaultState.seen_seconds >= since_seconds)
    rows = session.scalars(query.order_by(VaultState.id.desc()).limit(limit)).all()
    tokens = read_tokens(session)
    return tuple(_seen(row, tokens) for row in reversed(rows))


def read_histories(session: Session) -> tuple[VaultHistory, ...]:
    """Return what is remembered of each vault, the one looked at last first."""
    return tuple(
        VaultHistory(
            states=read_states(session, vault, limit=MOST_ROWS),
            verdicts=read_verdicts(session, vault, limit=MOST_ROWS),
            rebalances=read_rebalances(session, vault, limit=MOST_ROWS),
        )
        for vault in read_vaults(session)
    )


def read_verdicts(
    session: Session, vault: Address, *, since_seconds: int = 0, limit: int | None = None
) -> tuple[SeenVerdict, ...]:
    """Return what was decided about the vault from ``since_seconds`` on, newest first."""
    table = VaultVerdictRow
    query = select(table).where(table.vault == vault, table.seen_seconds >= since_seconds)
    rows = session.scalars(query.order_by(table.id.desc()).limit(limit))
    return tuple(SeenVerdict(**_plain(row, SeenVerdict) | {"code": RebalanceCode(row.code)}) for row in rows)


def read_rebalances(
    session: Session,
    vault: Address | None = None,
    *,
    since_seconds: int = 0,
    limit: int | None = None,
) -> Sequence[VaultRebalance]:
    """Return rebalances, newest first, from ``since_seconds`` on; of one vault where it is named."""
    query = select(VaultRebalance).where(VaultRebalance.timestamp_seconds >= since_seconds)
    if vault is not None:
        query = query.where(VaultRebalance.vault == vault)
    return session.scalars(query.order_by(VaultRebalance.id.desc()).limit(limit)).all()


def add_up_rebalances(rows: Iterable[VaultRebalance]) -> RebalanceTotals:
    """Return what the rebalances of one vault add up to."""
    listed = list(rows)
    return RebalanceTotals(
        by_status=dict(Counter(row.status for row in listed)),
        moved=sum(row.moved or 0 for row in listed),
        loss=sum(row.loss or 0 for row in listed),
        gas_cost_wei=sum(row.gas_cost_wei or 0 for row in listed),
        net_wei=sum(row.net_wei or 0 for row in listed),
    )


def add_up_verdicts(verdicts: Iterable[SeenVerdict]) -> tuple[VerdictSum, ...]:
    """Return a sum for each code, the one that stood longest first.

    Args:
        verdicts: newest first.
    """
    by_code: dict[RebalanceCode, list[SeenVerdict]] = {}
    for verdict in verdicts:
        by_code.setdefault(verdict.code, []).append(verdict)
    sums = [
        VerdictSum(
            times=len(found),
            seconds=sum(verdict.last_seconds - verdict.timestamp_seconds for verdict in found),
            latest=found[0],
        )
        for found in by_code.values()
    ]
    return tuple(sorted(sums, key=lambda each: (-each.seconds, -each.times, each.latest.code)))


def _seen(row: VaultState, tokens: Mapping[Address, Token]) -> SeenVault:
    read = {
        "asset": tokens[Address(row.asset)],
        "stop": VaultStop(row.stop),
        "pools": parse_pools(row.pools_json),
        "limits": parse_limits(row.limits_json),
    }
    return SeenVault(**_plain(row, SeenVault) | read)


def _plain(row: object, kind: type[SeenVault | SeenVerdict]) -> dict[str, Any]:
    """The columns that have the names of the fields."""
    return {field.name: getattr(row, field.name) for field in fields(kind) if hasattr(row, field.name)}
