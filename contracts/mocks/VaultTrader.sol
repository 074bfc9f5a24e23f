// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IUniswapV3MintCallback, IUniswapV3Position} from "../interfaces/external/IUniswapV3Position.sol";
import {IUniswapV3Pool, IUniswapV3SwapCallback} from "../interfaces/external/IUniswapV3Pool.sol";

/// @title Trades and provides on a Uniswap V3 pool out of its own pocket: tests only.
contract VaultTrader is IUniswapV3MintCallback, IUniswapV3SwapCallback {
    /// @dev What is done in the middle of a swap, if anything.
    address private _target;
    bytes private _call;
    bool public lastSuccess;
    bytes public lastAnswer;

    function provide(IUniswapV3Position pool, int24 lower, int24 upper, uint128 liquidity) external {
        pool.mint(address(this), lower, upper, liquidity, "");
    }

    /// @param limit sqrt price at which the swap ends, filled or not.
    function swap(IUniswapV3Position pool, bool zeroForOne, uint256 amountIn, uint160 limit)
        external
        returns (int256 amount0, int256 amount1)
    {
        return IUniswapV3Pool(address(pool)).swap(address(this), zeroForOne, int256(amountIn), limit, "");
    }

    function arm(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function uniswapV3MintCallback(uint256 amount0Owed, uint256 amount1Owed, bytes calldata)
        external
        override
    {
        IUniswapV3Position pool = IUniswapV3Position(msg.sender);
        if (amount0Owed != 0) IERC20(pool.token0()).transfer(msg.sender, amount0Owed);
        if (amount1Owed != 0) IERC20(pool.token1()).transfer(msg.sender, amount1Owed);
    }

    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata)
        external
        override
    {
        if (_target != address(0)) (lastSuccess, lastAnswer) = _target.call(_call);
        IUniswapV3Position pool = IUniswapV3Position(msg.sender);
        if (amount0Delta > 0) IERC20(pool.token0()).transfer(msg.sender, uint256(amount0Delta));
        if (amount1Delta > 0) IERC20(pool.token1()).transfer(msg.sender, uint256(amount1Delta));
    }

    function send(IERC20 token, address to, uint256 amount) external {
        token.transfer(to, amount);
    }
}
