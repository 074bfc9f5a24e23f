"""Markets for decisions, written down pool by pool."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, Hop, Route, decide
from steelyard.decide.arbitrage.validation import ValidationLimits
from steelyard.model import (
    BlockRef,
    GasTerms,
    LenderKind,
    LenderTerms,
    MarketSnapshot,
    Token,
    Venue,
    VenueKind,
)
from steelyard.units import ETHER, GWEI, Address
from tests.support.pools import v2_pool, v3_pool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steelyard.amm import Pool
    from steelyard.model import ArbitragePlan, Decision, Verdict

WETH, USDC, DAI, ODD = (Address(f"0x{digit * 40}") for digit in ("a", "b", "c", "d"))
EXECUTOR = Address("0x" + "e" * 40)
TOKENS = {
    WETH: Token(address=WETH, symbol="WETH", decimals=18),
    USDC: Token(address=USDC, symbol="USDC", decimals=6),
    DAI: Token(address=DAI, symbol="DAI", decimals=18),
    ODD: Token(address=ODD, symbol="ODD", decimals=18),
}
VENUES = tuple(
    Venue(venue_id=at, name=name, kind=kind, factory=EXECUTOR, init_code_hash="0x" + "0" * 64, fee_pips=fee)
    for at, (name, kind, fee) in enumerate(
        (
            ("uniswap_v2", VenueKind.UNISWAP_V2, 3_000),
            ("sushiswap_v2", VenueKind.UNISWAP_V2, 3_000),
            ("uniswap_v3", VenueKind.UNISWAP_V3, 0),
        )
    )
)


def address(number: int) -> Address:
    """The ``number``-th pool's address; their order is the numbers'."""
    return Address(f"0x{number:040x}")


def lender(
    kind: LenderKind = LenderKind.BALANCER_V2,
    asset: Address = WETH,
    available: int = 10**30,
    fee_wad: int = 0,
) -> LenderTerms:
    """A lender's offer; without a fee unless asked."""
    return LenderTerms(kind=kind, asset=asset, available=available, fee_wad=fee_wad)


def block(number: int = 100, *, fork: str = "") -> BlockRef:
    """A block of the main line, or of a fork that left it by this block."""
    return BlockRef(
        number=number,
        hash=f"0x{number}{fork}",
        parent_hash=f"0x{number - 1}",
        timestamp_seconds=1_700_000_000 + 12 * number,
        base_fee_wei=10 * GWEI,
        gas_used=15_000_000,
        gas_limit=30_000_000,
    )


def snapshot(
    pools: Iterable[Pool],
    *,
    lenders: Iterable[LenderTerms] = (lender(),),
    gas_price_wei: int = 0,
    at: BlockRef | None = None,
    touched: frozenset[Address] | None = None,
) -> MarketSnapshot:
    """A market of these pools; gas is free unless a price is given."""
    by_address = {pool.address: pool for pool in pools}
    reference = at or block()
    return MarketSnapshot(
        chain_id=1,
        block=reference,
        gas=GasTerms(base_fee_wei=gas_price_wei, priority_fee_wei=0),
        tokens=TOKENS,
        pools=by_address,
        lenders=tuple(lenders),
        touched=frozenset(by_address) if touched is None else touched,
        observed_at_seconds=reference.timestamp_seconds + 1,
    )


def settings(**changes: Any) -> ArbitrageSettings:
    """Settings that refuse nothing for its size; limits of the validator may be named like any other."""
    limits = {field.name for field in fields(ValidationLimits)} & changes.keys()
    if limits:
        changes["validation"] = ValidationLimits(**{name: changes.pop(name) for name in limits})
    defaults: dict[str, Any] = {
        "executor": EXECUTOR,
        "wrapped_native": WETH,
        "min_net_profit_wei": 0,
        "max_trade_wei": 10**12 * ETHER,
    }
    return ArbitrageSettings(**(defaults | changes))


def route(*steps: tuple[Pool, Address]) -> Route:
    """Hops from each pool and the token sold to it."""
    return tuple(Hop(pool=pool, token_in=sold, token_out=pool.other(sold)) for pool, sold in steps)


def pair(number: int, token0: Address, token1: Address, reserve0: int, reserve1: int, **more: Any) -> Pool:
    """Write the ``number``-th pair down."""
    return v2_pool(reserve0, reserve1, address=address(number), token0=token0, token1=token1, **more)


def drifted() -> list[Pool]:
    """WETH at 3,000 USDC in one pair and 3,150 in the other: some 0.1 WETH to earn."""
    return [
        pair(1, WETH, USDC, 100 * ETHER, 300_000 * 10**6),
        pair(2, WETH, USDC, 100 * ETHER, 315_000 * 10**6, venue="sushiswap_v2"),
    ]


def stepped() -> list[Pool]:
    """A V3 pool with a tick at every spacing, and a cheaper pair: each further loan crosses more."""
    middle = 75_000 // 60 * 60
    steps = v3_pool(
        [(middle + 60 * at, middle + 60 * (at + 1), 10**21) for at in range(-40, 40)],
        tick=middle + 5,
        fee_pips=3_000,
        address=address(3),
        token0=WETH,
        token1=DAI,
    )
    return [steps, pair(1, WETH, DAI, 1_000 * ETHER, 2_000_000 * ETHER)]


def decided(
    market: MarketSnapshot, *, busy: Any = frozenset(), stopped: Any = None, **changes: Any
) -> Decision:
    """Decide with an empty memory; ``changes`` are settings."""
    return decide(market, settings(**changes), VENUES, ArbitrageCache(), busy, stopped)


def best(decision: Decision) -> Verdict:
    """The verdict that comes first."""
    return decision.verdicts[0]


def only_plan(decision: Decision) -> ArbitragePlan:
    """The decision's plan, which must be its only one."""
    (plan,) = decision.plans
    return plan
