"""Everything that can be earned from a market's pools, found by trying: what the engine is measured by.

It shares no code with ``decide``: it walks from pool to pool, asks the pools' own exact quotes (which other
tests hold against the byte code) and the lenders' exact fees, and searches loans on a grid that gets finer.
It knows no bound and proves no optimum; whatever it finds to earn, an engine that is exact finds too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Final

from steelyard.amm import Pool, UniswapV3Pool
from steelyard.exceptions import QuoteError
from steelyard.model import LenderKind, LenderTerms, MarketSnapshot, Verdict
from steelyard.units import WAD, Address

Steps = tuple[tuple[Pool, Address], ...]
"""Pools in the order of trading, each with the token that is sold to it."""
Name = tuple[tuple[Address, Address], ...]
"""A cycle by the addresses of its pools and of the tokens sold: its states may change, its name does not."""

_GRID: Final = 16
"""Loans tried between two that are known, in each round of refining."""
_SMALL: Final = 512
"""Where the best loan is about as small, rounding is most of what happens: all up to here are tried."""
_FLOAT_ERROR: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """The best that was found for one cycle from one lender; ``profit`` after its fee, before gas."""

    lender: LenderKind
    amount: int
    profit: int


def name_of(steps: Steps) -> Name:
    return tuple((pool.address, sold) for pool, sold in steps)


def name_of_verdict(verdict: Verdict) -> Name:
    return tuple((leg.pool, leg.token_in) for leg in verdict.route)


def steps_of(name: Name, pools: Mapping[Address, Pool]) -> Steps:
    return tuple((pools[address], sold) for address, sold in name)


def after(name: Name, amount: int, pools: Mapping[Address, Pool]) -> dict[Address, Pool]:
    """Return the pools as they are once ``amount`` has gone all the way round."""
    moved = dict(pools)
    for address, sold in name:
        quote, moved[address] = moved[address].swap_exact_in(sold, amount)
        amount = quote.amount_out
    return moved


def cycles_from(base: Address, pools: Iterable[Pool], most_legs: int) -> Iterator[Steps]:
    """Walk every way from ``base`` back to it over 2 to ``most_legs`` pools, no pool or token twice."""
    at: dict[Address, list[Pool]] = {}
    for pool in pools:
        at.setdefault(pool.token0, []).append(pool)
        at.setdefault(pool.token1, []).append(pool)

    def walk(token: Address, steps: Steps) -> Iterator[Steps]:
        for pool in at.get(token, ()):
            if any(pool is used for used, _ in steps):
                continue
            bought = pool.token1 if token == pool.token0 else pool.token0
            longer = (*steps, (pool, token))
            if bought == base:
                yield longer
            elif len(longer) < most_legs and all(bought != sold for _, sold in longer):
                yield from walk(bought, longer)

    yield from walk(base, ())


def crossed(steps: Steps, amount: int) -> int:
    """Return how many initialised ticks selling ``amount`` through all of the pools crosses."""
    ticks = 0
    for pool, sold in steps:
        quote, left = pool.swap_exact_in(sold, amount)
        if isinstance(pool, UniswapV3Pool) and isinstance(left, UniswapV3Pool):
            low, high = sorted((pool.tick, left.tick))
            ticks += sum(low < tick <= high for tick in pool.ticks.indices)
        amount = quote.amount_out
    return ticks


def received(steps: Steps, amount: int) -> int:
    """Return what selling ``amount`` through all of the pools pays at the end; 0 where a pool refuses it."""
    for pool, sold in steps:
        try:
            quote = pool.quote_exact_in(sold, amount)
        except QuoteError:
            return 0
        if quote.amount_in < amount or quote.amount_out == 0:
            return 0
        amount = quote.amount_out
    return amount


def earned(steps: Steps, terms: LenderTerms, amount: int) -> int:
    """Return the profit of one loan after the lender's fee; negative where it loses."""
    return received(steps, amount) - amount - terms.fee(amount)


def best_loan(steps: Steps, terms: LenderTerms, *, neighbours: int = 4) -> Loan | None:
    """Return the best loan found of all that the lender has; None where none that was tried earns a unit."""

    def value(amount: int) -> int:
        return earned(steps, terms, amount)

    cap = terms.available
    best = max((*(1 << bit for bit in range(0, cap.bit_length(), 2)), cap), key=value)
    low, high = best // 4, min(4 * best, cap)
    while high - low > _GRID:
        step = (high - low) // _GRID
        best = max((best, *range(max(low, 1), high + 1, step)), key=value)
        low, high = max(best - step, 1), min(best + step, cap)
    best = max((best, *range(max(low, 1), high + 1)), key=value)
    if best <= _SMALL:
        best = max(range(1, min(_SMALL, cap) + 1), key=value)
    around = [loan for loan in _around(steps, best, neighbours) if loan <= cap]
    best = max((best, *around), key=value)
    profit = value(best)
    return Loan(lender=terms.kind, amount=best, profit=profit) if profit >= 1 else None


def _around(steps: Steps, loan: int, neighbours: int) -> Iterator[int]:
    """Name the loans just large enough for some units more or less of the coarsest amount on the way."""
    amounts = [received(steps[:length], loan) for length in range(1, len(steps) + 1)]
    coarsest = min(range(len(amounts)), key=amounts.__getitem__)
    for units in range(-neighbours, neighbours + 1):
        least = _least(steps[: coarsest + 1], amounts[coarsest] + units, loan)
        if least is not None:
            yield least


def _least(way: Steps, wanted: int, near: int) -> int | None:
    """Return the least amount that ``way`` pays ``wanted`` for, found by halving from ``near`` outwards."""
    if wanted <= 0:
        return None
    reach, high = 1, near
    while received(way, high) < wanted:
        if reach > near:  # twice as much does not do: it never will
            return None
        high, reach = near + reach, 2 * reach
    reach, low = 1, high - 1
    while low > 0 and received(way, low) >= wanted:
        high, low, reach = low, low - reach, 2 * reach
    low = max(low, 0)
    while high - low > 1:
        middle = (low + high) // 2
        if received(way, middle) >= wanted:
            high = middle
        else:
            low = middle
    return high


class BruteForce:
    """Finds what can be earned, block after block; a cycle is only tried anew where one of its pools changed.

    Args:
        most_legs: of a cycle.
        neighbours: units of the coarsest amount that are tried on both sides of the best loan.
    """

    def __init__(self, most_legs: int, *, neighbours: int = 4) -> None:
        self._most_legs = most_legs
        self._neighbours = neighbours
        self._known: dict[tuple[Name, LenderTerms], tuple[Steps, Loan | None]] = {}
        self._names: dict[Address, list[Name]] = {}
        self._market: frozenset[Address] = frozenset()
        self.cycles = 0
        """Cycles looked at in the last block, each once for every asset that can be borrowed on it."""

    def opportunities(self, snapshot: MarketSnapshot) -> dict[Name, tuple[Loan, ...]]:
        """Return every cycle on which some loan earns a base unit or more, with each lender's best loan."""
        self._walk(snapshot)
        rates = _rates(snapshot.pools.values())
        found: dict[Name, tuple[Loan, ...]] = {}
        self.cycles = sum(map(len, self._names.values()))
        for asset, names in self._names.items():
            offers = [terms for terms in snapshot.lenders if terms.asset == asset]
            for name in names:
                rate = prod(rates[step] for step in name)
                loans = tuple(self._loans(steps_of(name, snapshot.pools), offers, rate))
                if loans:
                    found[name] = loans
        return found

    def _walk(self, snapshot: MarketSnapshot) -> None:
        if self._market == frozenset(snapshot.pools):
            return
        self._market = frozenset(snapshot.pools)
        assets = sorted({terms.asset for terms in snapshot.lenders})
        pools = list(snapshot.pools.values())
        self._names = {
            asset: [name_of(steps) for steps in cycles_from(asset, pools, self._most_legs)]
            for asset in assets
        }

    def _loans(self, steps: Steps, offers: Iterable[LenderTerms], rate: float) -> Iterator[Loan]:
        """Name every lender's best loan. Curves are concave: what loses on the first unit loses on all."""
        ample: list[tuple[LenderTerms, Loan]] = []
        for terms in sorted(offers, key=lambda terms: -terms.available):
            if rate * (1 - terms.fee_wad / WAD) <= 1 - _FLOAT_ERROR:
                continue
            loan = next((loan for other, loan in ample if _as_good(terms, other, loan)), None)
            if loan is None:
                loan = self._best(steps, terms)
            if loan is not None:
                ample.append((terms, loan))
                yield replace(loan, lender=terms.kind)

    def _best(self, steps: Steps, terms: LenderTerms) -> Loan | None:
        key = (name_of(steps), terms)
        known = self._known.get(key)
        if known is not None and all(
            now is before for (now, _), (before, _) in zip(steps, known[0], strict=True)
        ):
            return known[1]
        loan = best_loan(steps, terms, neighbours=self._neighbours)
        self._known[key] = (steps, loan)
        return loan


def _as_good(terms: LenderTerms, other: LenderTerms, loan: Loan) -> bool:
    """Tell whether the best loan of one lender without a fee is that of another, who has less to lend."""
    return terms.fee_wad == other.fee_wad == 0 and loan.amount <= terms.available


def _rates(pools: Collection[Pool]) -> Mapping[tuple[Address, Address], float]:
    return {
        (pool.address, sold): float(pool.marginal_rate(sold))
        for pool in pools
        for sold in (pool.token0, pool.token1)
    }
