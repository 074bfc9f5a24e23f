"""How likely a plan is to succeed, from the record of past attempts, and what it is then worth."""

from __future__ import annotations

from typing import NamedTuple

from steelyard.model import AttemptRecord, Attempts
from steelyard.units import Address


class Odds(NamedTuple):
    """A probability as an exact fraction: ``successes`` of ``attempts``."""

    successes: int
    attempts: int

    def expected_wei(self, net_wei: int, lost_wei: int) -> int:
        """Return what an attempt earns on average: ``net_wei`` or the loss of ``lost_wei``. Rounds down."""
        failures = self.attempts - self.successes
        return (self.successes * net_wei - failures * lost_wei) // self.attempts


CERTAIN = Odds(1, 1)
_NOTHING = AttemptRecord()


def odds_of_success(attempts: Attempts, pools: frozenset[Address]) -> Odds:
    """Return how likely a plan through these pools succeeds, by the rule of succession.

    What has been seen is joined by one imagined attempt. For a set of pools it succeeded as often as all
    other plans do; for these together it succeeded. So nothing known means success: every plan is simulated
    before it is sent, and only sending shows what simulation cannot see (somebody is faster). One failure
    halves it; after k failures without a success a plan must earn more than k times the gas that it risks.
    """
    overall, seen = attempts.overall, attempts.by_pools.get(pools, _NOTHING)
    successes = overall.succeeded - seen.succeeded + 1
    trials = successes + overall.failed - seen.failed
    return Odds(
        seen.succeeded * trials + successes,
        (seen.succeeded + seen.failed + 1) * trials,
    )
