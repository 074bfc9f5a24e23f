"""Relaying from configuration: the node, the account that pays, the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steelyard.act.relaying import RelaySubmitter
from steelyard.act.signers import load_signer, load_test_signer
from steelyard.app.desk import TEST_ACCOUNT_PREFIX, gas_settings
from steelyard.connect.chain import ChainClient
from steelyard.connect.relay_errors import RELAYER_ERRORS
from steelyard.connect.rpc import RpcClient
from steelyard.record.relay_journal import FileRelayJournal

if TYPE_CHECKING:
    from pathlib import Path

    from steelyard.config import Config
    from steelyard.model import Signer

PATIENCE_SECONDS: Final = 120.0


def open_relayer_chain(config: Config) -> ChainClient:
    """Return a client of the configured node; the relayer's reverts come decoded. Raises WrongChain."""
    rpc = RpcClient(config.chain.rpc_url, timeout_seconds=config.chain.request_timeout_seconds)
    chain = ChainClient(rpc, errors=RELAYER_ERRORS)
    chain.require_chain(config.chain.chain_id)
    return chain


def open_relay_signer(account: str, chain: ChainClient) -> Signer:
    """Unlock the Ape account that relays; ``TEST::0`` is Ape's first test account. Raises KeyUnavailable."""
    index = account.removeprefix(TEST_ACCOUNT_PREFIX)
    if index != account and index.isdecimal():
        return load_test_signer(int(index), client_version=chain.client_version())
    return load_signer(account)


def open_relay_submitter(config: Config, chain: ChainClient, signer: Signer, journal: Path) -> RelaySubmitter:
    """Return what relays batches by ``signer`` and remembers them in the file ``journal``."""
    return RelaySubmitter(
        chain,
        FileRelayJournal(journal),
        signer,
        gas_settings(config),
        patience_seconds=PATIENCE_SECONDS,
    )
