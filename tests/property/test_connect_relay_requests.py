"""Requests in Python by themselves: signed ones are their signers', packed bytes say what was meant."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from steelyard.connect.hexes import checksum
from steelyard.connect.relay_files import parse_signed, signed_as_json
from steelyard.connect.relay_requests import (
    RelayRequest,
    SignedRequest,
    compact,
    is_signed_by_key,
    pack,
    pack_all,
    request_digest,
    sign_request,
)
from steelyard.exceptions import InvalidRequest
from tests.support.drawn_requests import ADDRESSES, requests, signing_with
from tests.support.effort import patient

pytestmark = [pytest.mark.property, *patient()]

SIGNER = Account.from_key(b"\x07" * 32)
OTHER = Account.from_key(b"\x08" * 32)
CHAIN_ID = 1
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed_by(request: RelayRequest, forwarder: Any) -> SignedRequest:
    mine = replace(request, signer=checksum(SIGNER.address))
    return sign_request(mine, CHAIN_ID, forwarder, signing_with(SIGNER))


@given(requests(), ADDRESSES)
def test_signed_request_is_its_signers_and_short(request: RelayRequest, forwarder: Any) -> None:
    signed = signed_by(request, forwarder)
    assert is_signed_by_key(signed)
    assert len(signed.signature) == 64


@given(requests(), ADDRESSES, st.data())
def test_request_with_any_field_changed_is_nobodys(
    request: RelayRequest, forwarder: Any, data: st.DataObject
) -> None:
    signed = signed_by(request, forwarder)
    other = data.draw(requests())
    for field in fields(RelayRequest):
        value = getattr(other, field.name)
        if value == getattr(signed.request, field.name):
            continue
        try:
            changed = replace(signed.request, **{field.name: value})
        except InvalidRequest:
            continue  # no request at all
        assert not is_signed_by_key(replace(signed, request=changed)), field.name
    assert not is_signed_by_key(replace(signed, chain_id=CHAIN_ID + 1))
    assert not is_signed_by_key(replace(signed, forwarder=checksum(OTHER.address)))


@given(requests(), ADDRESSES, st.integers(0, 511))
def test_signature_with_any_bit_changed_is_nobodys(request: RelayRequest, forwarder: Any, bit: int) -> None:
    signed = signed_by(request, forwarder)
    bent = bytearray(signed.signature)
    bent[bit // 8] ^= 1 << bit % 8
    assert not is_signed_by_key(replace(signed, signature=bytes(bent)))


@given(requests(), ADDRESSES)
def test_of_the_two_signatures_of_65_bytes_only_the_lower_counts(
    request: RelayRequest, forwarder: Any
) -> None:
    signed = signed_by(request, forwarder)
    vs = int.from_bytes(signed.signature[32:])
    r, s, v = signed.signature[:32], vs & ~(1 << 255), vs >> 255
    low = r + s.to_bytes(32) + bytes([27 + v])
    high = r + (ORDER - s).to_bytes(32) + bytes([28 - v])
    assert is_signed_by_key(replace(signed, signature=low))
    assert not is_signed_by_key(replace(signed, signature=high))
    assert compact(low) == compact(high) == signed.signature


@given(requests(), ADDRESSES)
def test_file_of_a_request_comes_back_as_it_was(request: RelayRequest, forwarder: Any) -> None:
    signed = signed_by(request, forwarder)
    assert parse_signed(json.loads(signed_as_json(signed))) == signed


@given(requests(), ADDRESSES, st.data())
def test_packed_bytes_say_what_was_meant(request: RelayRequest, forwarder: Any, data: st.DataObject) -> None:
    signed = signed_by(request, forwarder)
    fee = data.draw(st.integers(0, signed.request.max_fee))
    read, rest = unpack(pack(signed, fee), None)
    assert (read, rest) == (meant(signed, fee), b"")


@given(
    st.lists(requests(), min_size=2, max_size=5), ADDRESSES, st.lists(st.booleans(), min_size=5, max_size=5)
)
def test_packed_batch_says_what_was_meant_and_shares_what_it_can(
    drawn: list[RelayRequest], forwarder: Any, alike: list[bool]
) -> None:
    first = drawn[0]
    kin = [
        replace(one, target=first.target) if same else one for one, same in zip(drawn, alike, strict=False)
    ]
    batch = [signed_by(one, forwarder) for one in kin]
    rest = pack_all(batch)
    assert len(rest) <= sum(len(pack(one)) for one in batch) - 20 * (len(batch) - 1)
    before = None
    for one in batch:
        before, rest = unpack(rest, before)
        assert before == meant(one, 0)
    assert rest == b""


def meant(signed: SignedRequest, fee: int) -> dict[str, Any]:
    request = signed.request
    return {
        "signer": bytes.fromhex(request.signer[2:]),
        "target": bytes.fromhex(request.target[2:]),
        "gas": request.gas,
        "nonce": request.nonce,
        "until": request.valid_until_seconds,
        "after": request.valid_after_seconds,
        "value": request.value_wei,
        "bound": request.relayer is not None,
        "fee": (request.fee_token and bytes.fromhex(request.fee_token[2:]), request.max_fee, fee),
        "data": request.data,
        "signature": signed.signature,
    }


def unpack(wire: bytes, before: dict[str, Any] | None) -> tuple[dict[str, Any], bytes]:
    """Read by the layout of docs/gasless.md, apart from the packer and the contract."""
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return wire[at - size : at]

    def number(size: int) -> int:
        return int.from_bytes(take(size))

    flags = number(1)
    found: dict[str, Any] = {"bound": bool(flags & 4)}
    found["signer"] = before["signer"] if before and flags & 32 else take(20)
    found["target"] = before["target"] if before and flags & 64 else take(20)
    found |= {"gas": number(4), "nonce": number(8), "until": number(5)}
    found["value"] = number(16) if flags & 1 else 0
    found["after"] = number(5) if flags & 2 else 0
    found["fee"] = (take(20), number(16), number(16)) if flags & 8 else (None, 0, 0)
    found["data"] = take(number(2))
    found["signature"] = take(number(2) if flags & 16 else 64)
    return found, wire[at:]


@given(requests())
def test_digest_tells_chains_and_forwarders_apart(request: RelayRequest) -> None:
    here, there = checksum(SIGNER.address), checksum(OTHER.address)
    digests = {request_digest(request, chain, at) for chain in (1, 2) for at in (here, there)}
    assert len(digests) == 4


def test_signature_by_another_key_is_refused() -> None:
    request = RelayRequest(
        signer=checksum(SIGNER.address),
        target=checksum(OTHER.address),
        data=b"call",
        gas=1,
        nonce=1,
        valid_until_seconds=1,
    )
    with pytest.raises(InvalidRequest, match="not by the key of"):
        sign_request(request, CHAIN_ID, checksum(OTHER.address), signing_with(OTHER))
