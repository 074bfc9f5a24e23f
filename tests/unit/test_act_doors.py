"""Where a transaction may go and may be: every answer of node, relay and status page has one meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from steelyard.act.doors import Doors, Whereabouts
from steelyard.connect.chain import TransactionView
from steelyard.connect.private_relay import Fate
from steelyard.exceptions import (
    DeliveryRefused,
    DeliveryUnknown,
    InsufficientGasFunds,
    KeyUnavailable,
    RelaysShut,
    RpcInconsistent,
    RpcRejected,
    RpcUnavailable,
    SteelyardError,
)
from steelyard.model import BlockRef, Door, SignedTransaction
from tests.support.plans import KEEPER, make_plan
from tests.support.records import make_signed

pytestmark = pytest.mark.unit

PRIVATE = make_signed(make_plan(), door=Door.PRIVATE, held_until_block=105)
PUBLIC = make_signed(make_plan())


def block(number: int) -> BlockRef:
    return BlockRef(
        number=number,
        hash="0x" + "aa" * 32,
        parent_hash="0x" + "00" * 32,
        timestamp_seconds=900,
        base_fee_wei=1,
        gas_used=0,
        gas_limit=30_000_000,
    )


@dataclass
class Relay:
    error: SteelyardError | None = None
    name: str = "http://relay"
    asked: list[tuple[str, int]] = field(default_factory=list)

    def send(self, _raw: bytes, transaction_hash: str, *, max_block: int) -> None:
        self.asked.append((transaction_hash, max_block))
        if self.error is not None:
            raise self.error


@dataclass
class Chain:
    known: dict[str, int | None] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)

    def transaction(self, transaction_hash: str) -> TransactionView | None:
        if transaction_hash not in self.known:
            return None
        return TransactionView(
            hash=transaction_hash, sender=KEEPER, nonce=7, block_number=self.known[transaction_hash]
        )

    def send_raw(self, raw: bytes) -> str:
        self.sent.append(raw)
        return PRIVATE.hash


@dataclass
class Notes:
    doors: list[tuple[Door, int | None, str | None]] = field(default_factory=list)

    def sending_again(
        self, _plan_id: str, *, door: Door, held_until_block: int | None, reason: str | None = None
    ) -> None:
        self.doors.append((door, held_until_block, reason))


@dataclass
class Page:
    said: Fate

    def fate(self, _transaction_hash: str) -> Fate:
        return self.said


@dataclass
class Intent:
    signed: SignedTransaction
    was_sent: bool = True

    @property
    def attempts(self) -> tuple[SignedTransaction, ...]:
        return (self.signed,)


def doors(*relays: Relay, chain: Chain | None = None, **options: Any) -> Doors:
    journal: Any = options.pop("journal", None) or Notes()
    node: Any = chain or Chain()
    relay_clients: Any = relays
    return Doors(node, journal, relay_clients, **options)


@pytest.mark.parametrize(
    ("relays", "fallback", "last", "door"),
    [
        ((), False, None, Door.PUBLIC),
        ((Relay(),), False, None, Door.PRIVATE),
        ((Relay(),), True, None, Door.PRIVATE),
        ((Relay(),), False, PRIVATE, Door.PRIVATE),
        ((), False, PRIVATE, Door.PRIVATE),
        ((Relay(),), False, PUBLIC, Door.PRIVATE),
        ((Relay(),), True, PUBLIC, Door.PUBLIC),
        ((), False, PUBLIC, Door.PUBLIC),
    ],
)
def test_private_stays_private_and_public_only_where_it_may_be(
    relays: tuple[Relay, ...], fallback: bool, last: SignedTransaction | None, door: Door
) -> None:
    stamped = doors(*relays, fallback_to_public=fallback, max_blocks=4).stamp(block(100), last)
    assert stamped == (door, 104 if door is Door.PRIVATE else None)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (RpcUnavailable("no connection"), DeliveryUnknown),
        (RpcInconsistent("names another hash"), DeliveryUnknown),
        (RpcRejected("a bad day", code=-32000), DeliveryUnknown),
        (RpcRejected("nonce too low", code=-32000), DeliveryUnknown),
        (RpcRejected("replacement transaction underpriced", code=-32000), DeliveryRefused),
        (RpcRejected("insufficient funds", code=-32000), InsufficientGasFunds),
        (RpcRejected("refuses with HTTP status 403", code=403), RelaysShut),
        (RpcRejected("no such method", code=-32601), RelaysShut),
        (KeyUnavailable("refused to sign"), KeyUnavailable),
        (RpcRejected("already known", code=-32000), None),
        (None, None),
    ],
)
def test_what_a_relay_says_has_a_verdict(
    said: SteelyardError | None, verdict: type[SteelyardError] | None
) -> None:
    error = doors(Relay(said)).send(PRIVATE)
    assert (None if error is None else type(error)) is verdict


def test_used_nonce_is_no_failure_where_the_chain_has_this_very_transaction() -> None:
    relay = Relay(RpcRejected("nonce too low", code=-32000))
    assert doors(relay, chain=Chain({PRIVATE.hash: 101})).send(PRIVATE) is None


TROUBLES = {
    "retry": RpcUnavailable("no connection"),
    "skip": RpcRejected("intrinsic gas too low", code=-32000),
    "funds": RpcRejected("insufficient funds", code=-32000),
    "shut": RpcRejected("refuses with HTTP status 401", code=401),
}


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("retry", "skip", DeliveryUnknown),
        ("retry", "shut", DeliveryUnknown),
        ("skip", "shut", DeliveryRefused),
        ("skip", "funds", InsufficientGasFunds),
        ("shut", "shut", RelaysShut),
    ],
)
def test_relays_together_give_the_most_careful_verdict_in_either_order(
    first: str, second: str, verdict: type[SteelyardError]
) -> None:
    for names in ((first, second), (second, first)):
        error = doors(*(Relay(TROUBLES[name]) for name in names)).send(PRIVATE)
        assert type(error) is verdict
        taken = doors(*(Relay(TROUBLES[name]) for name in names), Relay()).send(PRIVATE)
        assert taken is None, "taken by one is taken"


@pytest.mark.parametrize(
    ("page", "was_sent", "at", "where"),
    [
        (None, True, 104, Whereabouts.HELD),
        (None, True, 105, Whereabouts.GONE),
        (None, False, 104, Whereabouts.UNSURE),
        (None, False, 105, Whereabouts.GONE),
        (Fate.PENDING, False, 110, Whereabouts.HELD),
        (Fate.INCLUDED, False, 110, Whereabouts.HELD),
        (Fate.GONE, True, 101, Whereabouts.GONE),
        (Fate.UNKNOWN, True, 104, Whereabouts.UNSURE),
        (Fate.UNKNOWN, True, 105, Whereabouts.GONE),
    ],
)
def test_where_a_private_transaction_may_be(
    page: Fate | None, was_sent: bool, at: int, where: Whereabouts
) -> None:
    status: Any = None if page is None else Page(page)
    intent: Any = Intent(PRIVATE, was_sent)
    assert doors(Relay(), status=status).whereabouts(intent, block(at)) is where


def test_one_relays_page_does_not_speak_for_another() -> None:
    page: Any = Page(Fate.GONE)
    intent: Any = Intent(PRIVATE)
    assert doors(Relay(), Relay(), status=page).whereabouts(intent, block(101)) is Whereabouts.UNSURE


@pytest.mark.parametrize(
    ("signed", "number", "where", "leaks"),
    [
        (PUBLIC, None, Whereabouts.HELD, 0),
        (PUBLIC, 101, Whereabouts.MINED, 0),
        (PRIVATE, 101, Whereabouts.MINED, 0),
        (PRIVATE, None, Whereabouts.HELD, 1),
    ],
)
def test_what_the_public_node_knows_comes_first(
    signed: SignedTransaction, number: int | None, where: Whereabouts, leaks: int
) -> None:
    told: list[str] = []
    watched = doors(Relay(), chain=Chain({signed.hash: number}), on_leak=told.append)
    intent: Any = Intent(signed)
    assert [watched.whereabouts(intent, block(101)) for _ in range(2)] == [where, where]
    assert len(told) == leaks


def test_public_transaction_that_nobody_knows_is_gone() -> None:
    intent: Any = Intent(PUBLIC)
    assert doors().whereabouts(intent, block(101)) is Whereabouts.GONE


def test_sending_again_notes_the_new_last_block_first_and_tells_the_relay() -> None:
    relay, notes, chain = Relay(), Notes(), Chain()
    assert doors(relay, journal=notes, chain=chain, max_blocks=3).send_again(PRIVATE, block(110)) is None
    assert notes.doors == [(Door.PRIVATE, 113, None)]
    assert relay.asked == [(PRIVATE.hash, 113)]
    assert chain.sent == []


def test_trouble_is_told_when_it_begins_and_when_it_changes() -> None:
    told: list[str] = []
    relay = Relay(RpcUnavailable("no connection"))
    sending = doors(relay, on_trouble=told.append)
    sending.send(PRIVATE)
    sending.send_again(PRIVATE, block(101))
    relay.error = RpcUnavailable("no answer within 5 s")
    sending.send_again(PRIVATE, block(102))
    assert [sentence.rpartition(": ")[2] for sentence in told] == ["no connection", "no answer within 5 s"]
    assert "no answer" in str(sending.trouble_of(PRIVATE))
    relay.error = None
    sending.send_again(PRIVATE, block(103))
    assert sending.trouble_of(PRIVATE) is None


def test_closed_intent_leaves_no_memory_behind() -> None:
    sending = doors(Relay(RpcUnavailable("no connection")), chain=Chain({PRIVATE.hash: None}))
    intent: Any = Intent(PRIVATE)
    sending.send(PRIVATE)
    sending.whereabouts(intent, block(101))
    sending.forget(intent)
    assert (sending._troubles, sending._leaked) == ({}, set())


def test_without_relays_a_private_transaction_is_sent_nowhere() -> None:
    chain, notes = Chain(), Notes()
    closed = doors(chain=chain, journal=notes)
    assert isinstance(closed.send(PRIVATE), DeliveryUnknown)
    assert isinstance(closed.send_again(PRIVATE, block(110)), DeliveryUnknown)
    assert (chain.sent, notes.doors) == ([], []), "nobody can hold what nobody was handed"
    opened = doors(chain=chain, journal=notes, fallback_to_public=True)
    assert opened.send_again(PRIVATE, block(110)) is None
    assert [door for door, _, _ in notes.doors] == [Door.PUBLIC]
    assert chain.sent == [PRIVATE.raw]


def test_configured_relays_close_the_public_door_for_what_went_through_it_before() -> None:
    relay, chain = Relay(), Chain()
    assert doors(relay, chain=chain).send_again(PUBLIC, block(101)) is None
    assert (len(relay.asked), chain.sent) == (1, [])
    assert doors(relay, chain=chain, fallback_to_public=True).send_again(PUBLIC, block(101)) is None
    assert (len(relay.asked), chain.sent) == (1, [PUBLIC.raw])
