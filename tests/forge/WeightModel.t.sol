// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {WeightModel} from "contracts/vault/WeightModel.sol";
import {WeightModelFixture} from "./support/WeightModelFixture.sol";

/// @title The rule of weights: by example, against the plainest way to follow it, and what holds of any answer.
/// @notice The arithmetic itself is held to exact mathematics, and to Python bit for bit, by the tests in Python.
contract WeightModelTest is WeightModelFixture {
    /* EXAMPLES */

    function test_example_ofTheDocuments_getsWhatItsFormulaGives() public view {
        (uint256[] memory cents, uint256 idle) =
            harness.targetAllocations(_default(), _list(8_000, 6_000, 4_000, 2_000), 100_000_000);
        assertEq(cents, _values(46_990_883, 30_521_472, 16_613_785, 5_873_860));
        assertEq(idle, 0);
    }

    function test_models_areTheDocuments() public view {
        WeightModel[3] memory models = harness.models();
        assertEq(keccak256(abi.encode(models[0])), _hash(5_000, 15_000, 2_500, 10_000, 3_000));
        assertEq(keccak256(abi.encode(models[1])), _hash(5_000, 10_000, 3_000, 5_000, 5_000));
        assertEq(keccak256(abi.encode(models[2])), _hash(5_000, 20_000, 1_000, 10_000, 1_000));
        for (uint256 i; i < 3; ++i) {
            harness.validate(models[i]);
        }
    }

    function test_cap_ofFourPools_is55Percent() public view {
        assertEq(harness.maxWeight(_default(), 4), 0.25e18 + 0.301194211912202096e18);
    }

    function test_cap_isAnEqualShareAtLeast_roundedUpOnlyWhereItMustBe() public view {
        WeightModel memory model = WeightModel(5_000, 10_000, 0, 10_000, type(uint16).max);
        assertEq(harness.maxWeight(model, 20), 0.05e18);
        assertEq(harness.maxWeight(model, 3), 0.333333333333333334e18);
        assertEq(harness.maxWeight(model, 1), WAD);
        assertEq(harness.maxWeight(model, 0), 0);
    }

    function test_nothingScored_isAllIdle() public view {
        (uint256[] memory weights, uint256 idle) = harness.targetWeights(_default(), _list(0, 0));
        assertEq(_sum(weights), 0);
        assertEq(idle, WAD);
        (weights, idle) = harness.targetWeights(_default(), new uint16[](0));
        assertEq(weights.length, 0);
        assertEq(idle, WAD);
        (weights, idle) = harness.targetAllocations(_list(0, 0), 77, 5_000, 10_000);
        assertEq(_sum(weights), 0);
        assertEq(idle, 77);
    }

    function test_hardCap_leavesTheRestIdle() public view {
        (uint256[] memory amounts, uint256 idle) =
            harness.targetAllocations(_list(10_000, 5_000, 0, 1), 101, 2_000, 15_000);
        assertEq(amounts, _values(20, 20, 0, 20));
        assertEq(idle, 41);
    }

    function test_dust_passesByAPoolAtItsCap() public view {
        (uint256[] memory amounts,) = harness.targetAllocations(_list(9_000, 6, 5, 0), 10, 4_000, 10_000);
        assertEq(amounts, _values(4, 4, 2, 0));
    }

    function test_dust_thatDoesNotFit_goesOnToTheNext() public view {
        (uint256[] memory amounts,) = harness.targetAllocations(_list(3, 3, 3, 1), 2, 5_000, 10_000);
        assertEq(amounts, _values(1, 1, 0, 0));
    }

    function test_dust_isIdle_whereAllAreAtTheirCap() public view {
        (uint256[] memory amounts, uint256 idle) =
            harness.targetAllocations(_list(5, 5, 0, 0), 3, 5_000, 10_000);
        assertEq(amounts, _values(1, 1, 0, 0));
        assertEq(idle, 1);
    }

    /// @dev Next to the exponents that have a short cut, and at both ends; by exact mathematics.
    function test_exponents_areWhatTheyAre() public view {
        uint16[11] memory exponents = [
            uint16(1), 9_999, 10_000, 10_001, 14_999, 15_000, 15_001, 19_999, 20_000, 20_001, type(uint16).max
        ];
        uint256[11] memory best = [
            uint256(250014794621520646),
            399985457362758707,
            400000000000000000,
            400014542442268203,
            469895450987601915,
            469908814940275069,
            469922178628819614,
            533321336712225441,
            533333333333333333,
            533345329678396237,
            860185841464455553
        ];
        for (uint256 i; i < exponents.length; ++i) {
            (uint256[] memory amounts,) =
                harness.targetAllocations(_list(8_000, 6_000, 4_000, 2_000), WAD, 10_000, exponents[i]);
            assertApproxEqAbs(amounts[0], best[i], 6);
        }
    }

    /* REFUSALS */

    function testFuzz_score_aboveTheBest_isRefused(uint16 score, uint256 at, uint256 seed) public {
        score = uint16(bound(score, BPS + 1, type(uint16).max));
        uint16[] memory scores = _drawScores(seed);
        scores[at % scores.length] = score;
        bytes memory refusal = abi.encodeWithSelector(ErrorsLib.ScoreTooHigh.selector, score, BPS);
        vm.expectRevert(refusal);
        harness.targetWeights(_drawModel(seed), scores);
        vm.expectRevert(refusal);
        harness.targetAllocations(scores, 1, 5_000, 10_000);
        uint16[3] memory three;
        three[at % 3] = score;
        vm.expectRevert(refusal);
        harness.cScore(three[0], three[1], three[2]);
    }

    function testFuzz_model_isRefusedOnlyForItsBounds(WeightModel memory model) public {
        // Half of the draws in range, or none would ever be.
        if (model.maxBp % 2 == 0) model.maxBp %= 10_001;
        if (model.minMaxBp % 2 == 0) model.minMaxBp %= 10_001;
        if (model.defaultCScore % 2 == 0) model.defaultCScore %= 10_001;
        if (model.scoreAmplifierBp % 8 == 0) model.scoreAmplifierBp = 0;
        if (model.defaultCScore > BPS) {
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.ScoreTooHigh.selector, model.defaultCScore, BPS));
        } else if (model.scoreAmplifierBp == 0) {
            vm.expectRevert(ErrorsLib.ScoreAmplifierZero.selector);
        } else if (model.maxBp == 0 || model.maxBp > BPS || model.minMaxBp > model.maxBp) {
            vm.expectRevert(
                abi.encodeWithSelector(ErrorsLib.InvalidMaxWeight.selector, model.minMaxBp, model.maxBp)
            );
        }
        harness.validate(model);
    }

    function test_readyCap_isAboveZeroAndUpToAll() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidMaxWeight.selector, 0, 0));
        harness.targetAllocations(_list(5, 5), 1, 0, 10_000);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidMaxWeight.selector, 0, BPS + 1));
        harness.targetAllocations(_list(5, 5), 1, uint16(BPS + 1), 10_000);
        vm.expectRevert(ErrorsLib.ScoreAmplifierZero.selector);
        harness.targetAllocations(_list(5, 5), 1, 5_000, 0);
    }

    /* ANY ANSWER */

    function testFuzz_cScore_isTheFloorOfTheCubeRoot(uint16 a, uint16 b, uint16 c) public view {
        (a, b, c) = (a % 10_001, b % 10_001, c % 10_001);
        uint256 root = harness.cScore(a, b, c);
        uint256 product = uint256(a) * b * c;
        assertLe(root ** 3, product);
        assertGt((root + 1) ** 3, product);
    }

    function testFuzz_cap_isBetweenAnEqualShareAndTheHardCap(uint256 seed, uint8 pools) public view {
        vm.assume(pools != 0);
        WeightModel memory model = _drawModel(seed);
        (uint256 cap, uint256 hard) = (harness.maxWeight(model, pools), model.maxBp * WAD_PER_BP);
        assertLe(cap, hard);
        assertTrue(cap == hard || cap * pools >= WAD, "less than an equal share");
        assertTrue(cap == hard || cap >= model.minMaxBp * WAD_PER_BP, "less than the least");
        assertLe(harness.maxWeight(model, uint256(pools) + 1), cap, "another pool raises the cap");
    }

    function testFuzz_weights_areThoseOfThePlainRule(uint256 seed) public view {
        WeightModel memory model = _drawModel(seed);
        uint16[] memory scores = _drawScores(seed);
        bool linear = seed & (1 << 200) == 0;
        model.scoreAmplifierBp = linear ? 10_000 : 20_000;
        (uint256[] memory weights, uint256 idle) = harness.targetWeights(model, scores);
        uint256 cap = harness.maxWeight(model, _scored(scores));
        (uint256[] memory expected, uint256 left) = _plainly(scores, linear, cap);
        assertEq(weights, expected);
        assertEq(idle, left);
    }

    function testFuzz_amounts_areTheRoundedDownWeightsOfTheTotal(uint256 seed, uint256 total) public view {
        WeightModel memory model = _drawModel(seed);
        uint16[] memory scores = _drawScores(seed);
        (uint256[] memory weights,) = harness.targetWeights(model, scores);
        (uint256[] memory amounts, uint256 idle) = harness.targetAllocations(model, scores, total);
        assertEq(_sum(amounts) + idle, total);
        uint256 dust;
        for (uint256 i; i < amounts.length; ++i) {
            uint256 rounded = weights[i] * (total / WAD) + weights[i] * (total % WAD) / WAD;
            assertGe(amounts[i], rounded);
            dust += amounts[i] - rounded;
        }
        assertLt(dust, amounts.length);
    }

    /// @dev Thirteen rounds; the documents' algorithm stops after ten. The last two share what is left like equals.
    function test_cascade_isCappedToItsEnd() public view {
        (uint256[] memory weights,) = harness.targetWeights(_steepModel(), _cascade());
        for (uint256 i = 2; i < 15; ++i) {
            assertEq(weights[i], 0.075e18);
        }
        assertEq(weights[0], 0.0125e18);
        assertEq(weights[1], 0.0125e18);
    }

    /* THE PLAIN RULE: in rounds, everybody above the cap at once, until nobody is */

    function _plainly(uint16[] memory scores, bool linear, uint256 cap)
        private
        pure
        returns (uint256[] memory weights, uint256 left)
    {
        uint256 length = scores.length;
        (uint256[] memory powers, bool[] memory capped) = (new uint256[](length), new bool[](length));
        for (uint256 i; i < length; ++i) {
            powers[i] = linear ? scores[i] : uint256(scores[i]) ** 2;
        }
        (uint256 shared, uint256 rest) = (WAD, _sum(powers));
        for (bool again = true; again;) {
            again = false;
            (uint256 nextShared, uint256 nextRest) = (shared, rest);
            for (uint256 i; i < length; ++i) {
                if (capped[i] || powers[i] * shared <= cap * rest) continue;
                (capped[i], again) = (true, true);
                (nextShared, nextRest) = (nextShared - cap, nextRest - powers[i]);
            }
            (shared, rest) = (nextShared, nextRest);
        }
        weights = new uint256[](length);
        left = WAD;
        for (uint256 i; i < length; ++i) {
            if (powers[i] != 0) weights[i] = capped[i] ? cap : powers[i] * shared / rest;
            left -= weights[i];
        }
        return (weights, _giveUnits(scores, weights, cap, left));
    }

    /// @dev Unit by unit; the rule gives them all to one, which is only the same while that one stays the largest.
    function _giveUnits(uint16[] memory scores, uint256[] memory weights, uint256 cap, uint256 left)
        private
        pure
        returns (uint256)
    {
        // What is left because all are capped is no dust.
        while (left != 0) {
            uint256 at = type(uint256).max;
            for (uint256 i; i < scores.length; ++i) {
                if (scores[i] == 0 || weights[i] >= cap) continue;
                if (at == type(uint256).max || weights[i] > weights[at]) at = i;
            }
            if (at == type(uint256).max) return left;
            ++weights[at];
            --left;
        }
        return 0;
    }

    /* SHORT */

    function _default() private view returns (WeightModel memory) {
        return harness.models()[0];
    }

    function _hash(uint16 a, uint16 b, uint16 c, uint16 d, uint16 e) private pure returns (bytes32) {
        return keccak256(abi.encode(a, b, c, d, e));
    }

    function _values(uint256 a, uint256 b, uint256 c, uint256 d)
        private
        pure
        returns (uint256[] memory list)
    {
        list = new uint256[](4);
        (list[0], list[1], list[2], list[3]) = (a, b, c, d);
    }
}
