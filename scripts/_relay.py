"""A batch of requests as ``ape run relay`` shows and sends it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ape
import click
from ape.api import AccountAPI
from eth_abi.abi import decode

from scripts._executor import DeploymentRefused
from scripts._steps import ether
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.relay_batches import RelayItem, load_items
from steelyard.connect.relay_calls import RelayResult, encode_batch, results_of
from steelyard.exceptions import ConfigError, InvalidRequest
from steelyard.units import BPS, GWEI, Address


def read_items(path: Path, chain: ChainClient, fee_bps: int = BPS) -> list[RelayItem]:
    """Read a file or a directory of requests. Raises DeploymentRefused where that fails."""
    try:
        return load_items(path, chain_id=chain.chain_id(), fee_bps=fee_bps)
    except (ConfigError, InvalidRequest) as error:
        raise DeploymentRefused(str(error)) from None


class Batch:
    """Requests that go in one transaction, by one account."""

    def __init__(self, chain: ChainClient, account: AccountAPI, items: Sequence[RelayItem]) -> None:
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
