"""Builds the doors through which transactions leave, from ``[private]`` of the configuration."""

from __future__ import annotations

from contextlib import ExitStack

from steelyard.act.doors import Doors
from steelyard.act.signers import load_identity
from steelyard.app.notices import Notices
from steelyard.config import Config
from steelyard.connect.chain import ChainClient
from steelyard.connect.private_relay import PrivateRelay, RelayMethod, StatusPage, signature_headers
from steelyard.connect.rpc import RpcClient
from steelyard.model import Mode
from steelyard.record.journal import SqlJournal


def open_doors(
    config: Config,
    mode: Mode,
    chain: ChainClient,
    journal: SqlJournal,
    notices: Notices,
    opened: ExitStack,
) -> Doors:
    """Return where transactions leave; paper mode, which sends nothing, opens no relay and no identity.

    Raises:
        KeyUnavailable: the relays' identity cannot be unlocked.
    """
    wanted = config.private
    relays = _relays(config, opened) if mode is Mode.LIVE else []
    status = None
    if relays and wanted.status_url is not None:
        status = StatusPage(wanted.status_url, timeout_seconds=wanted.timeout_seconds)
        opened.callback(status.close)
    return Doors(
        chain,
        journal,
        relays,
        max_blocks=wanted.max_blocks,
        status=status,
        fallback_to_public=wanted.fallback_to_public,
        on_trouble=lambda sentence: notices.say("private_trouble", sentence, "warning"),
        on_leak=lambda sentence: notices.say("leaked", sentence, "critical"),
    )


def _relays(config: Config, opened: ExitStack) -> list[PrivateRelay]:
    wanted = config.private
    headers_for = None
    if wanted.rpc_urls and wanted.identity is not None:
        headers_for = signature_headers(
            load_identity(wanted.identity, passphrase_file=wanted.identity_passphrase_file)
        )
    relays = []
    for url in wanted.rpc_urls:
        rpc = RpcClient(url, timeout_seconds=wanted.timeout_seconds, headers_for=headers_for)
        relays.append(PrivateRelay(rpc, RelayMethod(wanted.method)))
        opened.callback(rpc.close)
    return relays
