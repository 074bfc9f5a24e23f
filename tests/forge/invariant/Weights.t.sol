// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {WeightActors} from "./WeightActors.sol";

/// @title What holds of weights and amounts after any changes of scores, pools, model and total.
///
/// INV_WEIGHT_A  Weights and idle are one, amounts and idle the total, to the unit.
/// INV_WEIGHT_B  No weight and no amount is above the cap.
/// INV_WEIGHT_C  Something is idle only where every scored pool is at its cap.
/// INV_WEIGHT_D  Raising a score never lowers its weight.
/// INV_WEIGHT_E  A pool without a score gets nothing.
/// INV_WEIGHT_F  A better score never weighs less; equal ones weigh the same but for dust.
contract WeightInvariants is Test {
    uint256 internal constant WAD = 1e18;

    WeightActors internal actors;

    function setUp() public {
        actors = WeightActors(vm.deployCode("WeightActors.sol:WeightActors"));
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), _selectors()));
    }

    function _selectors() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](7);
        selectors[0] = WeightActors.manager_setsScore.selector;
        selectors[1] = WeightActors.manager_raisesScoreByOne.selector;
        selectors[2] = WeightActors.manager_addsPool.selector;
        selectors[3] = WeightActors.manager_removesPool.selector;
        selectors[4] = WeightActors.manager_setsModel.selector;
        selectors[5] = WeightActors.manager_scoresAll.selector;
        selectors[6] = WeightActors.depositors_bringTotalTo.selector;
    }

    /// @dev The actors can reach what the invariants speak of: raises, many pools, capped pools beside others, idle.
    function test_actors_reachCapsAndIdle() public {
        uint256 partlyCapped;
        uint256 withIdle;
        for (uint256 seed; seed < 64; ++seed) {
            actors.manager_setsModel(seed);
            actors.manager_scoresAll(uint256(keccak256(abi.encode(seed))));
            actors.manager_raisesScoreByOne(seed);
            (uint256[] memory weights, uint256 idle) = actors.weigh();
            if (idle != 0 && actors.cap() != 0) ++withIdle;
            uint256 capped = _atCap(weights);
            if (capped != 0 && capped < weights.length && idle == 0) ++partlyCapped;
        }
        assertGt(actors.raises(), 32);
        assertGt(partlyCapped, 8);
        assertGt(withIdle, 4);
    }

    function invariant_INV_WEIGHT_A_nothingIsLost() public view {
        (uint256[] memory weights, uint256 idleWad) = actors.weigh();
        (uint256[] memory amounts, uint256 idle) = actors.allocate();
        for (uint256 i; i < weights.length; ++i) {
            (idleWad, idle) = (idleWad + weights[i], idle + amounts[i]);
        }
        assertEq(idleWad, WAD);
        assertEq(idle, actors.total());
    }

    function invariant_INV_WEIGHT_B_capHolds() public view {
        (uint256 cap, uint256 total) = (actors.cap(), actors.total());
        uint256 most = cap * (total / WAD) + cap * (total % WAD) / WAD;
        (uint256[] memory weights,) = actors.weigh();
        (uint256[] memory amounts,) = actors.allocate();
        for (uint256 i; i < weights.length; ++i) {
            assertLe(weights[i], cap);
            assertLe(amounts[i], most);
        }
    }

    function invariant_INV_WEIGHT_C_idleOnlyWhereAllAreCapped() public view {
        (uint256[] memory weights, uint256 idle) = actors.weigh();
        if (idle == 0) return;
        uint16[] memory scores = actors.list();
        for (uint256 i; i < weights.length; ++i) {
            assertEq(weights[i], scores[i] == 0 ? 0 : actors.cap());
        }
    }

    function invariant_INV_WEIGHT_D_raiseNeverLowers() public view {
        assertEq(actors.loweredByRaise(), 0);
    }

    function invariant_INV_WEIGHT_E_noScoreNothing() public view {
        uint16[] memory scores = actors.list();
        (uint256[] memory weights,) = actors.weigh();
        (uint256[] memory amounts,) = actors.allocate();
        for (uint256 i; i < scores.length; ++i) {
            if (scores[i] == 0) assertEq(weights[i] + amounts[i], 0);
        }
    }

    function invariant_INV_WEIGHT_F_orderOfScoresIsThatOfWeights() public view {
        uint16[] memory scores = actors.list();
        (uint256[] memory weights,) = actors.weigh();
        // Each against one other, never the same two for long.
        uint256 step = actors.total() % scores.length + 1;
        for (uint256 i; i < scores.length; ++i) {
            uint256 j = (i + step) % scores.length;
            if (scores[i] > scores[j]) assertGe(weights[i], weights[j]);
            else if (scores[i] < scores[j]) assertLe(weights[i], weights[j]);
            else assertApproxEqAbs(weights[i], weights[j], scores.length);
        }
    }

    function _atCap(uint256[] memory weights) private view returns (uint256 count) {
        uint256 cap = actors.cap();
        for (uint256 i; i < weights.length; ++i) {
            if (weights[i] == cap) ++count;
        }
    }
}
