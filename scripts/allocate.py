"""Scores a vault's pools anew and moves its assets to where the scores say.

::

    ape run allocate --account keeper --dry-run
    ape run allocate --score lending=8000,9000,6000 --score usdc_weth=4000 --account manager --dry-run
    ape run allocate --scores scores.toml --account manager --wait

A table says what each pool has, is to have, and what is moved; a simulation says what it loses and costs.
A dry run ends there. Otherwise the scores are sent, then rebalances: one is as large as the vault's step, the
next may follow after its interval (``--wait``). The settings are those of ``[vault]`` in ``steelyard.toml``.
"""

from __future__ import annotations

import time
from pathlib import Path

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand

from scripts._allocation import Desk, Look, Scores, costs_of, score_data, scores_of, table_of
from scripts._executor import DeploymentRefused, Session, manage, managing_options
from scripts._steps import Step, connected_chain, is_development_node
from scripts._vault_code import fields
from scripts._vault_record import DeployedVault, deployed_vault_at
from steelyard.app.vault_wiring import rebalance_settings
from steelyard.config import load_config
from steelyard.config.address_book import address_book
from steelyard.config.vault_scores import load_scores, parse_score
from steelyard.config.vault_terms import ScoreTerms
from steelyard.connect.chain import ChainClient
from steelyard.exceptions import ConfigError
from steelyard.model.vault import RebalanceCode, VaultRole
from steelyard.observe.vault import VaultReader
from steelyard.units import Address

POLL_SECONDS = 12


@click.command(cls=ConnectedProviderCommand)
@managing_options
@click.option(
    "--score",
    "listed",
    multiple=True,
    help="POOL=TRUST,LIQUIDITY,PERFORMANCE or POOL=CSCORE, in basis points; again for each pool.",
)
@click.option("--scores", "sheet", type=click.Path(dir_okay=False, path_type=Path), help="TOML or CSV file.")
@click.option(
    "--at-any-cost", is_flag=True, help="Also what costs more than it brings; limits on losses hold."
)
@click.option(
    "--wait", is_flag=True, help="Go on until the targets are reached; an interval between two steps."
)
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Another file of settings.")
def cli(
    session: Session,
    listed: tuple[str, ...],
    sheet: Path | None,
    at_any_cost: bool,
    wait: bool,
    config: Path | None,
) -> None:
    """Score the pools of the vault, which is a manager's, and rebalance it, which is a keeper's."""
    deployed = deployed_vault_at(session.deployment)
    scores = _scores(deployed, listed, sheet)
    account = session.account
    desk = _desk(account, deployed, config, at_any_cost=at_any_cost)
    look = desk.look(scores)
    click.echo("\n".join(table_of(deployed, look)))
    click.echo(costs_of(look))
    click.echo(f"{look.verdict.code}: {look.verdict.reason}")
    may = {role: bool(deployed.vault.hasRole(account, int(role))) for role in VaultRole}
    if session.sending.dry_run:
        click.echo("nothing was sent")
        return
    if scores:
        if not may[VaultRole.MANAGER]:
            raise DeploymentRefused(f"{account.address} is no manager of the vault, who alone scores pools")
        steps = [_score_step(deployed, strategy, terms) for strategy, terms in scores.items()]
        manage(session, deployed, steps)
    if may[VaultRole.KEEPER]:
        _rebalance(session, desk, look, rescored=bool(scores), wait=wait)
    elif scores:
        click.echo(f"{account.address} is no keeper: the moves are left to one")
    else:
        raise DeploymentRefused(f"{account.address} is no keeper of the vault, who alone rebalances it")


def _rebalance(session: Session, desk: Desk, look: Look, *, rescored: bool, wait: bool) -> None:
    """Send plans, each decided on the state of its moment, until there is none or it is not yet time."""
    if rescored:
        look = desk.look({})
    while True:
        if look.data is not None:
            _send(session, desk, look, look.data)
        elif wait and look.verdict.code is RebalanceCode.TOO_EARLY:
            _let_pass(
                desk.chain, look.before.last_rebalance_seconds + look.before.limits.min_interval_seconds
            )
        else:
            click.echo(f"{look.verdict.code}: {look.verdict.reason}")
            return
        look = desk.look({})


def _send(session: Session, desk: Desk, look: Look, data: bytes) -> None:
    step = Step(costs_of(look), Address(desk.deployed.vault.address), data, lambda: False)
    manage(session, desk.deployed, [step])


def _let_pass(chain: ChainClient, until_seconds: int) -> None:
    """Wait for the chain's clock; a development node's is moved."""
    left = until_seconds - chain.block().timestamp_seconds
    click.echo(f"  waits {left:,} seconds for the vault's interval")
    if is_development_node(chain):
        ape.chain.mine(deltatime=max(1, left))
    while chain.block().timestamp_seconds < until_seconds:
        time.sleep(POLL_SECONDS)


def _score_step(deployed: DeployedVault, strategy: Address, terms: ScoreTerms) -> Step:
    wanted = scores_of(terms)
    stored = (wanted.trust, wanted.liquidity, wanted.performance, wanted.c_score)
    shown = " ".join(f"{score:,}" for score in terms.scores)
    return Step(
        f"score {deployed.name_of(strategy)}: {shown}",
        Address(deployed.vault.address),
        score_data(strategy, terms),
        lambda: fields(deployed.vault.pool(strategy))[1:] == stored,
    )


def _scores(deployed: DeployedVault, listed: tuple[str, ...], sheet: Path | None) -> Scores:
    try:
        given = ({} if sheet is None else load_scores(sheet)) | dict(parse_score(text) for text in listed)
    except ConfigError as error:
        raise DeploymentRefused(str(error)) from None
    return {deployed.strategy(pool): terms for pool, terms in given.items()}


def _desk(account: AccountAPI, deployed: DeployedVault, config: Path | None, *, at_any_cost: bool) -> Desk:
    chain = connected_chain()
    try:
        settings = rebalance_settings(load_config(config))
        coin = address_book(chain.chain_id()).wrapped_native.address
    except ConfigError as error:
        raise DeploymentRefused(str(error)) from None
    return Desk(
        chain=chain,
        deployed=deployed,
        reader=VaultReader(chain, Address(deployed.vault.address), wrapped_native=Address(coin)),
        account=Address(account.address),
        settings=settings,
        tip_wei=int(ape.networks.provider.priority_fee),
        at_any_cost=at_any_cost,
    )
