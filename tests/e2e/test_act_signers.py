"""Ape accounts sign what a real node takes, without a prompt, and never show their key."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import ape
import pytest
from eth_account import Account

from steelyard.act.gas import GasSettings
from steelyard.act.signers import ApeSigner, load_signer, load_test_signer
from steelyard.act.submitter import Submitter
from steelyard.act.tracker import Tracker
from steelyard.exceptions import KeyUnavailable
from steelyard.model import Address, IntentStatus
from steelyard.units import ETHER
from tests.support.dev_chain import DevChain, start_chain
from tests.support.plans import KEEPER, make_plan
from tests.support.records import open_store

pytestmark = pytest.mark.e2e

KEY = "0x" + "5e" * 32
PASSPHRASE = "open sesame"


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


@pytest.fixture(scope="module")
def keyfile() -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as monkeypatch, ape.config.isolate_data_folder() as folder:
        path = Path(folder) / "accounts" / "keeper-of-tests.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(Account.encrypt(KEY, PASSPHRASE, iterations=2)))
        container = ape.accounts.containers["accounts"]
        monkeypatch.setitem(container.__dict__, "data_folder", path.parent)
        yield path


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return path


def trade(chain: DevChain, signer: ApeSigner, folder: Path) -> IntentStatus:
    plan = make_plan(deadline_seconds=chain.client.block().timestamp_seconds + 600)
    gas = GasSettings(priority_fee_wei=10**9)
    with open_store(folder / "keeper.sqlite") as store:
        Submitter(chain.client, store.journal, signer, gas).submit(plan)
        (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    return outcome.status


@pytest.mark.usefixtures("keyfile")
def test_keyfile_account_trades_with_its_passphrase_from_a_file(
    chain: DevChain, tmp_path: Path, passphrase_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    signer = load_signer("keeper-of-tests", passphrase_file=passphrase_file)
    assert signer.address == Account.from_key(KEY).address
    chain.set_balance(signer.address, ETHER)
    assert trade(chain, signer, tmp_path) is IntentStatus.CONFIRMED
    shown = "".join(capfd.readouterr()) + repr(signer) + str(vars(signer))
    assert KEY[2:] not in shown
    assert PASSPHRASE not in shown
    assert "WARNING" not in shown


@pytest.mark.usefixtures("keyfile")
def test_passphrase_can_be_asked_for(chain: DevChain, tmp_path: Path) -> None:
    signer = load_signer("keeper-of-tests", ask=lambda _alias: PASSPHRASE)
    chain.set_balance(signer.address, ETHER)
    assert trade(chain, signer, tmp_path) is IntentStatus.CONFIRMED


@pytest.mark.usefixtures("keyfile")
def test_wrong_passphrase_is_refused_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(KeyUnavailable, match="wrong passphrase") as caught:
        load_signer("keeper-of-tests", ask=lambda _alias: "open barley")
    assert "open barley" not in caplog.text + str(caught.value)


@pytest.mark.usefixtures("keyfile")
def test_passphrase_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APE_ACCOUNTS_keeper-of-tests_PASSPHRASE", PASSPHRASE)
    for given, refusal in (("open barley", "cannot be unlocked"), ("", "is empty")):
        with pytest.raises(KeyUnavailable, match=refusal):
            load_signer("keeper-of-tests", ask=lambda _alias, given=given: given)


@pytest.mark.usefixtures("keyfile")
def test_unknown_account_is_named_with_the_way_to_import_it() -> None:
    with pytest.raises(KeyUnavailable, match=r"no Ape account 'keeper-of-none'.*ape accounts import"):
        load_signer("keeper-of-none", ask=lambda _alias: PASSPHRASE)


@pytest.mark.usefixtures("keyfile")
def test_signing_without_a_terminal_says_how_to_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(KeyUnavailable, match=r"keeper\.passphrase_file"):
        load_signer("keeper-of-tests")


def test_test_account_trades_on_a_development_node(chain: DevChain, tmp_path: Path) -> None:
    signer = load_test_signer(0, client_version=str(chain.rpc.call("web3_clientVersion")))
    assert signer.address == KEEPER
    assert trade(chain, signer, tmp_path) is IntentStatus.CONFIRMED


def test_account_that_refuses_is_a_verdict_without_details() -> None:
    class Refusing:
        address = Address(KEEPER)

        def sign_transaction(self, _transaction: object) -> None:
            return None

    class Broken(Refusing):
        def sign_transaction(self, _transaction: object) -> None:
            raise RuntimeError(f"key {KEY}")

    fields: dict[str, object] = {"chainId": 1, "to": KEEPER, "nonce": 0, "gas": 21_000, "data": b""}
    fields |= {"maxFeePerGas": 2, "maxPriorityFeePerGas": 1, "value": 0, "type": 2}
    with pytest.raises(KeyUnavailable, match="refused to sign"):
        ApeSigner(Refusing()).sign(fields)
    with pytest.raises(KeyUnavailable, match=r"could not sign \(RuntimeError\)") as caught:
        ApeSigner(Broken()).sign(fields)
    assert caught.value.__cause__ is None
    assert KEY not in str(caught.value)
