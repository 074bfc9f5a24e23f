"""Questions to the records of vaults, answered with plain values; printing and plotting is for others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from steelyard.model import Address, IntentStatus, RebalanceCode, VaultPool, VaultStop
from steelyard.record.vault_json import parse_pools
from steelyard.record.vault_tables import VaultRebalance, VaultState, VaultVerdictRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session


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
    asset: Address
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
    last_rebalance_seconds: int
    pools: tuple[VaultPool, ...]
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


def read_vaults(session: Session) -> tuple[Address, ...]:
    """Return the vaults that were ever looked at, the one looked at last first."""
    rows = session.scalars(select(VaultState.vault).order_by(VaultState.id.desc()))
    return tuple(Address(vault) for vault in dict.fromkeys(rows))


def latest_state(session: Session, vault: Address) -> SeenVault | None:
    """Return the vault as it was seen last, or None where it never was."""
    newest = read_states(session, vault, limit=1)
    return newest[0] if newest else None


def read_states(
    session: Session, vault: Address, *, since_seconds: int = 0, limit: int | None = None
) -> tuple[SeenVault, ...]:
    """Return how the vault was seen from ``since_seconds`` on, oldest first; the newest ``limit`` states."""
    query = select(VaultState).where(VaultState.vault == vault, VaultState.seen_seconds >= since_seconds)
    rows = session.scalars(query.order_by(VaultState.id.desc()).limit(limit)).all()
    return tuple(_seen(row) for row in reversed(rows))


def latest_verdict(session: Session, vault: Address) -> SeenVerdict | None:
    """Return what was decided about the vault last, or None where nothing was."""
    newest = read_verdicts(session, vault, limit=1)
    return newest[0] if newest else None


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
    status: IntentStatus | None = None,
    limit: int | None = None,
) -> Sequence[VaultRebalance]:
    """Return rebalances, newest first, from ``since_seconds`` on; of one vault where it is named."""
    query = select(VaultRebalance).where(VaultRebalance.timestamp_seconds >= since_seconds)
    if vault is not None:
        query = query.where(VaultRebalance.vault == vault)
    if status is not None:
        query = query.where(VaultRebalance.status == status.value)
    return session.scalars(query.order_by(VaultRebalance.id.desc()).limit(limit)).all()


def rebalance_times(session: Session, vault: Address, *, since_seconds: int = 0) -> list[int]:
    """Return when each rebalance that did its work was decided on, oldest first."""
    done = read_rebalances(session, vault, since_seconds=since_seconds, status=IntentStatus.CONFIRMED)
    return [row.timestamp_seconds for row in reversed(done)]


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


def _seen(row: VaultState) -> SeenVault:
    read = {"stop": VaultStop(row.stop), "pools": parse_pools(row.pools_json)}
    return SeenVault(**_plain(row, SeenVault) | read)


def _plain(row: object, kind: type[SeenVault | SeenVerdict]) -> dict[str, Any]:
    """The columns that have the names of the fields."""
    return {field.name: getattr(row, field.name) for field in fields(kind) if hasattr(row, field.name)}
