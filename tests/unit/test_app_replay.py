"""A recording decided again: equal to the bit, or the first difference named; what-ifs; nothing forgotten."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import steelyard.amm
from steelyard.app import replay as replaying
from steelyard.app.replay import Changes, ReplayedTurn, changed_terms, parse_key, replay
from steelyard.app.replay_difference import first_difference
from steelyard.config import parse_config
from steelyard.decide.arbitrage import ArbitrageSettings, decide
from steelyard.exceptions import ConfigError, SteelyardError
from steelyard.model import Verdict, VerdictCode
from steelyard.record.recorded_values import POOL_KINDS, AddressBook, kind_of
from steelyard.record.recording import DecisionInputs
from steelyard.units import ETHER, GWEI
from tests.support.markets import WETH, address, block, drifted, snapshot
from tests.support.recordings import (
    CONFIG,
    market_blocks,
    read_turns,
    record,
    record_blocks,
    rewrite,
    session,
)

pytestmark = pytest.mark.unit

BLOCKS = 6
NOT_RECORDED = {"settings", "venues", "cache"}
"""Of the arguments of ``decide``: two are the session's, one changes no answer."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording.jsonl.gz"


def replayed(path: Path, changes: Changes | None = None, **options: Any) -> list[ReplayedTurn]:
    return list(replay(read_turns(path), changes, **options))


def keys(**values: Any) -> Changes:
    return Changes(keys={("arbitrage", name): value for name, value in values.items()})


def change_pool_of(number: int) -> Any:
    """A change of one reserve by one unit in the recorded block ``number``."""

    def change(line: dict[str, Any]) -> None:
        if line.get("block") == number:
            state = line["given"]["snapshot"]["pools"]["set"][0][1]
            state["reserve1"] += 1

    return change


@pytest.mark.parametrize("cold", [False, True])
def test_recorded_decisions_come_out_again_with_a_warm_cache_and_with_none(path: Path, cold: bool) -> None:
    record_blocks(path, market_blocks(BLOCKS))
    turns = replayed(path, cold=cold)
    assert [turn.decision.block.number for turn in turns] == list(range(100, 100 + BLOCKS))
    assert all(turn.equal and turn.as_recorded for turn in turns)
    assert all(turn.decision.plans for turn in turns), "a story without plans shows little"


def test_cold_replay_gives_each_decision_a_cache_of_its_own_and_a_warm_one_each_session(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_blocks(path, market_blocks(2))
    record_blocks(path, market_blocks(2, first=102))
    caches: list[object] = []

    def spy(*arguments: Any, **more: Any) -> Any:
        caches.append(arguments[3])
        return decide(*arguments, **more)

    monkeypatch.setattr(replaying, "decide", spy)
    replayed(path)
    assert [one is caches[0] for one in caches] == [True, True, False, False]
    assert caches[2] is caches[3]
    caches.clear()
    replayed(path, cold=True)
    assert len({id(one) for one in caches}) == 4


def test_busy_pools_and_stops_are_part_of_what_is_decided_again(path: Path) -> None:
    blocks = market_blocks(3)
    given = [
        DecisionInputs(snapshot=blocks[0]),
        DecisionInputs(snapshot=blocks[1], busy_pools=frozenset({address(1)})),
        DecisionInputs(snapshot=blocks[2], stopped_reason="the kill file"),
    ]
    record(path, given, session())
    turns = replayed(path)
    assert all(turn.equal for turn in turns)
    codes = [{verdict.code for verdict in turn.decision.verdicts} for turn in turns]
    assert VerdictCode.PENDING in codes[1]
    assert VerdictCode.STOPPED in codes[2]


def test_reorganised_branch_and_a_market_that_empties_come_out_again(path: Path) -> None:
    main = market_blocks(3)
    fork = replace(main[1], block=replace(block(101, fork="b"), parent_hash=main[0].block.hash), reorgs=1)
    nothing = snapshot((), at=block(102, fork="b"), touched=frozenset(main[1].pools))
    back = snapshot(reversed(drifted()), at=block(103, fork="b"))
    record_blocks(path, [*main, fork, nothing, back])
    turns = replayed(path)
    assert all(turn.equal for turn in turns)
    assert list(turns[-1].recorded.inputs.snapshot.pools) == list(back.pools), "their order is part of it"
    assert turns[-2].decision.verdicts == ()


def test_one_unit_more_in_a_pool_names_the_block_from_which_decisions_differ(path: Path) -> None:
    record_blocks(path, market_blocks(BLOCKS))
    rewrite(path, change_pool_of(103))
    turns = replayed(path)
    assert [turn.equal for turn in turns[:4]] == [True, True, True, False]
    found = first_difference(turns[3].recorded.decision, turns[3].decision)
    assert found is not None
    names = [name for name, _, _ in found.fields]
    assert found.place == 1
    assert "profit" in names
    assert "plan.expected_profit" in names
    assert all(old != new for _, old, new in found.fields)


def test_difference_names_missing_verdicts_changed_codes_and_nested_fields(path: Path) -> None:
    (market,) = market_blocks(1)
    record_blocks(path, [market])
    (turn,) = replayed(path)
    decision = turn.decision
    verdicts = decision.verdicts

    def found(*changed: Verdict) -> Any:
        return first_difference(decision, replace(decision, verdicts=changed))

    assert found(*verdicts) is None
    assert first_difference(turn.recorded.decision, decision) is None, "words compare as they read"
    shorter = found(*verdicts[:-1])
    assert (shorter.place, shorter.replayed) == (len(verdicts), None)
    assert shorter.fields == (("verdict", "there", "-"),)
    refused = found(replace(verdicts[0], code=VerdictCode.STALE, plan=None), *verdicts[1:])
    assert set(refused.fields) == {("code", "accepted", "stale"), ("plan", "there", "-")}
    route = (replace(verdicts[0].route[0], pool=address(9)), *verdicts[0].route[1:])
    moved = found(replace(verdicts[0], route=route), *verdicts[1:])
    assert moved.fields == (("route 1.pool", verdicts[0].route[0].pool, address(9)),)
    elsewhere = first_difference(decision, replace(decision, block=block(5)))
    assert elsewhere is not None
    assert elsewhere.place is None
    assert ("block.number", "100", "5") in elsewhere.fields


def test_range_of_blocks_is_decided_as_in_the_whole(path: Path) -> None:
    record_blocks(path, market_blocks(BLOCKS))
    turns = replayed(path, from_block=102, to_block=104)
    assert [turn.decision.block.number for turn in turns] == [102, 103, 104]
    assert all(turn.equal for turn in turns)


def test_each_session_is_decided_by_its_own_settings(path: Path) -> None:
    record_blocks(path, market_blocks(2))
    record_blocks(path, market_blocks(2, first=102), session(min_net_profit_wei=10**9 * ETHER))
    turns = replayed(path)
    assert all(turn.equal for turn in turns)
    assert [bool(turn.decision.plans) for turn in turns] == [True, True, False, False]


def test_what_if_takes_one_key_and_leaves_the_other_settings(path: Path) -> None:
    record_blocks(path, market_blocks(2), session(max_candidates=17))
    turns = replayed(path, keys(min_net_profit="1000000 ether"))
    assert not any(turn.as_recorded or turn.equal for turn in turns)
    assert all(turn.terms.settings.max_candidates == 17 for turn in turns)
    assert not any(turn.decision.plans for turn in turns)
    assert {verdict.code for turn in turns for verdict in turn.decision.verdicts} == {
        VerdictCode.BELOW_MINIMUM
    }


def test_what_if_inside_a_group_of_settings_leaves_the_rest_of_the_group(path: Path) -> None:
    group = replace(session().settings.validation, max_price_impact_bps=1_234)
    record_blocks(path, market_blocks(1), session(validation=group))
    (turn,) = replayed(path, keys(min_liquidity="5 ether"))
    assert turn.terms.settings.validation == replace(group, min_liquidity_wei=5 * ETHER)


def test_what_if_that_changes_nothing_is_a_plain_replay(path: Path) -> None:
    record_blocks(path, market_blocks(2))
    recorded = CONFIG.arbitrage.max_plans_per_block
    turns = replayed(path, keys(max_plans_per_block=recorded))
    assert all(turn.as_recorded and turn.equal for turn in turns)


def test_what_if_takes_a_whole_configuration_and_keys_on_top(path: Path) -> None:
    record_blocks(path, market_blocks(1))
    config = parse_config(
        {
            "market": {"tokens": [WETH], "wrapped_native": WETH},
            "arbitrage": {"path_length": 2, "max_plans_per_block": 9},
            "limits": {"max_trade": "1 ether"},
        },
        source="the test",
    )
    changes = Changes(config=config, keys={("arbitrage", "max_plans_per_block"): 4})
    terms = changed_terms(read_turns(path)[0].session, changes)
    assert (terms.settings.path_length, terms.settings.max_plans) == (2, 4)
    assert terms.settings.max_trade_wei == ETHER
    assert terms.priority_fee_wei is None


def test_what_if_of_the_tip_reprices_gas_in_each_block(path: Path) -> None:
    record_blocks(path, market_blocks(2))
    turns = replayed(path, keys(priority_fee="7 gwei"))
    assert not any(turn.equal for turn in turns)
    assert {plan.gas_price_wei for turn in turns for plan in turn.decision.plans} == {7 * GWEI}


@pytest.mark.parametrize("name", [("limits", "max_failures_in_a_row"), ("keeper", "confirmations")])
def test_key_that_no_decision_hears_of_is_refused(path: Path, name: tuple[str, str]) -> None:
    record_blocks(path, market_blocks(1))
    with pytest.raises(ConfigError, match=rf"{name[0]}\.{name[1]} plays no part"):
        replayed(path, Changes(keys={name: 9, ("arbitrage", "path_length"): 2}))


def test_key_that_does_not_exist_is_refused_with_its_likeness(path: Path) -> None:
    record_blocks(path, market_blocks(1))
    with pytest.raises(ConfigError, match="did you mean path_length"):
        replayed(path, keys(path_lenght=2))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("arbitrage.path_length=2", (("arbitrage", "path_length"), 2)),
        ("arbitrage.min_net_profit=0.002 ether", (("arbitrage", "min_net_profit"), "0.002 ether")),
        ('arbitrage.min_net_profit="2 gwei"', (("arbitrage", "min_net_profit"), "2 gwei")),
        (" limits.max_trade = 5", (("limits", "max_trade"), 5)),
    ],
)
def test_keys_are_written_as_in_the_file_or_as_the_shell_leaves_them(text: str, found: object) -> None:
    assert parse_key(text) == found


@pytest.mark.parametrize("text", ["path_length=2", "arbitrage.path_length", "=", ".x=1", "a.=1", ""])
def test_key_without_its_section_or_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write section\.key=value"):
        parse_key(text)


def test_every_argument_of_a_decision_is_recorded() -> None:
    taken = set(inspect.signature(decide).parameters)
    assert {field.name for field in fields(DecisionInputs)} == taken - NOT_RECORDED


def test_every_kind_of_pool_is_recorded() -> None:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(steelyard.amm.__path__, "steelyard.amm.")
    ]
    kinds = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value) and hasattr(value, "quote_exact_in")
    }
    assert kinds == set(POOL_KINDS)


def test_every_setting_comes_back_with_any_value() -> None:
    """A setting that is added is changed here without anyone's thinking of it, and must come back changed."""
    original = session().settings
    for changed in _changed_once(original):
        book = AddressBook()
        kind = kind_of(ArbitrageSettings)
        assert kind.decode(kind.encode(changed, book), book) == changed != original


def test_every_field_of_a_verdict_is_compared(path: Path) -> None:
    record_blocks(path, market_blocks(1))
    (turn,) = replayed(path)
    verdict = turn.decision.verdicts[0]
    others: dict[str, Any] = {
        "route": (),
        "asset": address(5),
        "code": VerdictCode.STALE,
        "words": "other words",
        "plan": None,
    }
    for field in fields(Verdict):
        value = others.get(field.name, 12345)
        other = replace(turn.decision, verdicts=(replace(verdict, **{field.name: value}),))
        changed = first_difference(replace(turn.decision, verdicts=(verdict,)), other)
        assert changed is not None, field.name
        assert changed.fields[0][0].split(".")[0] == field.name


def _changed_once(value: Any) -> list[Any]:
    """Return copies of a dataclass, each with one field changed, fields of its fields too."""
    found = []
    for field in fields(value):
        part = getattr(value, field.name)
        if is_dataclass(part):
            inner = [replace(value, **{field.name: changed}) for changed in _changed_once(part)]
        else:
            inner = [made for made in (_with(value, field.name, other) for other in _others(part)) if made]
        assert inner, f"{field.name} takes no other value that this test knows: teach it one"
        found.append(inner[0])
    return found


def _others(part: Any) -> list[Any]:
    if isinstance(part, bool):
        return [not part]
    if isinstance(part, int):
        return [part + 1, part - 1]
    if isinstance(part, str):
        return [address(77)]
    return [7] if part is None else []


def _with(value: Any, name: str, other: Any) -> Any:
    try:
        return dataclasses.replace(value, **{name: other})
    except SteelyardError:
        return None
