"""What a replay's report shows, and its rendering to one self-contained HTML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steelyard.web.report import replay_charts as charts
from steelyard.web.report.templates import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSide:
    """One decision on a block, the recorded or the new one.

    Attributes:
        codes: how many candidates met each verdict.
        expected_net_wei: what its plans promise together, after gas.
        proofs: of the sized candidates, those whose loan is proven the best, proven within a gap, not proven.
    """

    codes: Mapping[str, int]
    expected_net_wei: int
    microseconds: int
    proofs: tuple[int, int, int]

    @property
    def candidates(self) -> int:
        return sum(self.codes.values())

    @property
    def accepted(self) -> int:
        return self.codes.get("accepted", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedBlock:
    """One turn: the block, what was decided then, and what is decided now."""

    number: int
    hash: str
    timestamp_seconds: int
    base_fee_wei: int
    pools: int
    touched: int
    equal: bool
    recorded: BlockSide
    replayed: BlockSide


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictSum:
    """How often one verdict was given then and now, with a reason of now as an example."""

    code: str
    recorded: int
    replayed: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPage:
    """All that the report says.

    Attributes:
        changed: name, recorded and new value of every setting that differs; empty for a plain replay.
        difference: lines that say where a plain replay first differs; empty where it does not.
        sums: the numbers of both sides by name, as people read them.
    """

    title: str
    recording: str
    program: str
    cold: bool
    changed: Sequence[tuple[str, str, str]]
    difference: Sequence[str]
    blocks: Sequence[ReplayedBlock]
    sums: Sequence[tuple[str, str, str]]
    verdicts: Sequence[VerdictSum]

    @property
    def differing(self) -> list[ReplayedBlock]:
        return [block for block in self.blocks if not block.equal]

    @property
    def gain_wei(self) -> int:
        """By how much the new plans promise more than the recorded ones."""
        return sum(block.replayed.expected_net_wei - block.recorded.expected_net_wei for block in self.blocks)

    @property
    def largest_differences(self) -> list[ReplayedBlock]:
        """The blocks on which what the plans promise differs most, at most fifty."""
        ranked = sorted(
            self.differing,
            key=lambda block: -abs(block.replayed.expected_net_wei - block.recorded.expected_net_wei),
        )
        return ranked[:50]


def render_replay(page: ReplayPage) -> str:
    """Return the report as one HTML document; every value that comes from outside is escaped."""
    return rendered("replay.html.j2", page=page, charts=_charts(page.blocks))


def verdict_sums(blocks: Sequence[ReplayedBlock], examples: Mapping[str, str]) -> list[VerdictSum]:
    """Return how often each verdict was given then and now, the commonest first."""
    recorded, replayed = Counter[str](), Counter[str]()
    for block in blocks:
        recorded.update(block.recorded.codes)
        replayed.update(block.replayed.codes)
    return [
        VerdictSum(
            code=code, recorded=recorded[code], replayed=replayed[code], example=examples.get(code, "")
        )
        for code, _ in (replayed + recorded).most_common()
    ]


def _charts(blocks: Sequence[ReplayedBlock]) -> dict[str, str]:
    numbers = [block.number for block in blocks]
    now = [block.replayed for block in blocks]
    nets = {
        "recorded": [block.recorded.expected_net_wei for block in blocks],
        "replayed": [side.expected_net_wei for side in now],
    }
    times = {
        "recorded": [block.recorded.microseconds for block in blocks],
        "replayed": [side.microseconds for side in now],
    }
    made = {
        "Candidates and accepted plans, block by block": charts.candidates_per_block(
            numbers, [side.candidates for side in now], [side.accepted for side in now]
        ),
        "What the plans promise, added up": charts.expected_net(numbers, nets),
        "How long a decision takes": charts.decision_times(times),
        "Why candidates were taken or refused": charts.verdicts_per_block(
            numbers, [side.codes for side in now]
        ),
    }
    if any(sum(side.proofs) for side in now):
        made["How well the sizes are proven"] = charts.proof_per_block(numbers, [side.proofs for side in now])
    return made
