// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {PoolAddressLib} from "contracts/libraries/PoolAddressLib.sol";

/// @title The derivation gives the addresses of well-known mainnet pools.
contract PoolAddressTest is Test {
    address internal constant USDC = 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48;
    address internal constant WETH = 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2;

    function _assertPool(Venue memory venue, uint24 feePips, address expected) private pure {
        assertEq(PoolAddressLib.derive(venue, USDC, WETH, feePips), expected);
        assertEq(PoolAddressLib.derive(venue, WETH, USDC, feePips), expected);
    }

    function test_derive_uniswapV2UsdcWeth_isMainnets() public pure {
        _assertPool(
            Venue(
                VenueKind.UniswapV2,
                3000,
                0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f,
                0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f
            ),
            0,
            0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc
        );
    }

    function test_derive_sushiUsdcWeth_isMainnets() public pure {
        _assertPool(
            Venue(
                VenueKind.UniswapV2,
                3000,
                0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac,
                0xe18a34eb0e04b04f7a0ac29a6e80748dca96319b42c54d679cb821dca90c6303
            ),
            0,
            0x397FF1542f962076d0BFE58eA045FfA2d347ACa0
        );
    }

    function test_derive_uniswapV3UsdcWeth005_isMainnets() public pure {
        _assertPool(
            Venue(
                VenueKind.UniswapV3,
                0,
                0x1F98431c8aD98523631AE4a59f267346ea31F984,
                0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54
            ),
            500,
            0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640
        );
    }
}
