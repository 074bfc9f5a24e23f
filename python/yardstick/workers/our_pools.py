"""Our quotes and sizes, from the JSON that every side gets."""

from __future__ import annotations

from itertools import cycle
from typing import Final

from steelyard.amm import Pool, UniswapV3Pool
from steelyard.amm.side import Side
from steelyard.amm.tick_tables import TickTables
from steelyard.decide.arbitrage import AmtOptimizer, ArbitrageSettings, Hop, Route, Sizing
from steelyard.model import LenderKind, LenderTerms
from steelyard.units import Address
from yardstick.workers.serving import Prepared, Task, Work
from yardstick.workload import WETH, Json, imported

CERTIFICATE_BUDGET: Final = 20_000

_pools: dict[str, Pool] = {}
_tables = TickTables()


def pools(states: list[Json], decimals: dict[str, int]) -> Work:
    """Take over the pools; ``decimals`` are for peers that ask for them."""
    _pools.update((state["id"], imported(state)) for state in states)
    return lambda: len(_pools)


def quote(pool: str, token_in: str, amount: int) -> Work:
    """An exact quote from a prepared side: what a search asks thousands of times."""
    side = _side(_pools[pool], Address(token_in))
    return lambda: side.output(amount)


def checked_quote(pool: str, token_in: str, amount: int) -> Work:
    """The same from the pool itself, which checks and raises."""
    state, token = _pools[pool], Address(token_in)
    return lambda: state.quote_exact_in(token, amount).amount_out


def first_quote(pool: str, token_in: str, amount: int, moved: Json) -> Work:
    """A swap is taken over, and the new state quoted for the first time; two states take turns."""
    here, token = _pools[pool], Address(token_in)
    assert isinstance(here, UniswapV3Pool)
    prices = (
        (moved["sqrt_price_x96"], moved["tick"], moved["liquidity"]),
        (here.sqrt_price_x96, here.tick, here.liquidity),
    )
    turns = cycle(prices)
    return lambda: _side(here.with_price(*next(turns)), token).output(amount)


def size(cycle: Json, effort: str) -> Prepared:
    """The loan for a cycle of pools whose sides are built anew, as after a block."""
    route = _route(cycle)
    terms = free_terms(route[0].token_in, cycle["cap"])
    if effort == "certificate":
        return lambda: optimizer.certify(route, terms, cycle["cap"], CERTIFICATE_BUDGET), _answer
    return lambda: optimizer.optimize(route, terms, cycle["cap"]), _answer


def size_all(cycles: list[Json]) -> Work:
    """All cycles one after the other, on the hot path."""
    routes = [(_route(cycle), cycle["cap"]) for cycle in cycles]
    works = [(route, free_terms(route[0].token_in, cap), cap) for route, cap in routes]
    return lambda: sum(optimizer.optimize(*work) is not None for work in works)


def _answer(sizing: Sizing | None) -> Json | None:
    if sizing is None:
        return None
    return {
        "loan": sizing.amounts[0],
        "profit": sizing.profit,
        "gap": sizing.gap,
        "certified": sizing.certified,
        "evaluations": sizing.evaluations,
    }


def free_terms(asset: Address, cap: int) -> LenderTerms:
    """Return a lender that asks nothing: no peer reckons with one that does."""
    return LenderTerms(kind=LenderKind.MORPHO_BLUE, asset=asset, available=cap, fee_wad=0)


def _side(pool: Pool, token_in: Address) -> Side:
    return pool.side(token_in, _tables)


def _route(cycle: Json) -> Route:
    hops = []
    for identity, token in cycle["hops"]:
        pool = _pools[identity]
        sold = Address(token)
        hops.append(Hop(pool=pool, token_in=sold, token_out=pool.other(sold)))
    return tuple(hops)


def _as_configured() -> AmtOptimizer:
    """Return the hot path of a keeper without further configuration."""
    settings = ArbitrageSettings(executor=WETH, wrapped_native=WETH)
    return AmtOptimizer(
        max_evaluations=settings.max_evaluations, tolerance_ppm=settings.sizing_tolerance_ppm, side_of=_side
    )


optimizer = _as_configured()

TASKS: dict[str, Task] = {
    "pools": pools,
    "quote": quote,
    "checked quote": checked_quote,
    "first quote": first_quote,
    "size": size,
    "size all": size_all,
}
