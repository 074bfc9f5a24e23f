"""Where the executor may trade, and who is on its list of lenders: shown, and taken off.

::

    ape run listings show
    ape run listings delist-venue sushiswap_v2 --account owner     # with --dry-run first
    ape run listings delist-lender 0 --account owner

The lists grow by ``ape run deploy executor``, which lists what the chain's address book has: run again, it
lists anew, under another id, what was taken off and is still in the book.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand, network_option

from scripts._deployment import listed_venues
from scripts._events import listed_lenders_of
from scripts._executor import (
    Deployed,
    DeploymentRefused,
    Session,
    deployed_at,
    deployment_option,
    manage,
    managing_options,
)
from scripts._steps import connected_chain
from steelyard.cli.tables import aligned
from steelyard.model.plan import VenueKind


@click.group()
def cli() -> None:
    """Show and shorten the executor's lists of venues and lenders."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@deployment_option
def show(deployment: Path | None) -> None:
    """Show both lists, as the chain has them, with the names of the deployment file."""
    deployed = deployed_at(deployment)
    venues, lenders = _written(deployed, "venues"), _written(deployed, "listed_lenders")
    rows = [("executor", deployed.executor.address, "")]
    rows += [
        (f"venue {at}", _name(venues, at), f"{VenueKind(kind).name.lower()} at {address}")
        for at, (kind, _, address, _) in listed_venues(deployed.executor)
    ]
    rows += [(f"lender {at}", _name(lenders, at), address) for at, address in _lenders(deployed).items()]
    click.echo("\n".join(aligned(rows)))


@cli.command("delist-venue", cls=ConnectedProviderCommand)
@managing_options
@click.argument("venue")
def delist_venue(session: Session, venue: str) -> None:
    """Take VENUE, a name of the deployment file or an id, off the list: no plan trades there any more."""
    deployed = deployed_at(session.deployment)
    written = _written(deployed, "venues")
    venue_id = _asked_for("venue", venue, written, dict(listed_venues(deployed.executor)))
    step = deployed.step(
        f"take venue {venue_id}, {_name(written, venue_id)}, off the list",
        lambda: venue_id not in dict(listed_venues(deployed.executor)),
        "delistVenue",
        venue_id,
    )
    kept = [one for at, one in written.items() if at != venue_id]
    manage(session, deployed, [step], venues=kept)


@cli.command("delist-lender", cls=ConnectedProviderCommand)
@managing_options
@click.argument("lender")
def delist_lender(session: Session, lender: str) -> None:
    """Take LENDER, a name of the deployment file or an id, off the list: no plan borrows there any more."""
    deployed = deployed_at(session.deployment)
    written = _written(deployed, "listed_lenders")
    lender_id = _asked_for("lender", lender, written, _lenders(deployed))
    step = deployed.step(
        f"take lender {lender_id}, {_name(written, lender_id)}, off the list",
        lambda: lender_id not in _lenders(deployed),
        "delistLender",
        lender_id,
    )
    kept = [one for at, one in written.items() if at != lender_id]
    manage(session, deployed, [step], listed_lenders=kept)


Entries = dict[int, dict[str, Any]]


def _written(deployed: Deployed, what: str) -> Entries:
    """What the deployment file says of a list, by id."""
    key = {"venues": "venue_id", "listed_lenders": "lender_id"}[what]
    return {entry[key]: entry for entry in deployed.record.get(what, [])}


def _lenders(deployed: Deployed) -> dict[int, str]:
    return listed_lenders_of(connected_chain(), deployed.executor, deployed.since_block)


def _name(written: Entries, at: int) -> str:
    return str(written[at]["name"]) if at in written else "that nobody wrote down"


def _asked_for(what: str, asked: str, written: Entries, listed: dict[int, Any]) -> int:
    """Return the id that is meant, on chain or still in the file. Raises DeploymentRefused: there is none."""
    known = sorted({*written, *listed})
    found = [at for at in known if asked in (str(at), _name(written, at))]
    if not found:
        names = ", ".join(f"{at} {_name(written, at)}" for at in known) or "none"
        raise DeploymentRefused(f"no {what} {asked} is listed; listed are: {names}")
    return found[0]
