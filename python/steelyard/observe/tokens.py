"""What we must know of a token, read from the token itself: some lie, some are silent, none may stop us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steelyard.connect.abi import DECIMALS, SYMBOL
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.exceptions import TokenUnusable
from steelyard.model.chain import BlockRef, Token
from steelyard.units import Address

_WORD: Final = 32
_SYMBOL_BYTES: Final = 4 * _WORD
_LONGEST_SYMBOL: Final = 32
_MOST_DECIMALS: Final = 77
"""10**78 does not fit uint256: more decimals mean nothing."""
_CALLS_PER_TOKEN: Final = 2


def read_tokens(
    multicall: Multicall, addresses: Sequence[Address], block: BlockRef
) -> tuple[dict[Address, Token], dict[Address, str]]:
    """Return the usable tokens and, for the others, why they are left out.

    Raises:
        RpcUnavailable, RpcInconsistent, RpcRejected: the node cannot say.
    """
    calls = []
    for address in addresses:
        calls.append(StaticCall(address, DECIMALS))
        calls.append(StaticCall(address, SYMBOL, _SYMBOL_BYTES))
    results = multicall.read(calls, block)
    tokens: dict[Address, Token] = {}
    unusable: dict[Address, str] = {}
    for index, address in enumerate(addresses):
        decimals, symbol = results[_CALLS_PER_TOKEN * index : _CALLS_PER_TOKEN * (index + 1)]
        try:
            tokens[address] = _token(address, decimals, symbol)
        except TokenUnusable as error:
            unusable[address] = str(error)
    return tokens, unusable


def _token(address: Address, decimals: CallResult, symbol: CallResult) -> Token:
    if not decimals.success:
        raise TokenUnusable(f"token {address}: decimals() reverts; a token must state its decimals")
    if decimals.returned < _WORD:
        raise TokenUnusable(f"token {address}: no answer to decimals(); is there a token at this address?")
    if decimals.word() > _MOST_DECIMALS:
        raise TokenUnusable(f"token {address}: {decimals.word()} decimals are more than {_MOST_DECIMALS}")
    return Token(address=address, symbol=_symbol(symbol) or address[:8], decimals=decimals.word())


def _symbol(answer: CallResult) -> str:
    """Return the symbol, a string or (older tokens) 32 bytes, fit to be printed; empty if there is none."""
    if not answer.success or answer.returned < _WORD:
        return ""
    raw = answer.data[:_WORD].rstrip(b"\0")
    if answer.returned > _WORD and answer.word() == _WORD:
        length = min(answer.word(1), len(answer.data) - 2 * _WORD)
        raw = answer.data[2 * _WORD : 2 * _WORD + length]
    text = raw.decode("utf-8", errors="replace")
    return "".join(c for c in text if c.isprintable() and c not in "<>&\"'")[:_LONGEST_SYMBOL].strip()
