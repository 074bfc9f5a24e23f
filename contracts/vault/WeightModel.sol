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

/// @dev What is known of the scores' powers: their sum, the highest and where it first lies, how many are above zero.
struct PowerSum {
    uint256 total;
    uint256 highest;
    uint256 highestAt;
    uint256 scored;
}

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
    /// @dev e to the minus 42 is nothing in 18 decimals.
    uint256 private constant _MOST_DECAY_BP = 42 * BPS;

    uint256 private constant _LINEAR = 10_000;
    uint256 private constant _ROOT_CUBED = 15_000;
    uint256 private constant _SQUARE = 20_000;

    uint256 private constant _WORD = 32;

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
        _requireMaxWeight(model.minMaxBp, model.maxBp);
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
        unchecked {
            // At most the cube root of 10,000^3.
            // forge-lint: disable-next-line(unsafe-typecast)
            return uint16(FixedPointMathLib.cbrt(uint256(trustScore) * liquidityScore * performanceScore));
        }
    }

    /* WEIGHTS */

    /// @notice The most that one of `poolCount` pools with a score may weigh: WAD, at least an equal share rounded up
    /// unless `maxBp` is less. Zero for no pool.
    function maxWeight(WeightModel memory model, uint256 poolCount) internal pure returns (uint256 capWad) {
        if (poolCount == 0) return 0;
        uint256 decayBp = poolCount * model.diversificationFactorBp;
        unchecked {
            // forge-lint: disable-next-line(unsafe-typecast)
            int256 exponent = -int256(FixedPointMathLib.min(decayBp, _MOST_DECAY_BP) * _WAD_PER_BP);
            // forge-lint: disable-next-line(unsafe-typecast)
            capWad = model.minMaxBp * _WAD_PER_BP + uint256(FixedPointMathLib.expWad(exponent));
            // Up: rounded down, all together would fall short of the whole.
            capWad = FixedPointMathLib.max(capWad, (WAD + poolCount - 1) / poolCount);
            return FixedPointMathLib.min(capWad, model.maxBp * _WAD_PER_BP);
        }
    }

    /// @notice Each pool's share, WAD; they and `idleWad` sum up to 1. A score of zero weighs nothing.
    function targetWeights(WeightModel memory model, uint16[] memory cScores)
        internal
        pure
        returns (uint256[] memory weightsWad, uint256 idleWad)
    {
        (uint256[] memory powers, PowerSum memory sum) = _powers(cScores, model.scoreAmplifierBp);
        return (powers, _toWeights(cScores, powers, sum, maxWeight(model, sum.scored)));
    }

    /* AMOUNTS */

    /// @notice `totalAmount` by the model's weights; allocations and `idle` sum up to it, to the unit. With 10,000 for
    /// the amount: the weights in basis points.
    function targetAllocations(WeightModel memory model, uint16[] memory cScores, uint256 totalAmount)
        internal
        pure
        returns (uint256[] memory allocations, uint256 idle)
    {
        (uint256[] memory powers, PowerSum memory sum) = _powers(cScores, model.scoreAmplifierBp);
        uint256 capWad = maxWeight(model, sum.scored);
        _toWeights(cScores, powers, sum, capWad);
        return (powers, _toAmounts(cScores, powers, capWad, totalAmount));
    }

    /// @notice The same for a ready cap, which is taken as it is: where all pools together may not hold everything, the
    /// rest is idle.
    function targetAllocations(
        uint16[] memory cScores,
        uint256 totalAmount,
        uint16 maxWeightBp,
        uint16 scoreAmplifierBp
    ) internal pure returns (uint256[] memory allocations, uint256 idle) {
        _requireMaxWeight(0, maxWeightBp);
        _requireAmplifier(scoreAmplifierBp);
        (uint256[] memory powers, PowerSum memory sum) = _powers(cScores, scoreAmplifierBp);
        uint256 capWad = maxWeightBp * _WAD_PER_BP;
        _toWeights(cScores, powers, sum, capWad);
        return (powers, _toAmounts(cScores, powers, capWad, totalAmount));
    }

    /* CHECKS */

    function _requireScore(uint256 score) private pure {
        if (score > BPS) revert ErrorsLib.ScoreTooHigh(score, BPS);
    }

    function _requireAmplifier(uint256 amplifierBp) private pure {
        if (amplifierBp == 0) revert ErrorsLib.ScoreAmplifierZero();
    }

    function _requireMaxWeight(uint256 minMaxBp, uint256 maxBp) private pure {
        if (maxBp == 0 || maxBp > BPS || minMaxBp > maxBp) {
            revert ErrorsLib.InvalidMaxWeight(minMaxBp, maxBp);
        }
    }

    /* POWERS */

    /// @dev Of each score; zero of zero. Only their ratios matter, so each exponent has a scale of its own. At most
    /// 10,000^6.5535 * 1e18 < 2^148: sums and products with a WAD hold.
    function _powers(uint16[] memory cScores, uint256 amplifierBp)
        private
        pure
        returns (uint256[] memory powers, PowerSum memory sum)
    {
        (uint256 total, uint256 highest, uint256 highestAt, uint256 scored) = (0, 0, 0, 0);
        (uint256 at, uint256 end) = (0, 0);
        (powers, at, end) = _like(cScores);
        unchecked {
            uint256 toScore = _first(cScores) - at;
            for (; at != end; at += _WORD) {
                uint256 power = _read(at + toScore);
                // Zero is below zero: it wraps.
                if (power - 1 < BPS) {
                    ++scored;
                    if (amplifierBp != _LINEAR) power = _power(power, amplifierBp);
                    total += power;
                    if (power > highest) (highest, highestAt) = (power, at);
                } else if (power != 0) {
                    revert ErrorsLib.ScoreTooHigh(power, BPS);
                }
                _write(at, power);
            }
        }
        (sum.total, sum.highest, sum.highestAt, sum.scored) = (total, highest, highestAt, scored);
    }

    /// @dev Whole and half exponents exactly (a root rounded down after 18 decimals); others within 1e-17 of the value,
    /// relatively. Never less for a higher score.
    function _power(uint256 score, uint256 amplifierBp) private pure returns (uint256) {
        unchecked {
            if (amplifierBp == _ROOT_CUBED) return score * FixedPointMathLib.sqrt(score * _ROOT_SCALE);
            if (amplifierBp == _SQUARE) return score * score;
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
    function _toWeights(uint16[] memory cScores, uint256[] memory powers, PowerSum memory sum, uint256 capWad)
        private
        pure
        returns (uint256 idleWad)
    {
        if (sum.scored == 0) return WAD;
        (uint256 level, uint256 shared, uint256 rest) = _waterLevel(powers, sum, capWad);
        (uint256 at, uint256 end) = _bounds(powers);
        unchecked {
            uint256 left = WAD;
            for (; at != end; at += _WORD) {
                uint256 weight = _read(at);
                weight = weight > level ? capWad : _div(weight * shared, rest);
                _write(at, weight);
                left -= weight;
            }
            if (left == 0) return 0;
            // Where nobody was capped, the highest power has the largest weight.
            uint256 largestAt = shared == WAD ? sum.highestAt : _largestBelow(cScores, powers, capWad);
            return _settle(cScores, powers, capWad, left, largestAt);
        }
    }

    /// @dev Exact water-filling. Whoever would exceed the cap gets it, which leaves more for the others, until nobody
    /// exceeds: powers above `level` are capped, the others share `shared` in proportion to `rest`, their sum.
    /// `power * shared / rest > cap` is, for whole numbers, `power > floor(cap * rest / shared)`. The level only falls,
    /// so what is once above it remains so, and the order in which pools are looked at does not matter. `shared` stays
    /// above zero: what is capped had more than the cap of it.
    function _waterLevel(uint256[] memory powers, PowerSum memory sum, uint256 capWad)
        private
        pure
        returns (uint256 level, uint256 shared, uint256 rest)
    {
        unchecked {
            (shared, rest) = (WAD, sum.total);
            level = capWad * rest / WAD;
            if (sum.highest <= level) return (level, shared, rest);
            (uint256 first, uint256 end) = _copy(powers);
            bool falling = true;
            while (falling) {
                falling = false;
                for (uint256 at = first; at < end;) {
                    uint256 power = _read(at);
                    if (power <= level) {
                        at += _WORD;
                        continue;
                    }
                    end -= _WORD;
                    _write(at, _read(end));
                    shared -= capWad;
                    rest -= power;
                    level = _div(capWad * rest, shared);
                    falling = true;
                }
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
    ) private pure returns (uint256 idle) {
        unchecked {
            (uint256 wads, uint256 part) = (totalAmount / WAD, totalAmount % WAD);
            uint256 cap = capWad * wads + capWad * part / WAD;
            (uint256 at, uint256 end) = _bounds(weightsWad);
            uint256 toScore = _first(cScores) - at;
            (uint256 left, uint256 larger, uint256 largestAt) = (totalAmount, 0, 0);
            for (; at != end; at += _WORD) {
                uint256 amount = _read(at);
                amount = amount * wads + amount * part / WAD;
                _write(at, amount);
                left -= amount;
                if (amount >= larger) {
                    if (amount < cap && _read(at + toScore) != 0) (larger, largestAt) = (amount + 1, at);
                }
            }
            return left == 0 ? 0 : _settle(cScores, weightsWad, cap, left, largestAt);
        }
    }

    /// @dev What rounding left goes to the largest value below the cap, on ties to the first; what does not fit there
    /// to the next. Returns what nobody may take. A pool without a score takes nothing.
    function _settle(
        uint16[] memory cScores,
        uint256[] memory values,
        uint256 cap,
        uint256 left,
        uint256 largestAt
    ) private pure returns (uint256) {
        unchecked {
            while (largestAt != 0) {
                uint256 value = _read(largestAt);
                uint256 room = cap - value;
                if (left <= room) {
                    _write(largestAt, value + left);
                    return 0;
                }
                _write(largestAt, cap);
                left -= room;
                largestAt = _largestBelow(cScores, values, cap);
            }
        }
        return left;
    }

    /// @dev Where the largest value below the cap lies, the first of several; zero for none.
    function _largestBelow(uint16[] memory cScores, uint256[] memory values, uint256 cap)
        private
        pure
        returns (uint256 largestAt)
    {
        (uint256 at, uint256 end) = _bounds(values);
        unchecked {
            uint256 toScore = _first(cScores) - at;
            // The least that would be larger.
            uint256 larger;
            for (; at != end; at += _WORD) {
                uint256 value = _read(at);
                if (value >= larger && value < cap && _read(at + toScore) != 0) {
                    (larger, largestAt) = (value + 1, at);
                }
            }
        }
    }

    /* MEMORY: lists are walked by pointers, which costs a third of indexing */

    function _first(uint16[] memory list) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := add(list, 0x20)
        }
    }

    function _bounds(uint256[] memory list) private pure returns (uint256 at, uint256 end) {
        assembly ("memory-safe") {
            at := add(list, 0x20)
            end := add(at, shl(5, mload(list)))
        }
    }

    /// @dev A new list, as long as another; each of its words is yet to be written.
    function _like(uint16[] memory list)
        private
        pure
        returns (uint256[] memory made, uint256 at, uint256 end)
    {
        assembly ("memory-safe") {
            made := mload(0x40)
            let length := mload(list)
            mstore(made, length)
            at := add(made, 0x20)
            end := add(at, shl(5, length))
            mstore(0x40, end)
        }
    }

    /// @dev Where nothing is allocated yet; it is done with before anything is.
    function _copy(uint256[] memory list) private pure returns (uint256 at, uint256 end) {
        assembly ("memory-safe") {
            at := mload(0x40)
            let size := shl(5, mload(list))
            mcopy(at, add(list, 0x20), size)
            end := add(at, size)
        }
    }

    function _read(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(at)
        }
    }

    function _write(uint256 at, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(at, word)
        }
    }

    /// @dev Rounded down, and zero where the divisor is: without Solidity's check.
    function _div(uint256 dividend, uint256 divisor) private pure returns (uint256 quotient) {
        assembly ("memory-safe") {
            quotient := div(dividend, divisor)
        }
    }
}
