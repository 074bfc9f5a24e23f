// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RebalanceLimits} from "contracts/interfaces/IAllocationPolicy.sol";
import {
    IAllocationVault,
    Move,
    PoolState,
    Role,
    Stop,
    VaultSettings
} from "contracts/interfaces/IAllocationVault.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {WeightModel} from "contracts/vault/WeightModel.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Rebalancing: towards the targets, in bounded steps, within the allowance for losses.
contract VaultRebalanceTest is VaultFixture {
    uint256 internal constant STAKE = 100_000 * 1e6;

    function setUp() public override {
        super.setUp();
        _addLendings(4);
        _deposit(depositor, STAKE);
    }

    function _limitTo(RebalanceLimits memory limits) internal {
        policy = _deployPolicy(WeightModel(5_000, 15_000, 2_500, 10_000, 3_000), _curve(), limits);
        VaultSettings memory changed = vault.settings();
        changed.policy = address(policy);
        _change(changed);
    }

    function _expect(bytes4 selector) internal {
        vm.prank(keeper);
        vm.expectPartialRevert(selector);
    }

    /* TARGETS */

    function test_targets_followTheScores_andAddUp() public {
        uint16[4] memory scores = [uint16(8_000), 6_000, 4_000, 2_000];
        for (uint256 i; i < 4; ++i) {
            vm.prank(manager);
            vault.setPoolCScore(address(lendings[i]), scores[i]);
        }
        (uint256[] memory wanted, uint256 idle) = vault.targetAllocations();
        (uint256[] memory weights, uint256 ratio) = vault.targetAlmWeightsAndLiquidity();
        // 100,000 of a pivot of a million: 500 + 1,500 / 1.1, rounded up.
        assertEq(ratio, 1_864);
        assertEq(idle, STAKE * 1_864 / BPS);
        assertApproxEqAbs(weights[0], 0.46990881494e18, 1e9);
        uint256 sum = idle;
        for (uint256 i; i < 4; ++i) {
            sum += wanted[i];
            assertApproxEqAbs(wanted[i], (STAKE - idle) * weights[i] / WAD, 4);
        }
        assertEq(sum, STAKE);
        assertEq(vault.tvlUsdWad(), 100_000 * WAD);
    }

    function test_rebalance_reachesTheTargets() public {
        assertEq(_rebalanceToTargets(), 0);
        (uint256[] memory wanted, uint256 idle) = vault.targetAllocations();
        for (uint256 i; i < 4; ++i) {
            assertApproxEqAbs(_value(lendings[i]), wanted[i], 1);
        }
        assertApproxEqAbs(vault.state().idle, idle, 4);
        assertEq(vault.totalAssets(), STAKE);
        assertEq(vault.state().lastRebalance, block.timestamp);
    }

    function test_newScores_moveFromOneToAnother() public {
        _rebalanceToTargets();
        vm.prank(manager);
        vault.setPoolScores(address(lendings[0]), 9_999, 9_999, 9_999);
        vm.warp(block.timestamp + 1 hours);
        _rebalanceToTargets();
        (uint256[] memory wanted,) = vault.targetAllocations();
        assertApproxEqAbs(_value(lendings[0]), wanted[0], 2);
        assertGt(_value(lendings[0]), _value(lendings[1]) * 2);
    }

    function test_pausedPool_staysAsItIs_drainedOneEmpties() public {
        _rebalanceToTargets();
        uint256 held = _value(lendings[1]);
        vm.prank(guardian);
        vault.setPoolState(address(lendings[1]), PoolState.Paused);
        vm.prank(manager);
        vault.setPoolState(address(lendings[0]), PoolState.Draining);
        (uint256[] memory wanted, uint256 idle) = vault.targetAllocations();
        assertEq(wanted[0], 0);
        assertEq(wanted[1], held);
        assertEq(idle + wanted[1] + wanted[2] + wanted[3], STAKE);
        // A drained pool's money does not wait for the interval.
        _rebalance(_move(address(lendings[0]), false, type(uint256).max));
        assertEq(_value(lendings[0]), 0);
        vm.warp(block.timestamp + 1 hours);
        _expect(VaultErrors.WrongPoolState.selector);
        vault.rebalance(_move(address(lendings[1]), false, 1), 0, block.timestamp);
        _expect(VaultErrors.WrongPoolState.selector);
        vault.rebalance(_move(address(lendings[0]), true, 1), 0, block.timestamp);
        _rebalanceToTargets();
        assertEq(_value(lendings[1]), held);
    }

    /* WHAT HOLDS THE KEEPER */

    function test_onlyKeeper_andOnlyInTime() public {
        Move[] memory moves = _planToTargets();
        vm.prank(attacker);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.MissingRole.selector, attacker, uint256(Role.Keeper))
        );
        vault.rebalance(moves, 0, block.timestamp);
        vm.prank(keeper);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.PlanExpired.selector, block.timestamp - 1, block.timestamp)
        );
        vault.rebalance(moves, 0, block.timestamp - 1);
        vm.prank(guardian);
        vault.stop(Stop.Entries);
        _expect(VaultErrors.EntriesStopped.selector);
        vault.rebalance(moves, 0, block.timestamp);
        _expect(VaultErrors.EntriesStopped.selector);
        vault.tend(address(lendings[0]), "");
    }

    function test_nothingMoves_belowTheThreshold_orBeforeTheInterval() public {
        _rebalanceToTargets();
        _deposit(neighbour, STAKE);
        uint256 earliest = block.timestamp + 1 hours;
        Move[] memory moves = _planToTargets();
        vm.warp(earliest - 1);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.TooEarly.selector, earliest, earliest - 1));
        vault.rebalance(moves, 0, block.timestamp);
        vm.warp(earliest);
        _rebalance(moves);
        vm.warp(block.timestamp + 1 hours);
        _deposit(neighbour, STAKE / 500);
        moves = _planToTargets();
        _expect(VaultErrors.BelowThreshold.selector);
        vault.rebalance(moves, 0, block.timestamp);
    }

    function test_move_endsAtItsTarget_andNeverLeadsAway() public {
        (uint256[] memory wanted,) = vault.targetAllocations();
        _rebalance(_move(address(lendings[0]), true, STAKE));
        assertEq(_value(lendings[0]), wanted[0]);
        vm.warp(block.timestamp + 1 hours);
        _expect(VaultErrors.NotTowardsTarget.selector);
        vault.rebalance(_move(address(lendings[0]), true, 1), 0, block.timestamp);
        _expect(VaultErrors.NotTowardsTarget.selector);
        vault.rebalance(_move(address(lendings[0]), false, 1), 0, block.timestamp);
        _expect(VaultErrors.PoolNotFound.selector);
        vault.rebalance(_move(attacker, true, 1), 0, block.timestamp);
    }

    function test_deployments_leaveTheBuffer() public {
        _rebalanceToTargets();
        // One pool is over its target by as much as the buffer is short: nothing may go out.
        vm.prank(manager);
        vault.setPoolCScore(address(lendings[0]), 0);
        vm.warp(block.timestamp + 1 hours);
        _expect(VaultErrors.NotTowardsTarget.selector);
        vault.rebalance(_move(address(lendings[1]), true, 1_000), 0, block.timestamp);
    }

    function test_onePlan_movesNoMoreThanItsStep() public {
        RebalanceLimits memory limits = _limits();
        limits.maxStepBps = 1_000;
        _limitTo(limits);
        Move[] memory moves = _planToTargets();
        _expect(VaultErrors.NotTowardsTarget.selector);
        vault.rebalance(moves, 0, block.timestamp);
        _rebalance(_move(address(lendings[0]), true, STAKE));
        assertEq(_value(lendings[0]), STAKE / 10);
    }

    function test_move_thatLosesTooMuch_isRefused() public {
        targets[0].setEntryFee(49);
        _expect(VaultErrors.LossTooHigh.selector);
        vault.rebalance(_move(address(lendings[0]), true, 1_000 * UNIT), 1, block.timestamp);
        targets[0].setEntryFee(51);
        _expect(VaultErrors.LossTooHigh.selector);
        vault.rebalance(_move(address(lendings[0]), true, 1_000 * UNIT), STAKE, block.timestamp);
    }

    function test_rebalance_saysWhatItMovedAndLost() public {
        targets[0].setEntryFee(40);
        Move[] memory moves = _move(address(lendings[0]), true, 1_000 * UNIT);
        uint256 before = vm.snapshotState();
        uint256 loss = _rebalance(moves);
        assertApproxEqAbs(loss, 4 * UNIT, 2);
        vm.revertToState(before);

        vm.expectEmit(address(vault));
        emit IAllocationVault.Moved(address(lendings[0]), true, 1_000 * UNIT, loss);
        vm.expectEmit(address(vault));
        emit IAllocationVault.Rebalanced(keeper, STAKE, 1_000 * UNIT, loss);
        _rebalance(moves);
    }

    function test_losses_ofAPeriod_areCapped_andGrowBack() public {
        targets[0].setEntryFee(40);
        targets[1].setEntryFee(40);
        // 20 bps of 100,000 are 200; 40 bps of 20,000 are 80 a move.
        assertApproxEqAbs(_rebalance(_move(address(lendings[0]), true, 20_000 * UNIT)), 80 * UNIT, 2);
        vm.warp(block.timestamp + 1 hours);
        assertApproxEqAbs(_rebalance(_move(address(lendings[1]), true, 20_000 * UNIT)), 80 * UNIT, 2);
        targets[2].setEntryFee(40);
        vm.warp(block.timestamp + 1 hours);
        _expect(VaultErrors.LossCapExceeded.selector);
        vault.rebalance(_move(address(lendings[2]), true, 20_000 * UNIT), STAKE, block.timestamp);
        vm.warp(block.timestamp + 1 days);
        _rebalance(_move(address(lendings[2]), true, 20_000 * UNIT));
    }

    function test_poolThatIsNotSound_isLeftAlone() public {
        _rebalanceToTargets();
        targets[0].earn(1_000 * UNIT);
        vm.warp(block.timestamp + 1 hours);
        _expect(VaultErrors.PoolNotSound.selector);
        vault.tend(address(lendings[0]), "");
        vm.prank(manager);
        vault.setPoolCScore(address(lendings[0]), 1_000);
        _expect(VaultErrors.PoolNotSound.selector);
        vault.rebalance(_move(address(lendings[0]), false, 1_000 * UNIT), STAKE, block.timestamp);
    }

    /* REQUESTS */

    function test_requests_areRaised_withoutWaitingForTheInterval() public {
        _rebalanceToTargets();
        uint256 shares = vault.balanceOf(depositor) / 2;
        for (uint256 i; i < 4; ++i) {
            targets[i].setLiquidity(0);
        }
        vm.prank(depositor);
        uint256 id = vault.requestRedeem(shares, depositor, depositor);
        targets[0].setLiquidity(type(uint256).max);
        Move[] memory moves = _move(address(lendings[0]), false, type(uint256).max);
        _rebalance(moves);
        assertGt(vault.fulfillRequests(1), STAKE / 5);
        assertGt(vault.claimableRedeemAssets(id, depositor), STAKE / 5);
        // Putting in is not urgent.
        moves = _move(address(lendings[0]), true, 1);
        _expect(VaultErrors.TooEarly.selector);
        vault.rebalance(moves, 0, block.timestamp);
    }
}
