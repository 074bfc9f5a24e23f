"""Relaying and its journal: the intent first, signed bytes before they are sent, the same after a crash."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_hash.auto import keccak

from steelyard.act.gas import GasSettings
from steelyard.act.relaying import RelaySubmitter, intent_id_of
from steelyard.connect.chain import CallReverted, Log
from steelyard.connect.hexes import checksum, to_hex
from steelyard.connect.relay_calls import RELAYED_MANY
from steelyard.connect.relay_requests import RelayRequest, SignedRequest, sign_request
from steelyard.exceptions import (
    DeliveryUnknown,
    InsufficientGasFunds,
    RpcRejected,
    SimulationReverted,
    StoreUnavailable,
)
from steelyard.model.relaying import RelayAttempt
from steelyard.record.relay_journal import FileRelayJournal
from steelyard.units import GWEI, Address
from tests.support.drawn_requests import signing_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.unit

KEY = Account.from_key(b"\x07" * 32)
FORWARDER, TARGET, RELAYER = (checksum("0x" + f"{number:040x}") for number in (1, 2, 3))


def request(nonce: int, value_wei: int = 0) -> SignedRequest:
    unsigned = RelayRequest(
        signer=checksum(KEY.address),
        target=TARGET,
        data=b"call",
        gas=100_000,
        nonce=nonce,
        valid_until_seconds=2**32,
        value_wei=value_wei,
    )
    return sign_request(unsigned, 1, FORWARDER, signing_with(KEY))


BATCH = [request(1), request(2, value_wei=5)]


@dataclass
class Node:
    """A chain that mines what it is sent at once, or keeps it, or forgets it."""

    mines: bool = True
    reverts: bool = False
    balance: int = 10**18
    nonces: dict[str, int] = field(default_factory=lambda: {"latest": 4, "pending": 4})
    sent: list[bytes] = field(default_factory=list)
    mined: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False
    on_send: Callable[[], None] = lambda: None

    def block(self) -> Any:
        return SimpleNamespace(base_fee_wei=GWEI, gas_limit=30_000_000)

    def estimate_gas(self, _to: Address, _data: bytes, *, sender: Address, value_wei: int) -> int:
        assert (sender, value_wei) == (RELAYER, sum(one.request.value_wei for one in BATCH))
        if self.reverts:
            raise CallReverted("ValueMismatch", b"")
        return 200_000

    def balance_wei(self, _account: Address) -> int:
        return self.balance

    def nonce(self, _account: Address, block: str = "latest") -> int:
        return self.nonces[block]

    def receipt(self, transaction_hash: str) -> Any:
        return self.mined.get(transaction_hash)

    def send_raw(self, raw: bytes) -> str:
        self.sent.append(raw)
        self.on_send()
        if self.refuses:
            raise RpcRejected("already known", code=-32000)
        if self.mines:
            self.mine(raw)
        return to_hex(keccak(raw))

    def mine(self, raw: bytes) -> None:
        ids = [bytes.fromhex(one.id[2:]) for one in BATCH]
        log = Log(address=FORWARDER, topics=(RELAYED_MANY,), data=encode(["bytes32[]"], [ids]), log_index=0)
        receipt = SimpleNamespace(block_number=9, gas_used=150_000, logs=(log,))
        self.mined[to_hex(keccak(raw))] = receipt


class Pen:
    """Signs by writing the fields down."""

    address = RELAYER

    def __init__(self) -> None:
        self.signed: list[dict[str, Any]] = []

    def sign(self, fields: dict[str, Any]) -> bytes:
        self.signed.append(fields)
        return repr((len(self.signed), sorted(fields.items()))).encode()


def submitter(node: Node, pen: Pen, journal: Path) -> RelaySubmitter:
    gas = GasSettings(priority_fee_wei=GWEI)
    chain: Any = node
    return RelaySubmitter(
        chain, FileRelayJournal(journal), pen, gas, patience_seconds=1, sleep=lambda _seconds: None
    )


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "relayed.jsonl"


def states(journal: Path) -> list[str]:
    return [line.split('"state": "')[1].split('"')[0] for line in journal.read_text().splitlines()]


def test_batch_is_written_down_signed_sent_and_its_results_read(journal: Path) -> None:
    node, pen = Node(), Pen()
    relayed = submitter(node, pen, journal).submit(BATCH, [0, 0])
    assert [one.done for one in relayed.results] == [True, True]
    assert states(journal) == ["opened", "signed", "closed"]
    assert (pen.signed[0]["value"], pen.signed[0]["nonce"], len(node.sent)) == (5, 4, 1)


def test_signed_bytes_are_durable_before_they_are_sent(journal: Path) -> None:
    node = Node()
    node.on_send = lambda: seen.extend(states(journal))
    seen: list[str] = []
    submitter(node, Pen(), journal).submit(BATCH, [0, 0])
    assert seen == ["opened", "signed"]


def test_same_requests_again_are_the_same_transaction(journal: Path) -> None:
    node, pen = Node(mines=False), Pen()
    with pytest.raises(DeliveryUnknown, match="submit the same again"):
        submitter(node, pen, journal).submit(BATCH, [0, 0])
    node.mines = True
    node.nonces["pending"] = 5
    relayed = submitter(node, pen, journal).submit(list(reversed(BATCH)), [0, 0])
    assert (len(pen.signed), len(set(node.sent))) == (1, 1)
    assert relayed.intent_id == intent_id_of(BATCH)


def test_transaction_that_was_mined_meanwhile_is_not_sent_again(journal: Path) -> None:
    node, pen = Node(mines=False), Pen()
    with pytest.raises(DeliveryUnknown):
        submitter(node, pen, journal).submit(BATCH, [0, 0])
    node.mine(node.sent[0])
    node.nonces |= {"latest": 5, "pending": 5}
    submitter(node, pen, journal).submit(BATCH, [0, 0])
    assert len(node.sent) == 1


def test_node_that_knows_the_transaction_already_is_no_failure(journal: Path) -> None:
    node, pen = Node(mines=False), Pen()
    with pytest.raises(DeliveryUnknown):
        submitter(node, pen, journal).submit(BATCH, [0, 0])
    node.refuses = True
    with pytest.raises(DeliveryUnknown):
        submitter(node, pen, journal).submit(BATCH, [0, 0])
    assert len(pen.signed) == 1


def test_overtaken_transaction_is_closed_and_another_signed(journal: Path) -> None:
    node, pen = Node(mines=False), Pen()
    with pytest.raises(DeliveryUnknown):
        submitter(node, pen, journal).submit(BATCH, [0, 0])
    node.mines = True
    node.nonces |= {"latest": 5, "pending": 5}
    submitter(node, pen, journal).submit(BATCH, [0, 0])
    assert [fields["nonce"] for fields in pen.signed] == [4, 5]
    assert states(journal) == ["opened", "signed", "opened", "closed", "opened", "signed", "closed"]


def test_batch_that_would_revert_is_closed_and_not_signed(journal: Path) -> None:
    node, pen = Node(reverts=True), Pen()
    with pytest.raises(SimulationReverted):
        submitter(node, pen, journal).submit(BATCH, [0, 0])
    assert (pen.signed, states(journal)) == ([], ["opened", "closed"])


def test_account_that_cannot_pay_value_and_gas_signs_nothing(journal: Path) -> None:
    pen = Pen()
    with pytest.raises(InsufficientGasFunds):
        submitter(Node(balance=10**6), pen, journal).submit(BATCH, [0, 0])
    assert pen.signed == []


# --- the journal's file ----------------------------------------------------------------------------------

ATTEMPT = RelayAttempt(hash="0x01", nonce=3, raw=b"raw")


def test_line_cut_off_by_a_crash_never_counted(journal: Path) -> None:
    kept = FileRelayJournal(journal)
    assert kept.open("0xa", []) is None
    kept.signed("0xa", ATTEMPT)
    with journal.open("a") as file:
        file.write('{"intent": "0xa", "state": "clo')
    again = FileRelayJournal(journal)
    assert again.open("0xa", []) == ATTEMPT
    again.close("0xa", "mined")
    assert again.open("0xa", []) is None


def test_other_intents_are_not_ones_own(journal: Path) -> None:
    kept = FileRelayJournal(journal)
    kept.open("0xa", [])
    kept.signed("0xa", ATTEMPT)
    assert kept.open("0xb", []) is None


@pytest.mark.parametrize("line", ["nonsense\n", "[]\n", '{"state": "opened"}\n'])
def test_file_that_is_no_journal_is_refused_with_its_line(journal: Path, line: str) -> None:
    journal.write_text('{"intent": "0xa", "state": "opened"}\n' + line)
    with pytest.raises(StoreUnavailable, match=r"line 2: no entry"):
        FileRelayJournal(journal).open("0xa", [])


def test_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        FileRelayJournal(tmp_path).open("0xa", [])
