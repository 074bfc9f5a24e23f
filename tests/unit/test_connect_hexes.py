"""Hexadecimal in and out, and what is refused."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address

from steelyard.connect.hexes import address_of_word, blob, checksum, hash32, quantity
from steelyard.connect.rpc import RetrySchedule, RpcClient, is_read, redact_url
from steelyard.exceptions import ConfigError, RpcInconsistent

pytestmark = pytest.mark.unit


def test_checksum_is_eip_55_whatever_the_case() -> None:
    for seed in range(50):
        raw = "0x" + (seed * 0x1234567890ABCDEF1234567 + 0xFEDC).to_bytes(20).hex()
        expected = str(to_checksum_address(raw))
        assert checksum(raw) == checksum(raw.upper().replace("0X", "0x")) == expected
        assert address_of_word(bytes.fromhex("ff" * 12 + raw[2:])) == expected


@pytest.mark.parametrize("text", ["", "0x", "0x12", "ab" * 20, "0x" + "zz" * 20, "0x" + "11" * 21])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        checksum(text)


@pytest.mark.parametrize("value", [None, "", "0x", "x", 5.0, [], {}])
def test_what_is_no_quantity_names_what_it_should_have_been(value: object) -> None:
    with pytest.raises(RpcInconsistent, match="gas estimate"):
        quantity(value, "gas estimate")


@pytest.mark.parametrize("value", [None, "", "12", "0x123", "0xzz", 5])
def test_what_is_no_data_names_what_it_should_have_been(value: object) -> None:
    with pytest.raises(RpcInconsistent, match="code"):
        blob(value, "code")
    with pytest.raises(RpcInconsistent, match="block hash"):
        hash32(value, "block hash")


def test_hash_is_lower_case_and_32_bytes_long() -> None:
    assert hash32("0x" + "AB" * 32, "hash") == "0x" + "ab" * 32
    with pytest.raises(RpcInconsistent):
        hash32("0x" + "zz" * 32, "hash")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://mainnet.example/v3/secret", "https://mainnet.example"),
        ("http://user:secret@127.0.0.1:8545/?key=secret", "http://127.0.0.1:8545"),
        ("http://[::1]:8545/secret", "http://[::1]:8545"),
    ],
)
def test_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert RpcClient(url).name == shown


@pytest.mark.parametrize(
    "url", ["", "secret", "ftp://secret", "https://", "http://secret:port", "wss://secret"]
)
def test_url_of_another_kind_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        RpcClient(url)
    assert "secret" not in str(refusal.value)


def test_bounds_that_bound_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="positive"):
        RpcClient("http://127.0.0.1", timeout_seconds=0)
    with pytest.raises(ConfigError, match="at least one attempt"):
        RetrySchedule(attempts=0)


@pytest.mark.parametrize("method", ["eth_call", "eth_getLogs", "eth_blockNumber", "debug_traceTransaction"])
def test_reads_may_be_repeated(method: str) -> None:
    assert is_read(method)


@pytest.mark.parametrize(
    "method", ["eth_sendRawTransaction", "eth_sendTransaction", "evm_mine", "anvil_setBalance", "new_thing"]
)
def test_everything_else_is_taken_to_change_something(method: str) -> None:
    assert not is_read(method)
