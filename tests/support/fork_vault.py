"""A vault on the fork: over an asset that has a feed, its owner being everybody who may do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ape

from tests.support.fork_chain import actor
from tests.support.fork_market import USDC, WETH

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

NOBODY: Final = "0x" + "0" * 40
HOUR: Final = 3_600
EVERYTHING: Final = 2**256 - 1
FEEDS: Final = {
    USDC: "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
    WETH: "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
}
_KEEPER, _MANAGER = 0, 1
_MODEL: Final = (5_000, 15_000, 2_500, 10_000, 3_000)
_CURVE: Final = (500, 2_000, 1_000_000)
"""A fifth uninvested in a small vault, halfway to a twentieth at a million dollars."""
_LIMITS: Final = (100, 10_000, 100, 100, HOUR, 24 * HOUR)


def deploy_prices(chain: ForkChain, owner: Any, authority: Any, *, max_age_seconds: int) -> Any:
    """Deploy a price source that believes the fork's feeds at half to twice what they say now."""
    prices = owner.deploy(ape.project.FeedPriceSource, authority)
    for token, feed in FEEDS.items():
        answer = chain.read(feed, "latestRoundData()", "(uint80,int256,uint256,uint256,uint80)")[1] * 10**10
        listed = (feed, 8, max_age_seconds, answer // 2, answer * 2, NOBODY, 0)
        prices.setFeed(token, listed, sender=owner)
    return prices


def deploy_vault(owner: Any, asset: str, authority: Any, prices: Any, *, forwarder: str = NOBODY) -> Any:
    """Deploy a vault without pools; the owner is its keeper and manager too."""
    project = ape.project
    policy = owner.deploy(project.AllocationPolicy, asset, prices, _MODEL, _CURVE, _LIMITS)
    settings = (policy, actor("fees"), 0, 0, 2**128 - 1)
    implementation = owner.deploy(project.AllocationVault, forwarder)
    names = (b"Steelyard USDC".ljust(32, b"\0"), b"syUSDC".ljust(32, b"\0"))
    start = implementation.initialize.encode_input(asset, *names, authority, settings)
    vault = project.AllocationVault.at(owner.deploy(project.VaultProxy, implementation, start).address)
    for role in (_KEEPER, _MANAGER):
        vault.setRole(owner, role, True, sender=owner)
    return vault
