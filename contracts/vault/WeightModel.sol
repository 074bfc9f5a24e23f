// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";

/// @notice How a vault turns its pools' scores into weights; one storage slot, everything in basis points.
/// @param defaultCScore Score of a pool that nobody has scored yet.
/// @param scoreAmplifierBp Exponent of the scores: 10,000 is 1, more favours the best.
/// @param minMaxBp What the cap of one pool's weight falls to as pools are added.
/// @param maxBp The cap's own cap.
/// @param diversificationFactorBp How fast the cap falls with the number of pools: the exponent's step per pool.
struct WeightModel {
    uint16 defaultCScore;
    uint16 scoreAmplifierBp;
    uint16 minMaxBp;
    uint16 maxBp;
    uint16 diversificationFactorBp;
}

using WeightModelLib for WeightModel global;

/// @title WeightModelLib: from scores to weights to amounts. The rule, with an example: docs/weights.md.
/// @notice A weight is proportional to `score ^ exponent`, none is above the cap, and what a cap cuts off goes to the
/// others in proportion. What no pool may take is idle: nothing is ever lost, to the unit.
/// @dev Weights are WAD, scores and the model's numbers basis points, amounts base units. `decide/allocation/weights.py`
/// is the same arithmetic in Python, equal bit for bit.
library WeightModelLib {
    uint256 internal constant WAD = 1e18;
    /// @notice 100 %: the best score, the whole of a vault.
    uint256 internal constant BPS = 10_000;

    uint256 private constant _WAD_PER_BP = 1e14;
    /// @dev Squared, so that a root keeps 18 decimals.
    uint256 private constant _ROOT_SCALE = 1e36;

    /* MODELS */

    /// @notice Exponent 1.5; a cap of 25 % and more.
    function defaultModel() internal pure returns (WeightModel memory) {
        return WeightModel(5_000, 15_000, 2_500, 10_000, 3_000);
    }

    /// @notice Linear; a cap between 30 and 50 %.
    function conservative() internal pure returns (WeightModel memory) {
        return WeightModel(5_000, 10_000, 3_000, 5_000, 5_000);
    }

    /// @notice Quadratic; a cap that falls slowly towards 10 %.
    function aggressive() internal pure returns (WeightModel memory) {
        return WeightModel(5_000, 20_000, 1_000, 10_000, 1_000);
    }

    /// @notice Reverts unless the model can be used; for whoever sets one.
    function validate(WeightModel memory model) internal pure {
        _requireScore(model.defaultCScore);
        _requireAmplifier(model.scoreAmplifierBp);
        uint256 maxBp = model.maxBp;
        if (maxBp == 0 || maxBp > BPS || model.minMaxBp > maxBp) {
            revert ErrorsLib.InvalidMaxWeight(model.minMaxBp, maxBp);
        }
    }

    /* SCORES */

    /// @notice One score for a pool: the geometric mean of three, rounded down, so that it never flatters; zero if any
    /// is zero.
    function cScore(uint16 trustScore, uint16 liquidityScore, uint16 performanceScore)
        internal
        pure
        returns (uint16)
    {
        _requireScore(trustScore);
        _requireScore(liquidityScore);
        _requireScore(performanceScore);
        // At most the cube root of 10,000^3.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint16(FixedPointMathLib.cbrt(uint256(trustScore) * liquidityScore * performanceScore));
    }

    /* WEIGHTS */

    /// @notice The most that one of `poolCount` pools with a score may weigh: WAD, at least an equal share rounded up
    /// unless `maxBp` is less. Zero for no pool.
    function maxWeight(WeightModel memory model, uint256 poolCount) internal pure returns (uint256 capWad) {
        if (poolCount == 0) return 0;
        uint256 decayWad = poolCount * model.diversificationFactorBp * _WAD_PER_BP;
        // The exponent is negative and small: no more pools than a list holds, at most 6.5535 each.
        // forge-lint: disable-next-line(unsafe-typecast)
        capWad = model.minMaxBp * _WAD_PER_BP + uint256(FixedPointMathLib.expWad(-int256(decayWad)));
        // Up: rounded down, all together would fall short of the whole.
        capWad = FixedPointMathLib.max(capWad, FixedPointMathLib.divUp(WAD, poolCount));
        return FixedPointMathLib.min(capWad, model.maxBp * _WAD_PER_BP);
    }

    /// @notice Each pool's share, WAD; they and `idleWad` sum up to 1. A score of zero weighs nothing.
    function targetWeights(WeightModel memory model, uint16[] memory cScores)
        internal
        pure
        returns (uint256[] memory weightsWad, uint256 idleWad)
    {
        uint256 sum;
        uint256 scored;
        (weightsWad, sum, scored) = _powers(cScores, model.scoreAmplifierBp);
        idleWad = _share(cScores, weightsWad, sum, maxWeight(model, scored));
    }

    /* AMOUNTS */

    /// @notice `totalAmount` by the model's weights; allocations and `idle` sum up to it, to the unit. With 10,000 for
    /// the amount: the weights in basis points.
    function targetAllocations(WeightModel memory model, uint16[] memory cScores, uint256 totalAmount)
        internal
        pure
        returns (uint256[] memory allocations, uint256 idle)
    {
        uint256 sum;
        uint256 scored;
        (allocations, sum, scored) = _powers(cScores, model.scoreAmplifierBp);
        uint256 capWad = maxWeight(model, scored);
        _share(cScores, allocations, sum, capWad);
        idle = _toAmounts(cScores, allocations, capWad, totalAmount);
    }

    /// @notice The same for a ready cap, which is taken as it is: where all pools together may not hold everything, the
    /// rest is idle.
    function targetAllocations(
        uint16[] memory cScores,
        uint256 totalAmount,
        uint16 maxWeightBp,
        uint16 scoreAmplifierBp
    ) internal pure returns (uint256[] memory allocations, uint256 idle) {
        if (maxWeightBp == 0 || maxWeightBp > BPS) {
            revert ErrorsLib.InvalidMaxWeight(0, maxWeightBp);
        }
        _requireAmplifier(scoreAmplifierBp);
        uint256 sum;
        (allocations, sum,) = _powers(cScores, scoreAmplifierBp);
        uint256 capWad = maxWeightBp * _WAD_PER_BP;
        _share(cScores, allocations, sum, capWad);
        idle = _toAmounts(cScores, allocations, capWad, totalAmount);
    }

    /* CHECKS */

    function _requireScore(uint256 score) private pure {
        if (score > BPS) revert ErrorsLib.ScoreTooHigh(score, BPS);
    }

    function _requireAmplifier(uint256 amplifierBp) private pure {
        if (amplifierBp == 0) revert ErrorsLib.ScoreAmplifierZero();
    }

    /* POWERS */

    /// @dev Of each score, zero of zero; their sum, and how many scores are above zero. Only their ratios matter, so
    /// each exponent has a scale of its own. At most 10,000^6.5535 * 1e18 < 2^148: sums and products with a WAD hold.
    function _powers(uint16[] memory cScores, uint256 amplifierBp)
        private
        pure
        returns (uint256[] memory powers, uint256 sum, uint256 scored)
    {
        uint256 length = cScores.length;
        powers = new uint256[](length);
        unchecked {
            for (uint256 i; i < length; ++i) {
                uint256 score = cScores[i];
                _requireScore(score);
                if (score == 0) continue;
                uint256 power = _power(score, amplifierBp);
                powers[i] = power;
                sum += power;
                ++scored;
            }
        }
    }

    /// @dev Whole and half exponents exactly (a root rounded down after 18 decimals); others within 2e-17 of the value.
    /// Never less for a higher score.
    function _power(uint256 score, uint256 amplifierBp) private pure returns (uint256) {
        unchecked {
            uint256 whole = amplifierBp / BPS;
            uint256 part = amplifierBp % BPS;
            if (part == 0) return score ** whole;
            if (part == BPS / 2) return score ** whole * FixedPointMathLib.sqrt(score * _ROOT_SCALE);
            // Rounded down as the logarithm is. Scores are small: all of it fits.
            // forge-lint: disable-next-line(unsafe-typecast)
            int256 log = FixedPointMathLib.lnWad(int256(score * WAD)) * int256(amplifierBp) / int256(BPS);
            // forge-lint: disable-next-line(unsafe-typecast)
            return uint256(FixedPointMathLib.expWad(log));
        }
    }

    /* SHARES */

    /// @dev Turns powers into weights where they lie; returns what is idle. Each weight is rounded down, so that the
    /// sum is not above the whole; what is missing goes to the largest.
    function _share(uint16[] memory cScores, uint256[] memory powers, uint256 sum, uint256 capWad)
        private
        pure
        returns (uint256 left)
    {
        left = WAD;
        if (sum == 0) return left;
        (uint256 level, uint256 shared, uint256 rest) = _waterLevel(powers, sum, capWad);
        unchecked {
            for (uint256 i; i < powers.length; ++i) {
                uint256 power = powers[i];
                if (power == 0) continue;
                uint256 weight = power > level ? capWad : power * shared / rest;
                powers[i] = weight;
                left -= weight;
            }
        }
        return _settle(cScores, powers, capWad, left);
    }

    /// @dev Exact water-filling. Whoever would exceed the cap gets it, which leaves more for the others, until nobody
    /// exceeds: powers above `level` are capped, the others share `shared` in proportion to `rest`, their sum.
    /// `power * shared / rest > cap` is, for whole numbers, `power > floor(cap * rest / shared)`. The level only falls,
    /// so what is once above it remains so, and the order in which pools are looked at does not matter. `shared` stays
    /// above zero: what is capped had more than the cap of it.
    function _waterLevel(uint256[] memory powers, uint256 sum, uint256 capWad)
        private
        pure
        returns (uint256 level, uint256 shared, uint256 rest)
    {
        unchecked {
            (shared, rest) = (WAD, sum);
            level = capWad * rest / shared;
            uint256 length = powers.length;
            bool falling = true;
            while (falling) {
                uint256 capped;
                uint256 above;
                for (uint256 i; i < length; ++i) {
                    uint256 power = powers[i];
                    if (power > level) {
                        ++capped;
                        above += power;
                    }
                }
                shared = WAD - capped * capWad;
                falling = rest != sum - above;
                rest = sum - above;
                if (falling) level = capWad * rest / shared;
            }
        }
    }

    /// @dev Weights to amounts, where they lie; each rounded down, so that the sum is not above `totalAmount`. It is
    /// split by the WAD, so that it may be any number.
    function _toAmounts(
        uint16[] memory cScores,
        uint256[] memory weightsWad,
        uint256 capWad,
        uint256 totalAmount
    ) private pure returns (uint256 left) {
        unchecked {
            (uint256 wads, uint256 part) = (totalAmount / WAD, totalAmount % WAD);
            left = totalAmount;
            for (uint256 i; i < weightsWad.length; ++i) {
                uint256 weight = weightsWad[i];
                uint256 amount = weight * wads + weight * part / WAD;
                weightsWad[i] = amount;
                left -= amount;
            }
            return _settle(cScores, weightsWad, capWad * wads + capWad * part / WAD, left);
        }
    }

    /// @dev What rounding left goes to the largest value below the cap, on ties to the first; what does not fit there
    /// to the next. Returns what nobody may take. A pool without a score takes nothing.
    function _settle(uint16[] memory cScores, uint256[] memory values, uint256 cap, uint256 left)
        private
        pure
        returns (uint256)
    {
        unchecked {
            while (left != 0) {
                uint256 best;
                uint256 at;
                for (uint256 i; i < values.length; ++i) {
                    uint256 value = values[i];
                    // One more than the value: zero is nobody.
                    if (value < cap && value >= best && cScores[i] != 0) (best, at) = (value + 1, i);
                }
                if (best == 0) return left;
                uint256 given = FixedPointMathLib.min(left, cap + 1 - best);
                values[at] += given;
                left -= given;
            }
        }
        return 0;
    }
}
