"""The tables of vaults: rebalances from intent to outcome, what a vault was seen to be, what was decided."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from steelyard.record.tables import Base, IntentColumns
from steelyard.record.types import AddressText, HashText, RowId, WholeNumber


class VaultRebalance(IntentColumns, Base):
    """One rebalance of a vault, from intent to outcome; amounts in base units of ``asset``.

    Attributes:
        moves_json, plan_json: together the whole plan (see ``vault_json``).
        sent_to, calldata, signer: where the transaction goes, with what, and whose role the vault sees.
        drift: what lay furthest from its target.
        expected_loss, loss: by the simulation, and from the vault's event; None while nothing is known.
        expected_moved, moved: what the moves come to, likewise.
        cost, benefit: what it was held to cost (gas and loss) and to bring.
    """

    __tablename__ = "vault_rebalances"
    REALISED: ClassVar = {"moved": "moved", "loss": "loss"}

    vault: Mapped[str] = mapped_column(AddressText)
    sent_to: Mapped[str] = mapped_column(AddressText)
    calldata: Mapped[bytes] = mapped_column(LargeBinary)
    signer: Mapped[str] = mapped_column(AddressText)
    moves_json: Mapped[str] = mapped_column(Text)
    plan_json: Mapped[str] = mapped_column(Text)
    is_urgent: Mapped[bool] = mapped_column()
    drift: Mapped[int] = mapped_column(WholeNumber)
    expected_moved: Mapped[int] = mapped_column(WholeNumber)
    expected_loss: Mapped[int] = mapped_column(WholeNumber)
    cost: Mapped[int] = mapped_column(WholeNumber)
    benefit: Mapped[int] = mapped_column(WholeNumber)
    moved: Mapped[int | None] = mapped_column(WholeNumber)
    loss: Mapped[int | None] = mapped_column(WholeNumber)


class VaultState(Base):
    """A vault as it was seen from one block to another; a new row where something is new (see ``VaultLog``).

    Attributes:
        block_number, block_hash, timestamp_seconds: the first block at which it was so, and its time; the
            amounts are of it.
        last_block, last_seconds: the last one so far, and its time; ``seen_seconds``: when that was seen.
        loss_used, loss_updated_seconds: of the allowance for losses, and when that was.
        limits_json: what the policy holds a keeper to.
        pools_json: one object a pool: strategy, state, scores, value, liquid, soundness, target, weight, and
            what it pays and takes.
        trouble: why something could not be told.
    """

    __tablename__ = "vault_states"
    __table_args__ = (Index("ix_vault_states_vault", "vault", "block_number"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    vault: Mapped[str] = mapped_column(AddressText)
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_hash: Mapped[str] = mapped_column(HashText)
    timestamp_seconds: Mapped[int] = mapped_column(BigInteger)
    last_block: Mapped[int] = mapped_column(BigInteger)
    last_seconds: Mapped[int] = mapped_column(BigInteger)
    seen_seconds: Mapped[int] = mapped_column(BigInteger)
    policy: Mapped[str] = mapped_column(AddressText)
    asset: Mapped[str] = mapped_column(AddressText)
    stop: Mapped[int] = mapped_column(Integer)
    total_assets: Mapped[int | None] = mapped_column(WholeNumber)
    idle: Mapped[int] = mapped_column(WholeNumber)
    idle_target: Mapped[int] = mapped_column(WholeNumber)
    claimable: Mapped[int] = mapped_column(WholeNumber)
    awaited: Mapped[int] = mapped_column(WholeNumber)
    supply: Mapped[int] = mapped_column(WholeNumber)
    share_price_wad: Mapped[int | None] = mapped_column(WholeNumber)
    liquidity_ratio_bps: Mapped[int] = mapped_column(Integer)
    tvl_usd_wad: Mapped[int | None] = mapped_column(WholeNumber)
    last_rebalance_seconds: Mapped[int] = mapped_column(BigInteger)
    loss_used: Mapped[int] = mapped_column(WholeNumber)
    loss_updated_seconds: Mapped[int] = mapped_column(BigInteger)
    limits_json: Mapped[str] = mapped_column(Text)
    pools_json: Mapped[str] = mapped_column(Text)
    trouble: Mapped[str | None] = mapped_column(Text)


class VaultVerdictRow(Base):
    """What was decided about a vault from one block to another; a new row where it is another thing.

    Attributes:
        block_number, timestamp_seconds: the first block at which it was decided, and its time.
        last_block, last_seconds: the last one so far; ``drift`` and ``reason`` are of it.
        seen_seconds: when that was.
    """

    __tablename__ = "vault_verdicts"
    __table_args__ = (Index("ix_vault_verdicts_vault", "vault", "block_number"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    vault: Mapped[str] = mapped_column(AddressText)
    block_number: Mapped[int] = mapped_column(BigInteger)
    timestamp_seconds: Mapped[int] = mapped_column(BigInteger)
    last_block: Mapped[int] = mapped_column(BigInteger)
    last_seconds: Mapped[int] = mapped_column(BigInteger)
    seen_seconds: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(24))
    drift: Mapped[int | None] = mapped_column(WholeNumber)
    reason: Mapped[str] = mapped_column(Text)
