"""What the lenders' answers mean: who lends what, at which fee, and who lends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from steelyard.connect import abi
from steelyard.connect.hexes import checksum
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.model import Address, BlockRef, LenderKind, LenderTerms, LoanSource
from steelyard.observe.lenders import LenderReader
from steelyard.observe.lending_pools import LendingPool, lending_pools
from steelyard.observe.tokens import read_tokens
from steelyard.units import WAD
from tests.support.markets import VENUES, address
from tests.support.pools import v2_pool

pytestmark = pytest.mark.unit

VAULT, POOL, MORPHO, COLLECTOR = (checksum("0x" + f"{n:02x}" * 20) for n in (0xB1, 0xA1, 0xC1, 0xB2))
WETH, DAI = checksum("0x" + "11" * 20), checksum("0x" + "22" * 20)
AWETH = checksum("0x" + "1a" * 20)
ACTIVE, FROZEN, PAUSED, FLASH = 1 << 56, 1 << 57, 1 << 60, 1 << 63
LENDERS = {
    LenderKind.BALANCER_V2: VAULT,
    LenderKind.AAVE_V3: POOL,
    LenderKind.MORPHO_BLUE: MORPHO,
}
BLOCK = BlockRef(
    number=1, hash="", parent_hash="", timestamp_seconds=0, base_fee_wei=0, gas_used=0, gas_limit=0
)


class ScriptedChain:
    """Answers reads from a table; what is not in it reverts."""

    def __init__(self) -> None:
        self.answers: dict[tuple[Address, bytes], bytes] = {}

    def says(self, target: Address, data: bytes, *words: int) -> None:
        self.answers[target, data] = b"".join(abi.word(word) for word in words)

    def read(self, calls: Sequence[StaticCall], block: BlockRef) -> list[CallResult]:
        return [self._result(call) for call in calls]

    def _result(self, call: StaticCall) -> CallResult:
        answer = self.answers.get((call.target, call.data))
        if answer is None:
            return CallResult(success=False, returned=0, data=bytes(call.want))
        return CallResult(
            success=True, returned=len(answer), data=answer[: call.want].ljust(call.want, b"\0")
        )


def balance_of(holder: Address) -> bytes:
    return abi.BALANCE_OF + abi.address_word(holder)


def reserve(chain: ScriptedChain, asset: Address, configuration: int, atoken: Address) -> None:
    words = [configuration, *[0] * 7, int(atoken, 16), *[0] * 6]
    chain.says(POOL, abi.GET_RESERVE_DATA + abi.address_word(asset), *words)


@pytest.fixture
def chain() -> ScriptedChain:
    """All three lend WETH; nobody has DAI, which Aave does not know."""
    chain = ScriptedChain()
    chain.says(VAULT, abi.GET_PROTOCOL_FEES_COLLECTOR, int(COLLECTOR, 16))
    chain.says(VAULT, abi.GET_PAUSED_STATE, 0, 5, 6)
    chain.says(COLLECTOR, abi.GET_FLASH_LOAN_FEE_PERCENTAGE, 3 * 10**14)
    chain.says(POOL, abi.FLASHLOAN_PREMIUM_TOTAL, 5)
    reserve(chain, WETH, ACTIVE | FLASH, AWETH)
    reserve(chain, DAI, 0, Address("0x" + "00" * 20))
    for holder, amount in ((VAULT, 100), (AWETH, 200), (MORPHO, 300)):
        chain.says(WETH, balance_of(holder), amount)
        chain.says(DAI, balance_of(holder), 0)
    return chain


def offers(chain: ScriptedChain) -> dict[LenderKind, LenderTerms]:
    reader = LenderReader(LENDERS, (WETH, DAI))
    multicall = cast("Multicall", chain)
    reader.prepare(multicall, BLOCK)
    terms = reader.terms(multicall.read(reader.calls(), BLOCK))
    assert all(offer.asset == WETH for offer in terms)
    return {offer.kind: offer for offer in terms}


def test_each_lender_offers_what_it_holds_at_its_fee(chain: ScriptedChain) -> None:
    found = offers(chain)
    assert {kind: offer.available for kind, offer in found.items()} == {
        LenderKind.BALANCER_V2: 100,
        LenderKind.AAVE_V3: 200,
        LenderKind.MORPHO_BLUE: 300,
    }
    assert {kind: offer.fee_wad for kind, offer in found.items()} == {
        LenderKind.BALANCER_V2: 3 * 10**14,
        LenderKind.AAVE_V3: 5 * WAD // 10_000,
        LenderKind.MORPHO_BLUE: 0,
    }


@pytest.mark.parametrize(
    ("configuration", "lends"),
    [
        (ACTIVE | FLASH, True),
        (ACTIVE | FLASH | FROZEN, True),
        (ACTIVE | FLASH | PAUSED, False),
        (ACTIVE, False),
        (FLASH, False),
    ],
)
def test_aave_lends_where_its_own_check_would_let_it(
    chain: ScriptedChain, configuration: int, lends: bool
) -> None:
    reserve(chain, WETH, configuration, AWETH)
    assert (LenderKind.AAVE_V3 in offers(chain)) == lends


@pytest.mark.parametrize(("revision", "rounds_up"), [(1, False), (8, False), (9, True), (12, True)])
def test_aave_s_fee_is_rounded_as_the_revision_of_its_pool_does(
    chain: ScriptedChain, revision: int, rounds_up: bool
) -> None:
    chain.says(POOL, abi.POOL_REVISION, revision)
    offer = offers(chain)[LenderKind.AAVE_V3]
    assert (offer.fee_rounds_up, offer.fee(999)) == (rounds_up, int(rounds_up))


def test_aave_that_does_not_say_its_revision_is_taken_to_round_up(chain: ScriptedChain) -> None:
    assert offers(chain)[LenderKind.AAVE_V3].fee_rounds_up


@pytest.mark.parametrize(("deposited", "available"), [(150, 150), (250, 200)])
def test_aave_that_counts_deposits_lends_no_donations(
    chain: ScriptedChain, deposited: int, available: int
) -> None:
    chain.says(POOL, abi.GET_VIRTUAL_UNDERLYING_BALANCE + abi.address_word(WETH), deposited)
    assert offers(chain)[LenderKind.AAVE_V3].available == available


def test_paused_vault_lends_nothing(chain: ScriptedChain) -> None:
    chain.says(VAULT, abi.GET_PAUSED_STATE, 1, 5, 6)
    assert LenderKind.BALANCER_V2 not in offers(chain)


@pytest.mark.parametrize(
    ("target", "data", "silenced"),
    [
        (VAULT, abi.GET_PROTOCOL_FEES_COLLECTOR, LenderKind.BALANCER_V2),
        (VAULT, abi.GET_PAUSED_STATE, LenderKind.BALANCER_V2),
        (COLLECTOR, abi.GET_FLASH_LOAN_FEE_PERCENTAGE, LenderKind.BALANCER_V2),
        (POOL, abi.FLASHLOAN_PREMIUM_TOTAL, LenderKind.AAVE_V3),
        (WETH, balance_of(AWETH), LenderKind.AAVE_V3),
        (WETH, balance_of(MORPHO), LenderKind.MORPHO_BLUE),
    ],
)
def test_lender_that_does_not_answer_makes_no_offer_and_the_others_do(
    chain: ScriptedChain, target: Address, data: bytes, silenced: LenderKind
) -> None:
    del chain.answers[target, data]
    assert set(offers(chain)) == set(LENDERS) - {silenced}


def test_executor_without_lenders_gets_no_offers(chain: ScriptedChain) -> None:
    reader = LenderReader({}, (WETH,))
    reader.prepare(cast("Multicall", chain), BLOCK)
    assert reader.calls() == []
    assert reader.terms([]) == ()


def text(value: bytes) -> tuple[int, ...]:
    padded = value.ljust(-(-len(value) // 32) * 32, b"\0")
    words = [int.from_bytes(padded[at : at + 32]) for at in range(0, len(padded), 32)]
    return 32, len(value), *words


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (text(b"WETH"), "WETH"),
        ((int.from_bytes(b"MKR".ljust(32, b"\0")),), "MKR"),
        (text("TÜV".encode()), "TÜV"),
        (text(b"<b>X</b>\x1b[31m"), "bX/b[31m"),
        (text(b"x" * 60), "x" * 32),
        (text(b"\xff\xfe"), "\ufffd\ufffd"),
        ((32, 2**200, 0), WETH[:8]),
        ((), WETH[:8]),
        (text(b""), WETH[:8]),
    ],
)
def test_symbol_is_read_whatever_its_form_and_made_fit_to_be_shown(
    answer: tuple[int, ...], shown: str
) -> None:
    chain = ScriptedChain()
    chain.says(WETH, abi.DECIMALS, 18)
    chain.says(WETH, abi.SYMBOL, *answer)
    tokens, unusable = read_tokens(cast("Multicall", chain), [WETH], BLOCK)
    assert (tokens[WETH].symbol, tokens[WETH].decimals) == (shown, 18)
    assert unusable == {}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(None, "decimals() reverts"), ((), "no answer to decimals()"), ((78,), "78 decimals")],
)
def test_token_without_usable_decimals_is_left_out_with_the_reason(
    answer: tuple[int, ...] | None, reason: str
) -> None:
    chain = ScriptedChain()
    chain.says(DAI, abi.DECIMALS, 18)
    if answer is not None:
        chain.says(WETH, abi.DECIMALS, *answer)
    tokens, unusable = read_tokens(cast("Multicall", chain), [WETH, DAI], BLOCK)
    assert set(tokens) == {DAI}
    assert reason in unusable[WETH]


# --- the other kinds --------------------------------------------------------------------------------------

AAVE2, MAKER, MANAGER, LISTED, PAIR, TIER = (checksum("0x" + f"{n:02x}" * 20) for n in range(0xD1, 0xD7))
OTHERS = {LenderKind.AAVE_V2: AAVE2, LenderKind.MAKER: MAKER, LenderKind.UNISWAP_V4: MANAGER}
POOLS = [
    LendingPool(
        kind=kind,
        asset=DAI,
        source=LoanSource(listing_id=kind, address=at, other_token=WETH, fee_pips=3_000),
    )
    for kind, at in ((LenderKind.UNISWAP_V2, PAIR), (LenderKind.UNISWAP_V3, TIER))
]


def asked(function: bytes, *arguments: Address | int) -> bytes:
    packed = (abi.word(each) if isinstance(each, int) else abi.address_word(each) for each in arguments)
    return function + b"".join(packed)


@pytest.fixture
def others() -> ScriptedChain:
    """Everybody else, lending DAI."""
    chain = ScriptedChain()
    chain.says(AAVE2, asked(abi.GET_RESERVE_DATA, DAI), *[7] * 7, int(AWETH, 16))
    chain.says(AAVE2, asked(abi.GET_RESERVE_DATA, WETH), *[0] * 8)
    chain.says(AAVE2, abi.FLASHLOAN_PREMIUM_TOTAL, 9)
    chain.says(AAVE2, abi.PAUSED, 0)
    for lender, toll in ((MAKER, 10**15), (LISTED, 10**14)):
        chain.says(lender, asked(abi.MAX_FLASH_LOAN, WETH), 0)
        chain.says(lender, asked(abi.MAX_FLASH_LOAN, DAI), 500)
        chain.says(lender, asked(abi.FLASH_FEE, DAI, WAD), toll)
    chain.says(PAIR, abi.GET_RESERVES, 1_000, 601, 0)
    chain.says(TIER, abi.LIQUIDITY, 1)
    for holder, amount in ((AWETH, 200), (MANAGER, 300), (TIER, 700)):
        chain.says(DAI, balance_of(holder), amount)
        chain.says(WETH, balance_of(holder), 0)
    return chain


def other_offers(chain: ScriptedChain) -> dict[LenderKind, LenderTerms]:
    reader = LenderReader(OTHERS, (WETH, DAI), {3: LISTED})
    multicall = cast("Multicall", chain)
    reader.prepare(multicall, BLOCK)
    reader.lend_from(POOLS)
    terms = reader.terms(multicall.read(reader.calls(), BLOCK))
    assert all(offer.asset == DAI for offer in terms)
    return {offer.kind: offer for offer in terms}


def test_each_other_lender_offers_what_it_has_at_its_fee(others: ScriptedChain) -> None:
    found = other_offers(others)
    assert {kind: (offer.available, offer.fee_wad) for kind, offer in found.items()} == {
        LenderKind.AAVE_V2: (200, 9 * 10**14),
        LenderKind.MAKER: (500, 10**15),
        LenderKind.UNISWAP_V4: (300, 0),
        LenderKind.ERC3156: (500, 10**14 + 1),
        LenderKind.UNISWAP_V2: (600, 3_009_027_081_243_732),
        LenderKind.UNISWAP_V3: (700, 3 * 10**15),
    }
    assert found[LenderKind.ERC3156].source == LoanSource(listing_id=3, address=LISTED)
    assert [found[pool.kind].source for pool in POOLS] == [pool.source for pool in POOLS]


@pytest.mark.parametrize(
    ("target", "data", "silenced"),
    [
        (AAVE2, abi.FLASHLOAN_PREMIUM_TOTAL, LenderKind.AAVE_V2),
        (AAVE2, abi.PAUSED, LenderKind.AAVE_V2),
        (MAKER, asked(abi.FLASH_FEE, DAI, WAD), LenderKind.MAKER),
        (LISTED, asked(abi.MAX_FLASH_LOAN, DAI), LenderKind.ERC3156),
        (PAIR, abi.GET_RESERVES, LenderKind.UNISWAP_V2),
        (TIER, abi.LIQUIDITY, LenderKind.UNISWAP_V3),
        (DAI, balance_of(TIER), LenderKind.UNISWAP_V3),
        (DAI, balance_of(MANAGER), LenderKind.UNISWAP_V4),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, LenderKind) else "",
)
def test_another_lender_that_does_not_answer_makes_no_offer(
    others: ScriptedChain, target: Address, data: bytes, silenced: LenderKind
) -> None:
    everyone = set(other_offers(others))
    del others.answers[target, data]
    assert set(other_offers(others)) == everyone - {silenced}


@pytest.mark.parametrize(
    ("target", "data", "answer", "silenced"),
    [
        (AAVE2, abi.PAUSED, [1], LenderKind.AAVE_V2),
        (MAKER, asked(abi.MAX_FLASH_LOAN, DAI), [0], LenderKind.MAKER),
        (PAIR, abi.GET_RESERVES, [5, 1, 0], LenderKind.UNISWAP_V2),
        (PAIR, abi.GET_RESERVES, [0, 0, 0], LenderKind.UNISWAP_V2),
        (TIER, abi.LIQUIDITY, [0], LenderKind.UNISWAP_V3),
    ],
    ids=["paused", "no_ceiling", "one_unit", "empty_pair", "no_liquidity"],
)
def test_a_lender_that_would_refuse_makes_no_offer(
    others: ScriptedChain, target: Address, data: bytes, answer: list[int], silenced: LenderKind
) -> None:
    everyone = set(other_offers(others))
    others.says(target, data, *answer)
    assert set(other_offers(others)) == everyone - {silenced}


def test_the_deepest_pool_of_each_fee_lends_each_base_token() -> None:
    shallow, deep, other_fee = (
        v2_pool(depth, depth, address=address(at), token0=WETH, token1=DAI, fee_pips=fee)
        for at, (depth, fee) in enumerate([(10**20, 3_000), (10**21, 3_000), (10**19, 2_500)], start=1)
    )
    stranger = v2_pool(10**25, 10**25, address=address(9), token0=WETH, token1=DAI, venue="nobody_lists_it")
    pools = [deep, shallow, other_fee, stranger]
    found = lending_pools(pools, VENUES, [WETH])
    assert [(pool.kind, pool.asset, pool.source.address, pool.source.fee_pips) for pool in found] == [
        (LenderKind.UNISWAP_V2, WETH, other_fee.address, 2_500),
        (LenderKind.UNISWAP_V2, WETH, deep.address, 3_000),
    ]
    assert {pool.source.other_token for pool in found} == {DAI}
    assert lending_pools(reversed(pools), VENUES, [WETH]) == found
    assert [pool.asset for pool in lending_pools(pools, VENUES, [WETH, DAI])] == [WETH, WETH, DAI, DAI]
    assert lending_pools(pools, VENUES, []) == []
