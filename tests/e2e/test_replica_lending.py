"""Aave V2, Maker's flash mint and Balancer's Vault lend on the served replica at exactly mainnet's terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.exceptions import RpcRejected
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.funding import fund
from steelyard.sandbox.replica import Replica, ensure_replica
from steelyard.sandbox.replica.protocols import aave_v2, balancer_v2, maker_flash
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS, TRANSMITTER
from steelyard.sandbox.replica.tokens import BORROWABLE, DAI, USDC, USDT, WBTC, WETH, MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT
from steelyard.units import Address
from tests.support.loan_probe import MAGIC, PROBE, LoanProbe
from tests.support.replica_chain import ReplicaChain, snapshot_of

pytestmark = pytest.mark.e2e

AAVE_LOAN = "flashLoan(address,address[],uint256[],uint256[],address,bytes,uint16)"
ERC3156_LOAN = "flashLoan(address,address,uint256,bytes)"
BALANCER_LOAN = "flashLoan(address,address[],uint256[],bytes)"
STRANGER = Address("0x0000000000000000000000000000000000005717")


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with ensure_replica() as running:
        yield running


@pytest.fixture
def chain(replica: Replica) -> Iterator[ReplicaChain]:
    with snapshot_of(replica) as chain:
        yield chain


@pytest.fixture
def probe(chain: ReplicaChain) -> LoanProbe:
    return LoanProbe(chain)


def a_token_of(token: MarketToken) -> Address:
    return next(reserve.a_token for reserve in aave_v2.RESERVES if reserve.token == token)


def aave_arguments(*loans: tuple[MarketToken, int]) -> tuple[Any, ...]:
    tokens = [token.address for token, _ in loans]
    amounts = [amount for _, amount in loans]
    return PROBE, tokens, amounts, [0] * len(loans), PROBE, b"", 0


def told_premium(receipt: dict[str, Any]) -> int:
    """The premium in Aave V2's FlashLoan event."""
    topic = "0x" + keccak(text="FlashLoan(address,address,address,uint256,uint256,uint16)").hex()
    (log,) = [log for log in receipt["logs"] if log["topics"][0] == topic]
    _, premium, _ = decode_result("(uint256,uint256,uint16)", bytes.fromhex(log["data"][2:]))
    return int(premium)


# ------------------------------------------------------------------------------------------------- Aave V2


@pytest.mark.parametrize("token", BORROWABLE, ids=lambda token: token.symbol)
@pytest.mark.parametrize("amount", [1, 1_111, 1_112, 11_111, 987_654_321])
def test_aave_v2_takes_nine_basis_points_rounded_down(
    chain: ReplicaChain, probe: LoanProbe, token: MarketToken, amount: int
) -> None:
    fund(chain.rpc, PROBE, token.address, 10**9)
    reserve_before = chain.balance(token.address, a_token_of(token))
    receipt = probe.borrow(aave_v2.POOL, AAVE_LOAN, *aave_arguments((token, amount)))
    premium = amount * 9 // 10_000
    assert receipt["status"] == "0x1"
    assert told_premium(receipt) == premium
    assert probe.seen() == (premium, 10**9 + amount)
    assert chain.balance(token.address, PROBE) == 10**9 - premium
    assert chain.balance(token.address, a_token_of(token)) == reserve_before + premium


def test_aave_v2_lends_several_assets_at_once(chain: ReplicaChain, probe: LoanProbe) -> None:
    loans = ((WETH, 10**20), (USDT, 10**12), (WBTC, 12_345_678_901))
    for token, amount in loans:
        fund(chain.rpc, PROBE, token.address, amount)
    receipt = probe.borrow(aave_v2.POOL, AAVE_LOAN, *aave_arguments(*loans))
    assert receipt["status"] == "0x1"
    for index, (token, amount) in enumerate(loans):
        assert probe.seen(index) == (amount * 9 // 10_000, 2 * amount)
        assert chain.balance(token.address, PROBE) == amount - amount * 9 // 10_000


def test_aave_v2_lends_all_that_a_reserve_holds_and_not_one_more(
    chain: ReplicaChain, probe: LoanProbe
) -> None:
    held = chain.balance(DAI.address, a_token_of(DAI))
    assert held >= DAI.base_units(50_000_000)
    fund(chain.rpc, PROBE, DAI.address, held)
    assert probe.borrow(aave_v2.POOL, AAVE_LOAN, *aave_arguments((DAI, held)))["status"] == "0x1"
    held = chain.balance(DAI.address, a_token_of(DAI))
    with pytest.raises(RpcRejected):
        probe.refused(aave_v2.POOL, AAVE_LOAN, *aave_arguments((DAI, held + 1)))


def test_aave_v2_reverts_when_one_base_unit_is_missing(chain: ReplicaChain, probe: LoanProbe) -> None:
    fund(chain.rpc, PROBE, USDC.address, 10**9)
    probe.prepare(shortfall=1)
    with pytest.raises(RpcRejected):
        probe.refused(aave_v2.POOL, AAVE_LOAN, *aave_arguments((USDC, 10**9)))


def test_aave_v2_refuses_a_receiver_that_answers_false(chain: ReplicaChain, probe: LoanProbe) -> None:
    fund(chain.rpc, PROBE, USDC.address, 10**9)
    probe.prepare(answer=bytes(32))
    # Aave's errors are numbers: 66 is LP_INVALID_FLASH_LOAN_EXECUTOR_RETURN.
    with pytest.raises(RpcRejected, match="reverted: 66"):
        probe.refused(aave_v2.POOL, AAVE_LOAN, *aave_arguments((USDC, 10**9)))


def test_aave_v2_tells_the_receiver_who_started_the_loan(chain: ReplicaChain, probe: LoanProbe) -> None:
    fund(chain.rpc, PROBE, USDC.address, 10**9)
    chain.send(STRANGER, aave_v2.POOL, AAVE_LOAN, *aave_arguments((USDC, 10**6)))
    assert to_checksum_address(chain.read(PROBE, "initiator()", "(address)")) == to_checksum_address(STRANGER)


def test_aave_v2_reserves_earn_and_value_in_ether(chain: ReplicaChain) -> None:
    feed = next(address for token, _, address in FEEDS if token == WETH)
    price = "getAssetPrice(address)"
    chain.send(TRANSMITTER, feed, "post(int256)", 2_500_00000000)
    assert chain.read(aave_v2.ORACLE, price, "(uint256)", WETH.address) == 10**18
    assert chain.read(aave_v2.ORACLE, price, "(uint256)", USDC.address) == 10**18 // 2_500
    supplied = chain.balance(a_token_of(WETH), ARCHITECT)
    chain.miner.mine()
    assert chain.balance(a_token_of(WETH), ARCHITECT) > supplied


# -------------------------------------------------------------------------------------- Maker's flash mint


def test_flash_mint_is_free_and_made_of_nothing(chain: ReplicaChain, probe: LoanProbe) -> None:
    amount = maker_flash.CEILING_WEI
    supply = chain.read(DAI.address, "totalSupply()", "(uint256)")
    probe.prepare(inner=encode_call("dai()"))
    receipt = probe.borrow(maker_flash.DSS_FLASH, ERC3156_LOAN, PROBE, DAI.address, amount, b"")
    assert receipt["status"] == "0x1"
    assert probe.seen() == (0, amount)
    assert chain.balance(DAI.address, PROBE) == 0
    assert chain.read(DAI.address, "totalSupply()", "(uint256)") == supply
    assert chain.balance(DAI.address, maker_flash.DSS_FLASH) == 0


def test_flash_mint_says_its_terms(chain: ReplicaChain) -> None:
    lender = maker_flash.DSS_FLASH
    fee = "flashFee(address,uint256)"
    assert chain.read(lender, "maxFlashLoan(address)", "(uint256)", DAI.address) == maker_flash.CEILING_WEI
    assert chain.read(lender, "maxFlashLoan(address)", "(uint256)", USDC.address) == 0
    assert chain.read(lender, fee, "(uint256)", DAI.address, 10**30) == 0
    assert chain.read(lender, "CALLBACK_SUCCESS()", "(bytes32)") == MAGIC
    with pytest.raises(RpcRejected, match="DssFlash/token-unsupported"):
        chain.call(STRANGER, lender, fee, USDC.address, 1)


def test_flash_mint_of_another_token_or_over_the_ceiling_is_refused(probe: LoanProbe) -> None:
    lender, ceiling = maker_flash.DSS_FLASH, maker_flash.CEILING_WEI
    with pytest.raises(RpcRejected, match="DssFlash/ceiling-exceeded"):
        probe.refused(lender, ERC3156_LOAN, PROBE, DAI.address, ceiling + 1, b"")
    with pytest.raises(RpcRejected, match="DssFlash/token-unsupported"):
        probe.refused(lender, ERC3156_LOAN, PROBE, USDC.address, 1, b"")


def test_flash_mint_needs_the_magic_answer_and_every_wei_back(probe: LoanProbe) -> None:
    loan = (maker_flash.DSS_FLASH, ERC3156_LOAN, PROBE, DAI.address, 10**18, b"")
    probe.prepare(answer=MAGIC[:-1] + b"\0")
    with pytest.raises(RpcRejected, match="DssFlash/callback-failed"):
        probe.refused(*loan)
    probe.prepare(shortfall=1)
    with pytest.raises(RpcRejected, match="Dai/insufficient-allowance"):
        probe.refused(*loan)


def test_flash_mint_is_locked_inside_a_loan(chain: ReplicaChain, probe: LoanProbe) -> None:
    loan = (PROBE, DAI.address, 10**18, b"")
    probe.prepare(inner=encode_call(ERC3156_LOAN, *loan))
    with pytest.raises(RpcRejected, match="DssFlash/reentrancy-guard"):
        probe.refused(maker_flash.DSS_FLASH, ERC3156_LOAN, *loan)
    probe.prepare(inner=encode_call("maxFlashLoan(address)", DAI.address))
    assert probe.borrow(maker_flash.DSS_FLASH, ERC3156_LOAN, *loan)["status"] == "0x1"
    told = chain.read(PROBE, "innerAnswer()", "(bytes)")
    assert int.from_bytes(told, "big") == 0
    assert chain.read(maker_flash.DSS_FLASH, "maxFlashLoan(address)", "(uint256)", DAI.address) > 0


def test_flash_mint_may_be_started_by_a_stranger(chain: ReplicaChain, probe: LoanProbe) -> None:
    chain.send(STRANGER, maker_flash.DSS_FLASH, ERC3156_LOAN, PROBE, DAI.address, 10**18, b"")
    assert probe.seen() == (0, 10**18)
    assert to_checksum_address(chain.read(PROBE, "initiator()", "(address)")) == to_checksum_address(STRANGER)


def test_only_wards_set_the_ceiling(chain: ReplicaChain) -> None:
    file, what = "file(bytes32,uint256)", b"max".ljust(32, b"\0")
    with pytest.raises(RpcRejected, match="DssFlash/not-authorized"):
        chain.call(STRANGER, maker_flash.DSS_FLASH, file, what, 1)
    with pytest.raises(RpcRejected, match="DssFlash/ceiling-too-high"):
        chain.call(ARCHITECT, maker_flash.DSS_FLASH, file, what, 10**45 + 1)
    with pytest.raises(RpcRejected, match="DssFlash/file-unrecognized-param"):
        chain.call(ARCHITECT, maker_flash.DSS_FLASH, file, b"toll".ljust(32, b"\0"), 1)
    chain.send(ARCHITECT, maker_flash.DSS_FLASH, file, what, 7)
    assert chain.read(maker_flash.DSS_FLASH, "maxFlashLoan(address)", "(uint256)", DAI.address) == 7


# ------------------------------------------------------------------------------------------- Balancer's Vault


@pytest.mark.parametrize("token", BORROWABLE, ids=lambda token: token.symbol)
def test_balancers_vault_lends_all_that_it_holds_pools_included(
    chain: ReplicaChain, probe: LoanProbe, token: MarketToken
) -> None:
    held = chain.balance(token.address, balancer_v2.VAULT)
    loan = (PROBE, [token.address], [held], b"")
    assert probe.borrow(balancer_v2.VAULT, BALANCER_LOAN, *loan)["status"] == "0x1"
    assert probe.seen() == (0, held)
    assert chain.balance(token.address, balancer_v2.VAULT) == held
    with pytest.raises(RpcRejected, match="BAL#528"):  # INSUFFICIENT_FLASH_LOAN_BALANCE
        probe.refused(balancer_v2.VAULT, BALANCER_LOAN, PROBE, [token.address], [held + 1], b"")
