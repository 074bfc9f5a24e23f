"""A vault as it stands at one block: everything that is asked of it, all of the same state.

What the vault cannot tell (a pool without a price, a feed that is refused) is None, and the reason is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from steelyard.connect.abi import selector
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.hexes import checksum
from steelyard.connect.multicall import CallResult, Multicall
from steelyard.exceptions import ConfigError
from steelyard.model.chain import BlockRef, Token
from steelyard.model.vault import (
    PoolScores,
    PoolState,
    RebalanceLimits,
    VaultPool,
    VaultSnapshot,
    VaultStop,
)
from steelyard.observe.tokens import read_tokens
from steelyard.observe.vaults_below import VaultsBelow
from steelyard.observe.views import View
from steelyard.units import Address

_WORD: Final = 32
_MOST_POOLS: Final = 32
_HEAVY_GAS: Final = 12_000_000
"""For views that ask every pool; one asks what it stands on."""
_LIST_BYTES: Final = (3 + _MOST_POOLS) * _WORD
_STATE_TYPES: Final = ("uint8", *("uint256",) * 10)
_SETTINGS_TYPES: Final = ("address", "address", "uint16", "uint16", "uint128")
_POOL_TYPES: Final = ("uint8", "uint16", "uint16", "uint16", "uint16")
_LIMITS_TYPES: Final = ("uint16", "uint16", "uint16", "uint16", "uint32", "uint32")


_ASSET: Final = View("asset()", ("address",), _WORD)
_STRATEGIES: Final = View("strategies()", ("address[]",), _LIST_BYTES)
_STATE: Final = View("state()", _STATE_TYPES, len(_STATE_TYPES) * _WORD)
_SETTINGS: Final = View("settings()", _SETTINGS_TYPES, len(_SETTINGS_TYPES) * _WORD)
_TOTAL_ASSETS: Final = View("totalAssets()", ("uint256",), _WORD, _HEAVY_GAS)
_TOTAL_SUPPLY: Final = View("totalSupply()", ("uint256",), _WORD)
_TO_ASSETS: Final = View("convertToAssets(uint256)", ("uint256",), _WORD, _HEAVY_GAS)
_TARGETS: Final = View("targetAllocations()", ("uint256[]", "uint256"), _LIST_BYTES, _HEAVY_GAS)
_WEIGHTS: Final = View("targetAlmWeightsAndLiquidity()", ("uint256[]", "uint256"), _LIST_BYTES, _HEAVY_GAS)
_TVL: Final = View("tvlUsdWad()", ("uint256",), _WORD, _HEAVY_GAS)
_POOL: Final = View("pool(address)", _POOL_TYPES, len(_POOL_TYPES) * _WORD)
_REPORT: Final = View("report()", ("uint256", "uint256", "bool"), 3 * _WORD, 3_000_000)
_LIMITS: Final = View("limits()", _LIMITS_TYPES, len(_LIMITS_TYPES) * _WORD)
_PRICE_SOURCE: Final = View("priceSource()", ("address",), _WORD)
_PRICE: Final = View("priceWad(address)", ("uint256",), _WORD)
_SHARE_DECIMALS_MORE: Final = 6
"""Shares have six decimals more than the asset."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is asked of the vault as a whole."""

    strategies: tuple[Address, ...]
    state: tuple[Any, ...]
    policy: Address
    supply: int
    total_assets: int | None
    targets: tuple[tuple[int, ...], int] | None
    weights: tuple[tuple[int, ...], int] | None
    tvl_usd_wad: int | None


class VaultReader:
    """Reads one vault. Belongs to one thread, like the client that it uses."""

    def __init__(self, chain: ChainClient, vault: Address, *, wrapped_native: Address) -> None:
        """Bind the reader.

        Args:
            wrapped_native: whose price, where the vault's source has one, is that of gas.
        """
        self._chain = chain
        self._vault = vault
        self._native = wrapped_native
        self._multicall = Multicall(chain)
        self._below = VaultsBelow()
        self._chain_id: int | None = None
        self._asset: Token | None = None

    def read(self, block: BlockRef) -> VaultSnapshot:
        """Return the vault as of ``block``.

        Raises:
            ConfigError: there is no vault at this address, or its asset is no token.
            RetryError: the node does not answer, or not of this block.
        """
        asset = self._known_asset(block)
        whole = self._whole(block)
        answered, own = self._pools_and_own(whole, asset, block)
        limits, source = _policy_of(whole.policy, own[0], own[1])
        (asset_usd_wad, native_usd_wad), rooms = self._prices_and_rooms(whole, source, asset, block)
        pools = _pools(whole, answered, rooms)
        return VaultSnapshot(
            chain_id=self._chain_id or 0,
            block=block,
            vault=self._vault,
            policy=whole.policy,
            asset=asset,
            stop=VaultStop(whole.state[0]),
            total_assets=whole.total_assets,
            idle=whole.state[1],
            idle_target=whole.targets[1] if whole.targets else 0,
            claimable=whole.state[2],
            awaited=_TO_ASSETS.number(own[2]) or 0,
            supply=whole.supply,
            share_price_wad=_share_price_wad(_TO_ASSETS.number(own[3]), asset),
            liquidity_ratio_bps=whole.weights[1] if whole.weights else 0,
            asset_usd_wad=asset_usd_wad,
            tvl_usd_wad=whole.tvl_usd_wad,
            native_usd_wad=native_usd_wad,
            pools=pools,
            limits=limits,
            last_rebalance_seconds=whole.state[8],
            loss_used=whole.state[9],
            loss_updated_seconds=whole.state[10],
            trouble=self._trouble(pools, whole, asset_usd_wad, block),
        )

    def _known_asset(self, block: BlockRef) -> Token:
        if self._asset is None:
            self._chain_id = self._chain.chain_id()
            answer = _ASSET.read(self._multicall.read([_ASSET.call(self._vault)], block)[0])
            if answer is None:
                raise ConfigError(f"there is no vault at {self._vault}: asset() is not answered")
            token = checksum(answer[0])
            usable, unusable = read_tokens(self._multicall, [token], block)
            if token not in usable:
                raise ConfigError(f"vault {self._vault}: {unusable[token]}")
            self._asset = usable[token]
        return self._asset

    def _whole(self, block: BlockRef) -> _Whole:
        views = (_STRATEGIES, _STATE, _SETTINGS, _TOTAL_SUPPLY, _TOTAL_ASSETS, _TARGETS, _WEIGHTS, _TVL)
        results = self._multicall.read([view.call(self._vault) for view in views], block)
        answers = [view.read(result) for view, result in zip(views, results, strict=True)]
        strategies, state, settings, supply, total, targets, weights, tvl = answers
        if strategies is None or state is None or settings is None or supply is None:
            raise ConfigError(
                f"the contract at {self._vault} is no AllocationVault: it does not state itself"
            )
        return _Whole(
            strategies=tuple(checksum(each) for each in strategies[0]),
            state=state,
            policy=checksum(settings[0]),
            supply=supply[0],
            total_assets=None if total is None else total[0],
            targets=None if targets is None else (tuple(targets[0]), targets[1]),
            weights=None if weights is None else (tuple(weights[0]), weights[1]),
            tvl_usd_wad=None if tvl is None else tvl[0],
        )

    def _pools_and_own(
        self, whole: _Whole, asset: Token, block: BlockRef
    ) -> tuple[list[CallResult], list[CallResult]]:
        """What is said of each pool; and the vault's limits, price source and what shares are worth."""
        pool_calls = [
            call
            for strategy in whole.strategies
            for call in (_POOL.call(self._vault, strategy), _REPORT.call(strategy))
        ]
        unknown = self._below.unknown(whole.strategies)
        own_calls = [
            _LIMITS.call(whole.policy),
            _PRICE_SOURCE.call(whole.policy),
            _TO_ASSETS.call(self._vault, whole.state[3]),
            _TO_ASSETS.call(self._vault, 10 ** (asset.decimals + _SHARE_DECIMALS_MORE)),
        ]
        results = self._multicall.read(pool_calls + unknown + own_calls, block)
        own_from = len(pool_calls) + len(unknown)
        self._below.learn(unknown, results[len(pool_calls) : own_from])
        return results[: len(pool_calls)], results[own_from:]

    def _prices_and_rooms(
        self, whole: _Whole, source: Address, asset: Token, block: BlockRef
    ) -> tuple[tuple[int | None, int | None], Mapping[Address, int | None]]:
        """The asset's and the native coin's price, each None where the source refuses it; rooms of pools."""
        price_calls = [_PRICE.call(source, token) for token in (asset.address, self._native)]
        asked = self._below.questions(whole.strategies)
        own, native, *answers = self._multicall.read(price_calls + asked, block)
        prices = (_PRICE.number(own), _PRICE.number(native))
        return prices, self._below.rooms(whole.strategies, answers)

    def _trouble(
        self, pools: Sequence[VaultPool], whole: _Whole, asset_usd_wad: int | None, block: BlockRef
    ) -> str | None:
        """Why something cannot be told; the vault's own word where it has one."""
        silent = [pool.strategy for pool in pools if pool.value is None]
        if silent:
            return f"pool {silent[0]} has no value: {self._why(silent[0], _REPORT, block)}"
        if whole.total_assets is None:
            return f"total assets cannot be told: {self._why(self._vault, _TOTAL_ASSETS, block)}"
        if asset_usd_wad is None or whole.targets is None:
            return f"the asset has no price: {self._why(self._vault, _TARGETS, block)}"
        return None

    def _why(self, target: Address, view: View, block: BlockRef) -> str:
        try:
            self._chain.eth_call(target, selector(view.signature), block=block.hash)
        except CallReverted as reverted:
            return reverted.reason
        return "it answered when it was asked again"


def _policy_of(policy: Address, limits: CallResult, source: CallResult) -> tuple[RebalanceLimits, Address]:
    held, priced = _LIMITS.read(limits), _PRICE_SOURCE.read(source)
    if held is None or priced is None:
        raise ConfigError(f"the contract at {policy} does not answer as an AllocationPolicy does")
    return RebalanceLimits(
        threshold_bps=held[0],
        max_step_bps=held[1],
        max_move_loss_bps=held[2],
        max_loss_bps=held[3],
        min_interval_seconds=held[4],
        loss_period_seconds=held[5],
    ), checksum(priced[0])


def _pools(
    whole: _Whole, results: Sequence[CallResult], rooms: Mapping[Address, int | None]
) -> tuple[VaultPool, ...]:
    pools = []
    for at, strategy in enumerate(whole.strategies):
        listed, report = _POOL.read(results[2 * at]), _REPORT.read(results[2 * at + 1])
        if listed is None:
            raise ConfigError(f"the vault does not know its own pool {strategy}")
        value, liquid, is_sound = report or (None, 0, False)
        pools.append(
            VaultPool(
                strategy=strategy,
                state=PoolState(listed[0]),
                scores=PoolScores(
                    trust=listed[1], liquidity=listed[2], performance=listed[3], c_score=listed[4]
                ),
                value=value,
                liquid=liquid,
                is_sound=is_sound,
                target=whole.targets[0][at] if whole.targets else 0,
                weight_wad=whole.weights[0][at] if whole.weights else 0,
                # A vault below pays what it has and refuses more; other kinds sell what is missing.
                pays=liquid if strategy in rooms else None,
                room=rooms.get(strategy),
            )
        )
    return tuple(pools)


def _share_price_wad(assets_of_one: int | None, asset: Token) -> int | None:
    """Whole assets for a whole share. Exact: assets have at most 18 decimals."""
    return None if assets_of_one is None else assets_of_one * 10 ** (18 - asset.decimals)
