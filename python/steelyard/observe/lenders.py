"""What the flash lenders offer at one block, read along with everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.model.chain import BlockRef
from steelyard.model.lending import LenderKind, LenderTerms, LoanSource
from steelyard.observe.lender_kinds import (
    Aave,
    BalancerV2,
    Erc3156,
    FreeHolder,
    Lender,
    PairLender,
    TierLender,
)
from steelyard.observe.lending_pools import LendingPool
from steelyard.units import Address

_FREE: Final = (LenderKind.MORPHO_BLUE, LenderKind.UNISWAP_V4)


class LenderReader:
    """Knows which reads tell the lenders' terms, and what the answers mean.

    ``prepare`` once, ``lend_from`` the pools that are known, then for each block ``calls`` and ``terms``.
    """

    def __init__(
        self,
        lenders: Mapping[LenderKind, Address],
        assets: Sequence[Address],
        listed: Mapping[int, Address] | None = None,
    ) -> None:
        """Take the contracts that the executor borrows from, and the tokens worth borrowing.

        Args:
            listed: ERC-3156 lenders of the executor's list, by their id.
        """
        self._lenders: list[Lender] = list(_lenders_of(lenders, tuple(assets), listed or {}))
        self._pools: list[Lender] = []
        self._groups: tuple[list[StaticCall], ...] = ()

    def prepare(self, multicall: Multicall, block: BlockRef) -> None:
        """Ask the lenders for what never moves: the fee collector, the aTokens, the tokens they know."""
        groups = [lender.fixed_calls() for lender in self._lenders]
        results = multicall.read([call for group in groups for call in group], block)
        for lender, part in zip(self._lenders, _split(results, groups), strict=True):
            lender.learn(part)
        self._regroup()

    def lend_from(self, pools: Iterable[LendingPool]) -> None:
        """Take these pools for lenders, and no others."""
        self._pools = [_pool_lender(pool) for pool in pools]
        self._regroup()

    def calls(self) -> list[StaticCall]:
        """Return the reads of one block, in the order in which ``terms`` expects their results."""
        return [call for group in self._groups for call in group]

    def terms(self, results: Sequence[CallResult]) -> tuple[LenderTerms, ...]:
        """Return every offer that has something to borrow; a lender that does not answer makes none."""
        everyone = [*self._lenders, *self._pools]
        parts = _split(results, self._groups)
        offers = (offer for lender, part in zip(everyone, parts, strict=True) for offer in lender.terms(part))
        return tuple(offer for offer in offers if offer.available > 0)

    def _regroup(self) -> None:
        # A thousand tokens are some thousand reads in each block, always the same.
        self._groups = tuple(lender.calls() for lender in (*self._lenders, *self._pools))


def _lenders_of(
    lenders: Mapping[LenderKind, Address], assets: Sequence[Address], listed: Mapping[int, Address]
) -> Iterator[Lender]:
    for kind, address in sorted(lenders.items()):
        if kind is LenderKind.BALANCER_V2:
            yield BalancerV2(address, assets)
        elif kind in (LenderKind.AAVE_V3, LenderKind.AAVE_V2):
            yield Aave(kind, address, assets)
        elif kind in _FREE:
            yield FreeHolder(kind, address, assets)
        elif kind is LenderKind.MAKER:
            yield Erc3156(kind, address, assets)
    for lender_id, address in sorted(listed.items()):
        yield Erc3156(LenderKind.ERC3156, address, assets, LoanSource(listing_id=lender_id, address=address))


def _pool_lender(pool: LendingPool) -> Lender:
    if pool.kind is LenderKind.UNISWAP_V2:
        return PairLender(pool.asset, pool.source)
    return TierLender(pool.asset, pool.source)


def _split(
    results: Sequence[CallResult], groups: Sequence[Sequence[StaticCall]]
) -> Iterator[Sequence[CallResult]]:
    """Return the results of each group's calls, in their order."""
    start = 0
    for group in groups:
        yield results[start : start + len(group)]
        start += len(group)
