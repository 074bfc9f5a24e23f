"""Any value that a recording holds, as hypothesis draws it from its type, and what becomes of it in a block.

Drawn from the types' own fields: what is added to one of them is drawn without anyone's thinking of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from steelyard.amm import Pool
from steelyard.connect.hexes import checksum
from steelyard.model import Address, ArbitragePlan, LenderKind, LoanSource, PlanLeg, VenueKind, Words
from steelyard.record.recording import DecisionInputs
from tests.support.pools import v2_pools, v3_pools

signed = st.integers(-(2**256), 2**256)
positive = st.integers(1, 2**256 - 1)
paid = st.integers(1, 2**128 - 1)
"""Amounts that a plan tells the executor."""
few_addresses = st.sampled_from([checksum(f"0x{digit * 40}") for digit in "1234abcd"])
"""Few, so that the same ones come again from block to block."""


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    return checksum("0x" + draw(st.binary(min_size=20, max_size=20)).hex())


@st.composite
def sources(draw: st.DrawFn, kind: LenderKind, legs: list[PlanLeg]) -> LoanSource | None:
    """Where a kind of lender is borrowed from; not from a pool of the route."""
    pools = {leg.pool for leg in legs}
    if not kind.needs_source:
        return None
    return LoanSource(
        listing_id=draw(st.integers(0, 65_535)),
        address=draw(addresses().filter(lambda address: address not in pools)),
        other_token=draw(addresses()) if kind.is_pool else None,
        fee_pips=draw(st.integers(0, 999_999)) if kind.is_pool else 0,
    )


@st.composite
def plans(draw: st.DrawFn) -> ArbitragePlan:
    tokens = draw(st.lists(addresses(), min_size=2, max_size=4, unique=True))
    legs = []
    for token_in, token_out in zip(tokens, [*tokens[1:], tokens[0]], strict=True):
        amount_out = draw(positive)
        kind = draw(st.sampled_from([kind for kind in VenueKind if kind.is_factory]))
        legs.append(
            PlanLeg(
                kind=kind,
                venue_id=draw(st.integers(0, 65_535)),
                pool=draw(addresses()),
                fee_pips=draw(st.integers(0, 999_999)) if kind.has_tiers else 0,
                token_in=token_in,
                token_out=token_out,
                amount_in=draw(positive),
                amount_out=amount_out,
                min_amount_out=draw(st.integers(1, min(amount_out, 2**128 - 1))),
            )
        )
    lender = draw(st.sampled_from(LenderKind))
    loan_fee, profit = draw(st.integers(0, 2**127)), draw(positive)
    return ArbitragePlan(
        chain_id=draw(st.integers(1, 2**64 - 1)),
        executor=draw(addresses()),
        deadline_seconds=draw(st.integers(0, 2**40 - 1)),
        lender=lender,
        source=draw(sources(lender, legs)),
        asset=tokens[0],
        amount=draw(paid),
        loan_fee=loan_fee,
        max_loan_fee=draw(st.integers(loan_fee, 2**128 - 1)),
        min_profit=draw(st.integers(1, min(profit, 2**128 - 1))),
        builder_share_bps=draw(st.integers(0, 10_000)),
        legs=tuple(legs),
        expected_profit=profit,
        gas_units=draw(positive),
        gas_price_wei=draw(positive),
        gas_cost_wei=draw(positive),
        expected_net_wei=draw(signed),
        block_number=draw(st.integers(0, 2**63)),
        reason=draw(st.text()),
    )


def drawn(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type."""
    special: dict[Any, st.SearchStrategy[Any]] = {
        int: st.one_of(st.integers(-5, 5), signed),
        str: st.text(max_size=12),
        bool: st.booleans(),
        Address: few_addresses,
        Words: st.text(max_size=12),
        Pool: st.one_of(v2_pools(), v3_pools()),
        ArbitragePlan: plans(),
    }
    if annotation in special:
        return special[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    if dataclasses.is_dataclass(annotation):
        hints = get_type_hints(annotation)
        names = [field.name for field in dataclasses.fields(annotation)]
        return st.builds(annotation, **{name: drawn(hints[name]) for name in names})
    return _of_several(annotation)


def _of_several(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple and arguments[1] is Ellipsis:
        return st.lists(drawn(arguments[0]), max_size=4).map(tuple)
    if origin is frozenset:
        return st.frozensets(drawn(arguments[0]), max_size=4)
    if origin is Mapping:
        pairs = st.tuples(drawn(arguments[0]), drawn(arguments[1]))
        return st.lists(pairs, max_size=5, unique_by=lambda pair: pair[0]).map(dict)
    if origin in (UnionType, Union) and arguments[1] is NoneType:
        return st.one_of(st.none(), drawn(arguments[0]))
    raise TypeError(f"no values of {annotation} can be drawn")


@st.composite
def following(draw: st.DrawFn, before: Any) -> Any:
    """What a value may be a block later: parts of it stay the same objects, others change."""
    if isinstance(before, Mapping):
        return draw(_mapping_after(before))
    hints = get_type_hints(type(before))
    changes = {}
    for name in draw(st.lists(st.sampled_from(sorted(hints)), max_size=3, unique=True)):
        part = getattr(before, name)
        goes_on = (isinstance(part, Mapping) or dataclasses.is_dataclass(part)) and draw(st.booleans())
        keeps_itself = not isinstance(part, Pool)  # a pool's fields hang together
        changes[name] = draw(following(part)) if goes_on and keeps_itself else draw(drawn(hints[name]))
    return dataclasses.replace(before, **changes)


@st.composite
def _mapping_after(draw: st.DrawFn, before: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Some entries go, some come, some move to another place, some are another entry's now."""
    keys = draw(st.permutations(list(before))) if draw(st.booleans()) else list(before)
    kept = [key for key in keys if draw(st.integers(0, 3))]
    values = {
        key: before[draw(st.sampled_from(keys)) if not draw(st.integers(0, 3)) else key] for key in kept
    }
    return values | draw(_of_mapping(before))


def _of_mapping(before: Mapping[Any, Any]) -> st.SearchStrategy[dict[Any, Any]]:
    """Further entries, of the kinds that are there."""
    if not before:
        return st.just({})
    return st.dictionaries(st.sampled_from(list(before)), st.sampled_from(list(before.values())), max_size=1)


@st.composite
def runs(draw: st.DrawFn, most: int = 5) -> list[DecisionInputs]:
    """What a run of decisions is given: some turns follow from the one before, some have nothing of it."""
    turns = [draw(drawn(DecisionInputs))]
    for _ in range(draw(st.integers(0, most - 1))):
        fresh = not draw(st.integers(0, 4))
        turns.append(draw(drawn(DecisionInputs) if fresh else following(turns[-1])))
    return turns
