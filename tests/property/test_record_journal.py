"""Whatever plan is drawn, the journal returns it as it was: every field, every byte, of every kind."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.connect.plan_ids import plan_id_of
from steelyard.connect.vault_calls import vault_call_id
from steelyard.model import Move, Plan, PoolScores, PoolState, RebalancePlan, VaultCall, VaultPool
from steelyard.record.intent_rows import new_row, plan_of
from steelyard.record.vault_json import parse_pools, pools_json
from tests.support.drawn_values import addresses, plans, positive
from tests.support.records import make_signed, open_store

pytestmark = pytest.mark.property

amounts = st.one_of(st.integers(0, 2), st.integers(0, 2**256 - 1))
words = st.text(st.characters(codec="utf-8"), max_size=40)


@st.composite
def rebalance_plans(draw: st.DrawFn) -> RebalancePlan:
    is_urgent = draw(st.booleans())
    ways = st.just(False) if is_urgent else st.booleans()
    moves = st.builds(Move, strategy=addresses(), is_deploy=ways, assets=positive)
    max_loss = draw(amounts)
    return RebalancePlan(
        chain_id=draw(st.integers(1, 2**64 - 1)),
        vault=draw(addresses()),
        asset=draw(addresses()),
        moves=tuple(draw(st.lists(moves, min_size=1, max_size=5))),
        max_loss=max_loss,
        deadline_seconds=draw(st.integers(0, 2**40 - 1)),
        is_urgent=is_urgent,
        drift=draw(amounts),
        moved=draw(amounts),
        expected_loss=draw(st.integers(0, max_loss)),
        gas_units=draw(amounts),
        gas_price_wei=draw(amounts),
        gas_cost_wei=draw(amounts),
        cost=draw(amounts),
        benefit=draw(st.integers(-(2**255), 2**255)),
        wei_per_asset_unit_wad=draw(positive),
        block_number=draw(st.integers(0, 2**63 - 1)),
        reason=draw(words),
    )


arbitrage_plans = plans().map(lambda plan: replace(plan, block_number=plan.block_number % 2**63))
vault_calls = st.builds(
    VaultCall, plan=rebalance_plans(), to=addresses(), data=st.binary(max_size=300), signer=addresses()
)
pools = st.builds(
    VaultPool,
    strategy=addresses(),
    state=st.sampled_from(PoolState),
    scores=st.builds(PoolScores, **{name: st.integers(0, 10_000) for name in PoolScores.__slots__}),
    value=st.none() | amounts,
    liquid=amounts,
    is_sound=st.booleans(),
    target=amounts,
    weight_wad=st.integers(0, 10**18),
    pays=st.none() | amounts,
    room=st.none() | amounts,
)


@given(plan=st.one_of(arbitrage_plans, vault_calls))
def test_row_gives_back_the_plan_that_it_was_made_of(plan: Plan) -> None:
    assert plan_of(new_row(plan)) == plan


@settings(max_examples=25)  # each opens a database twice
@given(drawn=st.lists(st.one_of(arbitrage_plans, vault_calls), min_size=1, max_size=4, unique_by=plan_id_of))
def test_journal_gives_back_what_was_opened_after_a_restart(
    drawn: list[Plan], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path: Path = tmp_path_factory.mktemp("journal") / "keeper.sqlite"
    with open_store(path) as store:
        for nonce, plan in enumerate(drawn):
            store.journal.open(plan)
            store.journal.signed(make_signed(plan, nonce=nonce))
    with open_store(path) as store:
        intents = store.journal.unfinished()
    assert [intent.plan for intent in intents] == drawn
    assert [intent.signed for intent in intents] == [
        make_signed(plan, nonce=nonce) for nonce, plan in enumerate(drawn)
    ]


@given(call=vault_calls, other=vault_calls)
def test_identity_is_the_moves_limits_and_deadline_at_the_vault(call: VaultCall, other: VaultCall) -> None:
    identity = vault_call_id(call)
    done = ("chain_id", "vault", "moves", "deadline_seconds")
    said = {field.name: getattr(other.plan, field.name) for field in fields(RebalancePlan)}
    held = (*done, "max_loss", "is_urgent", "expected_loss")
    besides = said | {name: getattr(call.plan, name) for name in held}
    assert vault_call_id(replace(other, plan=RebalancePlan(**besides))) == identity
    for name in done:
        changed = replace(call.plan, is_urgent=False, **{name: said[name]})
        is_same = said[name] == getattr(call.plan, name)
        assert (vault_call_id(replace(call, plan=changed)) == identity) == is_same
    other_limit = abs(call.plan.max_loss - 1)
    limited = replace(call.plan, max_loss=other_limit, expected_loss=0)
    assert vault_call_id(replace(call, plan=limited)) != identity


@given(listed=st.lists(pools, max_size=4).map(tuple))
def test_pools_come_back_as_they_were_seen(listed: tuple[VaultPool, ...]) -> None:
    assert parse_pools(pools_json(listed)) == listed
