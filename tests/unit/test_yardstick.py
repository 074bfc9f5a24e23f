"""The pieces of the benchmark against peers: what is drawn, how it travels, what the tables say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import pytest

from yardstick import environments, report, workload
from yardstick.environments import Environment, NotHere, find_python
from yardstick.figures import OURS, Figure, Row, Table, Target, at_a_glance, duration, percentile
from yardstick.workers.serving import measure

pytestmark = pytest.mark.unit

PEER = "the peer"


def row(ours: float, theirs: float, *targets: Target) -> Row:
    return Row("a thing", {OURS: Figure.of([ours]), PEER: Figure.of([theirs])}, targets)


# --- the work ---------------------------------------------------------------------------------------------


def test_a_drawn_pool_has_as_many_ticks_as_the_recorded_one_and_amounts_that_cross_as_asked() -> None:
    pool = workload._drawn(Random(7))
    assert len(pool.ticks.indices) == workload.TICKS
    amounts = [workload._amount_that_crosses(pool, ticks) for ticks in workload.CROSSINGS]
    assert [workload.crossed(pool, amount) for amount in amounts] == [0, 30, 313]


def test_pools_come_back_from_their_export_as_they_were() -> None:
    work = workload.quote_work(3)
    for pool in (work.pair, work.pool, work.moved):
        travelled = json.loads(json.dumps(workload.exported(pool)))
        assert workload.imported(travelled) == pool


def test_every_shape_of_cycle_is_drawn_closes_and_mixes_decimals() -> None:
    sets = workload.cycle_sets(1, 3)
    assert set(sets) == set(workload.SHAPES)
    for one in sets.values():
        pools = {state["id"]: workload.imported(state) for state in one.pools}
        for cycle in one.cycles:
            token = cycle["hops"][0][1]
            for pool, sold in cycle["hops"]:
                assert sold == token
                token = pools[pool].other(sold)
            assert token == cycle["hops"][0][1]
            assert len({one.decimals[sold] for _, sold in cycle["hops"]}) > 1


def test_equal_seeds_draw_equal_work() -> None:
    assert workload.cycle_sets(5, 2) == workload.cycle_sets(5, 2)


# --- the clock --------------------------------------------------------------------------------------------


def test_a_short_call_is_repeated_and_its_answer_made_afterwards() -> None:
    calls = []

    def work() -> int:
        calls.append(1)
        return len(calls)

    reply = measure((work, lambda answer: f"{answer} calls"), 1.0)
    assert len(calls) > 2
    assert reply["answer"] == f"{len(calls)} calls"
    least, typical = reply["samples"]
    assert 0 < least <= typical


def test_a_long_call_is_not_repeated() -> None:
    calls = []
    measure(lambda: calls.append(1), 0.0)
    assert len(calls) == 1


# --- figures ----------------------------------------------------------------------------------------------


def test_a_figure_is_the_least_of_all_turns_and_keeps_the_median() -> None:
    assert Figure.of([3.0, 1.0, 9.0]) == Figure(ns=1.0, typical_ns=3.0)
    assert Figure.of([3.0, 1.0], [7.0, 5.0]) == Figure(ns=1.0, typical_ns=6.0)


@pytest.mark.parametrize(
    ("ns", "text"),
    [(364.7, "0.365 us"), (12_000, "12.0 us"), (999_000, "999 us"), (4.08e6, "4.08 ms"), (14.6e9, "14.6 s")],
)
def test_durations_have_three_digits_in_the_unit_that_suits_them(ns: float, text: str) -> None:
    assert duration(ns) == text


def test_a_ratio_says_how_many_times_ours_a_peer_took() -> None:
    assert row(10.0, 300.0).times(PEER) == 30
    assert row(10.0, 300.0).times("somebody else") is None


@pytest.mark.parametrize(("ours", "verdict"), [(10.0, "met (30x)"), (11.0, "not met (27.3x)")])
def test_a_target_against_a_peer_is_a_ratio(ours: float, verdict: str) -> None:
    target = Target(at_least_times=30, peer=PEER)
    assert str(target.verdict(row(ours, 300.0))) == f">= 30x {PEER}: {verdict}"


def test_a_target_in_time_says_which_share_of_it_was_taken() -> None:
    target = Target(at_most_ns=1_000)
    assert str(target.verdict(row(500.0, 1.0))) == "<= 1.00 us: met (0.5 of it)"
    assert str(target.verdict(row(2_000.0, 1.0))) == "<= 1.00 us: not met (2 of it)"


def test_without_the_peer_nothing_is_said_of_a_target_against_it() -> None:
    alone = Row("a thing", {OURS: Figure.of([1.0]), PEER: Figure(text="> 60 s")})
    assert Target(at_least_times=30, peer=PEER).verdict(alone) is None


def test_all_targets_at_a_glance_count_those_met() -> None:
    rows = (row(10.0, 300.0, Target(at_least_times=30, peer=PEER)), row(9.0, 1.0, Target(at_most_ns=8)))
    table = at_a_glance([Table(key="one", title="", sides=(OURS, PEER), rows=rows)])
    assert table.title == "Targets: 1 of 2 met"
    assert [line[-1] for line in table.lines()] == ["met", "not met"]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5.0, 1.0, 3.0], 50) == 3.0
    assert percentile([float(value) for value in range(100)], 95) == 95.0


# --- the document -----------------------------------------------------------------------------------------


def test_a_table_is_renewed_between_its_markers_and_the_rest_stays(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    places = "".join(f"<!-- begin {key} -->old<!-- end {key} -->\n" for key in ("conditions", "one", "other"))
    document.write_text(f"before\n{places}after\n", encoding="utf-8")
    table = Table(key="one", title="", sides=(OURS, PEER), rows=(row(10.0, 300.0),))
    report.renew(document, [table], {"when": "now"})
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| a thing | 0.0100 us | 0.300 us (30x) |" in text
    assert "<!-- begin other -->old<!-- end other -->" in text
    assert text.count("old") == 1
    report.renew(document, [table], {"when": "now"})
    assert document.read_text(encoding="utf-8") == text


def test_a_document_without_a_place_for_a_table_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("nothing here\n", encoding="utf-8")
    with pytest.raises(report.MarkerMissing, match="begin conditions"):
        report.renew(document, [], {"when": "now"})


def test_the_committed_document_has_a_place_for_every_table(tmp_path: Path) -> None:
    text = report.DOCUMENT.read_text(encoding="utf-8")
    keys = ("conditions", "targets", "quotes", "sizing", "sizing-quality", "paths", "circulation")
    for key in (*keys, "decision", "starts", "decision-targets", "imports"):
        assert text.index(f"<!-- begin {key} -->") < text.index(f"<!-- end {key} -->")


def test_columns_without_content_are_left_out_of_the_document() -> None:
    table = Table(key="one", title="", head=("a", "b", "c"), cells=(("1", "", "x|y"),))
    assert report.markdown(table) == "| a | c |\n| --- | --- |\n| 1 | x/y |"


# --- the peers' environments ------------------------------------------------------------------------------


def test_an_interpreter_is_found_by_its_version_and_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    version = "{}.{}".format(*sys.version_info[:2])
    monkeypatch.setenv(f"STEELYARD_PEER_PYTHON_{version.replace('.', '_')}", sys.executable)
    assert find_python(version) == Path(sys.executable)


def test_a_missing_interpreter_is_a_reason_and_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setenv("STEELYARD_PEER_PYTHON_9_9", str(tmp_path / "nothing"))
    with pytest.raises(NotHere, match=r"no CPython 9\.9 here.*STEELYARD_PEER_PYTHON_9_9"):
        Environment("degenbot-0.6.0a17", "9.9").ensure()


@pytest.mark.parametrize("environment", [environments.METHODS, environments.ALPHA])
def test_every_environment_has_a_lock_with_hashes_and_without_addresses(environment: Environment) -> None:
    text = environment.lock.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text
