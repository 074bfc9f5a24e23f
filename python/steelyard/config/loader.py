"""The one place that reads configuration files and the environment."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from steelyard.config.schema import Config
from steelyard.exceptions import ConfigError

DEFAULT_PATH = Path("steelyard.toml")

ENVIRONMENT = {
    "STEELYARD_RPC_URL": ("chain", "rpc_url"),
    "STEELYARD_PRIVATE_RPC_URLS": ("private", "rpc_urls"),
    "STEELYARD_PRIVATE_STATUS_URL": ("private", "status_url"),
    "STEELYARD_DATABASE_URL": ("keeper", "database_url"),
}
"""Settings that may come from the environment, because their values can hold secrets. Keys never do.

Several addresses are separated by commas.
"""


def load_config(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read ``path`` (default: ``steelyard.toml`` where there is one), then the environment; check the whole.

    Relative paths inside the file are relative to the working directory.

    Raises:
        ConfigError: the file is missing, is not TOML, or holds an unknown key or a value out of range; the
            message lists every fault with its key and what would be right.
    """
    values = _read(path)
    for name, (section, key) in ENVIRONMENT.items():
        found = (os.environ if environment is None else environment).get(name)
        if found:
            several = [part.strip() for part in found.split(",") if part.strip()]
            values.setdefault(section, {})[key] = several if key.endswith("_urls") else found
    return parse_config(values, source=str(path or DEFAULT_PATH))


def parse_config(values: Mapping[str, Any], *, source: str) -> Config:
    """Check ``values`` (the parsed file), return the configuration; raises ConfigError as ``load_config``."""
    try:
        return Config.model_validate(dict(values))
    except ValidationError as error:
        faults = "\n".join(f"  {_explain(fault)}" for fault in error.errors())
        raise ConfigError(f"{source} is not a valid configuration:\n{faults}") from None


def _read(path: Path | None) -> dict[str, Any]:
    if path is None and not DEFAULT_PATH.exists():
        return {}
    place = path or DEFAULT_PATH
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{place} does not exist; write one from docs/configuration.md") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place} is not TOML: {error}") from None


def _explain(fault: Any) -> str:
    location = [str(part) for part in fault["loc"]]
    name = ".".join(location) or "the file"
    if fault["type"] != "extra_forbidden":
        found = _shown(location, fault["input"])
        return f"{name}: {fault['msg'].removeprefix('Value error, ')} (found {found})"
    known = _keys_beside(location)
    close = difflib.get_close_matches(location[-1], known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
    return f"{name}: unknown key; {hint}"


def _shown(location: list[str], value: object) -> str:
    """Show a faulty value, but never an address that can hold a provider's key."""
    if any(part.endswith(("_url", "_urls")) for part in location) or isinstance(value, dict):
        return "a value that is not shown"
    return repr(value)


def _keys_beside(location: list[str]) -> list[str]:
    model: type[BaseModel] = Config
    for part in location[:-1]:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
