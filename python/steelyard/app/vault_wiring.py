"""Builds what looks after the configured vault: beside the arbitrage, or alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from steelyard.act.signers import account_address, load_request_signer, load_test_request_signer
from steelyard.app.desk import TEST_ACCOUNT_PREFIX, Desk, mode_of, open_chain, open_desk
from steelyard.app.notices import OnEvent
from steelyard.app.threads import ChainThread
from steelyard.app.vault_decision import decide_rebalance
from steelyard.app.vault_keeper import VaultKeeper
from steelyard.app.vault_sending import Carrier, DirectCarrier, RelayedCarrier
from steelyard.app.vault_watch import VaultParts, VaultTurn, VaultWatch
from steelyard.config import Config
from steelyard.connect.chain import ChainClient
from steelyard.decide.allocation.rebalance import RebalanceSettings
from steelyard.exceptions import ConfigError
from steelyard.model import Address, Mode
from steelyard.observe.vault import VaultReader
from steelyard.record.vaults import VaultLog

SECONDS_A_DAY = 86_400
MILLISECONDS = 1000


def rebalance_settings(config: Config) -> RebalanceSettings:
    """Return what ``[vault]`` asks of a rebalance."""
    wanted = config.vault
    return RebalanceSettings(
        horizon_seconds=wanted.horizon_days * SECONDS_A_DAY,
        misplaced_bps_per_year=wanted.misplaced_bps_per_year,
        yields_bps_per_year={Address(pool): bps for pool, bps in wanted.yields_bps_per_year.items()},
        min_move_bps=wanted.min_move_bps,
        max_loss_bps=wanted.max_loss_bps,
        loss_tolerance_bps=wanted.loss_tolerance_bps,
        urgent_interval_seconds=wanted.urgent_interval_seconds,
        deadline_seconds=wanted.deadline_seconds,
    )


def open_watch(
    config: Config, desk: Desk, *, on_look: Callable[[VaultTurn], None] = lambda turn: None
) -> VaultWatch | None:
    """Return what looks after the configured vault; None where none is configured.

    Raises:
        KeyUnavailable: the account that signs for the relayer cannot be unlocked.
    """
    return None if config.vault.address is None else _watch(config, desk, on_look)


def look_once(config: Config, chain: ChainClient) -> VaultTurn:
    """Return the configured vault as of the newest block, and what a keeper would do; nothing is written.

    Raises:
        ConfigError: no vault is configured, or it is none.
        RetryError: the node did not answer.
    """
    head = chain.block()
    reader = VaultReader(chain, _vault(config), wrapped_native=Address(config.market.wrapped_native))
    snapshot = reader.read(head)
    keeper = _keeper_address(config, chain.client_version())
    verdict = decide_rebalance(
        snapshot,
        head,
        chain,
        DirectCarrier(keeper, is_relayed=config.vault.forwarder is not None),
        rebalance_settings(config),
        priority_fee_wei=config.arbitrage.priority_fee,
        is_pending=False,
        stopped=None,
    )
    return VaultTurn(snapshot=snapshot, verdict=verdict, is_sent=False)


def build_vault_keeper(
    config: Config,
    *,
    live: bool,
    on_look: Callable[[VaultTurn], None] = lambda turn: None,
    on_event: OnEvent = lambda kind, message, severity: None,
) -> VaultKeeper:
    """Open a keeper of the vault alone, ready to ``run``.

    Raises:
        SteelyardError: something is missing, wrong or taken; what was opened before is closed again.
    """
    _vault(config)
    mode = mode_of(config, live=live)
    with ExitStack() as opened:
        chain = open_chain(config)
        opened.callback(chain.rpc.close)
        watched = _keeper_address(config, chain.client_version())
        desk = open_desk(config, mode, chain, opened, watched=watched, on_event=on_event)
        return VaultKeeper(
            desk,
            _watch(config, desk, on_look),
            ChainThread(),
            resources=opened.pop_all(),
            poll_interval_seconds=config.chain.poll_interval_milliseconds / MILLISECONDS,
        )


def _watch(config: Config, desk: Desk, on_look: Callable[[VaultTurn], None]) -> VaultWatch:
    vault = _vault(config)
    parts = VaultParts(
        mode=desk.mode,
        vault=vault,
        every_seconds=config.vault.every_seconds,
        settings=rebalance_settings(config),
        priority_fee_wei=config.arbitrage.priority_fee,
        chain=desk.chain,
        reader=VaultReader(desk.chain, vault, wrapped_native=Address(config.market.wrapped_native)),
        carrier=_carrier(config, desk),
        submitter=desk.submitter,
        journal=desk.journal,
        log=VaultLog(desk.writer),
    )
    return VaultWatch(parts, on_look)


def _vault(config: Config) -> Address:
    if config.vault.address is None:
        raise ConfigError("no vault is configured: vault.address names the vault to look after")
    return Address(config.vault.address)


def _keeper_address(config: Config, client_version: str) -> Address:
    """Whose role the vault will see; in paper mode it is all that is known of the account."""
    name = config.vault.account or config.keeper.account
    if name is None:
        raise ConfigError(
            "keeper.account must name the Ape account that has the vault's keeper role: paper mode simulates "
            "from its address, without unlocking it"
        )
    return account_address(name, client_version=client_version)


def _carrier(config: Config, desk: Desk) -> Carrier:
    wanted = config.vault
    name, client_version = wanted.account, desk.chain.client_version()
    if name is None or wanted.forwarder is None:
        return DirectCarrier(desk.signer.address)
    if desk.mode is Mode.PAPER:
        return DirectCarrier(account_address(name, client_version=client_version), is_relayed=True)
    index = name.removeprefix(TEST_ACCOUNT_PREFIX)
    if index != name and index.isdecimal():
        keeper, sign = load_test_request_signer(int(index), client_version=client_version)
    else:
        path = wanted.passphrase_file
        keeper, sign = load_request_signer(name, passphrase_file=path, key="vault.passphrase_file")
    return RelayedCarrier(keeper, sign, forwarder=Address(wanted.forwarder), payer=desk.signer.address)
