"""Holds a deployment against what was compiled and what was written down.

::

    ape run verify
    ape run verify --deployment .steelyard/deployments/1.json --network ethereum:mainnet:node
    ape run verify --vault

Exit code 1 where anything differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ape
import click
from ape.cli import ConnectedProviderCommand, network_option

from scripts._comparison import Comparison, show_comparisons
from scripts._deployment import executor_code, listed_venues
from scripts._events import keepers_of, listed_lenders_of
from scripts._executor import Deployed, address_or_none, deployed_at, deployment_option, vault_option
from scripts._site import code_hash, creation_code, runtime_hash
from scripts._steps import connected_chain
from scripts._vault_record import deployed_vault_at
from scripts._vault_verification import vault_comparisons
from steelyard.config.address_book import LENDERS
from steelyard.connect.chain import ChainClient
from steelyard.model import LenderKind, VenueKind
from steelyard.units import Address

ANYBODY = "0x" + "11" * 20
"""Stands for owner and treasury in the constructor: they are storage and leave no trace in the code."""


def comparisons(deployed: Deployed) -> list[Comparison]:
    """Return everything that was compared, in the order of its weight."""
    record, chain = deployed.record, connected_chain()
    return [
        *_code(deployed, record, chain),
        *_roles(deployed, record, chain),
        *_lenders(deployed, record),
        *_listed_lenders(deployed, record, chain),
        *_venues(deployed, record),
    ]


def _code(deployed: Deployed, record: dict[str, Any], chain: ChainClient) -> list[Comparison]:
    """Code on chain against the compiled code with its immutables, which the constructor is run for."""
    lenders = [record["lenders"].get(name) for name in LENDERS]
    compiled = executor_code(ANYBODY, ANYBODY, lenders, record["weth"], record.get("forwarder"))
    at = Address(deployed.executor.address)
    found = [Comparison("code of the executor", runtime_hash(chain, compiled), code_hash(chain, at))]
    lens = record.get("lender_lens")
    if lens is not None:
        expected = runtime_hash(chain, creation_code(ape.project.LenderLens))
        found.append(Comparison("code of the lens", expected, code_hash(chain, Address(lens))))
    return found


def _roles(deployed: Deployed, record: dict[str, Any], chain: ChainClient) -> list[Comparison]:
    executor = deployed.executor
    keepers = keepers_of(chain, executor, deployed.since_block)
    return [
        Comparison("owner", record.get("owner"), executor.owner()),
        Comparison("offered owner", record.get("pending_owner"), address_or_none(executor.pendingOwner())),
        Comparison("guardian", record.get("guardian"), address_or_none(executor.guardian())),
        Comparison("treasury", record.get("treasury"), executor.treasury()),
        Comparison("keepers", sorted(deployed.keepers), sorted(keepers)),
        Comparison("paused", False, bool(executor.paused())),
    ]


def _lenders(deployed: Deployed, record: dict[str, Any]) -> list[Comparison]:
    executor = deployed.executor
    found = [
        Comparison(
            f"lender {name}",
            record["lenders"].get(name),
            address_or_none(executor.lenderAddress(int(LenderKind[name.upper()]))),
        )
        for name in LENDERS
    ]
    found.append(Comparison("wrapped coin", record.get("weth"), executor.WETH()))
    return found


def _listed_lenders(deployed: Deployed, record: dict[str, Any], chain: ChainClient) -> list[Comparison]:
    written = {one["lender_id"]: one["address"] for one in record.get("listed_lenders", [])}
    listed = listed_lenders_of(chain, deployed.executor, deployed.since_block)
    return [
        Comparison(f"listed lender {lender_id}", written.get(lender_id), listed.get(lender_id))
        for lender_id in sorted(set(written) | set(listed))
    ]


def _venues(deployed: Deployed, record: dict[str, Any]) -> list[Comparison]:
    written = {
        venue["venue_id"]: (
            int(VenueKind[venue["kind"].upper()]),
            venue["fee_pips"],
            venue["factory"],
            bytes.fromhex(venue["init_code_hash"][2:]),
        )
        for venue in record["venues"]
    }
    names = {venue["venue_id"]: venue["name"] for venue in record["venues"]}
    listed = dict(listed_venues(deployed.executor))
    return [
        Comparison(
            f"venue {venue_id} {names.get(venue_id, 'that nobody wrote down')}",
            written.get(venue_id),
            listed.get(venue_id),
        )
        for venue_id in sorted(set(written) | set(listed))
    ]


@click.command(cls=ConnectedProviderCommand)
@network_option()
@vault_option
@deployment_option
def cli(deployment: Path | None, vault: bool = False) -> None:
    """Hold the deployed executor, or vault, against the compiled code and the deployment file."""
    if vault:
        deployed_vault = deployed_vault_at(deployment)
        show_comparisons(deployed_vault, vault_comparisons(deployed_vault))
    else:
        deployed = deployed_at(deployment)
        show_comparisons(deployed, comparisons(deployed))
