"""What each kind of lender is asked, and what its answers mean. Adding a kind is one class here.

They are, to the unit, what ``LenderLens`` says on chain (``tests/fork/test_lender_terms.py``). A block asks
the lenders themselves: for a thousand tokens that takes a fraction of the lens's gas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from steelyard.connect.abi import (
    BALANCE_OF,
    FLASH_FEE,
    FLASHLOAN_PREMIUM_TOTAL,
    GET_FLASH_LOAN_FEE_PERCENTAGE,
    GET_PAUSED_STATE,
    GET_PROTOCOL_FEES_COLLECTOR,
    GET_RESERVE_DATA,
    GET_RESERVES,
    GET_VIRTUAL_UNDERLYING_BALANCE,
    LIQUIDITY,
    MAX_FLASH_LOAN,
    PAUSED,
    POOL_REVISION,
    address_word,
    word,
)
from steelyard.connect.hexes import address_of_word
from steelyard.connect.multicall import CallResult, StaticCall
from steelyard.model.lending import LenderKind, LenderTerms, LoanSource, pair_fee_wad
from steelyard.units import BPS, PIPS, WAD, Address

Results = Sequence[CallResult]

# Aave's ReserveConfigurationMap (DataTypes.sol of core-v3).
_ACTIVE_BIT: Final = 1 << 56
_PAUSED_BIT: Final = 1 << 60
_FLASH_LOAN_BIT: Final = 1 << 63
_ROUNDS_UP_FROM: Final = 9
"""The revision of Aave's pool (3.5) from which its premium is rounded up."""
_ANY: Final = 2**256 - 1
_WORD: Final = 32


class Lender(Protocol):
    """One lender, or one pool that lends, and the tokens that it is asked about."""

    def fixed_calls(self) -> list[StaticCall]:
        """Return the reads of what never moves: contracts behind it, tokens that it knows."""
        ...

    def learn(self, results: Results) -> None:
        """Take the answers to ``fixed_calls``."""
        ...

    def calls(self) -> list[StaticCall]:
        """Return the reads of one block."""
        ...

    def terms(self, results: Results) -> list[LenderTerms]:
        """Return what the answers to ``calls`` offer; nothing where the lender did not answer."""
        ...


class BalancerV2:
    """The vault lends all that it holds; the fee is set at its fee collector."""

    def __init__(self, vault: Address, assets: Sequence[Address]) -> None:
        self._vault, self._assets = vault, assets
        self._collector: Address | None = None

    def fixed_calls(self) -> list[StaticCall]:
        return [StaticCall(self._vault, GET_PROTOCOL_FEES_COLLECTOR)]

    def learn(self, results: Results) -> None:
        self._collector = address_of_word(results[0].data) if results[0].answered else None

    def calls(self) -> list[StaticCall]:
        if self._collector is None:
            return []
        return [
            StaticCall(self._collector, GET_FLASH_LOAN_FEE_PERCENTAGE),
            StaticCall(self._vault, GET_PAUSED_STATE),
            *(_balance_call(asset, self._vault) for asset in self._assets),
        ]

    def terms(self, results: Results) -> list[LenderTerms]:
        if not results or not results[0].answered or not results[1].answered or results[1].word():
            return []
        return _offers(LenderKind.BALANCER_V2, self._assets, results[2:], fee_wad=results[0].word())


class Aave:
    """A pool of Aave, V2 or V3: an aToken for each reserve holds what can be lent, at one premium in bps."""

    def __init__(self, kind: LenderKind, pool: Address, assets: Sequence[Address]) -> None:
        self._kind, self._pool, self._assets = kind, pool, assets
        # Of the reserve's words: V2 has no place for an id before its aToken.
        self._atoken_word = 8 if kind is LenderKind.AAVE_V3 else 7
        self._atokens: dict[Address, Address] = {}

    def fixed_calls(self) -> list[StaticCall]:
        return [self._reserve_call(asset) for asset in self._assets]

    def learn(self, results: Results) -> None:
        self._atokens = {
            asset: address_of_word(answer.data[_WORD * self._atoken_word :])
            for asset, answer in zip(self._assets, results, strict=True)
            if answer.answered and answer.word(self._atoken_word)
        }

    def calls(self) -> list[StaticCall]:
        if not self._atokens:
            return []
        calls = [StaticCall(self._pool, FLASHLOAN_PREMIUM_TOTAL)]
        if self._kind is LenderKind.AAVE_V2:
            calls.append(StaticCall(self._pool, PAUSED))
        else:
            calls.append(StaticCall(self._pool, POOL_REVISION))
            for asset in self._atokens:
                deposited = GET_VIRTUAL_UNDERLYING_BALANCE + address_word(asset)
                calls += [self._reserve_call(asset), StaticCall(self._pool, deposited)]
        return calls + [_balance_call(asset, atoken) for asset, atoken in self._atokens.items()]

    def terms(self, results: Results) -> list[LenderTerms]:
        if not results or not results[0].answered:
            return []
        states, balances = results[1 : -len(self._atokens)], results[-len(self._atokens) :]
        # Exact: the premium is a whole number of bps.
        fee_wad = results[0].word() * (WAD // BPS)
        held = _every_offer(self._kind, list(self._atokens), balances, fee_wad=fee_wad)
        return [
            replace(offer, available=min(offer.available, most), fee_rounds_up=self._rounds_up(states[0]))
            for offer, most in zip(held, self._most(states), strict=True)
            if most and offer is not None
        ]

    def _rounds_up(self, revision: CallResult) -> bool:
        """Tell whether the premium is rounded up; where a V3 does not say, the dearer is taken."""
        if self._kind is LenderKind.AAVE_V2:
            return False
        return not revision.answered or revision.word() >= _ROUNDS_UP_FROM

    def _most(self, states: Results) -> list[int]:
        """Return the most that the pool would lend of each reserve, however much lies there.

        V3 asks its flags (``validateFlashloanSimple``), and in its later versions lends what was deposited,
        but no donations; V2 asks only whether the whole pool is paused.
        """
        if self._kind is LenderKind.AAVE_V2:
            return [_ANY if states[0].answered and not states[0].word() else 0] * len(self._atokens)
        wanted = _ACTIVE_BIT | _FLASH_LOAN_BIT
        return [
            (deposited.word() if deposited.answered else _ANY)
            if state.answered and state.word() & (wanted | _PAUSED_BIT) == wanted
            else 0
            for state, deposited in zip(states[1::2], states[2::2], strict=True)
        ]

    def _reserve_call(self, asset: Address) -> StaticCall:
        want = _WORD * (self._atoken_word + 1)
        return StaticCall(self._pool, GET_RESERVE_DATA + address_word(asset), want)


class FreeHolder:
    """A contract that lends all that it holds and asks nothing: Morpho Blue, Uniswap V4's pool manager."""

    def __init__(self, kind: LenderKind, holder: Address, assets: Sequence[Address]) -> None:
        self._kind, self._holder, self._assets = kind, holder, assets

    def fixed_calls(self) -> list[StaticCall]:
        return []

    def learn(self, results: Results) -> None:
        """Nothing is fixed."""

    def calls(self) -> list[StaticCall]:
        return [_balance_call(asset, self._holder) for asset in self._assets]

    def terms(self, results: Results) -> list[LenderTerms]:
        return _offers(self._kind, self._assets, results, fee_wad=0)


class Erc3156:
    """A lender of the standard: Maker's flash mint, or one of the executor owner's list.

    Its fee is asked for a loan of 1e18 base units. Of a listed lender nobody knows how it rounds, so one unit
    is added: whatever the loan, that is never below a fee that is in proportion to it.
    """

    def __init__(
        self,
        kind: LenderKind,
        lender: Address,
        assets: Sequence[Address],
        source: LoanSource | None = None,
    ) -> None:
        self._kind, self._lender, self._assets, self._source = kind, lender, assets, source
        self._lent: list[Address] = []

    def fixed_calls(self) -> list[StaticCall]:
        return [call for asset in self._assets for call in self._calls_of(asset)]

    def learn(self, results: Results) -> None:
        # The standard has it answer 0, and revert for the fee, of a token that it never lends.
        self._lent = [asset for asset, fee in zip(self._assets, results[1::2], strict=True) if fee.answered]

    def calls(self) -> list[StaticCall]:
        return [call for asset in self._lent for call in self._calls_of(asset)]

    def terms(self, results: Results) -> list[LenderTerms]:
        return [
            LenderTerms(
                kind=self._kind,
                asset=asset,
                available=most.word(),
                fee_wad=fee.word() + (1 if fee.word() and self._source is not None else 0),
                source=self._source,
            )
            for asset, most, fee in zip(self._lent, results[::2], results[1::2], strict=True)
            if most.answered and fee.answered
        ]

    def _calls_of(self, asset: Address) -> tuple[StaticCall, StaticCall]:
        token = address_word(asset)
        return (
            StaticCall(self._lender, MAX_FLASH_LOAN + token),
            StaticCall(self._lender, FLASH_FEE + token + word(WAD)),
        )


class PairLender:
    """A Uniswap V2 pair that lends one of its tokens: all but a unit, since it gives no reserve out whole."""

    def __init__(self, asset: Address, source: LoanSource) -> None:
        assert source.other_token is not None
        self._asset, self._source = asset, source
        self._place = 0 if int(asset, 16) < int(source.other_token, 16) else 1

    def fixed_calls(self) -> list[StaticCall]:
        return []

    def learn(self, results: Results) -> None:
        """Nothing is fixed."""

    def calls(self) -> list[StaticCall]:
        return [StaticCall(self._source.address, GET_RESERVES, 2 * _WORD)]

    def terms(self, results: Results) -> list[LenderTerms]:
        (reserves,) = results
        if not reserves.answered:
            return []
        terms = LenderTerms(
            kind=LenderKind.UNISWAP_V2,
            asset=self._asset,
            available=reserves.word(self._place) - 1,
            fee_wad=pair_fee_wad(self._source.fee_pips),
            source=self._source,
        )
        return [terms]


class TierLender:
    """A Uniswap V3 pool that lends one of its tokens: all that it holds, while it has liquidity in range."""

    def __init__(self, asset: Address, source: LoanSource) -> None:
        self._asset, self._source = asset, source

    def fixed_calls(self) -> list[StaticCall]:
        return []

    def learn(self, results: Results) -> None:
        """Nothing is fixed."""

    def calls(self) -> list[StaticCall]:
        pool = self._source.address
        return [StaticCall(pool, LIQUIDITY), _balance_call(self._asset, pool)]

    def terms(self, results: Results) -> list[LenderTerms]:
        liquidity, balance = results
        if not liquidity.answered or not liquidity.word() or not balance.answered:
            return []
        # Exact: a tier is whole pips.
        fee_wad = self._source.fee_pips * (WAD // PIPS)
        terms = LenderTerms(
            kind=LenderKind.UNISWAP_V3,
            asset=self._asset,
            available=balance.word(),
            fee_wad=fee_wad,
            source=self._source,
        )
        return [terms]


def _offers(
    kind: LenderKind, assets: Sequence[Address], balances: Results, *, fee_wad: int
) -> list[LenderTerms]:
    return [offer for offer in _every_offer(kind, assets, balances, fee_wad=fee_wad) if offer is not None]


def _every_offer(
    kind: LenderKind, assets: Sequence[Address], balances: Results, *, fee_wad: int
) -> list[LenderTerms | None]:
    """Return the offer of each asset, None where its balance was not answered."""
    return [
        LenderTerms(kind=kind, asset=asset, available=balance.word(), fee_wad=fee_wad)
        if balance.answered
        else None
        for asset, balance in zip(assets, balances, strict=True)
    ]


def _balance_call(token: Address, holder: Address) -> StaticCall:
    return StaticCall(token, BALANCE_OF + address_word(holder))
