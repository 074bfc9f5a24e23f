"""What relays are asked is signed by an identity of its own, an Ape account that is never the sender."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak

from steelyard.act.signers import ApeIdentity, load_identity
from steelyard.connect.private_relay import signature_headers
from steelyard.exceptions import KeyUnavailable
from tests.support.plans import KEEPER
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e

KEY = "0x" + "1d" * 32
PASSPHRASE = "open sesame"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path, offers_private=True) as opened:
        yield opened


@pytest.fixture
def keyfile() -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as monkeypatch, ape.config.isolate_data_folder() as folder:
        path = Path(folder) / "accounts" / "relays-of-tests.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(Account.encrypt(KEY, PASSPHRASE, iterations=2)))
        container = ape.accounts.containers["accounts"]
        monkeypatch.setitem(container.__dict__, "data_folder", path.parent)
        yield path


@pytest.mark.usefixtures("keyfile")
def test_every_post_bears_the_identitys_signature_over_its_body(stage: PrivateStage) -> None:
    identity = load_identity("relays-of-tests", ask=lambda _alias: PASSPHRASE)
    with stage.keeper(headers_for=signature_headers(identity)) as keeper:
        for number in range(2):
            keeper.submit(stage.plan(number=number))
        assert len(stage.relay.signatures) == 2
        for header, body in stage.relay.signatures:
            address, _, signature = str(header).partition(":")
            signed = encode_defunct(text="0x" + keccak(body).hex())
            assert Account.recover_message(signed, signature=signature) == address == identity.address
            assert address == Account.from_key(KEY).address != KEEPER
    stage.check_nothing_public()


def test_without_an_identity_nothing_is_signed(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        keeper.submit(stage.plan())
        assert [header for header, _ in stage.relay.signatures] == [None]


@pytest.mark.usefixtures("keyfile")
def test_identity_that_cannot_be_unlocked_stops_and_names_its_own_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(KeyUnavailable, match="wrong passphrase"):
        load_identity("relays-of-tests", ask=lambda _alias: "open barley")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(KeyUnavailable, match=r"private\.identity_passphrase_file"):
        load_identity("relays-of-tests")


def test_identity_that_will_not_sign_stops_and_shows_no_key(stage: PrivateStage) -> None:
    class Broken:
        address = Account.from_key(KEY).address

        def sign_message(self, _message: object) -> None:
            raise RuntimeError(f"key {KEY}")

    with stage.keeper(headers_for=signature_headers(ApeIdentity(Broken()))) as keeper:
        with pytest.raises(KeyUnavailable, match=r"could not sign \(RuntimeError\)") as caught:
            keeper.submitter.submit(stage.plan())
        assert KEY not in str(caught.value)
        assert stage.relay.received == []
    stage.check_nothing_public()
