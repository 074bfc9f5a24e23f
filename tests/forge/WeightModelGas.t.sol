// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightModel} from "contracts/vault/WeightModel.sol";
import {WeightModelFixture} from "./support/WeightModelFixture.sol";

/// @title What weighing costs, held to the unit: `targetAllocations` with a model, amounts and idle included.
/// @notice Of the function alone, its arguments in memory, in the real build: IR pipeline, 1,000 runs, Cancun. Beside each
/// figure stands the goal: a lean function that only makes weights in basis points, cap checked, no amounts (the same
/// for a general exponent, 1.3 times that for 1 and 1.5).
contract WeightModelGasTest is WeightModelFixture {
    uint256 internal constant TOTAL = 123_456_789e18;

    error GasMoved(uint256[3] measured, uint256[3] held);

    /* THE SNAPSHOT, and the goal, by number of pools: 4, 8, 32 */

    function test_gas_linear() public view {
        _holds(10_000, [uint256(3_555), 5_502, 16_214], [uint256(4_546), 8_461, 31_964]);
    }

    function test_gas_rootCubed() public view {
        _holds(15_000, [uint256(5_262), 8_590, 28_566], [uint256(6_142), 11_654, 44_735]);
    }

    function test_gas_square() public view {
        _holds(20_000, [uint256(4_154), 6_374, 19_702], [uint256(4_546), 8_461, 31_964]);
    }

    function test_gas_anyExponent() public view {
        _holds(13_000, [uint256(7_678), 13_422, 47_894], [uint256(8_177), 15_869, 62_028]);
    }

    /// @dev Twenty pools under a cap of 8 %, half of them at it, each only once all better ones are, the worst first: the
    /// dearest of 1,500 that were tried. At exponent 1.5 and at any other.
    function test_gas_twentyPoolsHeavilyCapped() public view {
        uint256[2] memory used = [_heavilyCapped(15_000), _heavilyCapped(13_000)];
        assertEq(used[0], 34_456);
        assertEq(used[1], 45_530);
        assertLe(used[0], 45_000);
        assertLe(used[1], 55_000);
    }

    /* MEASURING */

    function _holds(uint16 amplifierBp, uint256[3] memory held, uint256[3] memory goals) private view {
        uint256[3] memory used = [_spread(amplifierBp, 4), _spread(amplifierBp, 8), _spread(amplifierBp, 32)];
        if (keccak256(abi.encode(used)) != keccak256(abi.encode(held))) revert GasMoved(used, held);
        for (uint256 i; i < 3; ++i) {
            assertLe(used[i], goals[i]);
        }
    }

    function _spread(uint16 amplifierBp, uint256 length) private view returns (uint256) {
        uint16[] memory scores = new uint16[](length);
        for (uint256 i; i < length; ++i) {
            scores[i] = uint16(BPS - i * BPS / length);
        }
        return harness.gasOfTargetAllocations(_model(amplifierBp, 2_500, 3_000), scores, TOTAL);
    }

    function _heavilyCapped(uint16 amplifierBp) private view returns (uint256) {
        uint16[] memory scores = new uint16[](20);
        uint256 score = BPS;
        for (uint256 i = 20; i > 0; --i) {
            scores[i - 1] = uint16(score);
            score = score / 2 + 1;
        }
        return harness.gasOfTargetAllocations(_model(amplifierBp, 800, type(uint16).max), scores, TOTAL);
    }

    function _model(uint16 amplifierBp, uint16 minMaxBp, uint16 diversificationFactorBp)
        private
        pure
        returns (WeightModel memory)
    {
        return WeightModel(5_000, amplifierBp, minMaxBp, 10_000, diversificationFactorBp);
    }
}
