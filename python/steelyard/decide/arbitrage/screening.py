"""All cycles of 2 and 3 hops through the borrowable tokens, screened in one pass, remembered between blocks.

The pass adds up the best rates of every token cycle: which pools a block touched does not matter, it is
three look-ups and two additions for each cycle. What follows is for the few that pay, and of those only for
the ones whose pools changed: their choices of pools and the estimates of what those earn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from steelyard.decide.arbitrage.cycles import SCREENING_MARGIN, Choices, cycles_through, expand, no_choices
from steelyard.decide.arbitrage.graph import Floats, Ints, MarketGraph

WIDTH: Final = 3

MAX_CHOICES: Final = 1_000_000
"""Bound on pool choices that one block's cycles may have; the token cycles with the best rates come first."""


class Base(NamedTuple):
    """A token of the graph that cycles start from, and the fee of borrowing it, as a fraction."""

    token: int
    fee: float


class Screened(NamedTuple):
    """The cycles of pools that pay at the margin, and how many token cycles were left out for the bound."""

    choices: Choices
    skipped: int


class ShortCycles:
    """The token cycles through some bases, and what was found about those that pay.

    Args:
        longest: 2 or 3 hops.
    """

    def __init__(self, graph: MarketGraph, tokens: Sequence[int], longest: int) -> None:
        self._graph = graph
        blocks = [cycles_through(graph, token, longest) for token in tokens]
        self._rows: Ints = np.concatenate([np.zeros((WIDTH, 0), dtype=np.int64), *blocks], axis=1)
        self._ends: list[int] = np.cumsum([block.shape[1] for block in blocks], dtype=np.int64).tolist()
        self._base: Ints = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
        # How many choices of pools a token cycle has, as a float: the product may leave an int64.
        self._weight: Floats = graph.counts[self._rows].astype(np.float64).prod(axis=0)
        self._totals: Floats = np.zeros(self._rows.shape[1])
        self._rates: Floats = np.zeros(self._rows.shape[1])
        self._mark = np.zeros(self._rows.shape[1], dtype=np.bool_)
        self._bases: tuple[Base, ...] = ()
        self._seen = 0
        self._known: Ints = np.zeros(0, dtype=np.int64)
        self._choices = no_choices(WIDTH)

    def base_of(self, owner: Ints) -> Ints:
        """Return which of the bases, by position, the token cycles start from."""
        return self._base[owner]

    def screen(self, bases: tuple[Base, ...], most: int = MAX_CHOICES) -> Screened:
        """Return all cycles of pools that pay in the graph's present state.

        Args:
            bases: the tokens that the cycles were laid out for, in their order, with today's fees.
            most: bound on the choices of pools that are weighed.
        """
        if bases != self._bases:
            self._known, self._choices = self._known[:0], no_choices(WIDTH)
            self._bases = bases
        paying = self.paying(bases)
        paying, skipped = self._within(paying, most)
        fresh = self._fresh(paying)
        self._mark[paying] = True
        self._mark[fresh] = False
        kept = self._choices.where(self._mark[self._choices.owner])
        self._mark[paying] = False
        self._choices = kept.beside(self._expanded(fresh)) if len(fresh) else kept
        self._known, self._seen = paying, self._graph.version
        return Screened(self._choices, skipped)

    def paying(self, bases: tuple[Base, ...]) -> Ints:
        """Return the token cycles whose best pools multiply a unit by more than the loan's fee, ascending.

        The pass over every cycle; what follows it in ``screen`` is for those that it returns.
        """
        best, totals, rates = self._graph.best, self._totals, self._rates
        first, second, third = self._rows
        np.take(best, second, out=totals, mode="clip")
        np.take(best, first, out=rates, mode="clip")
        np.add(totals, rates, out=totals)
        np.take(best, third, out=rates, mode="clip")
        np.add(totals, rates, out=totals)
        found, start = [np.zeros(0, dtype=np.int64)], 0
        for base, end in zip(bases, self._ends, strict=True):
            found.append(start + np.flatnonzero(totals[start:end] > np.log1p(base.fee) - SCREENING_MARGIN))
            start = end
        return np.concatenate(found)

    def _within(self, paying: Ints, most: int) -> tuple[Ints, int]:
        """Return the cycles whose choices can be weighed, and how many are too many; see ``MAX_CHOICES``."""
        weight = self._weight[paying]
        if weight.sum() <= most:
            return paying, 0
        order = np.lexsort((paying, -self._totals[paying]))
        fits = weight[order] <= most
        fits[fits] = np.cumsum(weight[order][fits]) <= most
        return np.sort(paying[order[fits]]), int(len(paying) - fits.sum())

    def _fresh(self, paying: Ints) -> Ints:
        """Return the cycles of which nothing is known, or of which a pool has changed since."""
        fresh = (self._graph.changed[self._rows[:, paying]] > self._seen).any(axis=0)
        if len(self._known):
            at = np.minimum(np.searchsorted(self._known, paying), len(self._known) - 1)
            fresh |= self._known[at] != paying
        else:
            fresh[:] = True
        found: Ints = paying[fresh]
        return found

    def _expanded(self, owner: Ints) -> Choices:
        fees = np.array([base.fee for base in self._bases])[self._base[owner]]
        return expand(self._graph, owner, self._rows[:, owner], np.log1p(fees), fees)
