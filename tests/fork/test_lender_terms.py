"""What the keeper reckons a loan to cost, against what the lens says on chain of the very same lenders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.plan_bytes import packed_address, packed_uint
from steelyard.connect.rpc import RpcClient
from steelyard.model import LenderKind, LenderTerms
from steelyard.observe.follower import MarketFollower
from steelyard.observe.watch import WatchList
from steelyard.sandbox.replica.protocols import maker_flash
from steelyard.units import GWEI, Address
from tests.support.fork_market import USDC, USDT, WETH
from tests.support.market_scene import LENDERS, VENUES

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
WATCHED = tuple(Address(token) for token in (WETH, USDC, USDT, DAI))
AMOUNTS = (1, 3, 9_999, 20_000, 123_456_789, 10**18 + 7, 10**24 - 1)


@pytest.fixture(scope="module")
def lens(owner: Any) -> Any:
    return owner.deploy(ape.project.LenderLens)


@pytest.fixture
def offers(chain: ForkChain, executor: Any, owner: Any) -> tuple[LenderTerms, ...]:
    """Everybody's, the listed lender's and the deepest pools' among them."""
    chain.send(owner.address, executor.address, "listLender(address)", maker_flash.DSS_FLASH)
    watch = WatchList(
        chain_id=1,
        tokens=WATCHED,
        venues=VENUES,
        lenders=LENDERS,
        listed_lenders={0: maker_flash.DSS_FLASH},
        bases=WATCHED,
    )
    client = ChainClient(RpcClient(chain.rpc.url, timeout_seconds=60))
    snapshot = MarketFollower(client, watch, priority_fee_wei=GWEI, clock=lambda: 0).poll()
    assert snapshot is not None
    return snapshot.lenders


def params_of(terms: LenderTerms) -> bytes:
    """The lender's own parameters, as the lens takes them."""
    source = terms.source
    if source is None:
        return b""
    listing = packed_uint(source.listing_id, 2, "id")
    if source.other_token is None:
        return listing
    pool = listing + packed_address(source.other_token, "other")
    return pool + (packed_uint(source.fee_pips, 3, "fee") if terms.kind is LenderKind.UNISWAP_V3 else b"")


def test_every_lender_offers_what_the_lens_says_to_the_unit(
    executor: Any, lens: Any, offers: tuple[LenderTerms, ...]
) -> None:
    assert {terms.kind for terms in offers} == set(LenderKind)
    asked = [(terms, amount) for terms in offers for amount in (*AMOUNTS, terms.available)]
    queries = [(int(terms.kind), terms.asset, amount, params_of(terms)) for terms, amount in asked]
    answers = lens.termsOfMany(executor.address, queries)
    for (terms, amount), answer in zip(asked, answers, strict=True):
        said = answer.terms
        assert answer.ok
        assert (terms.fee(amount), terms.available) == (said.fee, said.available), (terms, amount)


def test_whoever_has_something_to_lend_of_a_base_token_makes_an_offer(
    executor: Any, lens: Any, offers: tuple[LenderTerms, ...]
) -> None:
    kinds = [kind for kind in LenderKind if not kind.needs_source]
    queries = [(int(kind), token, 10**6, b"") for kind in kinds for token in WATCHED]
    answers = iter(lens.termsOfMany(executor.address, queries))
    expected = {
        (kind, token)
        for kind in kinds
        for token in WATCHED
        if (answer := next(answers)).ok and answer.terms.available
    }
    assert {(terms.kind, terms.asset) for terms in offers if terms.source is None} == expected
