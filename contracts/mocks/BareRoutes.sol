// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IMorphoBlue, IMorphoBlueBorrower} from "../interfaces/external/IMorphoBlue.sol";
import {IUniswapV2Pair} from "../interfaces/external/IUniswapV2Pair.sol";
import {IUniswapV3Pool, IUniswapV3SwapCallback} from "../interfaces/external/IUniswapV3Pool.sol";
import {PriceLimitLib} from "../libraries/PriceLimitLib.sol";

/// @notice One swap of a route, worked out by whoever calls.
struct BareSwap {
    address pool;
    address sold;
    address bought;
    uint24 tier;
    bool isV3;
}

/// @title The yardsticks for routes: a loan from Morpho Blue, swaps, and back, with no check of anything.
abstract contract BareRoute is IMorphoBlueBorrower {
    address private immutable _MORPHO;

    constructor(address morpho) {
        _MORPHO = morpho;
    }

    function run(address token, uint256 amount, BareSwap[] calldata swaps) external {
        IMorphoBlue(_MORPHO).flashLoan(token, amount, abi.encode(token, swaps));
    }

    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external override {
        (address token, BareSwap[] memory swaps) = abi.decode(data, (address, BareSwap[]));
        uint256 held = assets;
        for (uint256 i; i < swaps.length; ++i) {
            held = _swap(swaps[i], held);
        }
        IERC20(token).approve(_MORPHO, assets);
    }

    function _swap(BareSwap memory swap, uint256 amount) internal virtual returns (uint256);
}

/// @title The same swaps straight at the pools.
contract PoolRoute is BareRoute, IUniswapV3SwapCallback {
    constructor(address morpho) BareRoute(morpho) {}

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata data) external override {
        IERC20(abi.decode(data, (address))).transfer(msg.sender, uint256(amount0 > 0 ? amount0 : amount1));
    }

    function _swap(BareSwap memory swap, uint256 amount) internal override returns (uint256) {
        bool zeroForOne = swap.sold < swap.bought;
        if (swap.isV3) {
            (int256 amount0, int256 amount1) = IUniswapV3Pool(swap.pool)
                .swap(
                    address(this),
                    zeroForOne,
                    int256(amount),
                    PriceLimitLib.farthest(zeroForOne),
                    abi.encode(swap.sold)
                );
            return uint256(-(zeroForOne ? amount1 : amount0));
        }
        (uint256 reserve0, uint256 reserve1,) = IUniswapV2Pair(swap.pool).getReserves();
        (uint256 held, uint256 other) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 out = amount * 997 * other / (held * 1000 + amount * 997);
        IERC20(swap.sold).transfer(swap.pool, amount);
        IUniswapV2Pair(swap.pool).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
        return out;
    }
}

/// @notice What Router02 of Uniswap V2 is asked for.
interface IRouterV2 {
    function swapExactTokensForTokens(
        uint256 amountIn,
        uint256 amountOutMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external returns (uint256[] memory amounts);
}

/// @notice What SwapRouter of Uniswap V3 is asked for.
interface IRouterV3 {
    struct ExactInputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 deadline;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }

    function exactInputSingle(ExactInputSingleParams calldata params) external returns (uint256);
}

/// @title The same swaps by way of the protocols' routers, each allowed exactly what it is to sell.
contract RouterRoute is BareRoute {
    IRouterV2 private immutable _V2;
    IRouterV3 private immutable _V3;

    constructor(address morpho, IRouterV2 v2, IRouterV3 v3) BareRoute(morpho) {
        (_V2, _V3) = (v2, v3);
    }

    function _swap(BareSwap memory swap, uint256 amount) internal override returns (uint256) {
        IERC20(swap.sold).approve(swap.isV3 ? address(_V3) : address(_V2), amount);
        if (swap.isV3) {
            return _V3.exactInputSingle(
                IRouterV3.ExactInputSingleParams(
                    swap.sold, swap.bought, swap.tier, address(this), block.timestamp, amount, 0, 0
                )
            );
        }
        address[] memory path = new address[](2);
        (path[0], path[1]) = (swap.sold, swap.bought);
        return _V2.swapExactTokensForTokens(amount, 0, path, address(this), block.timestamp)[1];
    }
}
