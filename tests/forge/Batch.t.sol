// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {IFlashLoanArbitrage, LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LoanSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {ThrowingToken} from "./support/ThrowingToken.sol";

/// @title Several plans in one call: all or nothing, or each for itself.
contract BatchTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    ThrowingToken internal throwing;

    function setUp() public override {
        super.setUp();
        throwing = new ThrowingToken();
        _opportunity(address(usd), address(btc));
        _opportunity(address(weth), address(usd));
        _opportunity(address(usd), address(throwing));
    }

    /* PLANS */

    function _inUsd() private view returns (PlanSpec memory) {
        return _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
    }

    function _inWeth() private view returns (PlanSpec memory plan) {
        return _plan(LenderKind.AaveV3, address(weth), address(usd), V2_A, V2_B);
    }

    /// @dev Fails as late as possible: all is done but the gain is not enough.
    function _failing() private view returns (PlanSpec memory plan) {
        plan = _inUsd();
        plan.loans = new LoanSpec[](3);
        plan.loans[0] = _loan(LenderKind.BalancerV2, address(usd), LOAN);
        plan.loans[1] = _loan(LenderKind.AaveV3, address(usd), LOAN);
        plan.loans[2] = _loan(LenderKind.MorphoBlue, address(usd), LOAN);
        plan.minProfit = 100e18;
    }

    function _batch(PlanSpec memory first, PlanSpec memory second)
        private
        pure
        returns (bytes[] memory plans)
    {
        plans = new bytes[](2);
        (plans[0], plans[1]) = (first.encode(), second.encode());
    }

    function _run(bytes[] memory plans, bool skipFailing) private returns (uint256[] memory) {
        vm.prank(keeper);
        return executor.executeBatch(plans, skipFailing);
    }

    function _alone(PlanSpec memory plan) private returns (uint256 profit) {
        uint256 snapshot = vm.snapshotState();
        profit = _execute(plan);
        vm.revertToState(snapshot);
    }

    /* ALL GO THROUGH */

    function test_batch_ofIndependentPlans_bringsWhatEachBringsAlone() public {
        uint256 inUsd = _alone(_inUsd());
        uint256 snapshot = vm.snapshotState();
        for (uint256 skip; skip < 2; ++skip) {
            _execute(_inUsd());
            uint256 inWeth = _execute(_inWeth()); // the first plan moved no price that this one uses
            vm.revertToState(snapshot);
            vm.expectEmit(address(executor));
            emit IFlashLoanArbitrage.ArbitrageExecuted(_inUsd().hash(), address(usd), inUsd);
            vm.expectEmit(address(executor));
            emit IFlashLoanArbitrage.ArbitrageExecuted(_inWeth().hash(), address(weth), inWeth);
            uint256[] memory profits = _run(_batch(_inUsd(), _inWeth()), skip == 1);
            assertEq(profits.length, 2);
            assertEq(profits[0], inUsd);
            assertEq(profits[1], inWeth);
            assertEq(usd.balanceOf(treasury), inUsd);
            assertEq(weth.balanceOf(treasury), inWeth);
            vm.revertToState(snapshot);
        }
    }

    function test_batch_ofNothing_isNothing() public {
        assertEq(_run(new bytes[](0), false).length, 0);
        assertEq(_run(new bytes[](0), true).length, 0);
    }

    /// @dev Each plan meets the state that the one before it left.
    function test_batch_orderMatters() public {
        PlanSpec memory greedy = _inUsd();
        greedy.minProfit = _alone(greedy); // only as good as on the fresh state
        PlanSpec memory modest = _inUsd();
        modest.loans[0].amount = LOAN / 10;
        uint256 snapshot = vm.snapshotState();
        uint256[] memory profits = _run(_batch(greedy, modest), true);
        assertEq(profits[0], greedy.minProfit);
        assertGt(profits[1], 0);
        vm.revertToState(snapshot);
        profits = _run(_batch(modest, greedy), true);
        assertGt(profits[0], 0);
        assertEq(profits[1], 0);
    }

    /* ALL OR NOTHING */

    function test_batch_allOrNothing_revertsWithTheFailingPlansReason() public {
        PlanSpec memory late = _inWeth();
        late.deadline = block.timestamp - 1;
        bytes[] memory plans = _batch(_inUsd(), late);
        vm.prank(keeper);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.DeadlineExpired.selector, late.deadline, block.timestamp)
        );
        executor.executeBatch(plans, false);
        assertEq(usd.balanceOf(treasury), 0);
        _assertNothingLeft(address(usd));
    }

    /* EACH FOR ITSELF */

    function test_batch_skipping_leavesNothingOfTheSkippedPlanBehind() public {
        uint256 expected = _alone(_inUsd());
        uint256[] memory profits = _run(_batch(_failing(), _inUsd()), true);
        assertEq(profits[0], 0);
        assertEq(profits[1], expected, "the second met an untouched market");
        assertEq(usd.balanceOf(treasury), expected);
        assertEq(usd.balanceOf(address(vault)), DEPTH);
        assertEq(usd.balanceOf(address(aavePool)), DEPTH);
        assertEq(usd.balanceOf(address(morpho)), DEPTH);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(btc));
    }

    function test_batch_skipping_saysWhichAndWhy() public {
        PlanSpec memory failing = _failing();
        failing.minProfit = 0;
        failing.deadline = block.timestamp - 1;
        bytes memory reason =
            abi.encodeWithSelector(ErrorsLib.DeadlineExpired.selector, failing.deadline, block.timestamp);
        bytes[] memory plans = _batch(_inUsd(), failing);
        vm.expectEmit(address(executor));
        emit IFlashLoanArbitrage.PlanSkipped(1, failing.hash(), reason);
        _run(plans, true);
    }

    function test_batch_skippingAll_isNoFailure() public {
        uint256[] memory profits = _run(_batch(_failing(), _failing()), true);
        assertEq(profits[0] + profits[1], 0);
        assertEq(usd.balanceOf(treasury), 0);
    }

    /// @dev Longer plans first: nothing that they noted transiently is taken for the next plan's.
    function test_batch_afterAPlanOfThreeLoans_shorterPlanIsItself() public {
        PlanSpec memory three = _failing();
        for (uint256 i; i < 3; ++i) {
            three.loans[i].amount = LOAN / 10;
        }
        three.minProfit = 1;
        uint256 snapshot = vm.snapshotState();
        uint256 first = _execute(three);
        uint256 second = _execute(_inUsd());
        vm.revertToState(snapshot);
        uint256[] memory profits = _run(_batch(three, _inUsd()), true);
        assertEq(profits[0], first);
        assertEq(profits[1], second);
    }

    function testFuzz_batch_skipping_reasonIsCutAt256Bytes(uint256 length) public {
        length = bound(length, 0, 100_000);
        _assertReasonOf(length);
    }

    function test_batch_skipping_reasonAtTheCut() public {
        uint256[6] memory lengths = [uint256(0), 4, 255, 256, 257, 100_000];
        for (uint256 i; i < lengths.length; ++i) {
            _assertReasonOf(lengths[i]);
        }
    }

    function _assertReasonOf(uint256 length) private {
        bytes memory said = length < 4 ? bytes("") : bytes("fine");
        throwing.throwOn(said, length, address(0));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(throwing), V2_A, V3);
        uint256 cut = length < 256 ? length : 256;
        bytes[] memory plans = new bytes[](1);
        plans[0] = plan.encode();
        vm.recordLogs();
        _run(plans, true);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.topics[0], IFlashLoanArbitrage.PlanSkipped.selector);
        assertEq(last.topics[2], plan.hash());
        assertEq(last.data, abi.encode(bytes.concat(said, new bytes(cut - said.length))));
    }

    /* WHO MAY */

    function test_batch_byAnybodyButAKeeper_orWhilePaused_reverts() public {
        bytes[] memory plans = _batch(_inUsd(), _inWeth());
        address[3] memory others = [attacker, owner, guardian];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, others[i]));
            executor.executeBatch(plans, true);
        }
        vm.prank(guardian);
        executor.pause();
        vm.prank(keeper);
        vm.expectRevert(ErrorsLib.ExecutionPaused.selector);
        executor.executeBatch(plans, true);
    }

    function test_batch_fromWithinAnOpenPlan_evenAsKeeper_isRefused() public {
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        vm.prank(owner);
        executor.setKeeper(address(hook), true);
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        bytes memory attack = abi.encodeCall(executor.executeBatch, (_batch(_inUsd(), _inWeth()), true));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V3);
        hook.arm(pair, address(executor), attack, false);
        uint256[] memory profits = _run(_batch(plan, _inWeth()), true);
        assertGt(profits[0], 0);
        assertGt(profits[1], 0);
        assertEq(bytes4(hook.lastAnswer()), ErrorsLib.Reentered.selector);
    }

    /// @dev A token in a running batch plays the executor's own part: only the executor itself may.
    function test_batch_executeForBatch_fromWithin_isRefused() public {
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        hook.arm(
            pair, address(executor), abi.encodeCall(executor.executeForBatch, (_inUsd().encode())), false
        );
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V3);
        _run(_batch(plan, _inWeth()), true);
        assertEq(hook.lastAnswer(), abi.encodeWithSelector(ErrorsLib.NotSelf.selector, address(hook)));
    }
}
