// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TickPoolRouterModel} from "./TickPoolRouterModel.sol";

interface IPancakePoolMint {
    function mint(address recipient, int24 tickLower, int24 tickUpper, uint128 amount, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);
}

/// @title A model of PancakeSwap V3's router and position manager in one, for the offline replica of mainnet
/// @notice PancakeSwap publishes the sources of its periphery only. This model fills real pools and swaps at them, under
/// the pools' own callback names. Left out: paths of several pools, least outputs, deadlines, position tokens: the
/// position belongs to the address that it was minted for.
contract PancakeRouterModel is TickPoolRouterModel {
    function mint(address pool, address owner, int24 lowerTick, int24 upperTick, uint128 liquidity)
        external
        opens(pool)
    {
        IPancakePoolMint(pool).mint(owner, lowerTick, upperTick, liquidity, "");
    }

    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        _pay(amount0Delta, amount1Delta);
    }

    function pancakeV3MintCallback(uint256 amount0Owed, uint256 amount1Owed, bytes calldata) external {
        _pay(int256(amount0Owed), int256(amount1Owed));
    }
}
