"""What the flash lenders offer at one block, read along with everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from steelyard.connect.abi import (
    BALANCE_OF,
    FLASHLOAN_PREMIUM_TOTAL,
    GET_FLASH_LOAN_FEE_PERCENTAGE,
    GET_PAUSED_STATE,
    GET_PROTOCOL_FEES_COLLECTOR,
    GET_RESERVE_DATA,
    address_word,
)
from steelyard.connect.hexes import address_of_word
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.model.chain import BlockRef
from steelyard.model.lending import LenderKind, LenderTerms
from steelyard.units import BPS, WAD, Address

# Aave's ReserveConfigurationMap (DataTypes.sol of core-v3).
_ACTIVE_BIT: Final = 1 << 56
_PAUSED_BIT: Final = 1 << 60
_FLASH_LOAN_BIT: Final = 1 << 63
_RESERVE_DATA_BYTES: Final = 9 * 32
"""Of ``getReserveData`` the first word is the configuration and the ninth the aToken."""
_ATOKEN_WORD: Final = 8


class LenderReader:
    """Knows which reads tell the lenders' terms, and what the answers mean.

    ``prepare`` once, then for each block ``calls`` and ``terms``.
    """

    def __init__(self, lenders: Mapping[LenderKind, Address], assets: Sequence[Address]) -> None:
        """Take the contracts that the executor borrows from, and the tokens worth borrowing."""
        self._lenders = lenders
        self._assets = tuple(assets)
        self._fees_collector: Address | None = None
        self._atokens: dict[Address, Address] = {}
        self._groups: tuple[list[StaticCall], ...] = ()

    def prepare(self, multicall: Multicall, block: BlockRef) -> None:
        """Find the contracts behind the lenders that never move: the fee collector, the aTokens."""
        calls = []
        vault, pool = self._lenders.get(LenderKind.BALANCER_V2), self._lenders.get(LenderKind.AAVE_V3)
        if vault is not None:
            calls.append(StaticCall(vault, GET_PROTOCOL_FEES_COLLECTOR))
        if pool is not None:
            calls.extend(_reserve_call(pool, asset) for asset in self._assets)
        results = iter(multicall.read(calls, block))
        if vault is not None:
            answer = next(results)
            self._fees_collector = address_of_word(answer.data) if answer.answered else None
        for asset, answer in zip(self._assets, results, strict=False):
            if answer.answered and answer.word(_ATOKEN_WORD):
                self._atokens[asset] = address_of_word(answer.data[32 * _ATOKEN_WORD :])
        # A thousand tokens are some thousand reads in each block, always the same.
        self._groups = self._balancer_calls(), self._aave_calls(), self._morpho_calls()

    def calls(self) -> list[StaticCall]:
        """Return the reads of one block, in the order in which ``terms`` expects their results."""
        return [call for group in self._groups for call in group]

    def terms(self, results: Sequence[CallResult]) -> tuple[LenderTerms, ...]:
        """Return every offer that has something to borrow; a lender that does not answer makes none."""
        balancer, aave, _ = (len(group) for group in self._groups) if self._groups else (0, 0, 0)
        offers = [
            *self._balancer_terms(results[:balancer]),
            *self._aave_terms(results[balancer : balancer + aave]),
            *self._morpho_terms(results[balancer + aave :]),
        ]
        return tuple(offer for offer in offers if offer.available > 0)

    def _balancer_calls(self) -> list[StaticCall]:
        vault = self._lenders.get(LenderKind.BALANCER_V2)
        if vault is None or self._fees_collector is None:
            return []
        return [
            StaticCall(self._fees_collector, GET_FLASH_LOAN_FEE_PERCENTAGE),
            StaticCall(vault, GET_PAUSED_STATE),
            *(_balance_call(asset, vault) for asset in self._assets),
        ]

    def _balancer_terms(self, results: Sequence[CallResult]) -> list[LenderTerms]:
        if not results or not results[0].answered or not results[1].answered or results[1].word():
            return []
        return _offers(LenderKind.BALANCER_V2, self._assets, results[2:], fee_wad=results[0].word())

    def _aave_calls(self) -> list[StaticCall]:
        pool = self._lenders.get(LenderKind.AAVE_V3)
        if pool is None or not self._atokens:
            return []
        calls = [StaticCall(pool, FLASHLOAN_PREMIUM_TOTAL)]
        for asset, atoken in self._atokens.items():
            calls.extend((_reserve_call(pool, asset), _balance_call(asset, atoken)))
        return calls

    def _aave_terms(self, results: Sequence[CallResult]) -> list[LenderTerms]:
        if not results or not results[0].answered:
            return []
        # Exact: the premium is a whole number of bps.
        fee_wad = results[0].word() * (WAD // BPS)
        lent = [
            (asset, balance)
            for asset, reserve, balance in zip(self._atokens, results[1::2], results[2::2], strict=True)
            if reserve.answered and _lends(reserve.word())
        ]
        assets, balances = [asset for asset, _ in lent], [balance for _, balance in lent]
        return _offers(LenderKind.AAVE_V3, assets, balances, fee_wad=fee_wad)

    def _morpho_calls(self) -> list[StaticCall]:
        morpho = self._lenders.get(LenderKind.MORPHO_BLUE)
        return [] if morpho is None else [_balance_call(asset, morpho) for asset in self._assets]

    def _morpho_terms(self, results: Sequence[CallResult]) -> list[LenderTerms]:
        return _offers(LenderKind.MORPHO_BLUE, self._assets, results, fee_wad=0) if results else []


def _lends(configuration: int) -> bool:
    """Tell whether Aave's ``validateFlashloanSimple`` lets the reserve lend."""
    wanted = _ACTIVE_BIT | _FLASH_LOAN_BIT
    return configuration & (wanted | _PAUSED_BIT) == wanted


def _offers(
    kind: LenderKind, assets: Sequence[Address], balances: Sequence[CallResult], *, fee_wad: int
) -> list[LenderTerms]:
    return [
        LenderTerms(kind=kind, asset=asset, available=balance.word(), fee_wad=fee_wad)
        for asset, balance in zip(assets, balances, strict=True)
        if balance.answered
    ]


def _balance_call(token: Address, holder: Address) -> StaticCall:
    return StaticCall(token, BALANCE_OF + address_word(holder))


def _reserve_call(pool: Address, asset: Address) -> StaticCall:
    return StaticCall(pool, GET_RESERVE_DATA + address_word(asset), _RESERVE_DATA_BYTES)
