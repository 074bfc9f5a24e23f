// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightModelHarness} from "contracts/mocks/WeightModelHarness.sol";
import {TwinFixture} from "../support/TwinFixture.sol";
import {WeightModelFixture} from "../support/WeightModelFixture.sol";

/// @title Faults of score-weighted vaults: what each moves to where the rule does not want it.
/// @notice Nothing is refused here: the answer itself must be right.
contract WeightIncidents is WeightModelFixture, TwinFixture {
    bytes4 private constant _NOTHING_REFUSED = 0;

    function _deployFaced() internal override {
        harness = WeightModelHarness(vm.deployCode(_twinArtifact("WeightModelHarness.sol")));
    }

    /// @dev The protocol of the documents sends everything to pool 0 when all scores are withdrawn.
    function test_ScorelessTakesAll_afterAllScoresAreWithdrawn() public {
        _face("ScorelessTakesAll");
        (uint256[] memory amounts,) = harness.targetAllocations(_list(0, 0, 0), 1_000, 5_000, 15_000);
        _conclude(_sum(amounts), _NOTHING_REFUSED);
    }

    function test_DustBreaksTheCap_ofThePoolThatIsAtIt() public {
        _face("DustBreaksTheCap");
        (uint256[] memory amounts,) = harness.targetAllocations(_list(9_000, 6, 5), 10, 4_000, 10_000);
        _conclude(amounts[0] - 4, _NOTHING_REFUSED);
    }

    function test_DustForTheUnscored_whereAllOthersAreFull() public {
        _face("DustForTheUnscored");
        (uint256[] memory amounts,) = harness.targetAllocations(_list(0, 7), 3, 5_000, 10_000);
        _conclude(amounts[0], _NOTHING_REFUSED);
    }

    /// @dev Each pool is over the cap only once all better ones are at it, the worst comes first: thirteen rounds. Ended
    /// early, what is left is taken for dust, which one of two equal pools gets alone.
    function test_TenRounds_setEqualsApart() public {
        _face("TenRounds");
        (uint256[] memory weights,) = harness.targetWeights(_steepModel(), _cascade());
        _conclude(weights[0] - weights[1], _NOTHING_REFUSED);
    }

    /// @dev Two equal pools: what is above a half at the first is missing at the other.
    function test_OneWordProduct_ofTheGreatestTotal() public {
        _face("OneWordProduct");
        uint256 total = type(uint256).max;
        (uint256[] memory amounts,) = harness.targetAllocations(_list(5, 5), total, 10_000, 10_000);
        _conclude(amounts[0] - (total - total / 2), _NOTHING_REFUSED);
    }
}
