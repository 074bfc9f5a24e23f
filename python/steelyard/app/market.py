"""What observation looks at, and where it saves what it knows, from the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from steelyard.config import Config
from steelyard.connect.deployment import Deployment
from steelyard.exceptions import ConfigError
from steelyard.model import Address
from steelyard.observe.checkpointer import EVERY_BLOCKS, Checkpointer
from steelyard.observe.progress import Notice
from steelyard.observe.watch import Discovery, WatchList
from steelyard.record.database import database_file

_SUFFIX: Final = ".market"


def watch_list(config: Config, deployment: Deployment) -> WatchList:
    """Return the configured market at the deployment's venues. Raises ConfigError where no token is named."""
    market = config.market
    if not market.tokens:
        raise ConfigError(
            "market.tokens is empty: name the tokens to look at, the wrapped native coin among them"
        )
    return WatchList(
        chain_id=config.chain.chain_id,
        tokens=tuple(Address(token) for token in market.tokens),
        venues=deployment.followed_venues,
        lenders=deployment.lenders,
        listed_lenders=deployment.listed_lenders,
        discovery=Discovery(market.discovery),
        bases=tuple(Address(token) for token in market.bases or (market.wrapped_native,)),
        logs_from_block=market.logs_from_block,
    )


def checkpoint_path(config: Config) -> Path | None:
    """Return where the checkpoint lies: as configured, else beside the database where that is a file."""
    wanted = config.keeper.checkpoint
    if wanted is False:
        return None
    if wanted is not None:
        return wanted
    database = database_file(config.keeper.database_url)
    return None if database is None else database.with_name(database.name + _SUFFIX)


def open_checkpointer(
    config: Config, watch: WatchList, notice: Notice, *, saves: bool
) -> Checkpointer | None:
    """Return what keeps the checkpoint, or None where none is wanted.

    Args:
        saves: write it too; who only looks reads what a keeper has written.
    """
    path = checkpoint_path(config)
    if path is None:
        return None
    return Checkpointer(path, watch, notice, every_blocks=EVERY_BLOCKS if saves else None)
