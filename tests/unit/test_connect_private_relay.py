"""How a relay is spoken to: which method, which header, and what its page means."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_hash.auto import keccak

from steelyard.connect.private_relay import (
    Fate,
    PrivateRelay,
    RelayMethod,
    StatusPage,
    serves_nobody,
    signature_headers,
)
from steelyard.connect.rpc import is_read
from steelyard.exceptions import ConfigError, RpcInconsistent, RpcRejected, RpcUnavailable
from steelyard.units import Address

pytestmark = pytest.mark.unit

HASH = "0x" + "ab" * 32
RAW = b"\x02raw"
NO_METHOD = RpcRejected("the method does not exist", code=-32601)


class Rpc:
    """Answers each method as a test says, and remembers what it was asked."""

    name = "http://relay"

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    def call(self, method: str, params: Any) -> object:
        self.asked.append((method, params[0]))
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer


def relay(rpc: Rpc, method: RelayMethod = RelayMethod.AUTO) -> PrivateRelay:
    client: Any = rpc
    return PrivateRelay(client, method)


def test_sending_is_never_repeated_by_the_client() -> None:
    assert not any(is_read(f"eth_{verb}PrivateTransaction") for verb in ("send", "cancel"))


def test_private_method_names_the_last_block() -> None:
    rpc = Rpc(eth_sendPrivateTransaction=HASH)
    relay(rpc).send(RAW, HASH, max_block=0x123)
    assert rpc.asked == [("eth_sendPrivateTransaction", {"tx": "0x02726177", "maxBlockNumber": "0x123"})]


def test_auto_goes_over_to_the_plain_way_for_good_only_where_there_is_no_other() -> None:
    rpc = Rpc(eth_sendPrivateTransaction=NO_METHOD, eth_sendRawTransaction=HASH)
    chosen = relay(rpc)
    chosen.send(RAW, HASH, max_block=1)
    chosen.send(RAW, HASH, max_block=1)
    assert [method for method, _ in rpc.asked] == [
        "eth_sendPrivateTransaction",
        "eth_sendRawTransaction",
        "eth_sendRawTransaction",
    ]
    assert chosen.cancel(HASH) is False


@pytest.mark.parametrize(
    "trouble", [RpcUnavailable("away"), RpcRejected("underpriced", code=-32000)], ids=["away", "refused"]
)
def test_auto_takes_no_other_trouble_for_a_missing_method(trouble: Exception) -> None:
    rpc = Rpc(eth_sendPrivateTransaction=trouble, eth_sendRawTransaction=HASH)
    with pytest.raises(type(trouble)):
        relay(rpc).send(RAW, HASH, max_block=1)
    assert [method for method, _ in rpc.asked] == ["eth_sendPrivateTransaction"]


def test_chosen_method_is_the_only_one() -> None:
    rpc = Rpc(eth_sendPrivateTransaction=NO_METHOD, eth_sendRawTransaction=HASH)
    with pytest.raises(RpcRejected):
        relay(rpc, RelayMethod.PRIVATE).send(RAW, HASH, max_block=1)
    relay(rpc, RelayMethod.RAW).send(RAW, HASH, max_block=1)
    assert [method for method, _ in rpc.asked] == ["eth_sendPrivateTransaction", "eth_sendRawTransaction"]


@pytest.mark.parametrize("answer", [HASH, HASH.upper().replace("0X", "0x"), {"txHash": HASH}, None])
def test_any_answer_that_names_no_other_transaction_is_taken(answer: object) -> None:
    relay(Rpc(eth_sendRawTransaction=answer), RelayMethod.RAW).send(RAW, HASH, max_block=1)


def test_answer_that_names_another_transaction_contradicts() -> None:
    rpc = Rpc(eth_sendRawTransaction="0x" + "cd" * 32)
    with pytest.raises(RpcInconsistent, match="names 0xcdcd"):
        relay(rpc, RelayMethod.RAW).send(RAW, HASH, max_block=1)


@pytest.mark.parametrize(
    ("answer", "cancelled"),
    [(True, True), ("true", True), (False, False), (None, False), (NO_METHOD, False)],
)
def test_cancellation_counts_only_where_the_relay_says_so(answer: object, cancelled: bool) -> None:
    rpc = Rpc(eth_cancelPrivateTransaction=answer)
    assert relay(rpc).cancel(HASH) is cancelled
    assert rpc.asked == [("eth_cancelPrivateTransaction", {"txHash": HASH})]


@pytest.mark.parametrize(
    ("words", "code", "shut"),
    [
        ("refuses with HTTP status 403", 403, True),
        ("redirected", 302, True),
        ("anything", -32601, True),
        ("unsupported method: eth_sendRawTransaction", -32000, True),
        ("Method eth_sendRawTransaction is not available", -32000, True),
        ("transaction not found", -32000, False),
        ("execution reverted", 3, False),
        ("user rejected", 4001, False),
    ],
)
def test_relay_that_serves_nobody_is_told_from_one_that_refuses_a_transaction(
    words: str, code: int, shut: bool
) -> None:
    assert serves_nobody(RpcRejected(words, code=code)) is shut


def test_header_is_the_identitys_word_for_the_bodys_hash() -> None:
    account = Account.create()

    class Identity:
        address = Address(account.address)

        def sign_text(self, text: str) -> bytes:
            return bytes(account.sign_message(encode_defunct(text=text)).signature)

    body = b'{"jsonrpc":"2.0"}'
    header = signature_headers(Identity())(body)["X-Flashbots-Signature"]
    address, _, signature = header.partition(":")
    text = encode_defunct(text="0x" + keccak(body).hex())
    assert Account.recover_message(text, signature=signature) == address == account.address


class Response:
    def __init__(self, body: object, status: int = 200, length: int = 10) -> None:
        self.status_code = status
        self.headers = {"Content-Length": str(length)}
        self._body = body

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def json(self) -> object:
        if isinstance(self._body, Exception):
            raise self._body
        return self._body


@pytest.mark.parametrize(
    ("response", "fate"),
    [
        (Response({"status": "PENDING"}), Fate.PENDING),
        (Response({"status": "included"}), Fate.INCLUDED),
        (Response({"status": "FAILED"}), Fate.GONE),
        (Response({"status": "CANCELLED"}), Fate.GONE),
        (Response({"status": "UNKNOWN"}), Fate.UNKNOWN),
        (Response({"status": "SOMETHING NEW"}), Fate.UNKNOWN),
        (Response({}), Fate.UNKNOWN),
        (Response([]), Fate.UNKNOWN),
        (Response(ValueError("no JSON")), Fate.UNKNOWN),
        (Response({"status": "FAILED"}, status=302), Fate.UNKNOWN),
        (Response({"status": "FAILED"}, status=500), Fate.UNKNOWN),
        (Response({"status": "FAILED"}, length=1 << 30), Fate.UNKNOWN),
        (OSError("away"), Fate.UNKNOWN),
    ],
)
def test_only_a_clear_word_of_the_page_counts(
    monkeypatch: pytest.MonkeyPatch, response: Response | Exception, fate: Fate
) -> None:
    page = StatusPage("https://relay/tx/{hash}", timeout_seconds=1)

    def get(url: str, **_options: object) -> Response:
        assert url == f"https://relay/tx/{HASH}"
        if isinstance(response, Exception):
            raise response
        return response

    monkeypatch.setattr(page._session, "get", get)
    assert page.fate(HASH) is fate


def test_page_without_a_usable_address_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError):
        StatusPage("relay/{hash}", timeout_seconds=1)
