"""Derived addresses: those of the standard's own examples, and of well-known pools."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from steelyard.config.address_book import address_book
from steelyard.connect.create2 import DEPLOYMENT_PROXY_CODE, create2_address, pool_address
from steelyard.model import Address, VenueKind

pytestmark = pytest.mark.unit

USDC = Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
WETH = Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")


@pytest.mark.parametrize(
    ("deployer", "salt", "init_code", "expected"),
    [
        ("00" * 20, "00" * 32, "00", "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"),
        (
            "deadbeef" + "00" * 16,
            "00" * 12 + "feed" + "00" * 18,
            "00",
            "0xD04116cDd17beBE565EB2422F2497E06cC1C9833",
        ),
        (
            "00000000000000000000000000000000deadbeef",
            "00" * 28 + "cafebabe",
            "deadbeef",
            "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7",
        ),
        ("00" * 20, "00" * 32, "", "0xE33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0"),
    ],
)
def test_create2_address__of_eip_1014s_examples__is_the_standards(
    deployer: str, salt: str, init_code: str, expected: str
) -> None:
    hashed = keccak(bytes.fromhex(init_code))
    assert create2_address(Address("0x" + deployer), bytes.fromhex(salt), hashed) == expected


@pytest.mark.parametrize(
    ("name", "tier_pips", "expected"),
    [
        ("uniswap_v2", 0, "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"),
        ("sushiswap_v2", 0, "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0"),
        ("uniswap_v3", 500, "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"),
        ("pancakeswap_v3", 500, "0x1ac1A8FEaAEa1900C4166dEeed0C11cC10669D36"),
    ],
)
def test_pool_address__of_well_known_pools__is_mainnets_in_either_order(
    name: str, tier_pips: int, expected: str
) -> None:
    (venue,) = (venue for venue in address_book(1).venues if venue.name == name)
    kind, deployer = VenueKind[venue.kind.upper()], Address(venue.address)
    init_code_hash = bytes.fromhex(str(venue.init_code_hash)[2:])
    for pair in ((USDC, WETH), (WETH, USDC)):
        assert pool_address(kind, deployer, init_code_hash, pair, tier_pips) == expected


def test_deployment_proxy__its_code__has_the_hash_that_explorers_show() -> None:
    assert len(DEPLOYMENT_PROXY_CODE) == 69
    expected = "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"
    assert keccak(DEPLOYMENT_PROXY_CODE).hex() == expected
