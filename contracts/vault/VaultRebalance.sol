// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IAllocationPolicy, RebalanceLimits} from "../interfaces/IAllocationPolicy.sol";
import {IAllocationVault, Move, Pool, PoolState, Role, Stop} from "../interfaces/IAllocationVault.sol";
import {IStrategy} from "../interfaces/IStrategy.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {VaultRequests} from "./VaultRequests.sol";

/// @title VaultRebalance: what each pool is to hold, and the keeper's way there.
/// @notice A keeper says which pools and how much; that it leads towards the targets, how far one plan goes, how often,
/// and what it may lose by the oracle, is the vault's. A stolen keeper's key can lose the allowance of a period, no more.
abstract contract VaultRebalance is VaultRequests {
    /* STRUCTS */

    /// @dev Where things are to go, and what is left of a plan's allowances on the way.
    struct Course {
        RebalanceLimits limits;
        uint256[] targets;
        uint256 idleTarget;
        uint256 stepLeft;
        uint256 moved;
        uint256 loss;
    }

    /* KEEPER */

    /// @inheritdoc IAllocationVault
    function rebalance(Move[] calldata moves, uint256 maxLoss, uint256 deadline)
        external
        override
        onlyRole(Role.Keeper)
        nonReentrant
        returns (uint256 loss)
    {
        // A deadline is minutes; a validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (deadline < block.timestamp) revert VaultErrors.PlanExpired(deadline, block.timestamp);
        Layout storage layout = _layout();
        if (layout.stop != Stop.Nothing) revert VaultErrors.EntriesStopped();
        Totals memory totals = _accrue();
        Course memory course = _course(totals);
        course.limits = _policy().limits();
        course.stepLeft = totals.assets * course.limits.maxStepBps / _BPS;
        _requireDue(moves, totals, course);
        for (uint256 i; i < moves.length; ++i) {
            _move(moves[i], totals, course);
        }
        loss = course.loss;
        if (loss > maxLoss) revert VaultErrors.LossTooHigh(loss, maxLoss);
        _chargeLoss(loss, totals.assets, course.limits);
        // Until the year 36,812.
        layout.lastRebalance = uint40(block.timestamp);
        emit Rebalanced(_relayedSender(), totals.assets, course.moved, loss);
    }

    /// @inheritdoc IAllocationVault
    function tend(address strategy, bytes calldata params)
        external
        override
        onlyRole(Role.Keeper)
        nonReentrant
        returns (uint256 loss)
    {
        if (_layout().stop != Stop.Nothing) revert VaultErrors.EntriesStopped();
        _listed(strategy);
        Totals memory totals = _accrue();
        (uint256 before,,) = IStrategy(strategy).report();
        IStrategy(strategy).tend(params);
        uint256 value = _soundValue(strategy);
        loss = FixedPointMathLib.zeroFloorSub(before, value);
        _chargeLoss(loss, totals.assets, _policy().limits());
        emit Tended(strategy, value, loss);
    }

    /* VIEWS */

    /// @inheritdoc IAllocationVault
    function targetAllocations()
        external
        view
        override
        nonReentrantView
        returns (uint256[] memory allocations, uint256 idle)
    {
        Totals memory totals = _prices();
        allocations = _course(totals).targets;
        idle = totals.assets;
        for (uint256 i; i < allocations.length; ++i) {
            idle -= allocations[i];
        }
    }

    /// @inheritdoc IAllocationVault
    function targetAlmWeightsAndLiquidity()
        external
        view
        override
        nonReentrantView
        returns (uint256[] memory weightsWad, uint256 targetLiquidityRatioBp)
    {
        Totals memory totals = _requirePriced(_look());
        IAllocationPolicy policy = _policy();
        (uint16[] memory scores,) = _scores(totals);
        return (policy.weightsWad(scores), policy.liquidityRatioBps(totals.assets));
    }

    /// @inheritdoc IAllocationVault
    function tvlUsdWad() external view override nonReentrantView returns (uint256) {
        return _policy().usdWad(_requirePriced(_look()).assets);
    }

    /* INTERNAL: TARGETS */

    function _policy() private view returns (IAllocationPolicy) {
        return IAllocationPolicy(_layout().settings.policy);
    }

    /// @dev Scores in the pools' order, none for a pool that is to be given nothing; and what paused ones hold.
    function _scores(Totals memory totals) private view returns (uint16[] memory scores, uint256 held) {
        uint256 count = totals.strategies.length;
        scores = new uint16[](count);
        for (uint256 i; i < count; ++i) {
            Pool memory listed = _layout().pools[totals.strategies[i]];
            if (listed.state == PoolState.Active) scores[i] = listed.cScore;
            else if (listed.state == PoolState.Paused) held += totals.values[i];
        }
    }

    /// @dev What lies in paused pools stays there; the rest is the policy's.
    function _course(Totals memory totals) private view returns (Course memory course) {
        (uint16[] memory scores, uint256 held) = _scores(totals);
        (course.targets, course.idleTarget) =
            _policy().allocate(scores, totals.assets, _pendingAssets(totals), held);
        for (uint256 i; i < scores.length; ++i) {
            if (_layout().pools[totals.strategies[i]].state == PoolState.Paused) {
                course.targets[i] = totals.values[i];
            }
        }
    }

    /* INTERNAL: WHETHER IT IS TIME */

    function _requireDue(Move[] calldata moves, Totals memory totals, Course memory course) private view {
        if (_isUrgent(moves, totals)) return;
        Layout storage layout = _layout();
        uint256 earliest = uint256(layout.lastRebalance) + course.limits.minIntervalSeconds;
        // A validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < earliest) revert VaultErrors.TooEarly(earliest, block.timestamp);
        uint256 drift = FixedPointMathLib.dist(layout.idle, course.idleTarget);
        for (uint256 i; i < course.targets.length; ++i) {
            drift = FixedPointMathLib.max(drift, FixedPointMathLib.dist(totals.values[i], course.targets[i]));
        }
        uint256 threshold = totals.assets * course.limits.thresholdBps / _BPS;
        if (drift < threshold) revert VaultErrors.BelowThreshold(drift, threshold);
    }

    /// @dev A plan that only takes out, while somebody waits for it or a pool is being drained.
    function _isUrgent(Move[] calldata moves, Totals memory totals) private view returns (bool) {
        Layout storage layout = _layout();
        bool isAwaited = _pendingAssets(totals) > layout.idle;
        for (uint256 i; i < moves.length; ++i) {
            if (moves[i].isDeploy) return false;
            if (!isAwaited && layout.pools[moves[i].strategy].state != PoolState.Draining) return false;
        }
        return true;
    }

    /* INTERNAL: ONE MOVE */

    function _move(Move calldata move, Totals memory totals, Course memory course) private {
        uint256 i = _indexOf(move.strategy, totals.strategies);
        uint256 before = totals.values[i];
        uint256 assets = FixedPointMathLib.min(move.assets, _distance(move, i, before, course));
        if (assets == 0) revert VaultErrors.NotTowardsTarget(move.strategy, before, course.targets[i]);
        uint256 loss;
        (totals.values[i], loss) =
            move.isDeploy ? _give(move.strategy, assets, before) : _take(move.strategy, assets, before);
        uint256 allowed = assets * course.limits.maxMoveLossBps / _BPS;
        if (loss > allowed) revert VaultErrors.LossTooHigh(loss, allowed);
        course.stepLeft -= assets;
        course.moved += assets;
        course.loss += loss;
        emit Moved(move.strategy, move.isDeploy, assets, loss);
    }

    /// @dev How far this move may go: to the target, not below the buffer's, and within the plan's step.
    function _distance(Move calldata move, uint256 i, uint256 value, Course memory course)
        private
        view
        returns (uint256 distance)
    {
        PoolState poolState = _listed(move.strategy).state;
        if (poolState == PoolState.Paused || (move.isDeploy && poolState != PoolState.Active)) {
            revert VaultErrors.WrongPoolState(move.strategy, uint256(poolState));
        }
        if (move.isDeploy) {
            distance = FixedPointMathLib.min(
                FixedPointMathLib.zeroFloorSub(course.targets[i], value),
                FixedPointMathLib.zeroFloorSub(_layout().idle, course.idleTarget)
            );
        } else {
            distance = FixedPointMathLib.zeroFloorSub(value, course.targets[i]);
        }
        return FixedPointMathLib.min(distance, course.stepLeft);
    }

    function _give(address strategy, uint256 assets, uint256 before)
        private
        returns (uint256 value, uint256 loss)
    {
        Layout storage layout = _layout();
        layout.idle -= _toUint128(assets);
        SafeTransferLib.safeTransfer(layout.asset, strategy, assets);
        IStrategy(strategy).deploy(assets);
        value = _soundValue(strategy);
        loss = FixedPointMathLib.zeroFloorSub(before + assets, value);
    }

    function _take(address strategy, uint256 assets, uint256 before)
        private
        returns (uint256 value, uint256 loss)
    {
        uint256 received = _takeOut(strategy, assets);
        _layout().idle += _toUint128(received);
        value = _soundValue(strategy);
        loss = FixedPointMathLib.zeroFloorSub(before, value + received);
    }

    /// @dev Before and after a move oracle and market must agree: what was counted is what is there.
    function _soundValue(address strategy) private view returns (uint256 value) {
        bool sound;
        (value,, sound) = IStrategy(strategy).report();
        if (!sound) revert VaultErrors.PoolNotSound(strategy);
    }

    /* INTERNAL: LOSSES */

    /// @dev An allowance that grows back evenly: what was lost counts for one period, fading.
    function _chargeLoss(uint256 loss, uint256 assets, RebalanceLimits memory limits) private {
        if (loss == 0) return;
        Layout storage layout = _layout();
        uint256 cap = assets * limits.maxLossBps / _BPS;
        uint256 elapsed = block.timestamp - layout.lossUpdatedAt;
        // What has grown back, down: what is still used is not forgotten early.
        uint256 used =
            FixedPointMathLib.zeroFloorSub(layout.lossUsed, cap * elapsed / limits.lossPeriodSeconds);
        if (used + loss > cap) {
            revert VaultErrors.LossCapExceeded(loss, FixedPointMathLib.zeroFloorSub(cap, used));
        }
        layout.lossUsed = _toUint128(used + loss);
        // Until the year 36,812.
        layout.lossUpdatedAt = uint40(block.timestamp);
    }
}
