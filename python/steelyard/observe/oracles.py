"""What oracles say that tokens are worth, read along with each block.

Source of the interface: Chainlink's ``AggregatorV3Interface``. Every feed states USD for one token; the one
of the native coin turns them into wei.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from steelyard.connect.abi import DECIMALS, LATEST_ROUND_DATA
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.model.chain import BlockRef, Token
from steelyard.model.evidence import OraclePrice
from steelyard.units import ETHER, WAD, Address

_ROUND_BYTES: Final = 5 * 32
_ROUND_ID, _ANSWER, _UPDATED_AT, _ANSWERED_IN = 0, 1, 3, 4
_MOST_DECIMALS: Final = 77


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    usd: int
    updated_at_seconds: int


class OracleReader:
    """Knows which reads tell the prices, and what the answers mean. ``prepare`` once, then block by block."""

    def __init__(self, native_usd: Address, usd: Mapping[Address, Address]) -> None:
        """Take the aggregators.

        Args:
            native_usd: states the native coin in USD.
            usd: for each token the one that states it in USD.
        """
        self._native = native_usd
        self._usd = dict(usd)
        self._tokens: Mapping[Address, Token] = {}
        self._decimals: dict[Address, int] = {}
        self.prices: Mapping[Address, OraclePrice] = {}
        """By token, as taken last; replaced, never changed."""
        self.warnings: tuple[str, ...] = ()
        """Aggregators that are none."""

    def prepare(self, multicall: Multicall, block: BlockRef, tokens: Mapping[Address, Token]) -> None:
        """Ask every aggregator for its decimals; leave out, with a warning, what does not answer."""
        self._tokens = tokens
        wanted = list(
            dict.fromkeys([self._native, *(at for token, at in self._usd.items() if token in tokens)])
        )
        results = multicall.read([StaticCall(at, DECIMALS) for at in wanted], block)
        answered = {at: answer.word() for at, answer in zip(wanted, results, strict=True) if answer.answered}
        self._decimals = {at: decimals for at, decimals in answered.items() if decimals <= _MOST_DECIMALS}
        self.warnings = tuple(
            f"oracle {at} does not state its decimals; is there an aggregator at this address?"
            for at in wanted
            if at not in self._decimals
        )

    def calls(self) -> list[StaticCall]:
        """Return the reads of one block, in the order in which ``take`` expects their results."""
        if self._native not in self._decimals:
            return []
        return [StaticCall(at, LATEST_ROUND_DATA, _ROUND_BYTES) for at in self._decimals]

    def take(self, results: Sequence[CallResult], block: BlockRef) -> None:
        """Keep the prices of this block; an answer that cannot be believed is none."""
        answers = dict(zip(self._decimals, (_answer(result, block) for result in results), strict=False))
        native = answers.get(self._native)
        prices = {}
        for token, at in self._usd.items():
            answer = answers.get(at)
            if answer is not None and native is not None:
                price = self._price(token, at, answer, native)
                if price.wei_per_unit_wad > 0:
                    prices[token] = price
        self.prices = prices

    def _price(self, token: Address, at: Address, answer: _Answer, native: _Answer) -> OraclePrice:
        """Return wei per base unit: both in USD, each with its aggregator's decimals. Rounds down.

        As old as the older of the two answers.
        """
        value = answer.usd * 10 ** self._decimals[self._native] * ETHER * WAD
        unit = native.usd * 10 ** (self._decimals[at] + self._tokens[token].decimals)
        return OraclePrice(
            token=token,
            wei_per_unit_wad=value // unit,
            updated_at_seconds=min(answer.updated_at_seconds, native.updated_at_seconds),
        )


def _answer(result: CallResult, block: BlockRef) -> _Answer | None:
    """Return a round's answer, or None where it is not above zero, not complete, or from the future."""
    if not result.answered:
        return None
    usd, updated_at = result.signed_word(_ANSWER), result.word(_UPDATED_AT)
    complete = result.word(_ANSWERED_IN) >= result.word(_ROUND_ID) and updated_at > 0
    if usd <= 0 or not complete or updated_at > block.timestamp_seconds:
        return None
    return _Answer(usd=usd, updated_at_seconds=updated_at)
