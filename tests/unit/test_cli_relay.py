"""``steelyard relay``: what is signed, shown and sent, and what is said of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from eth_account import Account

import steelyard.cli.relay as command
from steelyard.act.relaying import Relayed
from steelyard.cli import main
from steelyard.connect.hexes import checksum
from steelyard.connect.relay_calls import IS_NONCE_USED, REFUSAL_OF, Refusal, RelayResult
from steelyard.connect.relay_files import load_signed
from steelyard.connect.relay_requests import is_signed_by_key
from tests.support.drawn_requests import signing_with

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

KEY = Account.from_key(b"\x07" * 32)
FORWARDER, TARGET, RELAYER = (checksum("0x" + f"{number:040x}") for number in (1, 2, 3))
REFUSED, USED = 7, 8
"""Nonces: expired, and used."""


class Node:
    """Answers for the contract: by the nonce that the packed request or the question carries."""

    def chain_id(self) -> int:
        return 1

    def eth_call(self, to: str, data: bytes) -> bytes:
        assert to == FORWARDER
        if data[:4] == IS_NONCE_USED:
            return (int.from_bytes(data[-8:]) == USED).to_bytes(32)
        assert data[:4] == REFUSAL_OF
        wire = data[4 + 96 :]
        nonce = int.from_bytes(wire[45:53])
        answer = {REFUSED: Refusal.EXPIRED, USED: Refusal.NONCE_USED}.get(nonce, Refusal.NONE)
        return answer.to_bytes(32)


class Submitter:
    """Says that every first request of a batch was done, and no other."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[Any], list[int]]] = []

    def submit(self, batch: list[Any], fees: list[int]) -> Relayed:
        self.batches.append((batch, fees))
        results = [
            RelayResult(id=one.id, done=at == 0, reason="" if at == 0 else "its time is over")
            for at, one in enumerate(batch)
        ]
        return Relayed(
            intent_id="0x", transaction_hash="0xabc", block_number=5, gas_used=1_000, results=tuple(results)
        )


@pytest.fixture
def submitter(monkeypatch: pytest.MonkeyPatch) -> Submitter:
    found = Submitter()
    account = type("Paying", (), {"address": RELAYER})()
    monkeypatch.setattr(command, "open_relayer_chain", lambda _config: Node())
    monkeypatch.setattr(command, "open_relay_signer", lambda _alias, _chain: account)
    monkeypatch.setattr(command, "open_relay_submitter", lambda *_arguments: found)
    monkeypatch.setattr(
        command, "load_request_signer", lambda _alias: (checksum(KEY.address), signing_with(KEY))
    )
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["relay", *arguments])


def sign(folder: Path, nonce: int, **changes: Any) -> Path:
    wanted = {"target": TARGET, "data": "0x01020304", "gas": "9", "nonce": nonce, "valid_until_seconds": 9}
    (folder / "request.txt").write_text(json.dumps(wanted | changes))
    output = folder / "signed" / f"{nonce}.json"
    arguments = ("--account", "signer", "--relayer-contract", FORWARDER, "--output", str(output))
    result = run("sign", str(folder / "request.txt"), *arguments)
    assert result.exit_code == 0, result.output
    return output


@pytest.mark.usefixtures("submitter")
def test_signed_file_is_the_accounts_for_the_configured_chain(tmp_path: Path) -> None:
    signed = load_signed(sign(tmp_path, 1))
    assert is_signed_by_key(signed)
    assert (signed.chain_id, signed.request.signer) == (1, KEY.address)


@pytest.mark.usefixtures("submitter")
def test_request_by_another_signer_is_refused(tmp_path: Path) -> None:
    path = sign(tmp_path, 1)
    stranger = json.loads(path.read_text())["request"] | {"signer": TARGET}
    (tmp_path / "request.txt").write_text(json.dumps(stranger))
    arguments = ("--account", "signer", "--relayer-contract", FORWARDER, "--output", str(tmp_path / "x"))
    result = run("sign", str(tmp_path / "request.txt"), *arguments)
    assert (result.exit_code, "not by the key of" in result.output) == (2, True)


def test_submit_shows_and_sends_nothing_unless_told(tmp_path: Path, submitter: Submitter) -> None:
    path = sign(tmp_path, 1)
    result = run("submit", str(path), "--account", "operator")
    assert result.exit_code == 0
    assert f"would relay  {load_signed(path).id}" in result.output
    assert "nothing was sent" in result.output
    assert submitter.batches == []


def test_submit_sends_what_would_go_through_and_tells_of_each(tmp_path: Path, submitter: Submitter) -> None:
    fee = {"fee_token": TARGET, "max_fee": "1000"}
    folder = sign(tmp_path, 1, **fee).parent
    sign(tmp_path, 2, **fee)
    sign(tmp_path, REFUSED)
    journal = str(tmp_path / "journal")
    result = run(
        "submit", str(folder), "--account", "operator", "--send", "--fee-bps", "2500", "--journal", journal
    )
    assert result.exit_code == 0, result.output
    ((batch, fees),) = submitter.batches
    assert ([one.request.nonce for one in batch], fees) == ([1, 2], [250, 250])
    assert "7.json: its time is over" in result.output
    assert f"  done         {batch[0].id}" in result.output
    assert f"  not done     {batch[1].id}  its time is over" in result.output


@pytest.mark.usefixtures("submitter")
def test_show_tells_used_refused_and_ready(tmp_path: Path) -> None:
    for nonce in (1, REFUSED, USED):
        folder = sign(tmp_path, nonce).parent
    said = run("show", str(folder)).output
    assert "1.json: ready to be relayed" in said
    assert "7.json: its time is over" in said
    assert "8.json: its nonce is used or cancelled" in said


@pytest.mark.usefixtures("submitter")
def test_folder_without_requests_is_refused(tmp_path: Path) -> None:
    result = run("show", str(tmp_path))
    assert (result.exit_code, "neither a request's file" in result.output) == (2, True)
