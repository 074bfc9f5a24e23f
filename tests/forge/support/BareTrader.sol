// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IAlgebraSwapCallback} from "contracts/interfaces/external/IAlgebraSwapCallback.sol";
import {IBalancerV2Vault} from "contracts/interfaces/external/IBalancerV2Vault.sol";
import {ICurveStablePool} from "contracts/interfaces/external/ICurveStablePool.sol";
import {IPancakeV3SwapCallback} from "contracts/interfaces/external/IPancakeV3SwapCallback.sol";
import {IUniswapV2Pair} from "contracts/interfaces/external/IUniswapV2Pair.sol";
import {IUniswapV3Pool, IUniswapV3SwapCallback} from "contracts/interfaces/external/IUniswapV3Pool.sol";
import {
    IUniswapV4PoolManager,
    IUniswapV4UnlockCallback
} from "contracts/interfaces/external/IUniswapV4PoolManager.sol";

/// @title The yardstick: buys at a Uniswap V2 pair and sells at one other pool what came, with no check of anything.
contract BareTrader is
    IUniswapV3SwapCallback,
    IPancakeV3SwapCallback,
    IAlgebraSwapCallback,
    IUniswapV4UnlockCallback
{
    address private immutable _POOL;
    address private immutable _SOLD;
    address private immutable _BOUGHT;
    bytes32 private immutable _POOL_ID;
    uint24 private immutable _TIER;
    int24 private immutable _SPACING;

    constructor(address pool, address sold, address bought, bytes32 poolId, uint24 tier, int24 spacing) {
        (_POOL, _SOLD, _BOUGHT) = (pool, sold, bought);
        (_POOL_ID, _TIER, _SPACING) = (poolId, tier, spacing);
    }

    function trade(address pair, VenueKind kind, uint256 amount) external {
        uint256 bought = _tradeV2(pair, _BOUGHT, _SOLD, amount);
        if (kind == VenueKind.UniswapV2) _tradeV2(_POOL, _SOLD, _BOUGHT, bought);
        else if (kind <= VenueKind.Algebra) _tradeV3(bought);
        else if (kind == VenueKind.UniswapV4) IUniswapV4PoolManager(_POOL).unlock(abi.encode(bought));
        else if (kind == VenueKind.BalancerV2) _tradeBalancer(bought);
        else _tradeCurve(bought);
    }

    function _tradeV2(address pair, address sold, address bought, uint256 amount)
        private
        returns (uint256 out)
    {
        bool zeroForOne = sold < bought;
        (uint256 reserve0, uint256 reserve1,) = IUniswapV2Pair(pair).getReserves();
        (uint256 held, uint256 other) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        out = amount * 997 * other / (held * 1000 + amount * 997);
        IERC20(sold).transfer(pair, amount);
        IUniswapV2Pair(pair).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }

    function _tradeV3(uint256 amount) private {
        bool zeroForOne = _SOLD < _BOUGHT;
        IUniswapV3Pool(_POOL).swap(address(this), zeroForOne, int256(amount), 0, abi.encode(amount));
    }

    function uniswapV3SwapCallback(int256, int256, bytes calldata data) external override {
        IERC20(_SOLD).transfer(_POOL, abi.decode(data, (uint256)));
    }

    function pancakeV3SwapCallback(int256, int256, bytes calldata data) external override {
        IERC20(_SOLD).transfer(_POOL, abi.decode(data, (uint256)));
    }

    function algebraSwapCallback(int256, int256, bytes calldata data) external override {
        IERC20(_SOLD).transfer(_POOL, abi.decode(data, (uint256)));
    }

    function unlockCallback(bytes calldata data) external override returns (bytes memory) {
        uint256 amount = abi.decode(data, (uint256));
        bool zeroForOne = _SOLD < _BOUGHT;
        IUniswapV4PoolManager manager = IUniswapV4PoolManager(_POOL);
        (address currency0, address currency1) = zeroForOne ? (_SOLD, _BOUGHT) : (_BOUGHT, _SOLD);
        int256 deltas = manager.swap(
            IUniswapV4PoolManager.PoolKey(currency0, currency1, _TIER, _SPACING, address(0)),
            IUniswapV4PoolManager.SwapParams(zeroForOne, -int256(amount), 0),
            ""
        );
        manager.sync(_SOLD);
        IERC20(_SOLD).transfer(_POOL, amount);
        manager.settle();
        manager.take(_BOUGHT, address(this), uint128(uint256(zeroForOne ? deltas : deltas >> 128)));
        return "";
    }

    function _tradeBalancer(uint256 amount) private {
        IERC20(_SOLD).approve(_POOL, amount);
        IBalancerV2Vault(_POOL)
            .swap(
                IBalancerV2Vault.SingleSwap(
                    _POOL_ID, IBalancerV2Vault.SwapKind.GivenIn, _SOLD, _BOUGHT, amount, ""
                ),
                IBalancerV2Vault.FundManagement(address(this), false, address(this), false),
                0,
                block.timestamp
            );
    }

    function _tradeCurve(uint256 amount) private {
        IERC20(_SOLD).approve(_POOL, amount);
        ICurveStablePool(_POOL).exchange(1, 0, amount, 0);
    }
}
