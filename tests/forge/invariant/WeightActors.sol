// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightModel} from "contracts/vault/WeightModel.sol";
import {WeightModelFixture} from "../support/WeightModelFixture.sol";

/// @title Who changes what a vault weighs: a manager of scores, pools and model, depositors of the total.
/// @notice After each change the weights are asked for again, and what the change may not have done is counted.
contract WeightActors is WeightModelFixture {
    WeightModel internal model;
    uint16[] internal scores;
    uint256 public total;

    /// @notice Ghosts: changes that were made, and those that did what they may not.
    uint256 public raises;
    uint256 public loweredByRaise;

    constructor() {
        setUp();
        model = harness.models()[0];
        scores.push(model.defaultCScore);
    }

    /* MANAGER */

    function manager_setsScore(uint256 at, uint16 score) external {
        at %= scores.length;
        score = uint16(bound(score, 0, BPS));
        uint256 before = weightAt(at);
        bool raised = score >= scores[at];
        scores[at] = score;
        if (!raised) return;
        ++raises;
        if (weightAt(at) < before) ++loweredByRaise;
    }

    /// @dev By little, where roundings would show.
    function manager_raisesScoreByOne(uint256 at) external {
        at %= scores.length;
        uint256 before = weightAt(at);
        if (scores[at] < BPS) ++scores[at];
        ++raises;
        if (weightAt(at) < before) ++loweredByRaise;
    }

    function manager_addsPool(uint16 score) external {
        if (scores.length == MOST_POOLS) return;
        scores.push(uint16(bound(score, 0, BPS)));
    }

    function manager_removesPool(uint256 at) external {
        if (scores.length == 1) return;
        scores[at % scores.length] = scores[scores.length - 1];
        scores.pop();
    }

    function manager_setsModel(uint256 seed) external {
        model = _drawModel(seed);
        harness.validate(model);
    }

    function manager_scoresAll(uint256 seed) external {
        scores = _drawScores(seed);
    }

    /* DEPOSITORS */

    function depositors_bringTotalTo(uint256 amount, uint8 shift) external {
        total = amount >> shift;
    }

    /* WHAT CAME OF IT */

    function list() public view returns (uint16[] memory) {
        return scores;
    }

    function cap() public view returns (uint256) {
        return harness.maxWeight(model, _scored(scores));
    }

    function weigh() public view returns (uint256[] memory weights, uint256 idle) {
        return harness.targetWeights(model, scores);
    }

    function allocate() public view returns (uint256[] memory amounts, uint256 idle) {
        return harness.targetAllocations(model, scores, total);
    }

    function weightAt(uint256 at) public view returns (uint256) {
        (uint256[] memory weights,) = weigh();
        return weights[at];
    }
}
