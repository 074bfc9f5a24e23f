// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashLoanArbitrage, LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title What one plan leaves behind for the next in the same transaction: nothing.
contract BatchUnlockTest is VenuesFixture {
    using PlanCodec for PlanSpec;

    /// @dev The first borrows from Uniswap V4's manager and so unlocks it; the second must unlock it for itself.
    function test_batch_planAfterAV4Loan_unlocksTheManagerForItsOwnLegs() public {
        bytes[] memory plans = new bytes[](3);
        plans[0] = _overV4(LenderKind.UniswapV4).encode();
        plans[1] = _overV4(LenderKind.MorphoBlue).encode();
        plans[2] = _overV4(LenderKind.UniswapV4).encode();
        vm.prank(keeper);
        uint256[] memory profits = executor.executeBatch(plans, false);
        assertGt(profits[1], 0);
        assertGt(profits[2], 0);
        assertFalse(manager.unlocked());
    }

    /// @dev Each names who did it, not who signed the transaction.
    function test_pauseAndUnpause_nameTheCaller() public {
        vm.startPrank(owner, keeper);
        vm.expectEmit(address(executor));
        emit IFlashLoanArbitrage.Paused(owner);
        executor.pause();
        vm.expectEmit(address(executor));
        emit IFlashLoanArbitrage.Unpaused(owner);
        executor.unpause();
        vm.stopPrank();
    }

    function _overV4(LenderKind lender) private view returns (PlanSpec memory plan) {
        plan = _emptyPlan(lender, address(usd));
        plan.minProfit = 1;
        // Small, so that the price leaves something to the next.
        plan.loans[0].amount = 1e18;
        plan.legs = new LegSpec[](2);
        plan.legs[0] = _leg(V2_A, address(btc));
        plan.legs[1] = _legOver(VenueKind.UniswapV4, address(usd));
    }
}
