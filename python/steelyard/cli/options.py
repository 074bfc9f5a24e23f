"""Options and openings that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from steelyard.config import Config, load_config
from steelyard.record.database import Database

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """Add ``--config``; the command receives the checked ``Config``. Raises ConfigError."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Configuration file (default: ./steelyard.toml where there is one).",
        callback=lambda _context, _parameter, path: load_config(path),
    )(command)


def json_option(command: F) -> F:
    """Add ``--json``; the command receives ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def record_option(command: F) -> F:
    """Add ``--record FILE``; the command receives ``record``."""
    return click.option(
        "--record",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Append all that decisions are given to FILE, for `steelyard replay` (or keeper.recording).",
    )(command)


def with_recording(config: Config, path: Path | None) -> Config:
    """Return the configuration with the recording that the command line names, where it names one."""
    if path is None:
        return config
    return config.model_copy(update={"keeper": config.keeper.model_copy(update={"recording": path})})


def open_records(config: Config) -> Database:
    """Open the keeper's database for reading. Raises StoreUnavailable where there is none yet."""
    return Database(config.keeper.database_url, create=False)
