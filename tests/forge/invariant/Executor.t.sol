// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";
import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {ExecutorActors} from "./ExecutorActors.sol";

/// @title What holds of the executor after any sequence of calls by anybody.
///
/// INV_EXEC_A  The executor holds what was donated to it less what the owner swept, and nothing else.
/// INV_EXEC_B  The executor holds no ether.
/// INV_EXEC_C  No lender holds an allowance over the executor's tokens.
/// INV_EXEC_D  The treasury has exactly the profits reported plus what was swept.
/// INV_EXEC_E  Nothing executes while paused.
/// INV_EXEC_F  Nobody but a keeper executes.
/// INV_EXEC_G  No forged callback is ever accepted.
/// INV_EXEC_H  The attacker gains nothing.
/// INV_EXEC_I  No lender ever has less than at the start.
/// INV_EXEC_J  Between calls nothing is awaited: the next plan is never refused by a guard left open.
/// INV_EXEC_K  An executed plan gained at least its least profit.
/// INV_EXEC_L  What a plan pays is what its quote said a moment before.
///
/// Actors call directly, in batches, and by the forwarder; F holds of those for whom the forwarder calls as well.
contract ExecutorInvariants is Test {
    ExecutorActors internal actors;
    FlashLoanArbitrage internal executor;
    uint256[3][3] internal lentAtStart;

    function setUp() public {
        actors = ExecutorActors(vm.deployCode("ExecutorActors.sol:ExecutorActors"));
        executor = actors.executor_();
        for (uint256 i; i < 3; ++i) {
            for (uint256 j; j < 3; ++j) {
                lentAtStart[i][j] = IERC20(actors.assetAt(i)).balanceOf(actors.spenders()[j]);
            }
        }
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), _selectors()));
    }

    function _selectors() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](14);
        selectors[0] = ExecutorActors.trader_bendsAPool.selector;
        selectors[1] = ExecutorActors.keeper_executes.selector;
        selectors[2] = ExecutorActors.keeper_executesOverAToken_thatForgesACallback.selector;
        selectors[3] = ExecutorActors.attacker_executes.selector;
        selectors[4] = ExecutorActors.attacker_forgesCallbacks.selector;
        selectors[5] = ExecutorActors.attacker_startsABalancerLoanForUs.selector;
        selectors[6] = ExecutorActors.donor_sendsTokens.selector;
        selectors[7] = ExecutorActors.owner_sweeps.selector;
        selectors[8] = ExecutorActors.owner_setsKeeperAndUnpauses.selector;
        selectors[9] = ExecutorActors.guardian_pauses.selector;
        selectors[10] = ExecutorActors.keeper_signsForTheForwarder.selector;
        selectors[11] = ExecutorActors.keeper_executesABatch.selector;
        selectors[12] = ExecutorActors.attacker_signsForTheForwarder.selector;
        selectors[13] = ExecutorActors.keeper_executesAPlanWithALoanBehindIt.selector;
    }

    /// @dev The actors can reach what the invariants speak of: executions with profit, and forgeries that were made.
    function test_actors_reachProfitAndForgery() public {
        for (uint256 seed; seed < 64; ++seed) {
            uint256 drawn = uint256(keccak256(abi.encode(seed)));
            actors.keeper_executes(drawn, 1e17, 500);
            actors.keeper_executesOverAToken_thatForgesACallback(drawn, 1e17);
        }
        assertGt(actors.executions(), 32);
        for (uint256 i; i < 3; ++i) {
            assertGt(actors.reportedProfit(actors.assetAt(i)), 0);
        }
        assertGt(actors.hook().callCount(), 3);
    }

    function invariant_INV_EXEC_A_holdsOnlyDonations() public view {
        for (uint256 i; i < 3; ++i) {
            address asset = actors.assetAt(i);
            uint256 expected = actors.donated(asset) - actors.swept(asset);
            assertEq(IERC20(asset).balanceOf(address(executor)), expected);
        }
    }

    function invariant_INV_EXEC_B_holdsNoEther() public view {
        assertEq(address(executor).balance, 0);
    }

    function invariant_INV_EXEC_C_allowancesAreZero() public view {
        for (uint256 i; i < 3; ++i) {
            for (uint256 j; j < 3; ++j) {
                IERC20 asset = IERC20(actors.assetAt(i));
                assertEq(asset.allowance(address(executor), actors.spenders()[j]), 0);
            }
        }
    }

    function invariant_INV_EXEC_D_treasuryHasWhatWasReported() public view {
        for (uint256 i; i < 3; ++i) {
            address asset = actors.assetAt(i);
            uint256 expected = actors.reportedProfit(asset) + actors.swept(asset);
            assertEq(IERC20(asset).balanceOf(actors.treasuryAddress()), expected);
        }
    }

    function invariant_INV_EXEC_E_pauseStops() public view {
        assertEq(actors.executedWhilePaused(), 0);
    }

    function invariant_INV_EXEC_F_onlyKeepersExecute() public view {
        assertEq(actors.executedByOthers(), 0);
    }

    function invariant_INV_EXEC_G_noForgeryIsAccepted() public view {
        assertEq(actors.forgeriesAccepted(), 0);
    }

    function invariant_INV_EXEC_H_attackerGainsNothing() public view {
        for (uint256 i; i < 3; ++i) {
            assertEq(IERC20(actors.assetAt(i)).balanceOf(actors.attackerAddress()), 0);
        }
    }

    function invariant_INV_EXEC_I_lendersAreWhole() public view {
        for (uint256 i; i < 3; ++i) {
            for (uint256 j; j < 3; ++j) {
                uint256 held = IERC20(actors.assetAt(i)).balanceOf(actors.spenders()[j]);
                assertGe(held, lentAtStart[i][j]);
            }
        }
    }

    function invariant_INV_EXEC_K_leastProfitHolds() public view {
        assertEq(actors.limitsBroken(), 0);
    }

    function invariant_INV_EXEC_L_quotesAreKept() public view {
        assertEq(actors.quotesBroken(), 0);
    }

    /// @dev An empty plan asks nothing of the market: only a guard left open, a pause or a revocation can refuse it.
    function invariant_INV_EXEC_J_nextPlanIsNeverBlocked() public {
        actors.owner_setsKeeperAndUnpauses(true);
        actors.keeper_probes();
    }
}
