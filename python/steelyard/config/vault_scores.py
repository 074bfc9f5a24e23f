"""New scores of a vault's pools, as a file says them; a pool goes by its name or its strategy's address.

TOML, a table a pool::

    [lending]
    trust_score = 8_000
    liquidity_score = 9_000
    performance_score = 6_000

    [usdc_weth]
    c_score = 4_000

or CSV, a line a pool, what is not given left empty::

    pool,trust_score,liquidity_score,performance_score,c_score
    lending,8000,9000,6000,
    usdc_weth,,,,4000
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from pydantic import RootModel, field_validator

from steelyard.config.toml_files import check_as, read_toml_as
from steelyard.config.vault_terms import ScoreTerms
from steelyard.exceptions import ConfigError

_WHAT = "list of scores"
_POOL = "pool"


class ScoreSheet(RootModel[dict[str, ScoreTerms]]):
    """Scores by pool."""

    @field_validator("root")
    @classmethod
    def _says_something(cls, sheet: dict[str, ScoreTerms]) -> dict[str, ScoreTerms]:
        silent = [pool for pool, terms in sheet.items() if not terms.scores]
        if silent or not sheet:
            raise ValueError(f"{silent[0]} is given no score" if silent else "no pool is given a score")
        return sheet


def load_scores(path: Path) -> dict[str, ScoreTerms]:
    """Read a file of scores, TOML or CSV by its ending. Raises ConfigError, naming what is wrong."""
    if path.suffix == ".csv":
        return check_as(ScoreSheet, _of_csv(path), path, _WHAT).root
    if path.suffix == ".toml":
        return read_toml_as(ScoreSheet, path, _WHAT).root
    raise ConfigError(f"{path} must end in .toml or .csv")


def parse_score(text: str) -> tuple[str, ScoreTerms]:
    """Read ``POOL=TRUST,LIQUIDITY,PERFORMANCE`` or ``POOL=CSCORE``. Raises ConfigError."""
    pool, _, listed = text.partition("=")
    try:
        scores = [int(part) for part in listed.split(",")]
        names = {1: ["c_score"], 3: ["trust_score", "liquidity_score", "performance_score"]}[len(scores)]
        return pool, ScoreTerms.model_validate(dict(zip(names, scores, strict=True)))
    except (KeyError, ValueError):
        raise ConfigError(
            f"{text!r} is neither POOL=TRUST,LIQUIDITY,PERFORMANCE nor POOL=CSCORE, each from 0 to 10000"
        ) from None


def _of_csv(path: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read as CSV: {error}") from None
    pools = [row.get(_POOL) or "" for row in rows]
    if "" in pools or len(set(pools)) != len(pools):
        raise ConfigError(f"{path} must name each pool once, in a column {_POOL}")
    return {pool: _scores_of(row) for pool, row in zip(pools, rows, strict=True)}


def _scores_of(row: dict[str | Any, Any]) -> dict[str, Any]:
    """What a line gives; a number that is none stays text, and is named when it is checked."""
    given = {str(key): value for key, value in row.items() if key != _POOL and value not in (None, "")}
    return {key: int(value) if str(value).isdecimal() else value for key, value in given.items()}
