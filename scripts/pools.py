"""The pools of a vault: shown, added, drained, taken off, and what they owe paid out.

::

    ape run pools show
    ape run pools add vault.toml another_lending --account owner     # its name in the file of terms
    ape run pools drain usdc_weth --account manager                  # then: ape run allocate
    ape run pools remove usdc_weth --account owner                   # once it is empty
    ape run pools tend usdc_weth --range 193380 202500 --account keeper
    ape run pools fulfil --account anybody

What the administration does waits for its delay: the first run schedules, the same command later does it.
"""

from __future__ import annotations

from pathlib import Path

import ape
import click
from ape.cli import ConnectedProviderCommand, network_option
from ape.contracts import ContractInstance
from eth_abi.abi import encode

from scripts._executor import DeploymentRefused, Session, deployment_option, manage, managing_options
from scripts._site import Site
from scripts._steps import Step, call_step, connected_chain
from scripts._vault_code import feed_of, fields, price_source_at, strategy_code, strategy_name
from scripts._vault_management import manage_as_administration, read_terms, state_step
from scripts._vault_record import DeployedVault, deployed_vault_at
from steelyard.cli.tables import aligned
from steelyard.config.vault_terms import FeedTerms, PoolTerms, VaultTerms
from steelyard.model.vault import PoolState

MOST_REQUESTS = 50


@click.group()
def cli() -> None:
    """Show and change the pools of a vault."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@deployment_option
def show(deployment: Path | None) -> None:
    """Show every pool with its state and scores, as the chain has them."""
    deployed = deployed_vault_at(deployment)
    headings = ("pool", "strategy", "state", "trust", "liquidity", "performance", "cScore")
    rows: list[tuple[str, ...]] = [headings]
    for strategy in deployed.vault.strategies():
        state, *scores = deployed.vault.pool(strategy)
        named = (deployed.name_of(strategy), str(strategy), PoolState(state).name.lower())
        rows.append((*named, *[f"{score:,}" for score in scores]))
    click.echo("\n".join(aligned(rows)))


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("terms", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("name")
def add(session: Session, terms: Path, name: str) -> None:
    """Deploy the strategy of the pool NAME of the file TERMS, and list it; the administration's.

    Feeds of the file for tokens that the price source does not know yet are listed first. It begins with the
    model's default score.
    """
    deployed = deployed_vault_at(session.deployment)
    read, known = read_terms(terms), deployed.terms
    pool = _pool(read, name)
    place = (deployed.vault.address, deployed.record["authority"], deployed.record["price_source"])
    code = strategy_code(pool, *place)
    site = Site(connected_chain(), f"{known.place}/{name}")
    strategy = site.address_of(code)
    listing = deployed.step(
        f"list {name}", lambda: strategy in deployed.vault.strategies(), "addPool", strategy
    )
    feeds = [feed for feed in read.feeds if feed.token not in {one.token for one in known.feeds}]
    pools = [*[one for one in known.pools if one.name != name], pool]
    grown = known.model_copy(update={"feeds": (*known.feeds, *feeds), "pools": tuple(pools)})
    manage_as_administration(
        session,
        deployed,
        [*[_feed_step(deployed, feed) for feed in feeds], listing],
        first=[site.create(f"{strategy_name(pool)} for {name}", code)],
        pools=[*_others(deployed, name), {"name": name, "kind": pool.kind, "strategy": strategy}],
        terms=grown.model_dump(mode="json", exclude_none=True),
    )


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("pool")
def drain(session: Session, pool: str) -> None:
    """Give POOL the target zero: rebalances empty it; a manager's."""
    deployed = deployed_vault_at(session.deployment)
    step = state_step(deployed, deployed.strategy(pool), PoolState.DRAINING)
    manage(session, deployed, [step])


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("pool")
@click.option("--write-off", is_flag=True, help="Whatever it holds: for one whose value cannot be told.")
def remove(session: Session, pool: str, write_off: bool) -> None:
    """Take POOL off the list once it holds no more than dust; the administration's."""
    deployed = deployed_vault_at(session.deployment)
    strategy = deployed.strategy(pool)
    name = deployed.name_of(strategy)
    step = deployed.step(
        f"take {name} off the list" + (", whatever it holds" if write_off else ""),
        lambda: strategy not in deployed.vault.strategies(),
        "removePool",
        strategy,
        write_off,
    )
    manage_as_administration(
        session,
        deployed,
        [step],
        pools=_others(deployed, name),
    )


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("pool")
@click.option("--range", "ticks", nargs=2, type=int, help="Move a range to these two ticks.")
def tend(session: Session, pool: str, ticks: tuple[int, int] | None) -> None:
    """Have POOL collect what it earned, renew its rate, or move its range; a keeper's.

    What a moved range loses by the swap counts for the vault's allowance for losses.
    """
    deployed = deployed_vault_at(session.deployment)
    strategy = deployed.strategy(pool)
    params = b"" if ticks is None else encode(["int24", "int24"], ticks)
    moved = "" if ticks is None else f", moving its range to {ticks[0]} and {ticks[1]}"
    step = deployed.step(f"tend {deployed.name_of(strategy)}{moved}", lambda: False, "tend", strategy, params)
    manage(session, deployed, [step])


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.option("--most", default=MOST_REQUESTS, show_default=True, help="Requests of one transaction.")
def fulfil(session: Session, most: int) -> None:
    """Pay the oldest requests, as far as buffer and pools pay at once; anybody's."""
    deployed = deployed_vault_at(session.deployment)
    vault = deployed.vault

    def is_done() -> bool:
        return bool(vault.state().pendingShares == 0)

    step = deployed.step(f"pay up to {most} requests", is_done, "fulfillRequests", most)
    manage(session, deployed, [step])
    state = vault.state()
    awaited = vault.convertToAssets(state.pendingShares)
    click.echo(f"{state.claimable} base units are put aside for requests, {awaited} are waited for")


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("pool")
@click.argument("minimum_ray", type=click.IntRange(min=1))
@click.argument("maximum_ray", type=click.IntRange(min=1))
def confirm(session: Session, pool: str, minimum_ray: int, maximum_ray: int) -> None:
    """Believe the rate that POOL, another vault, has now, if it is between the two; the administration's.

    For one that rose or fell by more than its band, and is not believed until then. Rates are assets for a
    base unit of its share, times 10^27.
    """
    deployed = deployed_vault_at(session.deployment)
    strategy = ContractInstance(deployed.strategy(pool), ape.project.Erc4626Strategy.contract_type)
    _, remembered, _ = strategy.books()
    click.echo(f"the rate remembered is {remembered}")
    step = call_step(
        strategy,
        f"believe a rate of {pool} from {minimum_ray} to {maximum_ray}",
        lambda: bool(strategy.report()[2]) and minimum_ray <= strategy.books()[1] <= maximum_ray,
        "confirmRate",
        minimum_ray,
        maximum_ray,
    )
    manage_as_administration(session, deployed, [step])


def _feed_step(deployed: DeployedVault, feed: FeedTerms) -> Step:
    prices = price_source_at(deployed.record["price_source"])
    return call_step(
        prices,
        f"read the price of {feed.token} from {feed.feed}",
        lambda: fields(prices.feedOf(feed.token)) == feed_of(feed),
        "setFeed",
        feed.token,
        feed_of(feed),
    )


def _others(deployed: DeployedVault, name: str) -> list[dict[str, str]]:
    return [pool for pool in deployed.record["pools"] if pool["name"] != name]


def _pool(terms: VaultTerms, name: str) -> PoolTerms:
    for pool in terms.pools:
        if pool.name == name:
            return pool
    names = ", ".join(pool.name for pool in terms.pools) or "none"
    raise DeploymentRefused(f"the file describes no pool {name}; it has: {names}")
