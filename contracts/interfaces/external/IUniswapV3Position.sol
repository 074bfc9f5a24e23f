// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a position needs of a Uniswap V3 pool.
interface IUniswapV3Position {
    /// @notice The lower of the two tokens, by address.
    function token0() external view returns (address);
    /// @notice The higher one.
    function token1() external view returns (address);
    /// @notice Fee of swaps, in hundredths of a basis point.
    function fee() external view returns (uint24);
    /// @notice Ticks of a range are multiples of it.
    function tickSpacing() external view returns (int24);

    /// @notice The spot price and what is kept beside it; not unlocked while the pool is in the middle of something.
    function slot0()
        external
        view
        returns (
            uint160 sqrtPriceX96,
            int24 tick,
            uint16 observationIndex,
            uint16 observationCardinality,
            uint16 observationCardinalityNext,
            uint8 feeProtocol,
            bool unlocked
        );

    /// @notice Fees in token0 for a unit of liquidity since ever (X128); it wraps.
    function feeGrowthGlobal0X128() external view returns (uint256);
    /// @notice The same in token1.
    function feeGrowthGlobal1X128() external view returns (uint256);

    /// @notice What a pool keeps at a tick that bounds a position.
    function ticks(int24 tick)
        external
        view
        returns (
            uint128 liquidityGross,
            int128 liquidityNet,
            uint256 feeGrowthOutside0X128,
            uint256 feeGrowthOutside1X128,
            int56 tickCumulativeOutside,
            uint160 secondsPerLiquidityOutsideX128,
            uint32 secondsOutside,
            bool initialized
        );

    /// @notice A position, by keccak256(owner, lower, upper).
    function positions(bytes32 key)
        external
        view
        returns (
            uint128 liquidity,
            uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128,
            uint128 tokensOwed0,
            uint128 tokensOwed1
        );

    /// @notice Adds liquidity; calls back for its price.
    function mint(address recipient, int24 tickLower, int24 tickUpper, uint128 amount, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);

    /// @notice Takes liquidity out; what it was worth, and the fees until now, are owed to the position.
    function burn(int24 tickLower, int24 tickUpper, uint128 amount)
        external
        returns (uint256 amount0, uint256 amount1);

    /// @notice Pays what is owed to the position.
    function collect(
        address recipient,
        int24 tickLower,
        int24 tickUpper,
        uint128 amount0Requested,
        uint128 amount1Requested
    ) external returns (uint128 amount0, uint128 amount1);
}

/// @title What the pool calls on the one who adds liquidity.
interface IUniswapV3MintCallback {
    /// @notice Both amounts are owed to the calling pool before this returns.
    function uniswapV3MintCallback(uint256 amount0Owed, uint256 amount1Owed, bytes calldata data) external;
}
