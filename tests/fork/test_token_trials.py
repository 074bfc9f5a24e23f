"""Trials of transfers on real state: what is wrong with a token is said, and nothing on chain changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from steelyard.connect.chain import ChainClient, block_parameter
from steelyard.connect.hexes import blob
from steelyard.connect.rpc import RpcClient
from steelyard.connect.transfer_trial import Trial, read_trial, trial_request
from steelyard.exceptions import RpcInconsistent
from steelyard.observe.token_safety import problem_of
from steelyard.units import Address
from tests.support.fork_chain import ETHER, actor
from tests.support.fork_market import USDC, USDT, V2_FACTORIES, WETH, VenueId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

DEPTH = 1_000 * ETHER
RECEIVER, ORIGIN = actor("executor"), actor("keeper")


@pytest.fixture(scope="module")
def client() -> Iterator[ChainClient]:
    rpc = RpcClient(ape.networks.provider.uri)
    yield ChainClient(rpc)
    rpc.close()


def pair_of(chain: ForkChain, token: str) -> Address:
    """The token's real pair with WETH."""
    found = chain.read(V2_FACTORIES[0], "getPair(address,address)", "(address)", WETH, token)[0]
    return Address(found)


def tried(client: ChainClient, token: str, pool: Address, amount: int) -> str | None:
    """What a trial at the newest block shows."""
    trial = Trial(token=Address(token), pool=pool, receiver=RECEIVER, origin=ORIGIN, amount=amount)
    request = trial_request(trial, block_parameter(client.block().number))
    answer = client.rpc.call(request.method, request.params)
    return problem_of(trial, read_trial(blob(answer, "answer")))


def with_a_pair(chain: ForkChain, market: ForkMarket, token: Any) -> Address:
    """Give a new token a real pair with WETH, and return the pair."""
    chain.give(WETH, market.trader, DEPTH)
    chain.send(market.trader, token.address, "mint(address,uint256)", market.trader, DEPTH)
    market.open_v2_pair(VenueId.UNISWAP_V2, WETH, DEPTH, token.address, DEPTH)
    return pair_of(chain, token.address)


@pytest.mark.parametrize("token", [WETH, USDC, USDT], ids=["weth", "usdc", "usdt"])
def test_honest_tokens__and_one_that_answers_nothing__pass_and_nothing_moves(
    chain: ForkChain, client: ChainClient, token: str
) -> None:
    pool = pair_of(chain, USDC if token == WETH else token)
    held = chain.balance(token, pool)
    assert held > 1_000
    assert tried(client, token, pool, held // 10) is None
    assert tried(client, token, pool, held) is None, "all that it holds"
    assert (chain.balance(token, pool), chain.balance(token, RECEIVER)) == (held, 0)


def test_more_than_the_pool_holds__is_no_trial(chain: ForkChain, client: ChainClient) -> None:
    pool = pair_of(chain, USDC)
    with pytest.raises(RpcInconsistent, match="was not tried"):
        tried(client, USDC, pool, chain.balance(USDC, pool) + 1)


def test_usdc__that_blacklists_the_executor__is_refused_with_its_words(
    chain: ForkChain, client: ChainClient
) -> None:
    pool = pair_of(chain, USDC)
    blacklister = chain.read(USDC, "blacklister()", "(address)")[0]
    chain.send(blacklister, USDC, "blacklist(address)", RECEIVER)
    said = tried(client, USDC, pool, 10**6)
    assert said is not None
    assert said.startswith(f"a transfer out of pool {pool} is refused: Blacklistable: account is blacklisted")


def test_usdt__once_paused__is_refused(chain: ForkChain, client: ChainClient) -> None:
    pool = pair_of(chain, USDT)
    chain.send(chain.read(USDT, "owner()", "(address)")[0], USDT, "pause()")
    said = tried(client, USDT, pool, 10**6)
    assert said is not None
    assert f"out of pool {pool} is refused" in said


def test_usdt__once_it_takes_a_fee__brings_less(chain: ForkChain, client: ChainClient) -> None:
    pool = pair_of(chain, USDT)
    owner = chain.read(USDT, "owner()", "(address)")[0]
    chain.send(owner, USDT, "setParams(uint256,uint256)", 10, 10)
    said = tried(client, USDT, pool, 1_000_000)
    assert said == f"a transfer out of pool {pool} of 1000000 units brings 999000"


def test_fee_on_transfer_token__before_and_after_its_switch(
    chain: ForkChain, market: ForkMarket, client: ChainClient, attacker: Any
) -> None:
    token = attacker.deploy(ape.project.FeeOnTransferToken)
    pool = with_a_pair(chain, market, token)
    assert tried(client, token.address, pool, DEPTH // 10) is None
    token.setFeeBps(1, sender=attacker)
    said = tried(client, token.address, pool, 10_000)
    assert said == f"a transfer out of pool {pool} of 10000 units brings 9999"


@pytest.mark.parametrize(
    ("vice", "expected"),
    [
        (1, "out of pool {pool} is answered with something else than true"),
        (2, "into pool {pool} is refused: not for sale"),
        (3, "out of pool {pool} of 10000 units takes 10001"),
        (4, "out of pool {pool} of 10000 units brings 20000"),
        (5, "into pool {pool} of 10000 units brings 9999"),
    ],
    ids=["answers_false", "cannot_be_sold", "debits_more", "rebases", "taxes_sales"],
)
def test_token_with_a_vice__is_found_out(
    chain: ForkChain, market: ForkMarket, client: ChainClient, attacker: Any, vice: int, expected: str
) -> None:
    token = attacker.deploy(ape.project.ViceToken)
    pool = with_a_pair(chain, market, token)
    assert tried(client, token.address, pool, 10_000) is None
    token.turn(vice, pool, sender=attacker)
    assert tried(client, token.address, pool, 10_000) == "a transfer " + expected.format(pool=pool)


def test_token__that_calls_the_pool_in_the_middle__starts_no_second_trial(
    chain: ForkChain, market: ForkMarket, client: ChainClient, attacker: Any
) -> None:
    token = attacker.deploy(ape.project.ViceToken)
    pool = with_a_pair(chain, market, token)
    token.turn(7, pool, sender=attacker)
    assert tried(client, token.address, pool, 10_000) is None


def test_token__that_shuns_the_keeper_as_origin__is_refused(
    chain: ForkChain, market: ForkMarket, client: ChainClient, attacker: Any
) -> None:
    token = attacker.deploy(ape.project.ViceToken)
    pool = with_a_pair(chain, market, token)
    token.turn(8, ORIGIN, sender=attacker)
    said = tried(client, token.address, pool, 10_000)
    assert said == f"a transfer out of pool {pool} is refused: not for you"


def test_token_that_burns_all_gas__is_refused_and_the_trial_ends(
    chain: ForkChain, market: ForkMarket, client: ChainClient, attacker: Any
) -> None:
    token = attacker.deploy(ape.project.ViceToken)
    pool = with_a_pair(chain, market, token)
    token.turn(6, pool, sender=attacker)
    said = tried(client, token.address, pool, 10_000)
    assert said is not None
    assert "out of pool" in said
    assert "is refused" in said


def test_node_that_ignores_the_overrides__has_tried_nothing(chain: ForkChain) -> None:
    answered = chain.answer(ORIGIN, pair_of(chain, USDC), "0x0902f1ac")  # getReserves(): the pool's own code
    with pytest.raises(RpcInconsistent, match="without running it"):
        read_trial(blob(answered, "answer"))
