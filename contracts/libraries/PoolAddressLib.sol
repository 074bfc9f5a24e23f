// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Venue, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";

/// @title PoolAddressLib: where a listed factory deployed the pool of a pair (CREATE2, EIP-1014).
/// @notice A caller names tokens and a venue; the pool follows from them and from nothing else.
library PoolAddressLib {
    /// @dev Order of the tokens does not matter; `feePips` does only for Uniswap V3 and PancakeSwap V3. A Curve pool is
    /// listed itself, whatever it trades.
    function derive(Venue memory venue, address tokenA, address tokenB, uint24 feePips)
        internal
        pure
        returns (address pool)
    {
        if (venue.kind == VenueKind.CurveStable) return venue.factory;
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        bytes32 salt;
        if (venue.kind == VenueKind.UniswapV2) salt = keccak256(abi.encodePacked(token0, token1));
        else if (venue.kind == VenueKind.Algebra) salt = keccak256(abi.encode(token0, token1));
        else salt = keccak256(abi.encode(token0, token1, feePips));
        bytes memory preimage = abi.encodePacked(bytes1(0xff), venue.factory, salt, venue.initCodeHash);
        pool = address(uint160(uint256(keccak256(preimage))));
    }
}
