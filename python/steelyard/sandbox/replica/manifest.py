"""The manifest: what stands at which address of the replica, and how its truth was checked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from steelyard.units import Address

NO_ADDRESS: Final = Address("0x" + "00" * 20)
"""Twenty zero bytes: in V4's pools ether itself among the tokens, and no hooks among the hooks."""


class Kind(StrEnum):
    """Whether code is mainnet's protocol or our model of it."""

    REAL = "real"
    MODEL = "model"


class PoolKind(StrEnum):
    """Kinds of pool in the replica's market."""

    UNISWAP_V2 = "uniswap-v2"
    SUSHISWAP_V2 = "sushiswap-v2"
    UNISWAP_V3 = "uniswap-v3"
    UNISWAP_V4 = "uniswap-v4"
    PANCAKESWAP_V3 = "pancakeswap-v3"
    ALGEBRA = "algebra"
    BALANCER_WEIGHTED = "balancer-weighted"
    BALANCER_STABLE = "balancer-stable"
    CURVE_STABLE = "curve-stable"


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
    """One pool of the market.

    Attributes:
        address: where it is called: the pool itself, or the contract that keeps all pools of its kind (V4's
            PoolManager, Balancer's pool, whose tokens the Vault keeps).
        token0: its first token, by address; the zero address is ether itself.
        token1: its second token.
        fee_pips: in hundredths of a basis point (3000 is 0.3 %); where the fee moves, the first one.
        pool_id: 32 bytes as ``0x`` and hex digits, where pools are told apart by an id; else empty.
        tick_spacing: grid of the positions' edges; 0 for kinds without ticks.
        hooks: a V4 pool's hooks; the zero address is none.
        tokens: all of its tokens in the pool's own order, if there are more than two or the order matters;
            else empty.
    """

    kind: PoolKind
    address: Address
    token0: Address
    token1: Address
    fee_pips: int
    pool_id: str = ""
    tick_spacing: int = 0
    hooks: Address = NO_ADDRESS
    tokens: tuple[Address, ...] = ()


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

    def pools_of(self, *kinds: PoolKind) -> tuple[PoolRecord, ...]:
        """The pools of these kinds, in the manifest's order."""
        return tuple(pool for pool in self.pools if pool.kind in kinds)

    def write(self, path: Path) -> None:
        """Writes the manifest as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Reads what :meth:`Manifest.write` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    contracts = tuple(ContractRecord(**_with_kind(row, Kind)) for row in content.pop("contracts"))
    tokens = tuple(TokenRecord(**row) for row in content.pop("tokens"))
    pools = tuple(_pool(row) for row in content.pop("pools"))
    return Manifest(contracts=contracts, tokens=tokens, pools=pools, **content)


def _with_kind(row: dict[str, Any], kind: type[StrEnum]) -> dict[str, Any]:
    return row | {"kind": kind(row["kind"])}


def _pool(row: dict[str, Any]) -> PoolRecord:
    return PoolRecord(**_with_kind(row, PoolKind) | {"tokens": tuple(row["tokens"])})
