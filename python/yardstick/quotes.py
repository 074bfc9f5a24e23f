"""Exact quotes, and what a swap costs the one who quotes next."""

from __future__ import annotations

from steelyard.units import ETHER
from yardstick.figures import OURS, Figure, Row, Table, Target
from yardstick.sides import DEGENBOT, DEGENBOT_ALPHA, Sides
from yardstick.workload import WBTC, WETH, QuoteWork, exported

EVERYONE = (OURS, DEGENBOT, DEGENBOT_ALPHA)
PAIR_AMOUNT = 3 * ETHER // 7
V3_TARGET = Target(at_most_ns=1_300)
FIRST_TARGET = Target(at_most_ns=4_000)


class WrongAnswer(AssertionError):
    """Sides that all claim to be exact disagree: one of them is wrong, and speed is no question then."""


def quotes(sides: Sides, work: QuoteWork, *, repeats: int, milliseconds: float) -> Table:
    """Measure the quotes.

    Raises:
        WrongAnswer: two sides quote differently.
    """
    states, decimals = [exported(work.pair), exported(work.pool)], {WBTC: 8, WETH: 18}
    for name in EVERYONE:
        if name in sides.workers:
            sides.workers[name].load("pools", states=states, decimals=decimals)
    effort = {"repeats": repeats, "milliseconds": milliseconds}
    bench = _Bench(sides, work, effort)
    rows = [
        bench.row("V2 quote", work.pair.address, WETH, PAIR_AMOUNT, Target(at_most_ns=700)),
        *(bench.across(crossed, amount) for crossed, amount in work.amounts.items()),
        bench.checked("V2 quote, with every check and error", work.pair.address, WETH, PAIR_AMOUNT),
        bench.checked(
            "V3 quote, 30 ticks crossed, with every check", work.pool.address, WBTC, work.amounts[30]
        ),
        bench.first(0),
        bench.first(30),
    ]
    return Table(key="quotes", title=f"Exact quotes ({work.source})", sides=EVERYONE, rows=tuple(rows))


class _Bench:
    def __init__(self, sides: Sides, work: QuoteWork, effort: dict[str, float]) -> None:
        self._sides = sides
        self._work = work
        self._effort = effort

    def row(self, name: str, pool: str, token_in: str, amount: int, *targets: Target) -> Row:
        return self._row(
            name, dict.fromkeys(EVERYONE, "quote"), targets, pool=pool, token_in=token_in, amount=amount
        )

    def across(self, crossed: int, amount: int) -> Row:
        """A V3 quote over so many ticks; the peer's cache of steps is told apart."""
        targets = (V3_TARGET, Target(at_least_times=30, peer=DEGENBOT)) if not crossed else (V3_TARGET,)
        place = {"pool": self._work.pool.address, "token_in": WBTC, "amount": amount}
        row = self._row(
            f"V3 quote, {crossed} ticks crossed", dict.fromkeys(EVERYONE, "quote"), targets, **place
        )
        cold, _ = self._ask({DEGENBOT: "quote without cache"}, **place)
        note = f"{DEGENBOT} without its cache of steps: {cold[DEGENBOT]}" if DEGENBOT in cold else ""
        return Row(row.name, row.figures, row.targets, note)

    def checked(self, name: str, pool: str, token_in: str, amount: int) -> Row:
        tasks = dict.fromkeys(EVERYONE, "quote") | {OURS: "checked quote"}
        return self._row(name, tasks, (), pool=pool, token_in=token_in, amount=amount)

    def first(self, crossed: int) -> Row:
        place = {"pool": self._work.pool.address, "token_in": WBTC, "amount": self._work.amounts[crossed]}
        return self._row(
            f"a swap is taken over, then the first V3 quote, {crossed} ticks crossed",
            dict.fromkeys(EVERYONE, "first quote"),
            (FIRST_TARGET,),
            moved=exported(self._work.moved),
            **place,
        )

    def _row(self, name: str, tasks: dict[str, str], targets: tuple[Target, ...], **arguments: object) -> Row:
        figures, answers = self._ask(tasks, **arguments)
        if name.startswith("V") and len(set(answers.values())) > 1:
            raise WrongAnswer(f"{name}: {answers}")
        return Row(name, figures, targets)

    def _ask(self, tasks: dict[str, str], **arguments: object) -> tuple[dict[str, Figure], dict[str, object]]:
        return self._sides.compare(
            tasks,
            repeats=int(self._effort["repeats"]),
            milliseconds=self._effort["milliseconds"],
            **arguments,
        )
