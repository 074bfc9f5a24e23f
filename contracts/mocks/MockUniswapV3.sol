// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IPancakeV3SwapCallback} from "../interfaces/external/IPancakeV3SwapCallback.sol";
import {IUniswapV3SwapCallback} from "../interfaces/external/IUniswapV3Pool.sol";

/// @notice How a pool of the tests misbehaves.
enum PoolFault {
    None,
    NoCallback,
    CallsBackTwice,
    ChangesData,
    FillsHalf,
    AsksForMore,
    SendsLess,
    CallsAsAnotherFork
}

/// @title A pool with Uniswap V3's calls and one wide position (constant product): tests only.
contract MockV3Pool {
    using SafeERC20 for IERC20;

    uint256 private constant _PIPS = 1e6;

    address public immutable token0;
    address public immutable token1;
    uint24 public immutable fee;
    PoolFault public fault;

    error NotPaid();

    constructor() {
        (token0, token1, fee) = MockV3Factory(msg.sender).parameters();
    }

    function setFault(PoolFault newFault) external {
        fault = newFault;
    }

    function swap(address recipient, bool zeroForOne, int256 amountSpecified, uint160, bytes memory data)
        external
        returns (int256 amount0, int256 amount1)
    {
        (address tokenIn, address tokenOut) = zeroForOne ? (token0, token1) : (token1, token0);
        uint256 amountIn = uint256(amountSpecified);
        if (fault == PoolFault.FillsHalf) amountIn /= 2;
        uint256 amountOut = _quote(tokenIn, tokenOut, amountIn);
        uint256 sent = fault == PoolFault.SendsLess ? amountOut - 1 : amountOut;
        IERC20(tokenOut).safeTransfer(recipient, sent);
        if (fault == PoolFault.AsksForMore) ++amountIn;
        (amount0, amount1) =
            zeroForOne ? (int256(amountIn), -int256(amountOut)) : (-int256(amountOut), int256(amountIn));
        _collect(tokenIn, amountIn, amount0, amount1, data);
    }

    /// @dev Rounds down, in the pool's favour.
    function _quote(address tokenIn, address tokenOut, uint256 amountIn) private view returns (uint256) {
        uint256 paid = amountIn * (_PIPS - fee);
        uint256 balanceIn = IERC20(tokenIn).balanceOf(address(this));
        return paid * IERC20(tokenOut).balanceOf(address(this)) / (balanceIn * _PIPS + paid);
    }

    function _collect(address tokenIn, uint256 amountIn, int256 amount0, int256 amount1, bytes memory data)
        private
    {
        if (fault == PoolFault.NoCallback) return;
        if (fault == PoolFault.ChangesData) data[0x3f] ^= 0x01; // the amount's last byte
        uint256 held = IERC20(tokenIn).balanceOf(address(this));
        _callBack(amount0, amount1, data);
        if (IERC20(tokenIn).balanceOf(address(this)) < held + amountIn) revert NotPaid();
        if (fault != PoolFault.CallsBackTwice) return;
        _callBack(amount0, amount1, data);
    }

    /// @dev By the name that this fork's pools call.
    function _callBack(int256 amount0, int256 amount1, bytes memory data) internal virtual {
        if (fault == PoolFault.CallsAsAnotherFork) {
            IPancakeV3SwapCallback(msg.sender).pancakeV3SwapCallback(amount0, amount1, data);
        } else {
            IUniswapV3SwapCallback(msg.sender).uniswapV3SwapCallback(amount0, amount1, data);
        }
    }
}

/// @title Deploys pools where Uniswap's factory would: tests only.
contract MockV3Factory {
    struct Parameters {
        address token0;
        address token1;
        uint24 fee;
    }

    Parameters public parameters;

    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address pool) {
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        parameters = Parameters(token0, token1, fee);
        pool = address(new MockV3Pool{salt: keccak256(abi.encode(token0, token1, fee))}());
        delete parameters;
    }

    function initCodeHash() external pure returns (bytes32) {
        return keccak256(type(MockV3Pool).creationCode);
    }
}
