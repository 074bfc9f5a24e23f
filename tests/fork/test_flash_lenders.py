"""Every lender on its real bytecode: what it lends and takes back, as the lens says it to the unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ape
import pytest

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.replica import PoolKind, PoolRecord, ensure_state, project_root
from steelyard.sandbox.replica.protocols import aave_v2, maker_flash
from tests.support.flash_venues import ListedVenues, allowances
from tests.support.fork_chain import ForkChain, Refusal, refusal
from tests.support.fork_market import AAVE_POOL, BALANCER_VAULT, MORPHO, USDC, WETH, VenueId

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
UNIT = {USDC: 10**6, DAI: 10**18}
FREE = ("balancer", "morpho", "uniswap_v4", "maker", "erc3156")
MORE = 0x80


@dataclass(frozen=True, kw_only=True)
class Loan:
    """A loan as a plan and the lens take it, but for its amount."""

    kind: int
    asset: str = USDC
    params: bytes = b""

    @property
    def amount(self) -> int:
        """An odd one, so that every fee has to be rounded."""
        return 20_000 * UNIT[self.asset] + 123_457

    def data(self, amount: int, max_fee: int, *, more: bool = False) -> bytes:
        """Its place in a plan; ``more`` where another loan follows."""
        head = bytes([self.kind | (MORE if more else 0)]) + bytes.fromhex(self.asset[2:])
        return head + amount.to_bytes(16) + max_fee.to_bytes(16) + bytes([len(self.params)]) + self.params


NAMES = (
    "balancer",
    "aave_v3",
    "morpho",
    "aave_v2",
    "maker",
    "uniswap_v2",
    "sushiswap_v2",
    "uniswap_v3",
    "pancake_v3",
    "algebra",
    "uniswap_v4",
    "erc3156",
)


class Lending:
    """Loans without a route, and what the lens says of them."""

    def __init__(self, chain: ForkChain, executor: Any, keeper: str, lens: Any) -> None:
        self.chain, self.executor, self.keeper, self.lens = chain, executor, keeper, lens

    def terms(self, loan: Loan, amount: int) -> tuple[int, int]:
        """Fee of ``amount``, and how much there is."""
        answer = self.lens.termsOf(self.executor.address, query(loan, amount))
        return int(answer.fee), int(answer.available)

    def call_data(self, loan: Loan, amount: int, max_fee: int) -> str:
        """What ``execute`` is called with for one loan."""
        return self.call_with(loan.data(amount, max_fee))

    def call_with(self, loans: bytes) -> str:
        """The same for several: no legs, and nothing to gain."""
        at = int(self.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        head = (1).to_bytes(8) + bytes.fromhex(self.executor.address[2:]) + (at + 10_000).to_bytes(5)
        return "0x" + encode_call("execute(bytes)", head + bytes(16 + 2) + loans).hex()

    def refused(self, data: str) -> Refusal | None:
        """Why; None where it goes through, and then it is sent too."""
        answer = self.chain.answer(self.keeper, self.executor.address, data)
        if answer == "0x" + "00" * 32:
            assert self.chain.send_data(self.keeper, self.executor.address, data)
            return None
        return refusal(self.executor, answer)

    def donate(self, asset: str, amount: int) -> None:
        """Leaves tokens with the executor that are not a plan's to spend."""
        self.chain.give(asset, self.executor.address, amount)


def query(loan: Loan, amount: int) -> tuple[int, str, int, bytes]:
    """What the lens is asked."""
    return loan.kind, loan.asset, amount, loan.params


@pytest.fixture(scope="module")
def lens(owner: Any) -> Any:
    return owner.deploy(ape.project.LenderLens)


@pytest.fixture
def lending(chain: ForkChain, executor: Any, keeper: Any, lens: Any) -> Lending:
    return Lending(chain, executor, keeper.address, lens)


@pytest.fixture(scope="module")
def loans(chain: ForkChain, executor: Any, owner: Any) -> dict[str, Loan]:
    """By name; the owner lists the venues and the lender that the deployment has not."""
    listed = ListedVenues(chain, executor.address, owner.address)
    chain.send(owner.address, executor.address, "listLender(address)", maker_flash.DSS_FLASH)
    (pancake,) = _pools_with_weth(PoolKind.PANCAKESWAP_V3)
    other = bytes.fromhex(WETH[2:])

    def pool(venue: int) -> bytes:
        return venue.to_bytes(2) + other

    def tiered(venue: int, fee_pips: int) -> bytes:
        return pool(venue) + fee_pips.to_bytes(3)

    made = (
        Loan(kind=0),
        Loan(kind=1),
        Loan(kind=2),
        Loan(kind=3),
        Loan(kind=4, asset=DAI),
        Loan(kind=5, params=pool(VenueId.UNISWAP_V2)),
        Loan(kind=5, params=pool(VenueId.SUSHISWAP_V2)),
        Loan(kind=6, params=tiered(VenueId.UNISWAP_V3, 500)),
        Loan(kind=6, params=tiered(listed.pancake, pancake.fee_pips)),
        Loan(kind=6, params=tiered(listed.algebra, 0)),
        Loan(kind=7),
        Loan(kind=8, asset=DAI, params=bytes(2)),
    )
    return dict(zip(NAMES, made, strict=True))


def _pools_with_weth(kind: PoolKind) -> list[PoolRecord]:
    wanted = {USDC.lower(), WETH.lower()}
    pools = ensure_state(project_root()).manifest.pools_of(kind)
    return [pool for pool in pools if {pool.token0.lower(), pool.token1.lower()} == wanted]


def _assert_takes_exactly(lending: Lending, loan: Loan, amount: int, fee: int) -> None:
    """The lender is content with the fee, which can only come out of what lies here; so the plan is refused,
    and the refusal says what the lender took."""
    lending.donate(loan.asset, fee)
    outcome = lending.refused(lending.call_data(loan, amount, fee))
    assert outcome == (Refusal("BalanceShrank", (loan.asset, fee, 0)) if fee else None)


@pytest.mark.parametrize("name", NAMES)
def test_loan__lender_takes_the_fee_that_the_lens_says(
    lending: Lending, loans: dict[str, Loan], name: str
) -> None:
    loan = loans[name]
    fee, available = lending.terms(loan, loan.amount)
    assert available > loan.amount
    assert (fee == 0) == (name in FREE)
    _assert_takes_exactly(lending, loan, loan.amount, fee)
    spenders = [AAVE_POOL, MORPHO, BALANCER_VAULT, aave_v2.POOL, maker_flash.DSS_FLASH]
    assert allowances(lending.chain, lending.executor.address, [loan.asset], spenders) == {}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FREE])
def test_loan__lender_is_not_content_with_a_unit_less(
    lending: Lending, loans: dict[str, Loan], name: str
) -> None:
    loan = loans[name]
    fee, _ = lending.terms(loan, loan.amount)
    lending.donate(loan.asset, fee - 1)
    outcome = lending.refused(lending.call_data(loan, loan.amount, fee))
    assert outcome is not None
    assert outcome.name != "BalanceShrank"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FREE])
def test_loan_with_smaller_maximum__is_refused_with_the_lenses_fee(
    lending: Lending, loans: dict[str, Loan], name: str
) -> None:
    loan = loans[name]
    fee, _ = lending.terms(loan, loan.amount)
    data = lending.call_data(loan, loan.amount, fee - 1)
    assert lending.refused(data) == Refusal("LoanFeeTooHigh", (fee, fee - 1))


@pytest.mark.parametrize("name", NAMES)
def test_all_that_is_available__can_be_borrowed_and_not_a_unit_more(
    lending: Lending, loans: dict[str, Loan], name: str
) -> None:
    loan = loans[name]
    _, available = lending.terms(loan, 0)
    fee, _ = lending.terms(loan, available)
    _assert_takes_exactly(lending, loan, available, fee)
    more = lending.refused(lending.call_data(loan, available + 1, 2 * fee + 1))
    assert more is not None
    assert more.name != "BalanceShrank"


def test_terms_of_many__are_those_of_each(lending: Lending, loans: dict[str, Loan]) -> None:
    queries = [query(loan, loan.amount) for loan in loans.values()]
    unknown = (4, USDC, 10**6, b"")
    answers = lending.lens.termsOfMany(lending.executor.address, [*queries, unknown])
    assert all(answer.ok for answer in answers)
    told = [(answer.terms.fee, answer.terms.available) for answer in answers]
    assert told == [*(lending.terms(loan, loan.amount) for loan in loans.values()), (0, 0)]


@pytest.mark.parametrize("name", ["balancer", "aave_v3", "aave_v2", "uniswap_v4"])
def test_two_assets_of_one_lender__are_each_repaid_with_their_fee(
    lending: Lending, loans: dict[str, Loan], name: str
) -> None:
    # In the order of their addresses, as Balancer wants them.
    first, second = replace(loans[name], asset=DAI), replace(loans[name], asset=USDC)
    (first_fee, _), (second_fee, _) = (lending.terms(loan, loan.amount) for loan in (first, second))
    lending.donate(first.asset, first_fee)
    lending.donate(second.asset, second_fee)
    head = first.data(first.amount, first_fee, more=True)
    outcome = lending.refused(lending.call_with(head + second.data(second.amount, second_fee)))
    assert outcome == (Refusal("BalanceShrank", (first.asset, first_fee, 0)) if first_fee else None)
    if second_fee:
        too_little = lending.call_with(head + second.data(second.amount, second_fee - 1))
        assert lending.refused(too_little) == Refusal("LoanFeeTooHigh", (second_fee, second_fee - 1))
