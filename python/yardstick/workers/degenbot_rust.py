"""degenbot 0.6.0a17 (a Rust core under Python): pools registered without a node, the rest is the core's."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from yardstick.workers.serving import Work, serve

Json = dict[str, Any]
_BLOCK = 1
_FACTORY = "0x" + "ab" * 20
"""Of no known deployment: of drawn pools the core cannot ask that their address be derived from it."""


class Bench:
    """The library's session, and what it knows by which number."""

    def __init__(self) -> None:
        from degenbot._ffi import Bot

        self._bot = Bot(1)
        self._ids: dict[str, int] = {}
        self._states: dict[str, Json] = {}

    def pools(self, states: list[Json], decimals: dict[str, int]) -> Work:
        """Take over the pools, those that it does not have yet."""
        for address, digits in decimals.items():
            self._bot.register_token(address, address[:8], address[:8], digits, 1)
        for state in states:
            if state["id"] not in self._ids:
                self._ids[state["id"]] = self._pair(state) if state["kind"] == "v2" else self._ticked(state)
                self._states[state["id"]] = state
        return lambda: len(self._ids)

    def quote(self, pool: str, token_in: str, amount: int) -> Work:
        """An exact quote."""
        number, downwards = self._ids[pool], token_in == self._states[pool]["token0"]
        return lambda: self._bot.calculate_tokens_out(number, downwards, amount)

    def first_quote(self, pool: str, token_in: str, amount: int, moved: Json) -> Work:
        """A swap is taken over, and the new state quoted for the first time; two states take turns."""
        number, downwards = self._ids[pool], token_in == self._states[pool]["token0"]
        here = self._states[pool]
        names = ("sqrt_price_x96", "liquidity", "tick")
        turns = cycle([tuple(state[name] for name in names) for state in (moved, here)])

        def work() -> Any:
            self._bot.update_v3_pool(pool, *next(turns), _BLOCK + 1)
            return self._bot.calculate_tokens_out(number, downwards, amount)

        return work

    def size(self, cycle: Json, effort: str) -> Work:
        """The loan for one cycle alone; most of it is the way into the core and back."""
        engine = self._engine([cycle])

        def work() -> Json | None:
            engine.solve_all_paths(_BLOCK)
            results, _ = engine.latest_results()
            return {"loan": results[0][1], "profit": results[0][2]} if results else None

        return work

    def size_all(self, cycles: list[Json]) -> Work:
        """The loans for all cycles in one call, as it works on a block."""
        engine = self._engine(cycles)

        def work() -> int:
            engine.solve_all_paths(_BLOCK)
            return len(engine.latest_results()[0])

        return work

    def _engine(self, cycles: list[Json]) -> Any:
        from degenbot._ffi import ArbitrageEngine

        engine = ArbitrageEngine(self._bot)
        engine.set_profit_thresholds(0)
        for one in cycles:
            engine.register_path(
                [(self._ids[pool], token == self._states[pool]["token0"]) for pool, token in one["hops"]]
            )
        return engine

    def _pair(self, state: Json) -> int:
        kept, whole = 1_000_000 - state["fee_pips"], 1_000_000
        number: int = self._bot.register_v2_pool_test_only(  # the other one derives the address
            state["id"],
            state["token0"],
            state["token1"],
            state["reserve0"],
            state["reserve1"],
            kept // 1_000,
            whole // 1_000,
            kept // 1_000,
            whole // 1_000,
            _FACTORY,
            _BLOCK,
            "uniswap-v2",
            False,
            whole // 1_000,
        )
        return number

    def _ticked(self, state: Json) -> int:
        number: int = self._bot.register_v3_pool(
            state["id"],
            state["token0"],
            state["token1"],
            state["fee_pips"],
            state["tick_spacing"],
            _FACTORY,
            state["sqrt_price_x96"],
            state["liquidity"],
            state["tick"],
            {tick: (gross, net, _BLOCK) for tick, gross, net in state["ticks"]},
            _BLOCK,
            "tracked",
        )
        return number


if __name__ == "__main__":
    bench = Bench()
    serve(
        {
            "pools": bench.pools,
            "quote": bench.quote,
            "first quote": bench.first_quote,
            "size": bench.size,
            "size all": bench.size_all,
        }
    )
