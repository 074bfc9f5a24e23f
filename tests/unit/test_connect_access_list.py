"""Which addresses are worth listing, and that a list survives signing."""

from __future__ import annotations

import pytest
from eth_account import Account

from steelyard.connect.access_list import AccessList, as_json, listed_in, without_losses
from steelyard.units import Address

pytestmark = pytest.mark.unit

EXECUTOR = Address("0x000000000000000000000000000000000000bEEF")
KEEPER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
POOL = Address("0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc")
ECRECOVER = Address("0x0000000000000000000000000000000000000001")


def slots(count: int) -> tuple[str, ...]:
    return tuple(f"0x{number:064x}" for number in range(count))


@pytest.mark.parametrize("warm", [EXECUTOR, KEEPER, ECRECOVER])
def test_warm_address_is_listed_only_where_its_slots_earn_its_price(warm: Address) -> None:
    for count, kept in ((0, False), (1, False), (24, False), (25, True)):
        access_list: AccessList = ((warm, slots(count)), (POOL, ()))
        left = without_losses(access_list, to=EXECUTOR, sender=KEEPER)
        assert ((warm, slots(count)) in left) is kept
        assert (POOL, ()) in left, "a cold address earns by itself"


def test_list_comes_back_out_of_the_signed_bytes() -> None:
    access_list: AccessList = ((POOL, slots(3)), (EXECUTOR, ()))
    fields = {
        "type": 2,
        "chainId": 1,
        "to": EXECUTOR,
        "nonce": 0,
        "gas": 100_000,
        "maxFeePerGas": 2,
        "maxPriorityFeePerGas": 1,
        "value": 0,
        "data": b"",
        "accessList": as_json(access_list),
    }
    signed = Account.create().sign_transaction(fields)
    assert listed_in(bytes(signed.raw_transaction)) == access_list
