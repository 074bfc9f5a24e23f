"""What becomes of requests on their way through the relayer: read, fitted into batches, sent, told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ape
import click
from ape.api import AccountAPI
from eth_abi.abi import decode

from scripts._executor import DeploymentRefused
from scripts._steps import ether
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.relay_calls import (
    MAX_REQUESTS,
    Refusal,
    RelayResult,
    encode_batch,
    read_refusal,
    results_of,
)
from steelyard.connect.relay_errors import RELAYER_ERRORS
from steelyard.connect.relay_files import load_signed, request_files
from steelyard.connect.relay_requests import SignedRequest
from steelyard.connect.rpc import RpcClient
from steelyard.exceptions import ConfigError, InvalidRequest
from steelyard.units import BPS, GWEI, Address

MOST_GAS = 12_000_000
"""Signed gas of one batch: well below what one transaction may ask for (EIP-7825)."""


@dataclass(frozen=True)
class Item:
    """One request of a file, and what its relayer takes for it."""

    path: Path
    signed: SignedRequest
    fee: int


def relayer_chain() -> ChainClient:
    """Return our own client of the node that Ape is connected to; the relayer's reverts come decoded."""
    return ChainClient(RpcClient(str(ape.networks.provider.uri)), errors=RELAYER_ERRORS)


def read_items(path: Path, chain: ChainClient, fee_bps: int = BPS) -> list[Item]:
    """Read a file or a directory of requests, each once.

    Args:
        fee_bps: share of each request's greatest fee that is taken.

    Raises:
        DeploymentRefused: one cannot be read, is for another chain, or they are for several relayers.
    """
    try:
        found = [(one, load_signed(one)) for one in request_files(path)]
    except (ConfigError, InvalidRequest) as error:
        raise DeploymentRefused(str(error)) from None
    chain_id = chain.chain_id()
    for one, signed in found:
        if signed.chain_id != chain_id:
            raise DeploymentRefused(f"{one} is for chain id {signed.chain_id}; the node serves {chain_id}")
    if len({signed.forwarder for _, signed in found}) > 1:
        raise DeploymentRefused(f"the requests of {path} are for several relayers: submit them apart")
    by_id = {signed.id: (one, signed) for one, signed in found}
    # Rounds down, in the signer's favour.
    return [Item(one, signed, signed.request.max_fee * fee_bps // BPS) for one, signed in by_id.values()]


def sort_out(
    items: Sequence[Item], chain: ChainClient, relayer: Address
) -> tuple[list[Item], list[tuple[Item, str]]]:
    """Return what would be carried out now, and what would be refused, with the reason."""
    good, refused = [], []
    for item in items:
        bound = item.signed.request.relayer
        refusal = read_refusal(chain, item.signed, item.fee, relayer)
        if bound not in (None, relayer):
            refused.append((item, f"only {bound} may relay it"))
        elif refusal is not Refusal.NONE:
            refused.append((item, refusal.words))
        else:
            good.append(item)
    return good, refused


def batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Fit items into as few batches as their gas allows, signers and targets side by side."""
    neighbours = sorted(items, key=lambda item: (item.signed.request.target, item.signed.request.signer))
    batch: list[Item] = []
    gas = 0
    for item in neighbours:
        if batch and (gas + item.signed.request.gas > MOST_GAS or len(batch) == MAX_REQUESTS):
            yield batch
            batch, gas = [], 0
        batch.append(item)
        gas += item.signed.request.gas
    if batch:
        yield batch


class Batch:
    """Requests that go in one transaction, by one account."""

    def __init__(self, chain: ChainClient, account: AccountAPI, items: Sequence[Item]) -> None:
        self._chain, self._account, self._items = chain, account, items
        self._sender = Address(account.address)
        self._forwarder = items[0].signed.forwarder
        self._data = encode_batch([one.signed for one in items], [one.fee for one in items], self._sender)
        self._value_wei = sum(one.signed.request.value_wei for one in items)

    def show(self) -> int:
        """Simulate it, say what it would do and cost, and return its gas. Raises DeploymentRefused."""
        try:
            answer = self._chain.eth_call(
                self._forwarder, self._data, sender=self._sender, value_wei=self._value_wei
            )
            gas = self._chain.estimate_gas(
                self._forwarder, self._data, sender=self._sender, value_wei=self._value_wei
            )
        except CallReverted as error:
            raise DeploymentRefused(f"the batch would fail: {error.reason}") from None
        (done,) = decode(["uint256"], answer)
        price_wei = ape.networks.provider.gas_price
        count = int(done).bit_count()
        click.echo(
            f"{count} of {len(self._items)} would be carried out, {ether(self._value_wei)} ether along, "
            f"{gas:,} gas = {ether(gas * price_wei)} ether at {price_wei / GWEI:.3f} gwei"
        )
        return gas

    def send(self, gas: int) -> list[RelayResult]:
        """Send it and return what became of each request, in order."""
        receipt = self._account.transfer(
            self._forwarder, self._value_wei, data=self._data, gas_limit=gas + gas // 4
        )
        mined = self._chain.receipt(receipt.txn_hash)
        if mined is None:
            raise DeploymentRefused(f"{receipt.txn_hash} was mined, but has no receipt")
        click.echo(f"sent {receipt.txn_hash}, block {mined.block_number}, {mined.gas_used:,} gas")
        return results_of(mined.logs, self._forwarder, [one.signed.id for one in self._items])
