"""What every keeper has on its desk: key, journal, database, and what sends and follows transactions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from steelyard.act.doors import Doors
from steelyard.act.gas import GasSettings
from steelyard.act.kill_switch import check_kill_switch, kill_reason
from steelyard.act.replace import Replacer
from steelyard.act.signers import keyring_folder, load_signer, load_test_signer
from steelyard.act.submitter import Submitter
from steelyard.act.tracker import Tracker
from steelyard.app.notices import Notices, OnEvent
from steelyard.app.paper import WatchOnly
from steelyard.app.sending import open_doors
from steelyard.config import Config
from steelyard.connect.chain import ChainClient
from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.rpc import RpcClient
from steelyard.decide.limits import RiskLimits
from steelyard.exceptions import ConfigError, KeyUnavailable
from steelyard.model import Address, Mode, Signer
from steelyard.record.database import Database
from steelyard.record.decisions import DecisionLog
from steelyard.record.journal import SqlJournal
from steelyard.record.lock import ProcessLock, database_lock_path, key_lock_path
from steelyard.record.writer import Writer

TEST_ACCOUNT_PREFIX = "TEST::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Opened by ``open_desk``; its owner's ``ExitStack`` closes it.

    Attributes:
        signer: sends and pays; in paper mode an address without a key.
    """

    mode: Mode
    chain: ChainClient
    signer: Signer
    database: Database
    writer: Writer
    journal: SqlJournal
    log: DecisionLog
    notices: Notices
    submitter: Submitter
    tracker: Tracker
    replacer: Replacer
    limits: RiskLimits
    kill_reason: Callable[[], str | None]


def open_desk(
    config: Config,
    mode: Mode,
    chain: ChainClient,
    opened: ExitStack,
    *,
    watched: Address,
    on_step: Callable[[str], None] = lambda step: None,
    on_event: OnEvent = lambda kind, message, severity: None,
) -> Desk:
    """Open the desk.

    Args:
        watched: the address that paper mode simulates from.
        on_step: told of each step of a submission.

    Raises:
        SteelyardError: something is missing, wrong or taken.
    """
    signer = _signer(config, mode, chain, watched)
    database = _locked_database(config, mode, signer, opened)
    writer = opened.enter_context(Writer(database))
    journal = SqlJournal(writer, mode=mode)
    _require_same_chain(journal, config, database)
    gas = gas_settings(config)
    guard = partial(check_kill_switch, config.keeper.kill_file)
    log = DecisionLog(writer)
    notices = Notices(log, on_event)
    doors = open_doors(config, mode, chain, journal, notices, opened)
    return Desk(
        mode=mode,
        chain=chain,
        signer=signer,
        database=database,
        writer=writer,
        journal=journal,
        log=log,
        notices=notices,
        submitter=Submitter(chain, journal, signer, gas, doors=doors, guard=guard, on_step=on_step),
        tracker=_tracker(config, mode, chain, journal, doors),
        replacer=Replacer(chain, journal, signer, gas, doors=doors, guard=guard),
        limits=risk_limits(config),
        kill_reason=partial(kill_reason, config.keeper.kill_file),
    )


def mode_of(config: Config, *, live: bool) -> Mode:
    """Return the mode. Raises ConfigError where only one of the two switches says live."""
    if not live:
        return Mode.PAPER
    if config.keeper.mode != "live":
        raise ConfigError('--live needs keeper.mode = "live" in the configuration too: two switches, not one')
    return Mode.LIVE


def risk_limits(config: Config) -> RiskLimits:
    """Return the limits that ``[limits]`` sets."""
    limits = config.limits
    return RiskLimits(
        max_trade_wei=limits.max_trade,
        max_loss_per_day_wei=limits.max_loss_per_day,
        max_gas_per_hour_wei=limits.max_gas_per_hour,
        max_failures_in_a_row=limits.max_failures_in_a_row,
    )


def gas_settings(config: Config) -> GasSettings:
    """Return how gas is bought, as ``[arbitrage]`` and ``[gas]`` set it."""
    return GasSettings(
        priority_fee_wei=config.arbitrage.priority_fee, access_lists=config.gas.access_list == "auto"
    )


def open_chain(config: Config) -> ChainClient:
    """Return a client of the configured node. Raises WrongChain, RpcUnavailable."""
    rpc = RpcClient(config.chain.rpc_url, timeout_seconds=config.chain.request_timeout_seconds)
    chain = ChainClient(rpc, errors=KNOWN_ERRORS)
    chain.require_chain(config.chain.chain_id)
    return chain


def _tracker(config: Config, mode: Mode, chain: ChainClient, journal: SqlJournal, doors: Doors) -> Tracker:
    kill_file = config.keeper.kill_file
    return Tracker(
        chain,
        journal,
        doors=doors,
        confirmations=config.keeper.confirmations,
        may_send=lambda: mode is Mode.LIVE and kill_reason(kill_file) is None,
    )


def _require_same_chain(journal: SqlJournal, config: Config, database: Database) -> None:
    """Raise ConfigError where open intents are another chain's: this one knows nothing of them."""
    others = {intent.plan.chain_id for intent in journal.unfinished()} - {config.chain.chain_id}
    if others:
        raise ConfigError(
            f"database {database.name} holds open transactions on chain id {min(others)}, but chain.chain_id "
            f"is {config.chain.chain_id}: give each chain a database of its own in keeper.database_url"
        )


def _signer(config: Config, mode: Mode, chain: ChainClient, watched: Address) -> Signer:
    if mode is Mode.PAPER:
        return WatchOnly(watched)
    account = config.keeper.account
    if account is None:
        raise KeyUnavailable("live mode needs keeper.account: the alias of an Ape account")
    if account.startswith(TEST_ACCOUNT_PREFIX):
        index = account.removeprefix(TEST_ACCOUNT_PREFIX)
        if not index.isdecimal():
            raise ConfigError(f"keeper.account {account!r}: a test account is written TEST::0, TEST::1, ...")
        return load_test_signer(int(index), client_version=chain.client_version())
    return load_signer(account, passphrase_file=config.keeper.passphrase_file)


def _locked_database(config: Config, mode: Mode, signer: Signer, opened: ExitStack) -> Database:
    """Open the database and lock it, and in live mode the key, against other keepers."""
    database = opened.enter_context(Database(config.keeper.database_url))
    path = database.path
    if path is not None:
        opened.enter_context(ProcessLock(database_lock_path(path), f"the database {path}"))
    if mode is Mode.LIVE:
        key_path = key_lock_path(_key_folder(config, path), config.chain.chain_id, signer.address)
        opened.enter_context(ProcessLock(key_path, f"the key of {signer.address}"))
    return database


def _key_folder(config: Config, database: Path | None) -> Path:
    """Return where the key's lock lies: beside the key, wherever the databases of its keepers are.

    Test keys lie nowhere, and development nodes are chains of their own under one id: there it is beside the
    database.
    """
    if not str(config.keeper.account).startswith(TEST_ACCOUNT_PREFIX):
        return keyring_folder()
    return database.parent if database is not None else config.keeper.kill_file.parent
