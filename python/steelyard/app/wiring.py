"""Builds a keeper from its configuration: the only place that knows every part."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from steelyard.act.executor_state import executor_refusal, require_as_written, require_executor
from steelyard.app.desk import mode_of, open_chain, open_desk
from steelyard.app.keeper import Keeper, Turn
from steelyard.app.market import open_checkpointer, watch_list
from steelyard.app.notices import Notices, OnEvent
from steelyard.app.recording import RecordedDecider, new_session
from steelyard.app.stages import Decider, KeeperStages, Parts
from steelyard.app.threads import ChainThread
from steelyard.app.vault_wiring import open_watch
from steelyard.config import Config
from steelyard.connect.chain import ChainClient
from steelyard.connect.deployment import Deployment, load_deployment, newest_deployment
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.decision import decide
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.validation import ValidationLimits
from steelyard.exceptions import ConfigError, StoreUnavailable
from steelyard.model import Address, Attempts, Mode
from steelyard.observe.evidence import Evidence
from steelyard.observe.follower import MarketFollower
from steelyard.observe.oracles import OracleReader
from steelyard.observe.progress import Notice, silent
from steelyard.observe.token_safety import TokenTrials
from steelyard.record.attempts import read_attempts
from steelyard.record.database import Database
from steelyard.record.recorder import Recorder

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
    mode = mode_of(config, live=live)
    with ExitStack() as opened:
        if chain is None:
            chain = open_chain(config)
            opened.callback(chain.rpc.close)
        parts = _open(config, mode, chain, opened, on_step, on_event)
        stages = KeeperStages(parts, thread)
        opened.pop_all()
    return stages


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
    desk = open_desk(
        config, mode, chain, opened, watched=deployment.keeper, on_step=on_step, on_event=on_event
    )
    decider = open_decider(config, deployment)
    if config.keeper.recording is not None:
        path, notices = config.keeper.recording, desk.notices
        decider = recorded = _recorded(decider, path, config, deployment, notices, opened)
        on_step = recorded.after(on_step)
    return Parts(
        mode=mode,
        executor=deployment.executor,
        market=config.market,
        chain=chain,
        follower=_follower(config, chain, deployment, desk.notices, opened),
        decider=decider,
        submitter=desk.submitter,
        tracker=desk.tracker,
        replacer=desk.replacer,
        journal=desk.journal,
        database=desk.database,
        writer=desk.writer,
        log=desk.log,
        notices=desk.notices,
        limits=desk.limits,
        kill_reason=desk.kill_reason,
        executor_refusal=partial(executor_refusal, chain, deployment.executor, desk.signer.address),
        vault=open_watch(config, desk),
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
