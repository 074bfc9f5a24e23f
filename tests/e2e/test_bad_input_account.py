"""The key, the funds and the executor's leave: without one of them nothing is sent, and it is said why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from eth_account import Account

from steelyard.cli.demo_stage import KEEPER, DemoStage
from steelyard.connect.abi import address_word, selector
from steelyard.connect.hexes import checksum
from steelyard.sandbox.faulty_rpc import FaultyRpc, Lie
from tests.support.operator import (
    EXIT_STOP,
    assert_clean_state,
    check_message,
    database_of,
    events,
    refusal,
    running_keeper,
    status,
    write_config,
)

pytestmark = pytest.mark.e2e

OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ALIAS = "keeper-of-tests"
PASSPHRASE = "open sesame"
STRANGERS_ACCOUNT = "TEST::5"


@pytest.fixture(scope="module")
def ape_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a keyfile is: a folder of Ape's own that holds one account."""
    folder = tmp_path_factory.mktemp("ape")
    (folder / "accounts").mkdir()
    keyfile = Account.encrypt(b"\x5e" * 32, PASSPHRASE, iterations=2)
    (folder / "accounts" / f"{ALIAS}.json").write_text(json.dumps(keyfile), encoding="utf-8")
    return folder


def as_owner(stage: DemoStage, calldata: bytes) -> None:
    """Send a call of the owner to the executor and mine it."""
    deployment = json.loads(Path(str(stage.config.keeper.deployment)).read_text(encoding="utf-8"))
    # Dear enough for any base fee: the node would silently leave it in its pool otherwise.
    fees = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**9)}
    call = {"from": OWNER, "to": deployment["executor"], "data": "0x" + calldata.hex(), **fees}
    sent = stage.rpc.call("eth_sendTransaction", call)
    stage.next_block()
    assert stage.rpc.call("eth_getTransactionReceipt", sent)["status"] == "0x1"


@contextmanager
def without_ether(stage: DemoStage) -> Iterator[None]:
    balance = stage.rpc.call("eth_getBalance", KEEPER, "latest")
    stage.rpc.call("anvil_setBalance", KEEPER, hex(10**12))
    try:
        yield
    finally:
        stage.rpc.call("anvil_setBalance", KEEPER, balance)


def nonce(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_getTransactionCount", KEEPER, "pending"), 16)


@pytest.mark.parametrize(
    ("account", "content", "mode", "words"),
    [
        ("no-such-keeper", PASSPHRASE, 0o600, "`ape accounts list` shows them"),
        (ALIAS, PASSPHRASE, 0o644, "can be read by others (mode 644): chmod 600"),
        (ALIAS, PASSPHRASE + "?", 0o600, "wrong passphrase or damaged keyfile"),
    ],
    ids=["unknown alias", "open to others", "wrong"],
)
def test_key_that_cannot_be_had_stops_before_anything_begins(
    shared_stage: DemoStage,
    tmp_path: Path,
    ape_folder: Path,
    account: str,
    content: str,
    mode: int,
    words: str,
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)
    config = write_config(shared_stage, tmp_path, keeper={"account": account, "passphrase_file": str(file)})
    with running_keeper(config, "--live", environment={"APE_DATA_FOLDER": str(ape_folder)}) as keeper:
        keeper.wait_for("steelyard: ")
        assert keeper.end() == EXIT_STOP
    check_message("\n".join(keeper.lines))
    assert words in keeper.lines[-1]
    assert PASSPHRASE not in "\n".join(keeper.lines)
    assert not database_of(tmp_path).exists()


def test_passphrase_is_not_asked_for_where_nobody_can_answer(
    shared_stage: DemoStage, tmp_path: Path, ape_folder: Path
) -> None:
    config = write_config(shared_stage, tmp_path, keeper={"account": ALIAS})
    with running_keeper(config, "--live", environment={"APE_DATA_FOLDER": str(ape_folder)}) as keeper:
        assert "name it in keeper.passphrase_file" in keeper.wait_for("without a terminal")
        assert keeper.end() == EXIT_STOP


def test_public_key_signs_on_no_real_node(shared_stage: DemoStage, tmp_path: Path) -> None:
    with FaultyRpc(shared_stage.config.chain.rpc_url) as node:
        node.fault("web3_clientVersion", Lie(lambda _params, _result: "Geth/v1.16.7"))
        config = write_config(shared_stage, tmp_path, chain={"rpc_url": node.url})
        said = refusal("run", "--live", "--config", config)
    assert "test accounts have public keys and sign only on a development node" in said
    assert "Geth/v1.16.7" in said


def test_account_without_funds_for_gas_stops_the_keeper_before_it_signs(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(shared_stage, tmp_path)
    before = nonce(shared_stage)
    with without_ether(shared_stage), running_keeper(config, "--live") as keeper:
        said = keeper.wait_for("steelyard: ", shared_stage)
        assert keeper.end() == EXIT_STOP
        check_message(said)
        assert f"account {KEEPER} has 1000000000000 wei and needs" in said
        assert "send it at least" in said
    assert nonce(shared_stage) == before
    found = status(tmp_path)
    assert set(found["records"]) == {"refused"}, "what was being prepared is closed"
    assert "send it at least" in found["events"][0]["message"]
    assert_clean_state(tmp_path)


def test_account_that_is_no_keeper_sends_nothing_until_the_owner_makes_it_one(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(shared_stage, tmp_path, keeper={"account": STRANGERS_ACCOUNT})
    with running_keeper(config, "--live") as keeper:
        said = keeper.wait_for("risk_stopped: ", shared_stage)
        assert "is no keeper of the executor" in said
        assert "ape run roles grant" in said
        stranger = said.partition("account ")[2].split()[0]
        keeper.wait_for("stopped: no new risk", shared_stage)
        found = status(tmp_path)
        assert not found["new_risk_allowed"]
        assert stranger in found["stopped_reason"]
        role = selector("setKeeper(address,bool)") + address_word(checksum(stranger))
        as_owner(shared_stage, role + (1).to_bytes(32))
        try:
            keeper.wait_for("risk_allowed: ", shared_stage)
            keeper.wait_for("below gas", shared_stage)
            assert status(tmp_path)["new_risk_allowed"]
            assert keeper.stop() == 0
        finally:
            as_owner(shared_stage, role + (0).to_bytes(32))
        assert keeper.count("is no keeper") == 1
    assert_clean_state(tmp_path, may_be_open=True)


def test_paused_executor_is_watched_until_it_is_unpaused(shared_stage: DemoStage, tmp_path: Path) -> None:
    config = write_config(shared_stage, tmp_path)
    with running_keeper(config) as keeper:
        keeper.wait_for("accepted", shared_stage)
        as_owner(shared_stage, selector("pause()"))
        try:
            assert "is paused" in keeper.wait_for("risk_stopped: ", shared_stage)
            keeper.wait_for("stopped: no new risk", shared_stage)
        finally:
            as_owner(shared_stage, selector("unpause()"))
        keeper.wait_for("risk_allowed: ", shared_stage)
        keeper.wait_for("accepted", shared_stage)
        assert keeper.stop() == 0
    assert len(events(tmp_path, "risk_stopped")) == 1
    assert_clean_state(tmp_path)
