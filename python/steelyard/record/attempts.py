"""The record of past attempts: which pools plans went through, and how often they succeeded."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from steelyard.model import Address, AttemptRecord, Attempts, IntentStatus
from steelyard.record.tables import ArbitrageRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WINDOW_SECONDS: Final = 7 * 86_400
"""Older outcomes say little about who else trades now; and what is refused for them gets another chance."""


def read_attempts(session: Session, *, now_seconds: int) -> Attempts:
    """Return what became of the transactions whose outcome was written in the last ``WINDOW_SECONDS``.

    A success is confirmed; a failure was mined without doing its work and cost gas. What was never mined cost
    nothing and says nothing, and paper trades are no attempts.
    """
    query = (
        select(ArbitrageRecord.status, ArbitrageRecord.gas_cost_wei, ArbitrageRecord.route_json)
        .where(ArbitrageRecord.closed_seconds >= now_seconds - WINDOW_SECONDS)
        .where(ArbitrageRecord.status.not_in((IntentStatus.PAPER.value, IntentStatus.REFUSED.value)))
    )
    succeeded: Counter[frozenset[Address]] = Counter()
    failed: Counter[frozenset[Address]] = Counter()
    for status, gas_cost_wei, route_json in session.execute(query):
        if status == IntentStatus.CONFIRMED.value:
            succeeded[_pools(route_json)] += 1
        elif gas_cost_wei:
            failed[_pools(route_json)] += 1
    return Attempts(
        by_pools={
            pools: AttemptRecord(succeeded=succeeded[pools], failed=failed[pools])
            for pools in succeeded.keys() | failed.keys()
        },
        overall=AttemptRecord(succeeded=succeeded.total(), failed=failed.total()),
    )


def _pools(route_json: str) -> frozenset[Address]:
    return frozenset(Address(leg["pool"]) for leg in json.loads(route_json))
