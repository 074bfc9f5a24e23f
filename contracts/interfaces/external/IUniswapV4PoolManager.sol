// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a borrower and a swap need of the Uniswap V4 pool manager. Currencies are plain addresses; 0 is native ether.
interface IUniswapV4PoolManager {
    struct PoolKey {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }

    struct SwapParams {
        bool zeroForOne;
        int256 amountSpecified;
        uint160 sqrtPriceLimitX96;
    }

    /// @notice Calls the caller back; when that returns, every account's deltas must be zero.
    /// @dev What the callback answered comes back; nobody here wants it, so it is not copied.
    function unlock(bytes calldata data) external;

    /// @notice Swaps on a pool; nothing moves but the caller's deltas.
    /// @param params Its `amountSpecified` is negative for an exact input.
    /// @return deltas Two int128 in one word, that of currency0 above: positive is the caller's credit.
    function swap(PoolKey calldata key, SwapParams calldata params, bytes calldata hookData)
        external
        returns (int256 deltas);

    /// @notice Sends `amount` out; the caller owes it until it settles.
    function take(address currency, address to, uint256 amount) external;

    /// @notice Notes the manager's balance of `currency`, against which the next `settle` counts what was paid.
    function sync(address currency) external;

    /// @notice Credits the caller with what came in since `sync`, or with the ether sent along.
    function settle() external payable returns (uint256 paid);
}

/// @title What the pool manager calls on the one who unlocked it.
interface IUniswapV4UnlockCallback {
    /// @notice The manager is unlocked until this returns.
    function unlockCallback(bytes calldata data) external returns (bytes memory result);
}
