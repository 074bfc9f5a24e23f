"""TOML files that are read as typed values, every fault named with its place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from steelyard.exceptions import ConfigError

Model = TypeVar("Model", bound=BaseModel)


def read_toml_as(model: type[Model], path: Path, what: str) -> Model:
    """Read one file; ``what`` it ought to be, for people: "address book".

    Raises:
        ConfigError: it is not there, is no TOML, or a value is missing or wrong; the message lists every
            fault with its place.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from None
    return check_as(model, values, path, what)


def check_as(model: type[Model], values: object, path: Path, what: str) -> Model:
    """Check what a file says; raises ConfigError as ``read_toml_as``."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = "\n".join(
            f"  {'.'.join(map(str, fault['loc'])) or f'the {what}'}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigError(f"{path} is not a valid {what}:\n{faults}") from None
