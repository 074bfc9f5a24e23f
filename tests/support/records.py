"""A journal in a real SQLite file, and what is written to it in tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard.connect.plan_ids import plan_id_of
from steelyard.model import ArbitragePlan, IntentStatus, Outcome, Plan, SignedTransaction
from steelyard.record.database import Database
from steelyard.record.journal import SqlJournal
from steelyard.record.writer import Writer
from tests.support.plans import KEEPER

BLOCK_HASH = "0x" + "ab" * 32


class FixedClock:
    """A clock that a test sets."""

    def __init__(self, seconds: int = 1_700_000_000) -> None:
        self.seconds = seconds

    def __call__(self) -> int:
        return self.seconds


@dataclass
class Store:
    database: Database
    writer: Writer
    journal: SqlJournal
    clock: FixedClock


@contextmanager
def open_store(path: Path, **options: Any) -> Iterator[Store]:
    """Open a database, its writer and its journal, and close them at the end."""
    clock = FixedClock()
    with Database(f"sqlite:///{path}", **options) as database, Writer(database, clock=clock) as writer:
        yield Store(database, writer, SqlJournal(writer, clock=clock), clock)


def make_signed(plan: Plan, *, nonce: int = 7, attempt: int = 1, **changes: Any) -> SignedTransaction:
    """Return a stand-in for a signed transaction of ``plan``; never sent anywhere."""
    fields: dict[str, Any] = {
        "plan_id": plan_id_of(plan),
        "hash": f"0x{int(plan_id_of(plan), 16) ^ attempt:064x}",
        "sender": KEEPER,
        "nonce": nonce,
        "raw": b"\x02raw" + bytes([attempt]),
        "gas_limit": 400_000,
        "max_fee_per_gas_wei": 20 * 10**9,
        "max_priority_fee_per_gas_wei": 10**9,
        "deadline_seconds": plan.deadline_seconds,
    }
    return SignedTransaction(**fields | changes)


def make_outcome(plan: Plan, status: IntentStatus = IntentStatus.CONFIRMED, **changes: Any) -> Outcome:
    """Return an outcome for ``plan``: the planned profit where it is confirmed, gas lost where it is not."""
    confirmed = status is IntentStatus.CONFIRMED and isinstance(plan, ArbitragePlan)
    profit = plan.expected_profit if confirmed else 0
    fields: dict[str, Any] = {
        "plan_id": plan_id_of(plan),
        "status": status,
        "block_number": 101,
        "transaction_hash": make_signed(plan).hash,
        "profit": profit,
        "gas_used": 250_000,
        "gas_cost_wei": 25 * 10**14,
        "net_wei": profit - 25 * 10**14,
        "reason": "in the test",
    }
    return Outcome(**fields | changes)
