"""The own parameters of each kind of lender and venue: what a plan says to it beside tokens and amounts.

Adding a kind is its class, where no other fits, and one line in ``LOAN_PARAMS`` or ``LEG_PARAMS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from steelyard.connect.hexes import to_hex
from steelyard.connect.plan_bytes import PlanReader, packed_address, packed_hex, packed_int, packed_uint
from steelyard.exceptions import InvalidPlan
from steelyard.model.lending import LenderKind
from steelyard.model.plan import VenueKind
from steelyard.units import Address

_ID_BYTES: Final = 2
_FEE_BYTES: Final = 3
_TICK_BYTES: Final = 3
_POOL_ID_BYTES: Final = 32
_COIN_BYTES: Final = 1


@dataclass(frozen=True, slots=True)
class NoParams:
    """Nothing to say: there is one of the kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPair:
    """The pool of the leg's two tokens that a listed factory made (Uniswap V2, Algebra)."""

    venue_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTier:
    """The same, where a factory makes one pool for each fee tier (Uniswap V3, PancakeSwap V3)."""

    venue_id: int
    fee_pips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class V4Pool:
    """What a Uniswap V4 pool's key holds beside its two tokens; ``hooks`` is None where it has none."""

    fee_pips: int
    tick_spacing: int
    hooks: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerPool:
    """A Balancer V2 pool by its id, 0x-hex of 32 bytes."""

    pool_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveCoins:
    """A listed Curve-type pool, and the places of what is sold and bought among its coins."""

    venue_id: int
    coin_in: int
    coin_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingPair:
    """A Uniswap V2 pair that lends, by its venue and the token beside the loan's."""

    venue_id: int
    other_token: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingTier:
    """A Uniswap V3 family's pool that lends; the listed venue's kind says whose callback it makes."""

    venue_id: int
    other_token: Address
    fee_pips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLender:
    """An ERC-3156 lender of the owner's list."""

    lender_id: int


LoanParams = NoParams | LendingPair | LendingTier | ListedLender
LegParams = NoParams | ListedPair | ListedTier | V4Pool | BalancerPool | CurveCoins


class _Field(NamedTuple):
    """One field's encoding. ``optional``: may be left out at the end, and is where it is None."""

    write: Callable[[Any, str], bytes]
    read: Callable[[PlanReader, str], Any]
    optional: bool = False


def _uint(size: int) -> _Field:
    return _Field(
        lambda value, what: packed_uint(value, size, what), lambda data, what: data.uint(size, what)
    )


def _read_tick(data: PlanReader, what: str) -> int:
    return int.from_bytes(data.take(_TICK_BYTES, what), signed=True)


def _read_hooks(data: PlanReader, what: str) -> Address:
    found = data.address(what)
    if not int(found, 16):
        raise InvalidPlan(f"{what} is the zero address; a pool without hooks leaves them out")
    return found


def _write_hooks(value: Address, what: str) -> bytes:
    written = packed_address(value, what)
    _read_hooks(PlanReader(written), what)
    return written


_ID = _uint(_ID_BYTES)
_FEE = _uint(_FEE_BYTES)
_COIN = _uint(_COIN_BYTES)
_TICK = _Field(lambda value, what: packed_int(value, _TICK_BYTES, what), _read_tick)
_TOKEN = _Field(packed_address, PlanReader.address)
_HOOKS = _Field(_write_hooks, _read_hooks, optional=True)
_POOL_ID = _Field(
    lambda value, what: packed_hex(value, _POOL_ID_BYTES, what),
    lambda data, what: to_hex(data.take(_POOL_ID_BYTES, what)),
)


class ParamsCodec:
    """The encoding of one class of parameters: its fields in order, by name."""

    def __init__(self, made: type, **fields: _Field) -> None:
        self._made = made
        self._fields = fields

    def make(self, values: Mapping[str, Any], what: str) -> Any:
        """Return the parameters of these values, by name. Raises InvalidPlan: one is missing, or unknown."""
        needed = {name for name, field in self._fields.items() if not field.optional}
        if not needed <= set(values) <= set(self._fields):
            raise InvalidPlan(
                f"{what} takes {', '.join(self._fields) or 'nothing'}; not {', '.join(values) or 'nothing'}"
            )
        return self._made(**values)

    def encode(self, params: object, what: str) -> bytes:
        """Return the bytes. Raises InvalidPlan: another class, or a value that does not fit."""
        if type(params) is not self._made:
            raise InvalidPlan(f"{what} needs {self._made.__name__}, not {type(params).__name__}")
        values = ((name, field, getattr(params, name)) for name, field in self._fields.items())
        return b"".join(
            field.write(value, f"{what}: {name}")
            for name, field, value in values
            if not (field.optional and value is None)
        )

    def decode(self, data: bytes, what: str) -> Any:
        """Return the parameters. Raises InvalidPlan: the bytes are too few or too many, or no such value."""
        reader, values = PlanReader(data), {}
        for name, field in self._fields.items():
            if not (field.optional and reader.ended):
                values[name] = field.read(reader, f"{what}: {name}")
        if not reader.ended:
            raise InvalidPlan(f"{what}: {len(data)} bytes of parameters, of which {reader.offset} are due")
        return self._made(**values)


_NONE = ParamsCodec(NoParams)
_PAIR = ParamsCodec(ListedPair, venue_id=_ID)
_TIER = ParamsCodec(ListedTier, venue_id=_ID, fee_pips=_FEE)

LOAN_PARAMS: Final[Mapping[LenderKind, ParamsCodec]] = {
    LenderKind.BALANCER_V2: _NONE,
    LenderKind.AAVE_V3: _NONE,
    LenderKind.MORPHO_BLUE: _NONE,
    LenderKind.AAVE_V2: _NONE,
    LenderKind.MAKER: _NONE,
    LenderKind.UNISWAP_V2: ParamsCodec(LendingPair, venue_id=_ID, other_token=_TOKEN),
    LenderKind.UNISWAP_V3: ParamsCodec(LendingTier, venue_id=_ID, other_token=_TOKEN, fee_pips=_FEE),
    LenderKind.UNISWAP_V4: _NONE,
    LenderKind.ERC3156: ParamsCodec(ListedLender, lender_id=_ID),
}

LEG_PARAMS: Final[Mapping[VenueKind, ParamsCodec]] = {
    VenueKind.UNISWAP_V2: _PAIR,
    VenueKind.UNISWAP_V3: _TIER,
    VenueKind.PANCAKE_V3: _TIER,
    VenueKind.ALGEBRA: _PAIR,
    VenueKind.UNISWAP_V4: ParamsCodec(V4Pool, fee_pips=_FEE, tick_spacing=_TICK, hooks=_HOOKS),
    VenueKind.BALANCER_V2: ParamsCodec(BalancerPool, pool_id=_POOL_ID),
    VenueKind.CURVE_STABLE: ParamsCodec(CurveCoins, venue_id=_ID, coin_in=_COIN, coin_out=_COIN),
    VenueKind.WRAPPED_ETHER: _NONE,
}
