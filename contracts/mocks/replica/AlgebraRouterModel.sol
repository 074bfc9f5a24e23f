// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TickPoolRouterModel} from "./TickPoolRouterModel.sol";

interface IAlgebraPoolMint {
    function mint(
        address sender,
        address recipient,
        int24 bottomTick,
        int24 topTick,
        uint128 liquidityDesired,
        bytes calldata data
    ) external returns (uint256 amount0, uint256 amount1, uint128 liquidityActual);
}

/// @title A model of an Algebra V1 router and position manager in one, for the offline replica of mainnet
/// @notice Fills real pools and swaps at them, under the pools' own callback names. Left out: paths of several pools,
/// least outputs, deadlines, position tokens, and the swap for tokens that take a fee on transfer.
contract AlgebraRouterModel is TickPoolRouterModel {
    function mint(address pool, address owner, int24 lowerTick, int24 upperTick, uint128 liquidity)
        external
        opens(pool)
    {
        IAlgebraPoolMint(pool).mint(msg.sender, owner, lowerTick, upperTick, liquidity, "");
    }

    function algebraSwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        _pay(amount0Delta, amount1Delta);
    }

    function algebraMintCallback(uint256 amount0Owed, uint256 amount1Owed, bytes calldata) external {
        _pay(int256(amount0Owed), int256(amount1Owed));
    }
}
