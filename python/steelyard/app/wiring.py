"""Builds a keeper from its configuration: the only place that knows every part."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from steelyard.act.doors import Doors
from steelyard.act.executor_state import executor_refusal, require_as_written, require_executor
from steelyard.act.gas import GasSettings
from steelyard.act.kill_switch import check_kill_switch, kill_reason
from steelyard.act.replace import Replacer
from steelyard.act.signers import keyring_folder, load_signer, load_test_signer
from steelyard.act.submitter import Submitter
from steelyard.act.tracker import Tracker
from steelyard.app.keeper import Keeper, Turn
from steelyard.app.market import open_checkpointer, watch_list
from steelyard.app.notices import Notices, OnEvent
from steelyard.app.paper import WatchOnly
from steelyard.app.recording import RecordedDecider, new_session
from steelyard.app.sending import open_doors
from steelyard.app.stages import Decider, KeeperStages, Parts
from steelyard.app.threads import ChainThread
from steelyard.config import Config
from steelyard.connect.chain import ChainClient
from steelyard.connect.deployment import Deployment, load_deployment, newest_deployment
from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.rpc import RpcClient
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.decision import decide
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.validation import ValidationLimits
from steelyard.decide.limits import RiskLimits
from steelyard.exceptions import ConfigError, KeyUnavailable, StoreUnavailable
from steelyard.model import Address, Attempts, Mode, Signer
from steelyard.observe.evidence import Evidence
from steelyard.observe.follower import MarketFollower
from steelyard.observe.oracles import OracleReader
from steelyard.observe.progress import Notice, silent
from steelyard.observe.token_safety import TokenTrials
from steelyard.record.attempts import read_attempts
from steelyard.record.database import Database
from steelyard.record.decisions import DecisionLog
from steelyard.record.journal import SqlJournal
from steelyard.record.lock import ProcessLock, database_lock_path, key_lock_path
from steelyard.record.recorder import Recorder
from steelyard.record.writer import Writer

TEST_ACCOUNT_PREFIX = "TEST::"
MILLISECONDS = 1000


def build_keeper(
    config: Config,
    *,
    live: bool,
    on_turn: Callable[[Turn], None] = lambda turn: None,
    on_step: Callable[[str], None] = lambda step: None,
    on_event: OnEvent = lambda kind, message, severity: None,
) -> Keeper:
    """Open everything that the keeper needs and return it, ready to ``run`` or to ``turn`` by hand.

    Args:
        live: send transactions; also needs ``keeper.mode = "live"`` and an account.
        on_turn: told of each finished turn.
        on_step: told of each step of a turn and of a submission (``stages.STEPS``, ``submitter.STEPS``).
        on_event: told of what an operator should know, when it happens; the records have it too.

    Raises:
        SteelyardError: something is missing, wrong or taken; what was opened before is closed again.
    """
    stages = open_stages(config, ChainThread(), live=live, on_step=on_step, on_event=on_event)
    return Keeper(
        stages, poll_interval_seconds=config.chain.poll_interval_milliseconds / MILLISECONDS, on_turn=on_turn
    )


def open_stages(
    config: Config,
    thread: ChainThread,
    *,
    live: bool,
    chain: ChainClient | None = None,
    on_step: Callable[[str], None] = lambda step: None,
    on_event: OnEvent = lambda kind, message, severity: None,
) -> KeeperStages:
    """Open the stages over their real parts; arguments and errors as for ``build_keeper``.

    Args:
        thread: where work on the chain runs; closed with the stages.
        chain: a client of the configured node, which its owner closes; None opens one.
    """
    mode = _mode(config, live)
    with ExitStack() as opened:
        if chain is None:
            chain = open_chain(config)
            opened.callback(chain.rpc.close)
        parts = _open(config, mode, chain, opened, on_step, on_event)
        stages = KeeperStages(parts, thread)
        opened.pop_all()
    return stages


def risk_limits(config: Config) -> RiskLimits:
    """Return the limits that ``[limits]`` sets."""
    limits = config.limits
    return RiskLimits(
        max_trade_wei=limits.max_trade,
        max_loss_per_day_wei=limits.max_loss_per_day,
        max_gas_per_hour_wei=limits.max_gas_per_hour,
        max_failures_in_a_row=limits.max_failures_in_a_row,
    )


def arbitrage_settings(config: Config, executor: Address) -> ArbitrageSettings:
    """Return the settings of decisions that ``[arbitrage]``, ``[market]`` and ``[limits]`` set."""
    wanted = config.arbitrage
    return ArbitrageSettings(
        executor=executor,
        wrapped_native=Address(config.market.wrapped_native),
        path_length=wanted.path_length,
        max_candidates=wanted.max_candidates,
        certify_budget=wanted.certify_budget,
        max_plans=wanted.max_plans_per_block,
        min_net_profit_wei=wanted.min_net_profit,
        min_trading_limit_wei=wanted.min_trading_limit,
        max_trade_wei=config.limits.max_trade,
        slippage_bps=wanted.slippage_bps,
        profit_share_kept_bps=wanted.profit_share_kept_bps,
        deadline_seconds=wanted.deadline_seconds,
        builder_share_bps=wanted.builder_share_bps,
        validation=ValidationLimits(
            min_liquidity_wei=wanted.min_liquidity,
            max_price_impact_bps=wanted.max_price_impact_bps,
            max_block_age_seconds=wanted.max_block_age_seconds,
            max_token_trial_age_blocks=config.token_trials.max_age_blocks,
            require_token_trial=config.token_trials.required,
            max_oracle_deviation_bps=config.oracles.max_deviation_bps,
            max_oracle_age_seconds=config.oracles.max_age_seconds,
            require_oracle=config.oracles.required,
        ),
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


def open_deployment(config: Config, chain: ChainClient) -> Deployment:
    """Return the executor: the one configured, or the newest on this chain.

    Raises:
        ConfigError: the file is missing, wrong, of another chain, or not what the executor there says.
    """
    path = config.keeper.deployment
    chain_id = config.chain.chain_id
    deployment = newest_deployment(chain_id=chain_id) if path is None else load_deployment(path)
    if deployment.chain_id != chain_id:
        raise ConfigError(
            f"{path} is a deployment on chain id {deployment.chain_id}, but chain.chain_id is {chain_id}"
        )
    require_executor(chain, deployment.executor)
    require_as_written(chain, deployment)
    return deployment


def open_follower(
    config: Config,
    chain: ChainClient,
    deployment: Deployment,
    *,
    notice: Notice = silent,
    saves: bool = False,
) -> MarketFollower:
    """Return what observes the configured market.

    Args:
        notice: told how the market was read, and how far a long reading has got.
        saves: keep the checkpoint too, and not only start from it.

    Raises:
        ConfigError: no token is named.
    """
    watch = watch_list(config, deployment)
    return MarketFollower(
        chain,
        watch,
        priority_fee_wei=config.arbitrage.priority_fee,
        clock=lambda: int(time.time()),
        evidence=open_evidence(config, chain, deployment),
        checkpointer=open_checkpointer(config, watch, notice, saves=saves),
        notice=notice,
    )


def open_evidence(config: Config, chain: ChainClient, deployment: Deployment) -> Evidence:
    """Return what is observed beside the market: the configured oracles, and trials of tokens."""
    wanted, native_usd = config.token_trials, config.oracles.native_usd
    oracles = None
    if native_usd is not None:
        usd = {Address(token): Address(at) for token, at in config.oracles.usd.items()}
        oracles = OracleReader(Address(native_usd), usd)
    trials = None
    if wanted.enabled:
        trials = TokenTrials(
            chain,
            receiver=deployment.executor,
            origin=deployment.keeper,
            every_blocks=wanted.every_blocks,
            at_once=wanted.at_once,
        )
    return Evidence(oracles, trials)


def open_decider(config: Config, deployment: Deployment) -> Decider:
    """Return the decision as a function of the snapshot alone, with its own cache of derived tables."""
    return partial(
        decide,
        settings=arbitrage_settings(config, deployment.executor),
        venues=deployment.venues,
        cache=ArbitrageCache(),
    )


def past_attempts(config: Config) -> Attempts:
    """Return what the records say of past attempts; nothing where there are no records to be read."""
    try:
        with Database(config.keeper.database_url, create=False) as database, database.read() as session:
            return read_attempts(session, now_seconds=int(time.time()))
    except StoreUnavailable:
        return Attempts()


def _mode(config: Config, live: bool) -> Mode:
    if not live:
        return Mode.PAPER
    if config.keeper.mode != "live":
        raise ConfigError('--live needs keeper.mode = "live" in the configuration too: two switches, not one')
    return Mode.LIVE


def _open(
    config: Config,
    mode: Mode,
    chain: ChainClient,
    opened: ExitStack,
    on_step: Callable[[str], None],
    on_event: OnEvent,
) -> Parts:
    deployment = open_deployment(config, chain)
    watch_list(config, deployment)  # refuses what is missing before anything is opened
    signer = _signer(config, mode, chain, deployment)
    database = _locked_database(config, mode, signer, opened)
    writer = opened.enter_context(Writer(database))
    journal = SqlJournal(writer, mode=mode)
    _require_same_chain(journal, config, database)
    gas = gas_settings(config)
    guard = partial(check_kill_switch, config.keeper.kill_file)
    log = DecisionLog(writer)
    notices = Notices(log, on_event)
    doors = open_doors(config, mode, chain, journal, notices, opened)
    decider = open_decider(config, deployment)
    if config.keeper.recording is not None:
        decider = recorded = _recorded(decider, config.keeper.recording, config, deployment, notices, opened)
        on_step = recorded.after(on_step)
    return Parts(
        mode=mode,
        executor=deployment.executor,
        market=config.market,
        chain=chain,
        follower=_follower(config, chain, deployment, notices, opened),
        decider=decider,
        submitter=Submitter(chain, journal, signer, gas, doors=doors, guard=guard, on_step=on_step),
        tracker=_tracker(config, mode, chain, journal, doors),
        replacer=Replacer(chain, journal, signer, gas, doors=doors, guard=guard),
        journal=journal,
        database=database,
        writer=writer,
        log=log,
        notices=notices,
        limits=risk_limits(config),
        kill_reason=partial(kill_reason, config.keeper.kill_file),
        executor_refusal=partial(executor_refusal, chain, deployment.executor, signer.address),
        on_step=on_step,
        resources=opened.pop_all(),
    )


def _follower(
    config: Config, chain: ChainClient, deployment: Deployment, notices: Notices, opened: ExitStack
) -> MarketFollower:
    def notice(sentence: str) -> None:
        notices.say("market", sentence)

    follower = open_follower(config, chain, deployment, notice=notice, saves=True)
    opened.callback(follower.close)  # saves what is known for the next start
    return follower


def _recorded(
    decider: Decider,
    path: Path,
    config: Config,
    deployment: Deployment,
    notices: Notices,
    opened: ExitStack,
) -> RecordedDecider:
    settings = arbitrage_settings(config, deployment.executor)
    recorder = Recorder(path, new_session(config, settings, deployment.venues))
    recorded = RecordedDecider(decider, opened.enter_context(recorder), notices)
    opened.callback(recorded.release)
    return recorded


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


def _signer(config: Config, mode: Mode, chain: ChainClient, deployment: Deployment) -> Signer:
    if mode is Mode.PAPER:
        return WatchOnly(deployment.keeper)
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
