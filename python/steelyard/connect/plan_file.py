"""A plan that a person wrote as JSON, for ``ape run arbitrage``; ``docs/deploying.md`` shows one.

Amounts may be numbers or decimal strings (many programs round numbers). Chain, executor and deadline are not
in the file: they belong to the moment in which it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from steelyard.connect.hexes import checksum
from steelyard.connect.plan_codec import ExecutorLeg, ExecutorLoan, ExecutorPlan, LegInput
from steelyard.connect.plan_params import LEG_PARAMS, LOAN_PARAMS, ParamsCodec
from steelyard.exceptions import ConfigError, InvalidPlan
from steelyard.model.lending import LenderKind
from steelyard.model.plan import VenueKind
from steelyard.units import Address

_ADDRESSES: Final = frozenset({"other_token", "hooks"})
_TEXTS: Final = frozenset({"pool_id"})
_K = TypeVar("_K", LenderKind, VenueKind)


def load_plan(path: Path, *, chain_id: int, executor: Address, deadline_seconds: int) -> ExecutorPlan:
    """Read a plan for one executor.

    Args:
        deadline_seconds: until when it is good, in seconds of the chain's clock.

    Raises:
        ConfigError: the file cannot be read as JSON.
        InvalidPlan: something in it is missing, unknown or no such value; the message names its place.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
    found = _object(raw, "the plan", {"min_profit", "loans", "legs"}, {"builder_share_bps"})
    return ExecutorPlan(
        chain_id=chain_id,
        executor=executor,
        deadline_seconds=deadline_seconds,
        min_profit=_integer(found["min_profit"], "min_profit"),
        builder_share_bps=_integer(found.get("builder_share_bps", 0), "builder_share_bps"),
        loans=tuple(_loan(one, f"loans/{at}") for at, one in enumerate(_list(found["loans"], "loans"))),
        legs=tuple(_leg(one, f"legs/{at}") for at, one in enumerate(_list(found["legs"], "legs"))),
    )


def _loan(raw: Any, where: str) -> ExecutorLoan:
    found = _object(raw, where, {"kind", "asset", "amount"}, {"max_fee", "params"})
    kind = _kind(LenderKind, found["kind"], where)
    return ExecutorLoan(
        kind=kind,
        asset=_address(found["asset"], f"{where}/asset"),
        amount=_integer(found["amount"], f"{where}/amount"),
        max_fee=_integer(found.get("max_fee", 0), f"{where}/max_fee"),
        params=_params(LOAN_PARAMS[kind], found, where),
    )


def _leg(raw: Any, where: str) -> ExecutorLeg:
    found = _object(raw, where, {"kind", "token_out", "min_amount_out"}, {"params", "input"})
    kind = _kind(VenueKind, found["kind"], where)
    sold = found.get("input")
    return ExecutorLeg(
        kind=kind,
        token_out=_address(found["token_out"], f"{where}/token_out"),
        min_amount_out=_integer(found["min_amount_out"], f"{where}/min_amount_out"),
        params=_params(LEG_PARAMS[kind], found, where),
        input=None if sold is None else _input(sold, f"{where}/input"),
    )


def _input(raw: Any, where: str) -> LegInput:
    found = _object(raw, where, {"token"}, {"amount"})
    return LegInput(
        token=_address(found["token"], f"{where}/token"),
        amount=_integer(found.get("amount", 0), f"{where}/amount"),
    )


def _params(codec: ParamsCodec, found: Mapping[str, Any], where: str) -> Any:
    where = f"{where}/params"
    raw = found.get("params", {})
    if not isinstance(raw, dict):
        raise InvalidPlan(f"{where} must be an object")
    return codec.make({name: _value(name, value, where) for name, value in raw.items()}, where)


def _value(name: str, value: Any, where: str) -> Any:
    where = f"{where}/{name}"
    if name in _ADDRESSES:
        return _address(value, where)
    if name in _TEXTS:
        return str(value)
    return _integer(value, where, signed=True)


def _kind(kinds: type[_K], name: Any, where: str) -> _K:
    known = {kind.name.lower(): kind for kind in kinds}
    if name not in known:
        raise InvalidPlan(f"{where}/kind must be one of {', '.join(known)}, not {name!r}")
    return known[name]


def _object(raw: Any, where: str, needed: set[str], allowed: set[str]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise InvalidPlan(f"{where} must be an object")
    missing, unknown = needed - set(raw), set(raw) - needed - allowed
    if missing or unknown:
        fault = f"lacks {min(missing)}" if missing else f"holds {min(unknown)}, which is not known"
        raise InvalidPlan(f"{where} {fault}")
    return raw


def _list(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise InvalidPlan(f"{where} must be a list")
    return raw


def _integer(raw: Any, where: str, *, signed: bool = False) -> int:
    is_number = isinstance(raw, int) and not isinstance(raw, bool)
    if not is_number and not (isinstance(raw, str) and raw.isdecimal()):
        raise InvalidPlan(f"{where} must be a whole number, or one as text, not {raw!r}")
    value = int(raw)
    if value < 0 and not signed:
        raise InvalidPlan(f"{where} must not be negative, is {value}")
    return value


def _address(raw: Any, where: str) -> Address:
    try:
        return checksum(raw if isinstance(raw, str) else "")
    except ValueError:
        raise InvalidPlan(f"{where} must be an address (0x and 40 hexadecimal digits), not {raw!r}") from None
