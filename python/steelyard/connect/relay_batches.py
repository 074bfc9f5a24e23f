"""Requests on their way into transactions: read from files, asked about, fitted into batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steelyard.connect.chain import ChainClient
from steelyard.connect.relay_calls import MAX_REQUESTS, Refusal, read_refusal
from steelyard.connect.relay_files import load_signed, request_files
from steelyard.connect.relay_requests import SignedRequest
from steelyard.exceptions import InvalidRequest
from steelyard.units import BPS, Address

MOST_GAS: Final = 12_000_000
"""Signed gas of one batch: well below what one transaction may ask for (EIP-7825)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayItem:
    """One request of a file; ``fee`` is what its relayer takes for it, in base units."""

    path: Path
    signed: SignedRequest
    fee: int


def load_items(path: Path, *, chain_id: int, fee_bps: int = BPS) -> list[RelayItem]:
    """Read a file or a directory of requests, each request once.

    Args:
        fee_bps: share of each request's greatest fee that is taken.

    Raises:
        ConfigError: a file cannot be read, or there is none.
        InvalidRequest: one is no request, is for another chain, or they are for several relayers.
    """
    found = [(one, load_signed(one)) for one in request_files(path)]
    for one, signed in found:
        if signed.chain_id != chain_id:
            raise InvalidRequest(f"{one} is for chain id {signed.chain_id}; the node serves {chain_id}")
    if len({signed.forwarder for _, signed in found}) > 1:
        raise InvalidRequest(f"the requests of {path} are for several relayers: submit them apart")
    by_id = {signed.id: (one, signed) for one, signed in found}
    return [
        # Rounds down, in the signer's favour.
        RelayItem(path=one, signed=signed, fee=signed.request.max_fee * fee_bps // BPS)
        for one, signed in by_id.values()
    ]


def refusal_in_words(item: RelayItem, chain: ChainClient, relayer: Address) -> str | None:
    """Say why a request would not be carried out now, or None where it would."""
    bound = item.signed.request.relayer
    if bound not in (None, relayer):
        return f"only {bound} may relay it"
    refusal = read_refusal(chain, item.signed, item.fee, relayer)
    return None if refusal is Refusal.NONE else refusal.words


def sort_out(
    items: Sequence[RelayItem], chain: ChainClient, relayer: Address
) -> tuple[list[RelayItem], list[tuple[RelayItem, str]]]:
    """Return what would be carried out now, and what would be refused, with the reason."""
    seen = [(item, refusal_in_words(item, chain, relayer)) for item in items]
    good = [item for item, reason in seen if reason is None]
    return good, [(item, reason) for item, reason in seen if reason is not None]


def fit(items: Sequence[RelayItem]) -> Iterator[list[RelayItem]]:
    """Fit items into as few batches as their gas allows, signers and targets side by side."""
    neighbours = sorted(items, key=lambda item: (item.signed.request.target, item.signed.request.signer))
    batch: list[RelayItem] = []
    gas = 0
    for item in neighbours:
        if batch and (gas + item.signed.request.gas > MOST_GAS or len(batch) == MAX_REQUESTS):
            yield batch
            batch, gas = [], 0
        batch.append(item)
        gas += item.signed.request.gas
    if batch:
        yield batch
