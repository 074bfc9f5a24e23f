"""How a vault is put for people, from the chain or from the records; for programs see ``vault_as_json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from steelyard.app.vault_watch import VaultTurn
from steelyard.cli.wording import amount, ether, moment
from steelyard.decide.allocation.metrics import (
    Concentration,
    Decline,
    Liquidity,
    LossAllowance,
    concentration,
    declining,
    drift_wad,
    loss_allowance,
    rebalances_per_day,
    score_spread,
    shares_wad,
)
from steelyard.model import RebalanceCode, VaultPool, VaultSnapshot
from steelyard.record.vault_reports import SeenVault, SeenVerdict, VaultHistory, add_up_rebalances
from steelyard.units import BPS, WAD

VaultLook: TypeAlias = VaultSnapshot | SeenVault
"""A vault as it stands, or as it was seen last."""

POOL_HEADINGS: Final = (
    "pool",
    "state",
    "score",
    "now",
    "target",
    "holds",
    "to hold",
    "off by",
    "at once",
    "takes",
)

_UNKNOWN = "unknown"
_SECONDS_A_DAY = 86_400
_SECONDS_AN_HOUR = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Parts of everything, WAD: of each pool, in the vault's order, and of the buffer.

    What cannot be told counts as nothing.
    """

    pools: tuple[int, ...]
    buffer: int


def shares_now(look: VaultLook) -> Shares:
    """Return what is held where."""
    return _shares([pool.value or 0 for pool in look.pools], look.idle)


def shares_to_be(look: VaultLook) -> Shares:
    """Return what is to be held where."""
    return _shares([pool.target for pool in look.pools], look.idle_target)


def concentration_of(look: VaultLook) -> Concentration:
    """Return how much hangs on few pools."""
    return concentration(shares_now(look).pools)


def liquidity_of(look: VaultLook) -> Liquidity:
    """Return the buffer against the requests."""
    return Liquidity(buffer=look.idle, requested=look.awaited)


def losses_of(look: VaultLook) -> LossAllowance | None:
    """Return what the vault may lose, at the time of the look; None where its assets cannot be told."""
    if look.total_assets is None:
        return None
    elapsed = _when(look)[1] - look.loss_updated_seconds
    return loss_allowance(look.total_assets, look.loss_used, look.limits, elapsed_seconds=elapsed)


def daily_rebalances(history: VaultHistory) -> Fraction | None:
    """Return how often a day the vault was rebalanced; None where it was watched for less than one."""
    if not _is_a_day(history):
        return None
    since, until = history.since_seconds, history.until_seconds + 1
    return rebalances_per_day(history.rebalanced_seconds, since_seconds=since, until_seconds=until)


def assets_text(assets: int | None, look: VaultLook) -> str:
    """Return base units in whole assets with the symbol."""
    return _UNKNOWN if assets is None else f"{amount(assets, look.asset)} {look.asset.symbol}"


def percent(wad: int) -> str:
    """Return a WAD as a percentage with two decimals, rounded down."""
    return f"{Decimal(wad * BPS // WAD) / 100:.2f} %"


def usd(wad: int | None) -> str:
    """Return US dollars with cents, rounded down."""
    return _UNKNOWN if wad is None else f"{Decimal(wad // (WAD // 100)) / 100:,.2f} USD"


def headline(look: VaultLook) -> str:
    """Say which vault, when, and whether anything stands in its way."""
    trouble = f"; {look.trouble}" if look.trouble else ""
    stopped = f"; stopped: {look.stop.name.lower()}" if look.stop else ""
    number, seconds = _when(look)
    return f"Vault {look.vault} at block {number} of {moment(seconds)}{stopped}{trouble}"


def pool_rows(look: VaultLook) -> list[tuple[str, ...]]:
    """Return a row a pool under ``POOL_HEADINGS``, and one for the buffer."""
    now, to_be = shares_now(look), shares_to_be(look)
    rows = [
        _pool_row(pool, share, wanted, look)
        for pool, share, wanted in zip(look.pools, now.pools, to_be.pools, strict=True)
    ]
    buffer = (
        "buffer",
        "",
        "",
        percent(now.buffer),
        percent(to_be.buffer),
        assets_text(look.idle, look),
        assets_text(look.idle_target, look),
        assets_text(look.idle - look.idle_target, look),
        assets_text(look.idle, look),
        "",
    )
    return [*rows, buffer]


def whole_rows(look: VaultLook) -> list[tuple[str, str]]:
    """Return what is to be said of the vault as a whole."""
    now, found = shares_now(look), concentration_of(look)
    rows = [
        ("total assets", assets_text(look.total_assets, look)),
        ("worth", usd(look.tvl_usd_wad)),
        ("a share", _share_price(look)),
        ("buffer against requests", _liquidity(look)),
        ("in the wrong place", percent(drift_wad(now.pools, shares_to_be(look).pools))),
        ("Herfindahl index", f"{Decimal(found.herfindahl_wad) / WAD:.4f}"),
        ("effective pools", f"{Decimal(found.effective_pools_wad) / WAD:.2f} of {len(look.pools)}"),
    ]
    if found.is_concentrated and found.heaviest is not None:
        heavy = look.pools[found.heaviest].strategy
        rows.append(("concentrated", f"{heavy} holds {percent(now.pools[found.heaviest])} of everything"))
    if look.pools:
        spread = score_spread([pool.scores.c_score for pool in look.pools])
        variance = f"variance {round(spread.variance_bps2):,} bps²"
        range_ = f"range {spread.range_bps} bps"
        rows.append(("scores", f"{spread.lowest} to {spread.highest}, {range_}, {variance}"))
    last = look.last_rebalance_seconds
    return [*rows, ("losses used", _losses(look)), ("last rebalance", moment(last) if last else "never")]


def history_rows(history: VaultHistory) -> list[tuple[str, str]]:
    """Return what is to be said of the vault's past, and what was decided about it last."""
    totals = add_up_rebalances(history.rebalances)
    statuses = ", ".join(f"{name} {count}" for name, count in sorted(totals.by_status.items()))
    rows = [
        ("rebalanced", _frequency(history)),
        ("our rebalances", statuses or "none"),
        ("moved by them", assets_text(totals.moved, history.latest)),
        ("lost by them", assets_text(totals.loss, history.latest)),
        ("gas for them, ether", ether(totals.gas_cost_wei)),
    ]
    is_a_day = _is_a_day(history)
    rows += [("declining score", _decline(fall, is_a_day)) for fall in declining(history.scores)]
    if history.verdicts:
        rows.append(("latest verdict", verdict_text(history.verdicts[0])))
    return rows


def code_text(code: RebalanceCode) -> str:
    """Return a verdict's code in words."""
    return code.value.replace("_", " ")


def verdict_text(verdict: SeenVerdict) -> str:
    """Say what was decided, why, and since when."""
    return f"{code_text(verdict.code)}: {verdict.reason}; since {moment(verdict.timestamp_seconds)}"


def turn_line(turn: VaultTurn) -> str:
    """Return one look as one line."""
    snapshot, verdict = turn.snapshot, turn.verdict
    what = "sent" if turn.is_sent else code_text(verdict.code)
    return (
        f"block {snapshot.block.number}  {assets_text(snapshot.total_assets, snapshot)}  "
        f"buffer {assets_text(snapshot.idle, snapshot)}  {what}: {verdict.reason}"
    )


def _shares(values: Sequence[int], idle: int) -> Shares:
    return Shares(pools=shares_wad(values, idle), buffer=shares_wad([idle], sum(values))[0])


def _when(look: VaultLook) -> tuple[int, int]:
    """The block of the look, and its time by the chain's clock."""
    if isinstance(look, VaultSnapshot):
        return look.block.number, look.block.timestamp_seconds
    return look.last_block, look.last_seconds


def _pool_row(pool: VaultPool, share: int, wanted: int, look: VaultLook) -> tuple[str, ...]:
    return (
        pool.strategy,
        pool.state.name.lower() + ("" if pool.is_sound else ", not sound"),
        str(pool.scores.c_score),
        _UNKNOWN if pool.value is None else percent(share),
        percent(wanted),
        assets_text(pool.value, look),
        assets_text(pool.target, look),
        assets_text(None if pool.value is None else pool.value - pool.target, look),
        assets_text(pool.liquid, look),
        "no limit" if pool.room is None else assets_text(pool.room, look),
    )


def _share_price(look: VaultLook) -> str:
    if look.share_price_wad is None:
        return _UNKNOWN
    return f"{Decimal(look.share_price_wad) / WAD:.6f} {look.asset.symbol}"


def _liquidity(look: VaultLook) -> str:
    found = liquidity_of(look)
    idle, awaited, short = (
        assets_text(assets, look) for assets in (found.buffer, found.requested, found.shortfall)
    )
    verdict = f"stressed, {short} must come out of pools" if found.is_stressed else "enough"
    return f"{idle} idle, {awaited} waited for: {verdict} ({look.liquidity_ratio_bps} bps are to be idle)"


def _losses(look: VaultLook) -> str:
    found = losses_of(look)
    if found is None:
        return _UNKNOWN
    hours = f"{Decimal(look.limits.loss_period_seconds) / _SECONDS_AN_HOUR:.1f}"
    used, allowed = assets_text(found.used, look), assets_text(found.allowed, look)
    return f"{used} of {allowed}; all of it grows back in {hours} h"


def _frequency(history: VaultHistory) -> str:
    daily = daily_rebalances(history)
    rate = "" if daily is None else f", {float(daily):.2f} a day"
    count = len(history.rebalanced_seconds)
    times = "once" if count == 1 else f"{count} times"
    return f"{times} since {moment(history.since_seconds)}{rate}"


def _is_a_day(history: VaultHistory) -> bool:
    """Whether the vault was watched for long enough to say how much of something there is a day."""
    return history.until_seconds - history.since_seconds >= _SECONDS_A_DAY


def _decline(fall: Decline, is_a_day: bool) -> str:
    rate = f", {float(fall.slope_bps_per_day):.1f} bps a day" if is_a_day else ""
    return f"{fall.pool} from {fall.first} to {fall.last}{rate}"
