"""What the report says of one vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from steelyard.web.report import vault_charts as charts


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPoint:
    """A vault at one time.

    Attributes:
        held: parts of everything by pool, the buffer among them, WAD; None where that cannot be told.
        wanted: the targets, likewise.
        total_assets, share_price: in whole assets; None where it cannot be told.
    """

    seconds: int
    held: Mapping[str, int] | None
    wanted: Mapping[str, int] | None
    total_assets: Decimal | None
    share_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRebalanceLine:
    """One rebalance from intent to outcome; texts as people read them, empty for what is not known yet."""

    time: str
    status: str
    moves: Sequence[str]
    moved: str
    loss_expected: str
    loss: str
    cost: str
    benefit: str
    gas_cost_wei: int | None
    reason: str
    transaction_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultVerdictLine:
    """How often and for how long one thing was decided, and when and why it was the last time."""

    verdict: str
    times: int
    lasted: str
    latest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSection:
    """All that the report says of one vault.

    Attributes:
        points: oldest first; at least one.
        rebalanced_seconds: when it was rebalanced, by anybody.
        pools: a row a pool under ``pool_headings``.
        metrics: names and values.
        rebalances: ours, newest first.
    """

    address: str
    headline: str
    symbol: str
    points: Sequence[VaultPoint]
    rebalanced_seconds: Sequence[int]
    pool_headings: Sequence[str]
    pools: Sequence[Sequence[str]]
    metrics: Sequence[tuple[str, str]]
    rebalances: Sequence[VaultRebalanceLine]
    verdicts: Sequence[VaultVerdictLine]


def vault_charts(vault: VaultSection) -> dict[str, str]:
    """Return the plots of a vault by their titles."""
    seconds = [point.seconds for point in vault.points]
    held = [point.held for point in vault.points]
    wanted = [point.wanted for point in vault.points]
    found = {}
    if held[-1] is not None:
        found["Weights now and their targets"] = charts.weights_and_targets(
            held[-1], wanted[-1] or {}, name=vault.address
        )
    return found | {
        "Weights over time: held (solid) and wanted (dashed)": charts.weights_over_time(
            seconds, held, wanted, name=vault.address
        ),
        "Total assets, the price of a share, and rebalances": charts.assets_and_share_price(
            seconds,
            [point.total_assets for point in vault.points],
            [point.share_price for point in vault.points],
            vault.rebalanced_seconds,
            symbol=vault.symbol,
            name=vault.address,
        ),
    }
