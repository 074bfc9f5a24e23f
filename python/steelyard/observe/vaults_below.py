"""Pools of a vault that stand on another vault (ERC-4626): which those are, and how much each takes.

Such a strategy names the vault below, ``target()``, and never another one; so it is asked once. What has no
``target()`` (a range position) names no limit either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from steelyard.connect.hexes import checksum
from steelyard.connect.multicall import CallResult, StaticCall
from steelyard.observe.views import View
from steelyard.units import UINT256_MAX, Address

SPARE_PARTS: Final = 100
"""One part of so many of what a vault takes is left free: others deposit too until a plan arrives."""
INTEREST_PARTS: Final = 100_000
"""Likewise of all that it holds, which its interest fills: half an hour of 17 % a year."""

_WORD: Final = 32
_HEAVY_GAS: Final = 5_000_000
"""A vault over thirty markets works out the interest of each."""
_TARGET: Final = View("target()", ("address",), _WORD)
_MAX_DEPOSIT: Final = View("maxDeposit(address)", ("uint256",), _WORD, _HEAVY_GAS)
_TOTAL_ASSETS: Final = View("totalAssets()", ("uint256",), _WORD, _HEAVY_GAS)


class VaultsBelow:
    """Remembers what stands on what."""

    def __init__(self) -> None:
        self._targets: dict[Address, Address | None] = {}

    def unknown(self, strategies: Sequence[Address]) -> list[StaticCall]:
        """Return the questions to the strategies that were not asked yet."""
        return [_TARGET.call(strategy) for strategy in strategies if strategy not in self._targets]

    def learn(self, asked: Sequence[StaticCall], results: Sequence[CallResult]) -> None:
        """Remember the answers to ``unknown``."""
        for call, result in zip(asked, results, strict=True):
            answer = _TARGET.read(result)
            self._targets[call.target] = None if answer is None else checksum(answer[0])

    def questions(self, strategies: Sequence[Address]) -> list[StaticCall]:
        """Return what is asked of the vaults below these strategies, all of them being known."""
        return [
            call
            for strategy, target in self._over_vaults(strategies)
            for call in (_MAX_DEPOSIT.call(target, strategy), _TOTAL_ASSETS.call(target))
        ]

    def rooms(
        self, strategies: Sequence[Address], results: Sequence[CallResult]
    ) -> Mapping[Address, int | None]:
        """Return how much each strategy over another vault takes, from the answers to ``questions``."""
        over = [strategy for strategy, _ in self._over_vaults(strategies)]
        pairs = zip(results[::2], results[1::2], strict=True)
        return {strategy: room_of(*pair) for strategy, pair in zip(over, pairs, strict=True)}

    def _over_vaults(self, strategies: Sequence[Address]) -> list[tuple[Address, Address]]:
        known = [(strategy, self._targets[strategy]) for strategy in strategies]
        return [(strategy, target) for strategy, target in known if target is not None]


def room_of(max_deposit: CallResult, total_assets: CallResult) -> int | None:
    """Return what a vault takes in the next minutes, from what it says it takes now and what it holds.

    None where it says that nothing limits it. Nothing where it does not say: the standard forbids both views
    to revert, so that a vault where one does is out of order. What is deposited there might not come back,
    and a deposit that it refuses takes all other moves of the plan with it.
    """
    most, held = _MAX_DEPOSIT.number(max_deposit), _TOTAL_ASSETS.number(total_assets)
    if most == UINT256_MAX:
        return None
    if most is None or held is None:
        return 0
    # Up: what is left free is not made less by rounding.
    spare = max(-(-most // SPARE_PARTS), -(-held // INTEREST_PARTS))
    return max(0, most - spare)
