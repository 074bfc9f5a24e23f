"""What is known beside the market turns plans into refusals: failures, tokens, oracles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steelyard.cli.demo_stage import DemoStage
from steelyard.connect.deployment import load_deployment
from steelyard.connect.plan_codec import plan_id
from steelyard.model import Address, IntentStatus
from steelyard.record.database import Database
from steelyard.record.journal import SqlJournal
from steelyard.record.writer import Writer
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.faulty_rpc import FaultyRpc, Lie
from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS
from steelyard.sandbox.replica.tokens import USDC, WETH
from steelyard.units import ETHER, GWEI
from tests.support.operator import ask, running_keeper, write_config
from tests.support.plans import make_plan
from tests.support.records import make_outcome, make_signed

pytestmark = pytest.mark.e2e

MOST_BLOCKS = 40
FAILURES = 60
LEAST_GAS_UNITS = 100_000
"""No plan gets by with less."""


def decided(config: Path) -> dict[str, Any]:
    answer = ask("plan", "--json", "--config", config)
    assert answer.exit_code == 0, answer
    decision: dict[str, Any] = json.loads(answer.output)
    return decision


def planned(config: Path) -> list[dict[str, Any]]:
    verdicts: list[dict[str, Any]] = decided(config)["verdicts"]
    return verdicts


def not_worth_it(decision: dict[str, Any]) -> set[tuple[str, ...]]:
    """The pools of accepted plans that surely earn less than the gas of so many failures."""
    most_wei = FAILURES * LEAST_GAS_UNITS * int(decision["base_fee_wei"])
    return {
        tuple(each["pools"])
        for each in decision["verdicts"]
        if each["verdict"] == "accepted"
        and int(each["net_wei"]) <= most_wei
        and "behind better plans" not in each["reason"]  # alone it may be worth more
    }


def codes(verdicts: list[dict[str, Any]]) -> Counter[str]:
    return Counter(verdict["verdict"] for verdict in verdicts)


@pytest.fixture
def stage(shared_stage: DemoStage, tmp_path: Path) -> Iterator[DemoStage]:
    """The stage at a block on which something would be planned; left as it was found."""
    config = write_config(shared_stage, tmp_path)
    for _ in range(MOST_BLOCKS):
        if codes(planned(config))["accepted"]:
            break
        shared_stage.next_block()
    before = shared_stage.rpc.call("evm_snapshot")
    yield shared_stage
    shared_stage.rpc.call("evm_revert", before)


def test_sixty_failures_in_the_records_refuse_what_earns_less_than_their_gas(
    stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(stage, tmp_path)
    for _ in range(MOST_BLOCKS):
        poor = not_worth_it(decided(config))
        if poor:
            break
        stage.next_block()
    assert poor
    with Database(f"sqlite:///{tmp_path / 'keeper.sqlite'}") as database, Writer(database) as writer:
        journal = SqlJournal(writer)
        for number in range(FAILURES):
            plan = make_plan(deadline_seconds=2_000_000_000 + number)
            journal.open(plan)
            journal.signed(make_signed(plan, nonce=number))
            journal.close(make_outcome(plan, IntentStatus.REVERTED, plan_id=plan_id(plan), block_number=None))
    decision = decided(config)
    assert not not_worth_it(decision)
    refused = [verdict for verdict in decision["verdicts"] if verdict["verdict"] == "expected_loss"]
    assert {tuple(verdict["pools"]) for verdict in refused} >= poor
    reasons = [verdict["reason"] for verdict in refused]
    assert all(reason.startswith("Expected loss: 163 bps of such attempts succeed") for reason in reasons)
    with running_keeper(config) as keeper:
        assert "expected loss" in keeper.wait_for(" loss", stage)


def test_a_token_that_refuses_the_executor_is_traded_no_more(stage: DemoStage, tmp_path: Path) -> None:
    config = write_config(stage, tmp_path)
    executor = load_deployment(Path(str(stage.config.keeper.deployment))).executor
    blacklister = stage.rpc.call(
        "eth_call", {"to": USDC.address, "data": "0x" + encode_call("blacklister()").hex()}, "latest"
    )
    sender = Address(decode_result("(address)", bytes.fromhex(blacklister[2:]))[0])
    stage.rpc.call("anvil_impersonateAccount", sender)
    fund_ether(stage.rpc, sender, ETHER)
    fields = {
        "from": sender,
        "to": USDC.address,
        "data": "0x" + encode_call("blacklist(address)", executor).hex(),
        "gas": hex(500_000),
        "maxFeePerGas": hex(300 * GWEI),
        "maxPriorityFeePerGas": hex(90 * GWEI),
    }
    stage.rpc.call("eth_sendTransaction", fields)
    for _ in range(MOST_BLOCKS):
        stage.next_block()
        verdicts = planned(config)
        if codes(verdicts)["unsafe_token"]:
            break
    refused = [verdict for verdict in verdicts if verdict["verdict"] == "unsafe_token"]
    assert refused
    assert all(USDC.address in verdict["tokens"] for verdict in refused)
    assert all(verdict["reason"].startswith(f"Unsafe token {USDC.address}: ") for verdict in refused)
    assert "account is blacklisted" in refused[0]["reason"]
    assert not [v for v in verdicts if v["verdict"] == "accepted" and USDC.address in v["tokens"]]


def test_pools_far_from_the_oracles_price_are_left(stage: DemoStage, tmp_path: Path) -> None:
    watched = stage.config.market.tokens
    usd = {token.address: feed for token, _, feed in FEEDS if token is not WETH and token.address in watched}

    def allowing(deviation_bps: int) -> list[dict[str, Any]]:
        oracles = {"native_usd": FEEDS[0][2], "max_deviation_bps": deviation_bps}
        sections: dict[str, Any] = {"oracles": oracles, "oracles.usd": usd}
        return planned(write_config(stage, tmp_path, **sections))

    known = {WETH.address, *usd}
    for _ in range(MOST_BLOCKS):
        told = [v for v in allowing(5_000) if v["verdict"] == "accepted" and known.issuperset(v["tokens"])]
        if told:
            break
        stage.next_block()
    by_pools = {tuple(verdict["pools"]): verdict for verdict in allowing(0)}
    for before in told:
        after = by_pools[tuple(before["pools"])]
        assert after["verdict"] == "oracle_deviation"
        assert "at most 0 bps" in after["reason"]
    assert told


def test_on_a_node_without_overrides_the_operator_is_told_and_decides(
    stage: DemoStage, tmp_path: Path
) -> None:
    with FaultyRpc(stage.config.chain.rpc_url) as node:
        node.fault("eth_call", Lie(lambda params, result: "0x" if len(params) > 2 else result))
        behind: dict[str, Any] = {"chain": {"rpc_url": node.url}}
        assert codes(planned(write_config(stage, tmp_path, **behind)))["accepted"]
        cautious = write_config(stage, tmp_path, **behind, token_trials={"required": True})
        verdicts = planned(cautious)
        assert not codes(verdicts)["accepted"]
        refused = [verdict["reason"] for verdict in verdicts if verdict["verdict"] == "unsafe_token"]
        assert refused
        assert all("it was never tried" in reason for reason in refused)
        with running_keeper(cautious) as keeper:
            said = keeper.wait_for("evidence: ", stage)
            assert "tokens are not tried: the node answered a trial of transfers without running it" in said
