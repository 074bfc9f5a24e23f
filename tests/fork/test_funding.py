"""Actors of fork tests are funded by storage writes: on the replica as on the real mainnet."""

from __future__ import annotations

import pytest

from steelyard.sandbox.funding import allow
from steelyard.sandbox.replica.tokens import DAI, LINK, UNI, USDC, USDT, WBTC, WETH, MarketToken
from tests.support.fork_chain import ForkChain, actor

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

TOKENS = (WETH, USDC, USDT, DAI, WBTC, LINK, UNI)


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token.symbol)
def test_funded_tokens_can_be_spent_by_their_holder(chain: ForkChain, token: MarketToken) -> None:
    holder, friend = actor("depositor"), actor("friend of the depositor")
    amount = 1_000 * 10**token.decimals
    before = chain.balance(token.address, friend)
    chain.give(token.address, holder, amount)
    chain.send(holder, token.address, "transfer(address,uint256)", friend, amount)
    assert chain.balance(token.address, friend) == before + amount


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token.symbol)
def test_allowances_can_be_written_too(chain: ForkChain, token: MarketToken) -> None:
    # UNI keeps allowances in 96 bits: an amount that every token can hold.
    holder, spender = actor("depositor"), actor("spender")
    amount = 500 * 10**token.decimals
    chain.give(token.address, holder, amount)
    allow(chain.rpc, holder, spender, token.address, amount)
    move = "transferFrom(address,address,uint256)"
    chain.send(spender, token.address, move, holder, spender, amount)
    assert chain.balance(token.address, spender) >= amount
