"""Requests that are wrong say where; batches hold what fits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from steelyard.connect.hexes import checksum
from steelyard.connect.relay_batches import MOST_GAS, RelayItem, fit, load_items
from steelyard.connect.relay_calls import MAX_REQUESTS
from steelyard.connect.relay_files import load_signed, parse_request, signed_as_json
from steelyard.connect.relay_requests import RelayRequest, SignedRequest, compact, pack, sign_request
from steelyard.exceptions import ConfigError, InvalidRequest
from tests.support.drawn_requests import signing_with

pytestmark = pytest.mark.unit

KEY = Account.from_key(b"\x07" * 32)
FORWARDER, TARGET = checksum("0x" + "11" * 20), checksum("0x" + "22" * 20)
WANTED: dict[str, Any] = {
    "signer": KEY.address,
    "target": TARGET,
    "data": "0x01020304",
    "gas": "100",
    "nonce": 1,
    "valid_until_seconds": 9,
}


def signed(**changes: Any) -> SignedRequest:
    request = replace(parse_request(WANTED), **changes)
    return sign_request(request, 1, FORWARDER, signing_with(KEY))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"gas": -1}, "gas is -1"),
        ({"gas": 2**32}, r"gas is 4294967296; a request holds 0 to 2\^32-1"),
        ({"nonce": 2**64}, "nonce is"),
        ({"nonce": True}, "nonce must be a whole number"),
        ({"value_wei": "1.5"}, "value_wei must be a whole number"),
        ({"data": "0x010203"}, "data has 3 bytes"),
        ({"data": "0x" + "00" * 65_536}, "data has 65536 bytes"),
        ({"data": "01020304"}, "data must be 0x"),
        ({"target": "0x12"}, "target must be an address"),
        ({"valid_after_seconds": 10}, "never"),
        ({"max_fee": 5}, "there is no fee_token"),
        ({"relayer": "0x" + "00" * 20}, "relayer is the zero address; leave it out"),
        ({"fee_token": "0x" + "00" * 20}, "fee_token is the zero address; leave it out"),
        ({"deadline": 5}, "deadline, which means nothing"),
        ({"target": None}, "target must be an address"),
    ],
)
def test_request_that_cannot_be_says_why(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        parse_request(WANTED | changes)


def test_request_that_lacks_something_names_it() -> None:
    with pytest.raises(InvalidRequest, match="lacks nonce, signer"):
        parse_request({name: WANTED[name] for name in WANTED if name not in ("nonce", "signer")})


def test_file_whose_fields_were_changed_says_so(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    content = json.loads(signed_as_json(signed()))
    content["request"]["gas"] = "101"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidRequest, match=r"1\.json: id is 0x\w+; these fields make 0x\w+"):
        load_signed(path)


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "1.json").write_text(text)
    with pytest.raises((ConfigError, InvalidRequest)):
        load_signed(tmp_path / "1.json")


@pytest.mark.parametrize("signature", [b"", b"\x01" * 64, b"\x01" * 64 + b"\x05", bytes(64) + b"\x1b"])
def test_what_is_no_signature_of_65_bytes_is_not_made_short(signature: bytes) -> None:
    with pytest.raises(InvalidRequest, match="is not r, s and v"):
        compact(signature)


def test_fee_above_the_cap_is_not_packed() -> None:
    one = signed(fee_token=TARGET, max_fee=5)
    with pytest.raises(InvalidRequest, match="the fee is 6; the signer agreed to 5 at most"):
        pack(one, 6)
    assert len(pack(one, 5)) == len(pack(signed())) + 52


def item(**changes: Any) -> RelayItem:
    return RelayItem(path=Path("x"), signed=replace(signed(), request=request(**changes)), fee=0)


def request(**changes: Any) -> RelayRequest:
    return replace(parse_request(WANTED), **changes)


def test_batches_hold_what_their_gas_and_the_contract_allow() -> None:
    heavy = [item(gas=MOST_GAS // 2, nonce=nonce) for nonce in range(3)]
    assert [len(batch) for batch in fit(heavy)] == [2, 1]
    assert [len(batch) for batch in fit([item(gas=MOST_GAS * 2)])] == [1]
    light = [item(gas=1, nonce=nonce) for nonce in range(MAX_REQUESTS + 1)]
    assert [len(batch) for batch in fit(light)] == [MAX_REQUESTS, 1]
    assert list(fit([])) == []


def test_neighbours_share_their_target() -> None:
    targets = [checksum("0x" + f"{number:040x}") for number in (1, 2, 1, 2)]
    (batch,) = fit([item(target=target, nonce=at) for at, target in enumerate(targets)])
    assert [one.signed.request.target for one in batch] == sorted(targets)


def test_requests_for_two_relayers_are_submitted_apart(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(signed_as_json(signed()))
    other = sign_request(request(), 1, TARGET, signing_with(KEY))
    (tmp_path / "2.json").write_text(signed_as_json(other))
    with pytest.raises(InvalidRequest, match="for several relayers"):
        load_items(tmp_path, chain_id=1)


def test_request_in_two_files_is_relayed_once(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / f"{name}.json").write_text(signed_as_json(signed()))
    assert len(load_items(tmp_path, chain_id=1)) == 1
