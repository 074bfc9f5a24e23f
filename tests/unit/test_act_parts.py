"""Nonces, the words of nodes, the kill file, passphrases and the recovery of errors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from steelyard.act.kill_switch import check_kill_switch, kill_reason
from steelyard.act.nonces import choose_nonce
from steelyard.act.recovery_system import ErrorRecoverySystem
from steelyard.act.send_errors import SendVerdict, classify_send_error
from steelyard.act.signers import load_test_signer, read_passphrase
from steelyard.exceptions import KeyUnavailable, KillSwitch
from steelyard.model import SignedTransaction
from tests.support.plans import KEEPER, make_plan
from tests.support.records import make_signed

pytestmark = pytest.mark.unit


@dataclass
class Intent:
    signed: SignedTransaction | None


def open_with(*nonces: int) -> list[Any]:
    return [Intent(None), *(Intent(make_signed(make_plan(), nonce=nonce)) for nonce in nonces)]


@pytest.mark.parametrize(
    ("pending", "open_nonces", "chosen"),
    [
        (5, (), 5),
        (7, (5, 6), 7),
        (5, (5, 6), 7),
        (5, (6,), 5),
        (6, (5, 6, 8), 7),
    ],
    ids=["nothing open", "all in the pool", "pool forgot both", "hole below ours", "hole between ours"],
)
def test_nonce_leaves_no_gap_and_takes_no_used_one(
    pending: int, open_nonces: tuple[int, ...], chosen: int
) -> None:
    assert choose_nonce(pending, open_with(*open_nonces), KEEPER) == chosen


def test_other_senders_nonces_are_not_ours() -> None:
    stranger = make_signed(make_plan(), nonce=5, sender="0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
    assert choose_nonce(5, [Intent(stranger)], KEEPER) == 5


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("already known", SendVerdict.KNOWN),
        ("AlreadyKnown", SendVerdict.KNOWN),
        ("transaction already imported", SendVerdict.KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", SendVerdict.NONCE_TOO_LOW),
        ("OldNonce, Current nonce: 5", SendVerdict.NONCE_TOO_LOW),
        ("replacement transaction underpriced", SendVerdict.UNDERPRICED),
        ("transaction underpriced: tip needed 1, tip permitted 0", SendVerdict.UNDERPRICED),
        ("insufficient funds for gas * price + value: balance 0", SendVerdict.INSUFFICIENT_FUNDS),
        ("Insufficient funds for gas * price + value", SendVerdict.INSUFFICIENT_FUNDS),
        ("intrinsic gas too low: have 100, want 21000", SendVerdict.GAS_TOO_LOW),
        ("execution reverted: K", SendVerdict.EXECUTION_REVERTED),
        ("exceeds block gas limit", SendVerdict.INVALID),
        ("max fee per gas less than block base fee", SendVerdict.INVALID),
        ("something nobody has met", SendVerdict.UNKNOWN),
    ],
)
def test_words_of_nodes_are_understood(words: str, verdict: SendVerdict) -> None:
    assert classify_send_error(f"RPC http://node:8545: {words} (code -32000)") is verdict


def test_only_certain_refusals_are_final() -> None:
    unsure = {SendVerdict.KNOWN, SendVerdict.NONCE_TOO_LOW, SendVerdict.UNKNOWN}
    assert {verdict for verdict in SendVerdict if not verdict.is_final} == unsure


def test_kill_file_stops_and_its_absence_does_not(tmp_path: Path) -> None:
    path = tmp_path / "STOP"
    check_kill_switch(path)
    path.touch()
    with pytest.raises(KillSwitch, match=r"STOP is there; remove it"):
        check_kill_switch(path)


def test_dangling_link_and_unreadable_place_count_as_kill_file(tmp_path: Path) -> None:
    link = tmp_path / "STOP"
    link.symlink_to(tmp_path / "nowhere")
    assert kill_reason(link) is not None
    (tmp_path / "file").touch()
    assert "counts as there" in str(kill_reason(tmp_path / "file" / "STOP"))


def test_passphrase_comes_from_a_private_file_without_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text(" two words \n")
    path.chmod(0o600)
    assert read_passphrase(path) == " two words "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_passphrase_that_others_can_read_is_refused_and_not_shown(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "passphrase"
    path.write_text("opensesame\n")
    path.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 600") as caught:
        read_passphrase(path)
    assert "opensesame" not in str(caught.value)


def test_missing_and_empty_passphrase_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        read_passphrase(tmp_path / "none")
    path = tmp_path / "empty"
    path.write_text("\n")
    path.chmod(0o600)
    with pytest.raises(KeyUnavailable, match="is empty"):
        read_passphrase(path)


@pytest.mark.parametrize(
    "version", ["Geth/v1.16.0-stable/linux-amd64/go1.24", "reth/v1.4", "", "not-anvil/v1"]
)
def test_test_account_signs_for_no_real_node(version: str) -> None:
    with pytest.raises(KeyUnavailable, match=r"public keys.*keeper\.account"):
        load_test_signer(0, client_version=version)


# --- the recovery of errors ---


class Chain:
    def __init__(self, *, receipts_after: int | None = 0, pending: int = 9) -> None:
        self.asked = 0
        self.receipts_after = receipts_after
        self.pending = pending

    def receipt(self, transaction_hash: str) -> object | None:
        self.asked += 1
        return "receipt" if self.receipts_after is not None and self.asked > self.receipts_after else None

    def nonce(self, address: str, block: str = "latest") -> int:
        assert (address, block) == (KEEPER, "pending")
        return self.pending


async def no_pause(_seconds: float) -> None:
    pass


def recover(chain: Chain, message: str, **context: Any) -> tuple[bool, dict[str, Any]]:
    system = ErrorRecoverySystem(chain, receipt_timeout_seconds=5, poll_seconds=0.5, sleep=no_pause)
    return asyncio.run(system.handle_error(ValueError(message), context)), context


def test_nonce_error_waits_for_the_last_transaction_and_counts_anew() -> None:
    chain = Chain(receipts_after=3)
    handled, context = recover(chain, "nonce too low", last_tx_hash="0x01", sender=KEEPER)
    assert handled
    assert context["nonce"] == 9
    assert chain.asked == 4


def test_nonce_error_waits_no_longer_than_its_bound() -> None:
    chain = Chain(receipts_after=None)
    handled, context = recover(chain, "nonce too low", last_tx_hash="0x01", sender=KEEPER)
    assert handled
    assert context["nonce"] == 9
    assert chain.asked == 10


def test_gas_error_raises_the_limit_until_no_transaction_may_have_it() -> None:
    handled, context = recover(Chain(), "intrinsic gas too low", gas_limit=100_001)
    assert handled
    assert context["gas_limit"] == 125_002
    handled, context = recover(Chain(), "intrinsic gas too low", gas_limit=1 << 24)
    assert not handled
    assert context["gas_limit"] == 1 << 24


@pytest.mark.parametrize("message", ["insufficient funds", "execution reverted: K", "what is this"])
def test_what_no_handler_can_cure_is_false_with_its_reason(message: str) -> None:
    handled, context = recover(Chain(), message)
    assert not handled
    assert context["reason"] == message
