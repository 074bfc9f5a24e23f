// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {WeightModel, WeightModelLib} from "contracts/vault/WeightModel.sol";

/// @title Weights and amounts: nothing is lost, and what is refused is just what the bounds say.
/// @dev Division is left open: whatever it would give, the sums hold, since what is left is taken from what was given.
/// Exponent 1; another one only changes the powers.
contract WeightModelProofs is Test {
    uint16 private constant LINEAR = 10_000;

    /* NOTHING IS LOST: any scores, any cap, any total */

    function check_weights_amountsOfOnePool_areTheTotal(uint16 a, uint256 total, uint16 cap) external view {
        _provesSum(_list(a), total, cap);
    }

    function check_weights_amountsOfTwoPools_areTheTotal(uint16 a, uint16 b, uint256 total, uint16 cap)
        external
        view
    {
        _provesSum(_list(a, b), total, cap);
    }

    /* A SCORE OF ZERO GETS NOTHING, beside any other, whatever the cap leaves */

    function check_weights_unscoredPoolGetsNothing(uint16 score, uint256 total, uint16 cap) external view {
        try this.targetAllocations(_list(0, score), total, cap) returns (uint256[] memory amounts, uint256) {
            assert(amounts[0] == 0);
        } catch {}
        try this.targetAllocations(_list(score, 0), total, cap) returns (uint256[] memory amounts, uint256) {
            assert(amounts[1] == 0);
        } catch {}
    }

    function _provesSum(uint16[] memory scores, uint256 total, uint16 cap) private view {
        try this.targetAllocations(scores, total, cap) returns (uint256[] memory amounts, uint256 idle) {
            unchecked {
                for (uint256 i; i < amounts.length; ++i) {
                    idle += amounts[i];
                }
            }
            assert(idle == total);
        } catch {}
    }

    /* THE BOUNDS */

    function check_weights_modelIsRefusedForItsBoundsOnly(WeightModel calldata model) external view {
        bool isRight = model.defaultCScore <= 10_000 && model.scoreAmplifierBp != 0 && model.maxBp != 0
            && model.maxBp <= 10_000 && model.minMaxBp <= model.maxBp;
        try this.validate(model) {
            assert(isRight);
        } catch {
            assert(!isRight);
        }
    }

    function check_weights_scoresAreRefusedForTheirBoundsOnly(uint16 a, uint16 b, uint16 c) external view {
        bool isRight = a <= 10_000 && b <= 10_000 && c <= 10_000;
        try this.cScore(a, b, c) {
            assert(isRight);
        } catch {
            assert(!isRight);
        }
    }

    /* THE LIBRARY, FROM OUTSIDE */

    function targetAllocations(uint16[] memory scores, uint256 total, uint16 cap)
        external
        pure
        returns (uint256[] memory, uint256)
    {
        return WeightModelLib.targetAllocations(scores, total, cap, LINEAR);
    }

    function validate(WeightModel memory model) external pure {
        model.validate();
    }

    function cScore(uint16 a, uint16 b, uint16 c) external pure returns (uint16) {
        return WeightModelLib.cScore(a, b, c);
    }

    function _list(uint16 a) private pure returns (uint16[] memory scores) {
        scores = new uint16[](1);
        scores[0] = a;
    }

    function _list(uint16 a, uint16 b) private pure returns (uint16[] memory scores) {
        scores = new uint16[](2);
        (scores[0], scores[1]) = (a, b);
    }
}
