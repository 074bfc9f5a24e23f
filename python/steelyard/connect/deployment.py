"""What ``scripts/deploy.py`` wrote about a deployment, as typed values.

The file is JSON::

    {"chain_id": 1, "executor": "0x..", "treasury": "0x..", "keeper": "0x..",
     "block_number": 18806161,
     "lenders": {"balancer_v2": "0x..", "aave_v3": "0x..", "morpho_blue": null},
     "venues": [{"venue_id": 0, "name": "uniswap_v2", "kind": "uniswap_v2", "factory": "0x..",
                 "init_code_hash": "0x..", "fee_pips": 3000}]}

Other keys are left alone. Lenders go by the names of ``LenderKind``, those that are one contract; one that is
missing, null or the zero address is one the executor has not. Those of the owner's list may follow, under
``listed_lenders``: ``[{"lender_id": 0, "name": "..", "address": "0x.."}]``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from steelyard.connect.hexes import checksum, hash32
from steelyard.exceptions import ConfigError, SteelyardError
from steelyard.model.lending import LenderKind
from steelyard.model.plan import Venue, VenueKind
from steelyard.units import PIPS, Address

DEPLOYMENTS_FOLDER: Final = Path(".steelyard") / "deployments"
FOLLOWED_KINDS: Final = frozenset({VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3})
OTHER_KINDS: Final = frozenset({"relayer", "vault"})
ZERO_ADDRESS: Final = Address("0x" + "00" * 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One executor on one chain.

    Attributes:
        keeper: the account that was named keeper when it was deployed.
        block_number: block in which the executor was created.
        lenders: the contracts that this executor borrows from.
        listed_lenders: ERC-3156 lenders of its list, by their id.
        venues: the factories on its list, in the order of their ids.
    """

    chain_id: int
    executor: Address
    treasury: Address
    keeper: Address
    block_number: int
    lenders: Mapping[LenderKind, Address]
    venues: tuple[Venue, ...]
    listed_lenders: Mapping[int, Address] = field(default_factory=dict)

    @property
    def followed_venues(self) -> tuple[Venue, ...]:
        """Return the venues whose pools we have the mathematics of (``amm``)."""
        return tuple(venue for venue in self.venues if venue.kind in FOLLOWED_KINDS)


def load_deployment(path: Path) -> Deployment:
    """Read one deployment file.

    Raises:
        ConfigError: the file is missing, unreadable, or lacks something; the message names it.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; deploy first: ape run deploy") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
    try:
        return parse_deployment(raw)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def newest_deployment(folder: Path = DEPLOYMENTS_FOLDER, *, chain_id: int) -> Deployment:
    """Return the deployment on ``chain_id`` whose file was written last. Raises ConfigError where none is."""
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in paths:
        if _is_of_another_kind(path):
            continue
        deployment = load_deployment(path)
        if deployment.chain_id == chain_id:
            return deployment
    raise ConfigError(f"no deployment on chain id {chain_id} in {folder}; deploy first: ape run deploy")


def _is_of_another_kind(path: Path) -> bool:
    """Relayers and vaults are written down in the same folder."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(raw, dict) and "executor" not in raw and not OTHER_KINDS.isdisjoint(raw)


def parse_deployment(raw: Any) -> Deployment:
    """Check a parsed deployment file. Raises ConfigError, naming what is wrong and what would be right."""
    if not isinstance(raw, dict):
        raise ConfigError("a deployment is a JSON object")
    venues = tuple(_venue(item) for item in _list(raw, "venues"))
    if [venue.venue_id for venue in venues] != sorted({venue.venue_id for venue in venues}):
        raise ConfigError("venues must be in the order of their venue_id, each id once")
    if len({venue.name for venue in venues}) != len(venues):
        raise ConfigError("venues must have different names")
    return Deployment(
        chain_id=_integer(raw, "chain_id", lowest=1),
        executor=_address(raw, "executor"),
        treasury=_address(raw, "treasury"),
        keeper=_address(raw, "keeper"),
        block_number=_integer(raw, "block_number"),
        lenders=_lenders(raw),
        venues=venues,
        listed_lenders=_listed_lenders(raw),
    )


def _lenders(raw: Mapping[str, Any]) -> dict[LenderKind, Address]:
    found = raw.get("lenders")
    if not isinstance(found, dict):
        raise ConfigError("lenders must be an object of addresses by name")
    known = {kind.name.lower(): kind for kind in LenderKind if not kind.needs_source}
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ConfigError(f"lenders: {unknown[0]} is none of {', '.join(known)}")
    addresses = {known[name]: _address(found, name) for name, value in found.items() if value is not None}
    return {kind: address for kind, address in addresses.items() if address != ZERO_ADDRESS}


def _listed_lenders(raw: Mapping[str, Any]) -> dict[int, Address]:
    found = _list(raw, "listed_lenders") if "listed_lenders" in raw else []
    if not all(isinstance(item, dict) for item in found):
        raise ConfigError("each of listed_lenders must be an object")
    return {_integer(item, "lender_id", below=1 << 16): _address(item, "address") for item in found}


def _venue(raw: Any) -> Venue:
    if not isinstance(raw, dict):
        raise ConfigError("each of venues must be an object")
    kinds = {kind.name.lower(): kind for kind in VenueKind if kind.is_listed}
    if raw.get("kind") not in kinds:
        raise ConfigError(f"a venue's kind must be one of {', '.join(kinds)}, not {raw.get('kind')!r}")
    try:
        init_code_hash = hash32(raw.get("init_code_hash"), "init_code_hash")
    except SteelyardError:
        raise ConfigError("a venue's init_code_hash must be 0x and 64 hexadecimal digits") from None
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError("a venue needs a name")
    return Venue(
        venue_id=_integer(raw, "venue_id", below=1 << 16),
        name=name,
        kind=kinds[raw["kind"]],
        factory=_address(raw, "factory"),
        init_code_hash=init_code_hash,
        fee_pips=_integer(raw, "fee_pips", below=PIPS),
    )


def _list(raw: Mapping[str, Any], key: str) -> list[Any]:
    value = raw.get(key)
    if not isinstance(value, list):
        raise ConfigError(f"{key} must be a list")
    return value


def _integer(raw: Mapping[str, Any], key: str, *, lowest: int = 0, below: int | None = None) -> int:
    value = raw.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise ConfigError(f"{key} must be a whole number from {lowest}, not {value!r}")
    if below is not None and value >= below:
        raise ConfigError(f"{key} must be below {below}, not {value}")
    return value


def _address(raw: Mapping[str, Any], key: str) -> Address:
    value = raw.get(key)
    try:
        return checksum(value if isinstance(value, str) else "")
    except ValueError:
        raise ConfigError(f"{key} must be an address (0x and 40 hexadecimal digits), not {value!r}") from None
