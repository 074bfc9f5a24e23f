"""degenbot 0.5.0 (pure Python): its own pools and cycles, filled without a node.

Its constructors read the chain, so the objects are made without them and given the attributes that they set;
every calculation is the library's own, untouched.
"""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakSet

from yardstick.workers.serving import Work, serve

Json = dict[str, Any]
_BLOCK = 1


def settle_in() -> None:
    """Write the configuration that the library would write on import; its way of making a database fails."""
    folder = Path(os.environ["HOME"]) / ".config" / "degenbot"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(f'[database]\npath = "{folder / "unused.db"}"\n\n[rpc]\n', "utf-8")


class Bench:
    """The library's objects for the pools at hand."""

    def __init__(self) -> None:
        self._pools: dict[str, Any] = {}
        self._tokens: dict[str, Any] = {}

    def pools(self, states: list[Json], decimals: dict[str, int]) -> Work:
        """Take over the pools."""
        for address, digits in decimals.items():
            self._tokens[address] = _token(address, digits)
        for state in states:
            self._pools[state["id"]] = self._pair(state) if state["kind"] == "v2" else self._ticked(state)
        return lambda: len(self._pools)

    def quote(self, pool: str, token_in: str, amount: int) -> Work:
        """An exact quote; steps that it has done before for this state come from the library's own cache."""
        state, token = self._pools[pool], self._tokens[token_in]
        return lambda: state.calculate_tokens_out_from_tokens_in(token, amount)

    def quote_without_cache(self, pool: str, token_in: str, amount: int) -> Work:
        """The same with the library's cache of steps emptied before every call."""
        state, token = self._pools[pool], self._tokens[token_in]

        def work() -> Any:
            state._swap_step_cache.clear()  # noqa: SLF001 - it has no public way
            return state.calculate_tokens_out_from_tokens_in(token, amount)

        return work

    def first_quote(self, pool: str, token_in: str, amount: int, moved: Json) -> Work:
        """A swap is taken over, and the new state quoted for the first time; two states take turns."""
        from degenbot.uniswap.v3_types import UniswapV3PoolExternalUpdate

        state, token = self._pools[pool], self._tokens[token_in]
        here = {"liquidity": state.liquidity, "sqrt_price_x96": state.sqrt_price_x96, "tick": state.tick}
        turns = cycle(({name: moved[name] for name in here}, here))

        def work() -> Any:
            state.external_update(UniswapV3PoolExternalUpdate(block_number=_BLOCK + 1, **next(turns)))
            return state.calculate_tokens_out_from_tokens_in(token, amount)

        return work

    def size(self, cycle: Json, effort: str) -> Work:
        """The loan for a cycle, as its public class finds it: scipy's bounded search, to one unit."""
        from degenbot.arbitrage import UniswapLpCycle

        tokens = [self._tokens[token] for _, token in cycle["hops"]]
        found = UniswapLpCycle(
            input_token=tokens[0],
            swap_pools=[self._pools[identity] for identity, _ in cycle["hops"]],
            id="benchmark",
            max_input=cycle["cap"],
        )

        def work() -> Json:
            result = found.calculate()
            return {"loan": result.input_amount, "profit": result.profit_amount}

        return work

    def _pair(self, state: Json) -> Any:
        from degenbot.uniswap.v2_liquidity_pool import UniswapV2Pool
        from degenbot.uniswap.v2_types import UniswapV2PoolState

        fee = Fraction(state["fee_pips"], 1_000_000)
        here = UniswapV2PoolState(
            address=state["id"],
            block=_BLOCK,
            reserves_token0=state["reserve0"],
            reserves_token1=state["reserve1"],
        )
        return _made(UniswapV2Pool, **self._common(state), _state=here, fee_token0=fee, fee_token1=fee)

    def _ticked(self, state: Json) -> Any:
        from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool
        from degenbot.uniswap.v3_types import UniswapV3LiquidityAtTick, UniswapV3PoolState

        here = UniswapV3PoolState(
            address=state["id"],
            block=_BLOCK,
            liquidity=state["liquidity"],
            sqrt_price_x96=state["sqrt_price_x96"],
            tick=state["tick"],
            tick_bitmap=_words(state),
            tick_data={
                tick: UniswapV3LiquidityAtTick(liquidity_net=net, liquidity_gross=gross)
                for tick, gross, net in state["ticks"]
            },
        )
        return _made(
            UniswapV3Pool,
            **self._common(state),
            _state=here,
            fee=state["fee_pips"],
            tick_spacing=state["tick_spacing"],
            sparse_liquidity_map=False,
            _initial_state_block=_BLOCK,
            _swap_step_cache={},
            _swap_step_cache_lock=Lock(),
        )

    def _common(self, state: Json) -> Json:
        from degenbot.types.concrete import BoundedCache

        return {
            "address": state["id"],
            "name": state["id"],
            "token0": self._tokens[state["token0"]],
            "token1": self._tokens[state["token1"]],
            "_chain_id": 1,
            "_state_lock": Lock(),
            "_state_cache": BoundedCache(max_items=8),
            "_subscribers": WeakSet(),
        }


def _words(state: Json) -> dict[int, Any]:
    """Return the pool's tick bitmap."""
    from degenbot.uniswap.v3_types import UniswapV3BitmapAtWord

    words: dict[int, int] = {}
    for tick, _, _ in state["ticks"]:
        compressed = tick // state["tick_spacing"]
        words[compressed >> 8] = words.get(compressed >> 8, 0) | 1 << (compressed & 255)
    return {word: UniswapV3BitmapAtWord(bitmap=bits) for word, bits in words.items()}


def _token(address: str, decimals: int) -> Any:
    from degenbot.erc20 import Erc20Token

    return _made(
        Erc20Token, address=address, name=address[:8], symbol=address[:8], decimals=decimals, _chain_id=1
    )


def _made(kind: Any, **attributes: Any) -> Any:
    """Return an object without having its constructor ask a node."""
    one = object.__new__(kind)
    for name, value in attributes.items():
        setattr(one, name, value)
    return one


if __name__ == "__main__":
    settle_in()
    bench = Bench()
    serve(
        {
            "pools": bench.pools,
            "quote": bench.quote,
            "quote without cache": bench.quote_without_cache,
            "first quote": bench.first_quote,
            "size": bench.size,
        }
    )
