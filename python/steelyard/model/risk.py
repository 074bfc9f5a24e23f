"""What the records say about the risk taken so far; the limits in ``decide.limits`` are held against it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskState:
    """Losses, gas and failures up to one moment, of everything that the keeper sends.

    Attributes:
        loss_day_wei: what the last 24 hours cost on balance, gas included; 0 where they earned.
        gas_hour_wei: gas paid in the last hour, reverted transactions included.
        gas_open_wei: the most that the transactions still open can cost (gas limit times maximum fee).
        failures_in_a_row: sent transactions that did not do their work since the last one that did, or since
            an operator last acknowledged them; of one kind, the kind that has the most.
    """

    loss_day_wei: int
    gas_hour_wei: int
    gas_open_wei: int
    failures_in_a_row: int
