"""Names and decimals of the tokens met, so that records can be read without a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from steelyard.model import Address, Token
from steelyard.record.tables import TokenRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from steelyard.record.writer import Writer


def remember_tokens(writer: Writer, tokens: Iterable[Token]) -> None:
    """Write the tokens, a newer description in place of an older. Raises StoreBusy or StoreUnavailable."""
    rows = [
        TokenRow(address=token.address, symbol=token.symbol[:64], decimals=token.decimals) for token in tokens
    ]

    def write(session: Session) -> None:
        for row in rows:
            session.merge(row)

    writer.run(write)


def read_tokens(session: Session) -> Mapping[Address, Token]:
    """Return every token that records can speak of, by address."""
    return {
        Address(row.address): Token(address=Address(row.address), symbol=row.symbol, decimals=row.decimals)
        for row in session.scalars(select(TokenRow))
    }
