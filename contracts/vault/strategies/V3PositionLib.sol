// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SqrtPriceMath} from "@uniswap/v4-core/src/libraries/SqrtPriceMath.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IUniswapV3Position} from "../../interfaces/external/IUniswapV3Position.sol";

/// @title V3PositionLib: the mathematics of a range of Uniswap V3's, at whatever price one asks for.
/// @notice sqrt prices are Q64.96: the root of token1's base units for one of token0's.
library V3PositionLib {
    uint256 private constant _Q96 = 1 << 96;

    /// @notice What liquidity over a range consists of at a price; down, as the pool pays it.
    function amountsAt(uint160 sqrtPriceX96, int24 lower, int24 upper, uint128 liquidity)
        internal
        pure
        returns (uint256 amount0, uint256 amount1)
    {
        (uint160 from, uint160 to) = (TickMath.getSqrtPriceAtTick(lower), TickMath.getSqrtPriceAtTick(upper));
        uint160 price = sqrtPriceX96 < from ? from : sqrtPriceX96 > to ? to : sqrtPriceX96;
        amount0 = SqrtPriceMath.getAmount0Delta(price, to, liquidity, false);
        amount1 = SqrtPriceMath.getAmount1Delta(from, price, liquidity, false);
    }

    /// @notice The most liquidity that both amounts pay for at a price; down.
    function liquidityFor(uint160 sqrtPriceX96, int24 lower, int24 upper, uint256 amount0, uint256 amount1)
        internal
        pure
        returns (uint128)
    {
        (uint256 from, uint256 to) = (TickMath.getSqrtPriceAtTick(lower), TickMath.getSqrtPriceAtTick(upper));
        uint256 price = FixedPointMathLib.clamp(sqrtPriceX96, from, to);
        uint256 most = type(uint256).max;
        if (price < to) {
            uint256 product = FixedPointMathLib.fullMulDiv(price, to, _Q96);
            most = FixedPointMathLib.fullMulDiv(amount0, product, to - price);
        }
        if (price > from) {
            most = FixedPointMathLib.min(most, FixedPointMathLib.fullMulDiv(amount1, _Q96, price - from));
        }
        // A pool takes no more at a tick than fits 128 bits; less than asked for is only less work.
        return uint128(FixedPointMathLib.min(most, type(uint128).max));
    }

    /// @notice What the pool owes a position: collected by nobody yet, fees of this moment included.
    function owed(IUniswapV3Position pool, int24 lower, int24 upper, int24 tick)
        internal
        view
        returns (uint128 liquidity, uint256 owed0, uint256 owed1)
    {
        uint256 last0;
        uint256 last1;
        (liquidity, last0, last1, owed0, owed1) =
            pool.positions(keccak256(abi.encodePacked(address(this), lower, upper)));
        if (liquidity == 0) return (liquidity, owed0, owed1);
        (uint256 inside0, uint256 inside1) = _feeGrowthInside(pool, lower, upper, tick);
        // The pool's counters wrap, by design: only differences mean anything. Down, as the pool pays it.
        unchecked {
            owed0 += FixedPointMathLib.fullMulDiv(liquidity, inside0 - last0, 1 << 128);
            owed1 += FixedPointMathLib.fullMulDiv(liquidity, inside1 - last1, 1 << 128);
        }
    }

    /// @dev Uniswap V3's white paper, 6.3: what was earned everywhere less what was earned below and above.
    function _feeGrowthInside(IUniswapV3Position pool, int24 lower, int24 upper, int24 tick)
        private
        view
        returns (uint256 inside0, uint256 inside1)
    {
        (,, uint256 lower0, uint256 lower1,,,,) = pool.ticks(lower);
        (,, uint256 upper0, uint256 upper1,,,,) = pool.ticks(upper);
        unchecked {
            if (tick < lower) return (lower0 - upper0, lower1 - upper1);
            if (tick >= upper) return (upper0 - lower0, upper1 - lower1);
            inside0 = pool.feeGrowthGlobal0X128() - lower0 - upper0;
            inside1 = pool.feeGrowthGlobal1X128() - lower1 - upper1;
        }
    }
}
