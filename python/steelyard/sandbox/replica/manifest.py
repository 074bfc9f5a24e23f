"""The manifest: what stands at which address of the replica, and how its truth was checked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from steelyard.units import Address


class Kind(StrEnum):
    """Whether code is mainnet's protocol or our model of it."""

    REAL = "real"
    MODEL = "model"


class PoolKind(StrEnum):
    """Kinds of pool in the replica's market."""

    UNISWAP_V2 = "uniswap-v2"
    SUSHISWAP_V2 = "sushiswap-v2"
    UNISWAP_V3 = "uniswap-v3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRecord:
    """One contract of the replica.

    Attributes:
        protocol: name of the registry's entry that placed it.
        name: what it is called.
        address: where it stands, as on mainnet unless `check` says otherwise.
        kind: real byte code from a package, or a model of ours.
        package: ``name@version`` of the package that held the code, or ``steelyard``.
        file: path in the package, or in this repository.
        code_hash: Keccak-256 of the code at the address.
        check: how the match with mainnet was checked, or what a model is good for.
    """

    protocol: str
    name: str
    address: Address
    kind: Kind
    package: str
    file: str
    code_hash: str
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """One token of the market; `price_usd_e8` is its price at the build, in USD with 8 decimals."""

    symbol: str
    address: Address
    decimals: int
    price_usd_e8: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRecord:
    """One pool of the market; `fee_pips` in hundredths of a basis point (3000 is 0.3 %)."""

    kind: PoolKind
    address: Address
    token0: Address
    token1: Address
    fee_pips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a reader of the replica may want to know without asking the chain.

    Attributes:
        key: names the inputs of the build; another key, another replica.
        block_number: the saved block. State before it cannot be read.
        block_hash: its hash, the same for every build of the same key.
        block_timestamp_seconds: its time.
    """

    key: str
    block_number: int
    block_hash: str
    block_timestamp_seconds: int
    contracts: tuple[ContractRecord, ...]
    tokens: tuple[TokenRecord, ...]
    pools: tuple[PoolRecord, ...]

    def contract(self, name: str) -> ContractRecord:
        """The contract of this name.

        Raises:
            KeyError: there is none.
        """
        for record in self.contracts:
            if record.name == name:
                return record
        raise KeyError(f"the replica has no contract {name!r}")

    def token(self, symbol: str) -> TokenRecord:
        """The token of this symbol.

        Raises:
            KeyError: there is none.
        """
        for record in self.tokens:
            if record.symbol == symbol:
                return record
        raise KeyError(f"the replica has no token {symbol!r}")

    def write(self, path: Path) -> None:
        """Writes the manifest as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Reads what :meth:`Manifest.write` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    contracts = tuple(ContractRecord(**_with_kind(row, Kind)) for row in content.pop("contracts"))
    tokens = tuple(TokenRecord(**row) for row in content.pop("tokens"))
    pools = tuple(PoolRecord(**_with_kind(row, PoolKind)) for row in content.pop("pools"))
    return Manifest(contracts=contracts, tokens=tokens, pools=pools, **content)


def _with_kind(row: dict[str, Any], kind: type[StrEnum]) -> dict[str, Any]:
    return row | {"kind": kind(row["kind"])}
