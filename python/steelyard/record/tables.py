"""The tables. Times are whole seconds since 1970 (UTC); amounts are base units, kept whole.

``arbitrage_records`` holds one row per intent of its kind from the moment it is journalled: intent and
outcome in one row cannot contradict each other. ``vault_tables`` has rebalances, ``intents`` the ids of all.
``signed_attempts`` holds the bytes that may be on the chain for an intent of any kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from steelyard.model.execution import Door
from steelyard.record.types import AddressText, HashText, RowId, SortableNumber, WholeNumber

SCHEMA_VERSION: Final = 3
"""1: without ``door``, ``held_until_block``, ``access_list_gas_saved`` and ``builder_tip_wei``.
2: without ``intents`` and the tables of vaults; attempts belonged to arbitrage alone."""


class Base(DeclarativeBase):
    """All tables of this schema version."""


class SchemaInfo(Base):
    """Which version of these tables the database holds."""

    __tablename__ = "schema_info"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)


class Intent(Base):
    """One intent's id with its kind: an id is given once, whatever the kind (see ``intent_rows``)."""

    __tablename__ = "intents"

    plan_id: Mapped[str] = mapped_column(HashText, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))


class IntentColumns:
    """What every kind of intent has, from its writing to its outcome.

    Attributes:
        timestamp_seconds: when the intent was written.
        closing: counts the closed intents of all kinds in the order of their closing, which seconds alone do
            not give.
        status: an ``IntentStatus``.
        net_wei: what it brought valued in wei, less gas.
        transaction_hash: the transaction that decided the outcome.
        reason: why it was planned while it is open, and what became of it afterwards.
    """

    __tablename__: str
    REALISED: ClassVar[Mapping[str, str]]
    """Columns beside those of all kinds that its outcome fills, with the fields of ``Outcome`` that do."""

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    plan_id: Mapped[str] = mapped_column(HashText, unique=True)
    timestamp_seconds: Mapped[int] = mapped_column(BigInteger)
    closed_seconds: Mapped[int | None] = mapped_column(BigInteger)
    closing: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(16))
    asset: Mapped[str] = mapped_column(AddressText)
    decided_block: Mapped[int] = mapped_column(BigInteger)
    estimated_gas_cost_wei: Mapped[int] = mapped_column(WholeNumber)
    gas_used: Mapped[int | None] = mapped_column(BigInteger)
    gas_cost_wei: Mapped[int | None] = mapped_column(WholeNumber)
    net_wei: Mapped[int | None] = mapped_column(SortableNumber)
    mined_block: Mapped[int | None] = mapped_column(BigInteger)
    transaction_hash: Mapped[str | None] = mapped_column(HashText)
    reason: Mapped[str] = mapped_column(Text)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        name = cls.__tablename__
        return (
            Index(f"ix_{name}_timestamp", "timestamp_seconds"),
            Index(f"ix_{name}_status", "status"),
            Index(f"ix_{name}_closed", "closed_seconds"),
            Index(f"ix_{name}_closing", "closing"),
        )


class ArbitrageRecord(IntentColumns, Base):
    """One arbitrage, from intent to outcome.

    Attributes:
        route_json, solution_json: together the whole plan (see ``plan_json``).
        estimated_profit, realised_profit: gross, base units of ``asset`` after the loan fee; the realised one
            is from the executor's event, and None while nothing is known.
        estimated_net_wei: the same valued in wei, less gas.
        builder_tip_wei: what the executor paid to the block's builder; not in ``realised_profit``.
    """

    __tablename__ = "arbitrage_records"
    REALISED: ClassVar = {"realised_profit": "profit", "builder_tip_wei": "builder_tip_wei"}

    lender: Mapped[str] = mapped_column(String(32))
    amount: Mapped[int] = mapped_column(WholeNumber)
    route_json: Mapped[str] = mapped_column(Text)
    solution_json: Mapped[str] = mapped_column(Text)
    estimated_profit: Mapped[int] = mapped_column(WholeNumber)
    estimated_net_wei: Mapped[int] = mapped_column(SortableNumber)
    realised_profit: Mapped[int | None] = mapped_column(WholeNumber)
    builder_tip_wei: Mapped[int | None] = mapped_column(WholeNumber)

    @property
    def estimated_gross_wei(self) -> int:
        """The expected profit valued in wei, before gas."""
        return self.estimated_net_wei + self.estimated_gas_cost_wei

    @property
    def gross_wei(self) -> int | None:
        """The realised profit valued in wei, before gas."""
        if self.net_wei is None or self.gas_cost_wei is None:
            return None
        return self.net_wei + self.gas_cost_wei


class SignedAttempt(Base):
    """A signed transaction for an intent. Several of them share its nonce, so at most one can be mined.

    Attributes:
        sent_seconds: when it is known to have been taken; None while that is unknown.
        door: a ``Door``: where it was or will be sent, and where it may be sent again.
        held_until_block: the last block in which relays may have it mined; None at the public door.
        access_list_gas_saved: by the simulation; the list itself is in the raw bytes.
    """

    __tablename__ = "signed_attempts"
    __table_args__ = (
        UniqueConstraint("plan_id", "attempt"),
        Index("ix_signed_attempts_sender_nonce", "sender", "nonce"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    plan_id: Mapped[str] = mapped_column(HashText, ForeignKey("intents.plan_id"))
    attempt: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(HashText, unique=True)
    sender: Mapped[str] = mapped_column(AddressText)
    nonce: Mapped[int] = mapped_column(BigInteger)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    gas_limit: Mapped[int] = mapped_column(BigInteger)
    max_fee_per_gas_wei: Mapped[int] = mapped_column(WholeNumber)
    max_priority_fee_per_gas_wei: Mapped[int] = mapped_column(WholeNumber)
    deadline_seconds: Mapped[int] = mapped_column(BigInteger)
    signed_seconds: Mapped[int] = mapped_column(BigInteger)
    sent_seconds: Mapped[int | None] = mapped_column(BigInteger)
    door: Mapped[str] = mapped_column(String(16), server_default=Door.PUBLIC.value)
    held_until_block: Mapped[int | None] = mapped_column(BigInteger)
    access_list_gas_saved: Mapped[int | None] = mapped_column(BigInteger)


class BlockSeen(Base):
    """A block on which something was decided. After a reorganisation two of them share a number.

    Attributes:
        verdicts_json: how many verdicts of each code; stays when the verdicts themselves are pruned.
    """

    __tablename__ = "blocks"
    __table_args__ = (Index("ix_blocks_number", "number"),)

    hash: Mapped[str] = mapped_column(HashText, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    parent_hash: Mapped[str] = mapped_column(HashText)
    timestamp_seconds: Mapped[int] = mapped_column(BigInteger)
    base_fee_wei: Mapped[int] = mapped_column(WholeNumber)
    seen_seconds: Mapped[int] = mapped_column(BigInteger)
    candidates: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    verdicts_json: Mapped[str] = mapped_column(Text)


class VerdictRow(Base):
    """One candidate's verdict with its reason; the newest are kept, see ``DecisionLog``."""

    __tablename__ = "verdicts"
    __table_args__ = (Index("ix_verdicts_block", "block_hash"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    block_hash: Mapped[str] = mapped_column(HashText)
    block_number: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(24))
    asset: Mapped[str] = mapped_column(AddressText)
    amount: Mapped[int] = mapped_column(WholeNumber)
    profit: Mapped[int] = mapped_column(WholeNumber)
    net_wei: Mapped[int | None] = mapped_column(SortableNumber)
    route_json: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class EventRow(Base):
    """Something an operator should know: a limit reached, the kill file, a reorganisation, a recovery.

    Attributes:
        closing: the last closed record that the event refers to, where it refers to one.
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_kind_timestamp", "kind", "timestamp_seconds"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    timestamp_seconds: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    closing: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[str] = mapped_column(Text)


class TokenRow(Base):
    """A token as the chain described it when it was last seen, so that records can be read without a node."""

    __tablename__ = "tokens"

    address: Mapped[str] = mapped_column(AddressText, primary_key=True)
    symbol: Mapped[str] = mapped_column(String(64))
    decimals: Mapped[int] = mapped_column(Integer)
