"""What cannot be traded is left out by name, with its reason; the rest of the market goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steelyard.cli.demo_stage import DemoStage
from steelyard.connect.hexes import checksum
from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.replica.protocols import uniswap_v2
from tests.support.operator import (
    EXIT_STOP,
    ask,
    assert_clean_state,
    events,
    refusal,
    running_keeper,
    write_config,
)

pytestmark = pytest.mark.e2e

NO_CONTRACT = checksum("0x" + "11" * 20)
STRANGER = checksum("0x" + "5a" * 20)


def tokens(stage: DemoStage) -> list[str]:
    return list(stage.config.market.tokens)


def planned(config: Path) -> dict[str, Any]:
    answer = ask("plan", "--json", "--config", config)
    assert answer.exit_code == 0, answer
    assert answer.message == ""
    found: dict[str, Any] = json.loads(answer.output)
    return found


def test_token_without_decimals_is_left_out_and_the_rest_is_traded(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    whole = planned(write_config(shared_stage, tmp_path))
    # A contract that has no decimals(), and an address without a contract.
    odd = [NO_CONTRACT, uniswap_v2.FACTORY]
    config = write_config(shared_stage, tmp_path, market={"tokens": [*tokens(shared_stage), *odd]})
    found = planned(config)
    assert found["left_out"].keys() == set(odd)
    assert "is there a token at this address?" in found["left_out"][NO_CONTRACT]
    assert "must state its decimals" in found["left_out"][uniswap_v2.FACTORY]
    assert found["verdicts"] == whole["verdicts"]
    text = ask("plan", "--config", config).output
    assert f"left out: token {NO_CONTRACT}: no answer to decimals()" in text
    with running_keeper(config) as keeper:
        keeper.wait_for(f"warning  left_out: token {NO_CONTRACT}")
        keeper.wait_for("below gas", shared_stage)
        assert keeper.stop() == 0
    assert len(events(tmp_path, "left_out")) == 2
    assert_clean_state(tmp_path)


def test_empty_pool_is_left_out_by_name(shared_stage: DemoStage, tmp_path: Path) -> None:
    rpc = shared_stage.rpc
    new_pair = [tokens(shared_stage)[0], tokens(shared_stage)[-1]]
    calldata = "0x" + encode_call("getPair(address,address)", *new_pair).hex()
    rpc.call("anvil_impersonateAccount", STRANGER)
    rpc.call("anvil_setBalance", STRANGER, hex(10**21))
    create = "0x" + encode_call("createPair(address,address)", *new_pair).hex()
    # Dear enough for any base fee: the node would silently leave it in its pool otherwise.
    fees = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**9)}
    rpc.call("eth_sendTransaction", {"from": STRANGER, "to": uniswap_v2.FACTORY, "data": create, **fees})
    shared_stage.next_block()
    answer = rpc.call("eth_call", {"to": uniswap_v2.FACTORY, "data": calldata}, "latest")
    pair = checksum("0x" + answer[-40:])
    assert int(pair, 16), "the pair exists now"
    left_out = planned(write_config(shared_stage, tmp_path))["left_out"]
    assert left_out == {pair: f"pool {pair} has no reserves"}


def test_market_without_any_pool_is_said(shared_stage: DemoStage, tmp_path: Path) -> None:
    weth = shared_stage.config.market.wrapped_native
    config = write_config(shared_stage, tmp_path, market={"tokens": [weth]})
    answer = ask("plan", "--config", config)
    assert answer.exit_code == 0
    assert "0 pools, 0 candidates, 0 plans" in answer.output


def test_wrapped_native_coin_that_is_no_token_stops_the_keeper(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    market = {"tokens": [NO_CONTRACT, *tokens(shared_stage)], "wrapped_native": NO_CONTRACT}
    config = write_config(shared_stage, tmp_path, market=market)
    assert "market.wrapped_native must be this chain's" in refusal("plan", "--config", config)
    with running_keeper(config) as keeper:
        assert NO_CONTRACT in keeper.wait_for("steelyard: market.wrapped_native")
        assert keeper.end() == EXIT_STOP
    assert "market.wrapped_native" in events(tmp_path, "ended")[-1]
    assert_clean_state(tmp_path)
