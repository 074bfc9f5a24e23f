"""Requests to be relayed, drawn, and signed by keys in the process."""

from __future__ import annotations

from collections.abc import Callable

from eth_account.messages import SignableMessage
from eth_account.signers.local import LocalAccount
from hypothesis import strategies as st

from steelyard.connect.hexes import checksum
from steelyard.connect.relay_requests import NOBODY, RelayRequest


def signing_with(key: LocalAccount) -> Callable[[SignableMessage], bytes]:
    """What ``sign_request`` signs with: a key in the process."""

    def sign(message: SignableMessage) -> bytes:
        return bytes(key.sign_message(message).signature)

    return sign


def _uints(bits: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 2**bits - 1), st.sampled_from([0, 1, 2**bits - 1]))


ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: checksum("0x" + raw.hex()))
SOMEBODY = ADDRESSES.filter(lambda address: address != NOBODY)


@st.composite
def requests(draw: st.DrawFn) -> RelayRequest:
    """Any request that can be."""
    first, last = sorted((draw(_uints(40)), draw(_uints(40))))
    token = draw(st.none() | SOMEBODY)
    return RelayRequest(
        signer=draw(ADDRESSES),
        target=draw(ADDRESSES),
        data=draw(st.binary(min_size=4, max_size=300)),
        gas=draw(_uints(32)),
        nonce=draw(_uints(64)),
        valid_after_seconds=first,
        valid_until_seconds=last,
        value_wei=draw(_uints(128)),
        relayer=draw(st.none() | SOMEBODY),
        fee_token=token,
        max_fee=draw(_uints(128)) if token else 0,
    )
