"""What the traders do at a group of pools in one block: noise pushes them off, followers bring them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from steelyard.sandbox.activity.pools import PoolView
from steelyard.sandbox.activity.prices import FairPrices
from steelyard.sandbox.activity.traders import FOLLOWERS, NOISE_TRADERS, swap_transaction
from steelyard.sandbox.replica.manifest import NO_ADDRESS, Manifest, TokenRecord
from steelyard.sandbox.replica.tokens import USD_E8
from steelyard.units import Address

_NOISE_FEES: Final = (40, 180)
"""A noise trade moves the price by this many hundredths of the pool's own fee, at least and at most."""
_LARGE_ONE_IN: Final = 4
_LARGE_FACTOR: Final = 2
_LARGEST_MOVE_PPM: Final = 10_000
_LARGEST_NOISE_USD: Final = 400_000
_FOLLOW_PERCENT: Final = (55, 85)
"""How often a follower acts on a pool that is off: pools with a fee over, and of at most, 0.05 %."""
_FOLLOW_SHARE_PERCENT: Final = (50, 100)
_LARGEST_FOLLOW_PPM: Final = 100_000
_CHEAP_FEE_PIPS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Worths:
    """What tokens are worth to those who know."""

    tokens: dict[Address, TokenRecord]
    fair_prices: FairPrices

    def gap_ppm(self, view: PoolView) -> int:
        """How far the price of a pool's token0 would have to rise to be fair, in millionths."""
        token0, token1 = self.tokens[view.record.token0], self.tokens[view.record.token1]
        return view.gap_ppm(
            self.fair_prices[token0.symbol],
            self.fair_prices[token1.symbol],
            10**token0.decimals,
            10**token1.decimals,
        )

    def base_units(self, usd: int, address: Address) -> int:
        """Base units of the token that are worth `usd`, at the fair price; rounds down."""
        token = self.tokens[address]
        scale: int = 10**token.decimals
        return usd * USD_E8 * scale // self.fair_prices[token.symbol]


def worths_of(manifest: Manifest, fair_prices: FairPrices) -> Worths:
    """Worths of the manifest's tokens, and of ether itself, which is worth what wrapped ether is."""
    tokens = {token.address: token for token in manifest.tokens}
    return Worths(tokens=tokens | {NO_ADDRESS: manifest.token("WETH")}, fair_prices=fair_prices)


class Trading:
    """Trades at one group of pools, from a random stream of its own.

    What is drawn does not depend on the chain, and not on any other group: another kind of pool in the market
    leaves the trades at all others as they were.

    Args:
        stream: names the random stream.
        noise_trades: how many noise trades a block has, at least and at most.
        worths: of the tokens.
    """

    def __init__(self, stream: str, noise_trades: tuple[int, int], worths: Worths) -> None:
        self._random = Random(stream)
        self._noise_trades = noise_trades
        self._worths = worths

    def trades(self, views: Sequence[PoolView]) -> list[dict[str, Any]]:
        """The transactions of one block; nonces and fees are still to be added."""
        return self._noise(views) + self._following(views) if views else []

    def _noise(self, views: Sequence[PoolView]) -> list[dict[str, Any]]:
        trades = []
        for _ in range(self._random.randint(*self._noise_trades)):
            view = self._random.choice(views)
            who = self._random.choice(NOISE_TRADERS)
            move_ppm = view.record.fee_pips * self._random.randint(*_NOISE_FEES) // 100
            if self._random.randrange(_LARGE_ONE_IN) == 0:
                move_ppm *= _LARGE_FACTOR
            direction = self._random.choice((-1, 1))
            swap = view.swap_to_move(direction * min(move_ppm, _LARGEST_MOVE_PPM))
            token_in = view.record.token0 if swap.zero_in else view.record.token1
            largest = self._worths.base_units(_LARGEST_NOISE_USD, token_in)
            trades.append(swap_transaction(who, view, replace(swap, amount=min(swap.amount, largest))))
        return trades

    def _following(self, views: Sequence[PoolView]) -> list[dict[str, Any]]:
        trades = []
        for view in views:
            fee_pips = view.record.fee_pips
            often = _FOLLOW_PERCENT[fee_pips <= _CHEAP_FEE_PIPS]
            # Drawn for every pool, acted on or not: what is drawn next must not depend on the chain.
            acts = self._random.randrange(100) < often
            who = self._random.choice(FOLLOWERS)
            share_percent = self._random.randint(*_FOLLOW_SHARE_PERCENT)
            gap_ppm = self._worths.gap_ppm(view)
            move_ppm = (abs(gap_ppm) - fee_pips) * share_percent // 100
            if acts and move_ppm > 0:
                direction = 1 if gap_ppm > 0 else -1
                swap = view.swap_to_move(direction * min(move_ppm, _LARGEST_FOLLOW_PPM))
                trades.append(swap_transaction(who, view, swap))
        return trades
