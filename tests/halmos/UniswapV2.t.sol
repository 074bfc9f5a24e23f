// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {UniswapV2Terms} from "contracts/flashloan/lenders/UniswapV2Lender.sol";

/// @title What a flash swap costs, against the pair's own check.
/// @dev No solver at hand divides 256-bit words. So the test states what DIV is by definition, of the quotient that it
/// forms itself: `quotient * divisor <= dividend < (quotient + 1) * divisor`. That is true of every quotient and says
/// nothing about our code; where that forms another one, nothing is known of it, and the proof fails.
contract UniswapV2Proofs is Test {
    uint256 private constant PIPS = 1e6;
    uint256 private constant FEE = 3000;
    uint256 private constant PANCAKE_FEE = 2500;

    /// @dev Up to 2^112 units, what a pair can hold: the pair accepts the fee, and one unit less it would not.
    function check_fee_ofUniswap_isTheLeastThatRepays(uint112 amount) external pure {
        _provesLeast(amount, FEE);
    }

    function check_fee_ofPancakeSwap_isTheLeastThatRepays(uint112 amount) external pure {
        _provesLeast(amount, PANCAKE_FEE);
    }

    function _provesLeast(uint256 amount, uint256 feePips) private pure {
        uint256 kept = PIPS - feePips;
        unchecked {
            uint256 dividend = amount * PIPS + kept - 1;
            uint256 quotient = dividend / kept;
            vm.assume(quotient <= dividend && quotient < 1 << 128);
            vm.assume(quotient * kept <= dividend && dividend - quotient * kept < kept);
            uint256 back = amount + UniswapV2Terms.feeOf(amount, feePips);
            assert(back * kept >= amount * PIPS);
            assert(back == 0 || (back - 1) * kept < amount * PIPS);
        }
    }
}
