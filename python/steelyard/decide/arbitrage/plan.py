"""From a sized route to a complete plan: limits, deadline, and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import Sizing
from steelyard.model import ArbitragePlan, LenderTerms, MarketSnapshot, PlanLeg, Venue
from steelyard.units import BPS, mul_div_down, mul_div_up


class Terms(NamedTuple):
    """What a sized route is expected to cost and bring from one lender.

    Attributes:
        tip: of the profit above the plan's ``min_profit``, to the block's builder; base units of the asset.
        net_wei: profit after the tip, valued in wei, less gas.
    """

    lender: LenderTerms
    sizing: Sizing
    gas_units: int
    gas_cost_wei: int
    tip: int
    net_wei: int


def least_profit(profit: int, gas_floor: int, kept_bps: int) -> int:
    """Return a plan's ``min_profit``: the kept share of the profit, never less than gas is worth.

    Rounds up, since we insist on it. A ``gas_floor`` above the profit (by rounding) is cut to it.
    """
    return min(max(mul_div_up(profit, kept_bps, BPS), gas_floor, 1), profit)


def builder_tip(profit: int, min_profit: int, share_bps: int) -> int:
    """Return what the executor pays the builder: its rounding (down, in the treasury's favour)."""
    return mul_div_down(profit - min_profit, share_bps, BPS)


def build_plan(
    route: Route,
    terms: Terms,
    min_profit: int,
    *,
    snapshot: MarketSnapshot,
    settings: ArbitrageSettings,
    venues: Mapping[str, Venue],
    reason: str,
) -> ArbitragePlan:
    """Return the plan for a route that is worth sending.

    The executor accepts the expected loan fee and no more, and reverts where it gains less than
    ``min_profit`` before the tip. ``expected_profit`` is what the treasury receives.
    """
    sizing = terms.sizing
    asset = route[0].token_in
    return ArbitragePlan(
        chain_id=snapshot.chain_id,
        executor=settings.executor,
        deadline_seconds=snapshot.block.timestamp_seconds + settings.deadline_seconds,
        lender=terms.lender.kind,
        source=terms.lender.source,
        asset=asset,
        amount=sizing.amounts[0],
        loan_fee=sizing.loan_fee,
        max_loan_fee=sizing.loan_fee,
        min_profit=min_profit,
        builder_share_bps=settings.tip_share_bps(asset),
        legs=_legs(route, sizing.amounts, settings.slippage_bps, venues),
        expected_profit=sizing.profit - terms.tip,
        gas_units=terms.gas_units,
        gas_price_wei=snapshot.gas.price_wei,
        gas_cost_wei=terms.gas_cost_wei,
        expected_net_wei=terms.net_wei,
        block_number=snapshot.block.number,
        reason=reason,
    )


def _legs(
    route: Route, amounts: tuple[int, ...], slippage_bps: int, venues: Mapping[str, Venue]
) -> tuple[PlanLeg, ...]:
    legs = []
    for hop, amount_in, amount_out in zip(route, amounts, amounts[1:], strict=False):
        venue = venues[hop.pool.venue]
        # Down, by less than a unit: the plan's minimum profit holds the line, this only ends bad legs early.
        accepted = max(mul_div_down(amount_out, BPS - slippage_bps, BPS), 1)
        legs.append(
            PlanLeg(
                kind=venue.kind,
                venue_id=venue.venue_id,
                pool=hop.pool.address,
                fee_pips=hop.pool.fee_pips if venue.kind.has_tiers else 0,
                token_in=hop.token_in,
                token_out=hop.token_out,
                amount_in=amount_in,
                amount_out=amount_out,
                min_amount_out=accepted,
            )
        )
    return tuple(legs)
