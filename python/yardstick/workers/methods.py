"""Textbook methods from networkx, rustworkx, scipy and HiGHS, each used as its documentation says.

The graph that they search is the best pool of every directed pair of tokens, weighted by the logarithm of its
rate after the fee: fewer edges than the market has, which is in their favour.
"""

from __future__ import annotations

from typing import Any

from yardstick.workers.serving import Prepared, Work, serve

Json = dict[str, Any]
Edge = tuple[int, int, float]
_WHOLE = 1_000_000


class Bench:
    """The pools for sizing, the graph for searching."""

    def __init__(self) -> None:
        self._pools: dict[str, Json] = {}
        self._edges: list[Edge] = []
        self._bases: list[int] = []
        self._networkx: Any = None
        self._rustworkx: Any = None

    def pools(self, states: list[Json], decimals: dict[str, int]) -> Work:
        """Take over the pairs; methods know no ticks."""
        self._pools.update((state["id"], state) for state in states if state["kind"] == "v2")
        return lambda: len(self._pools)

    def graph(self, edges: list[Edge], bases: list[int]) -> Work:
        """Take over the graph: (token, token, logarithm of the rate), and the tokens that can be borrowed."""
        import networkx
        import rustworkx

        self._edges, self._bases = [(source, target, rate) for source, target, rate in edges], bases
        self._networkx = networkx.DiGraph()
        self._networkx.add_weighted_edges_from((source, target, -rate) for source, target, rate in edges)
        self._rustworkx = rustworkx.PyDiGraph()
        self._rustworkx.add_nodes_from(range(1 + max(max(edge[:2]) for edge in edges)))
        self._rustworkx.add_edges_from([(source, target, -rate) for source, target, rate in edges])
        return lambda: len(edges)

    def size_scalar(self, cycle: Json) -> Work:
        """scipy's bounded scalar search over the exact integer chain, to one unit."""
        from scipy.optimize import minimize_scalar

        chain = self._chain(cycle)

        def work() -> Json:
            found = minimize_scalar(
                lambda amount: -float(_profit(chain, int(amount))),
                bounds=(1.0, float(cycle["cap"])),
                method="bounded",
                options={"xatol": 1.0},
            )
            return {"loan": int(found.x), "profit": -int(found.fun)}

        return work

    def size_slsqp(self, cycle: Json) -> Work:
        """Sequential least squares over the smooth curve in floats, from a hundredth of the cap."""
        from scipy.optimize import minimize

        chain, cap = self._chain(cycle), float(cycle["cap"])

        def smooth(share: Any) -> float:
            amount = paid = float(share[0]) * cap
            for reserve_in, reserve_out, kept in chain:
                amount = kept * amount * reserve_out / (reserve_in * _WHOLE + kept * amount)
            return (paid - amount) / cap * 1e4

        def work() -> Json:
            found = minimize(smooth, x0=[0.01], bounds=[(0.0, 1.0)], method="SLSQP", options={"ftol": 1e-14})
            loan = int(found.x[0] * cap)
            return {"loan": loan, "profit": _profit(chain, loan)}

        return work

    def networkx_cycles(self, longest: int) -> Prepared:
        """Every simple cycle of at most so many legs, kept where it pays and starts from a base."""
        import networkx

        graph, bases = self._networkx, set(self._bases)

        def work() -> list[tuple[float, list[int]]]:
            paying = []
            for cycle in networkx.simple_cycles(graph, length_bound=longest):
                following = [*cycle[1:], cycle[0]]
                gain = -sum(
                    graph[source][target]["weight"] for source, target in zip(cycle, following, strict=True)
                )
                if gain > 0 and not bases.isdisjoint(cycle):
                    paying.append((gain, cycle))
            return sorted(paying, reverse=True)

        return work, lambda paying: self._answer([cycle for _, cycle in paying])

    def networkx_negative(self) -> Prepared:
        """One negative cycle, any: what a Bellman-Ford bot looks for."""
        import networkx

        def work() -> list[int]:
            try:
                cycle: list[int] = networkx.find_negative_cycle(self._networkx, self._bases[0])
            except networkx.NetworkXError:
                return []
            return cycle[:-1]

        return work, lambda cycle: self._answer([cycle] if cycle else [])

    def rustworkx_negative(self) -> Prepared:
        """The same from a compiled library."""
        import rustworkx

        def work() -> list[int]:
            try:
                cycle = list(rustworkx.find_negative_cycle(self._rustworkx, float))
            except ValueError:
                return []
            return cycle[:-1] if cycle[0] == cycle[-1] else cycle

        return work, lambda cycle: self._answer([cycle] if cycle else [])

    def circulation(self, longest: int, seconds: float) -> Prepared:
        """The document's model: a circulation as an integer programme, each token left at most once.

        It has no rule against several cycles at once: their gains are summed, and none is what was asked for.
        """
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        count, tokens = len(self._edges), 1 + max(max(edge[:2]) for edge in self._edges)
        sources, targets = (np.array([edge[at] for edge in self._edges]) for at in (0, 1))
        at, one = np.arange(count), np.ones(count)
        leaving = csr_array((one, (sources, at)), shape=(tokens, count))
        entering = csr_array((one, (targets, at)), shape=(tokens, count))
        base = csr_array(np.isin(sources, self._bases).astype(float)[None, :])
        rules = [
            LinearConstraint(leaving - entering, 0, 0),
            LinearConstraint(leaving, 0, 1),
            LinearConstraint(csr_array(one[None, :]), 0, longest),
            LinearConstraint(base, 1, np.inf),
        ]
        gains = -np.array([edge[2] for edge in self._edges])

        def work() -> Any:
            return milp(
                gains,
                constraints=rules,
                bounds=Bounds(0, 1),
                integrality=np.ones(count),
                options={"time_limit": seconds},
            )

        def answer(found: Any) -> Json:
            cycles = [] if found.x is None else self._dissected(np.flatnonzero(found.x > 0.5).tolist())
            return {**self._answer(cycles), "status": int(found.status)}

        return work, answer

    def _dissected(self, chosen: list[int]) -> list[list[int]]:
        """Take the solver's edges apart into the cycles that they are."""
        following = {self._edges[at][0]: self._edges[at][1] for at in chosen}
        cycles = []
        while following:
            start, target = following.popitem()
            cycle = [start]
            while target != start:
                cycle.append(target)
                target = following.pop(target)
            cycles.append(cycle)
        return cycles

    def _answer(self, cycles: list[list[int]]) -> Json:
        """Say how many cycles there are and which is the best; those that lose are none."""
        rates = {(source, target): rate for source, target, rate in self._edges}
        gains = [
            (sum(rates[pair] for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True)), cycle)
            for cycle in cycles
        ]
        paying = sorted((one for one in gains if one[0] > 0), reverse=True)
        if not paying:
            return {"cycles": 0, "gain": 0.0, "sum": 0.0}
        best, tokens = paying[0]
        return {"cycles": len(paying), "gain": best, "sum": sum(gain for gain, _ in paying), "tokens": tokens}

    def _chain(self, cycle: Json) -> list[tuple[int, int, int]]:
        chain = []
        for identity, token in cycle["hops"]:
            state = self._pools[identity]
            reserves = state["reserve0"], state["reserve1"]
            reserve_in, reserve_out = reserves if token == state["token0"] else reversed(reserves)
            chain.append((reserve_in, reserve_out, _WHOLE - state["fee_pips"]))
        return chain


def _profit(chain: list[tuple[int, int, int]], amount: int) -> int:
    paid = amount
    for reserve_in, reserve_out, kept in chain:
        amount = (
            kept * amount * reserve_out // (reserve_in * _WHOLE + kept * amount)
        )  # down, as the pairs pay
    return amount - paid


if __name__ == "__main__":
    bench = Bench()
    serve(
        {
            "pools": bench.pools,
            "graph": bench.graph,
            "size scalar": bench.size_scalar,
            "size slsqp": bench.size_slsqp,
            "networkx cycles": bench.networkx_cycles,
            "networkx negative": bench.networkx_negative,
            "rustworkx negative": bench.rustworkx_negative,
            "circulation": bench.circulation,
        }
    )
