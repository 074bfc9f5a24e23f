// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {IncidentFixture} from "../support/IncidentFixture.sol";
import {PlanCodec, PlanSpec} from "../support/PlanCodec.sol";

/// @title Incidents of transactions and keys that became known.
contract KeyIncidents is IncidentFixture {
    using PlanCodec for PlanSpec;

    /* A LEAKED TRANSACTION */

    /// @dev Anybody who saw the plan sends it with all of its gain promised to the builder, who is the same.
    function test_AnyoneExecutes_planOfOthersForOwnTip() public {
        _face("AnyoneExecutes");
        _executeAs(attacker, _planForTip());
        _conclude(attacker.balance, ErrorsLib.NotKeeper.selector);
    }

    /// @dev A plan that became known is sent to a second deployment, and pays that one's treasury.
    function test_UnboundExecutor_runsPlanOfAnotherDeployment() public {
        _face("UnboundExecutor");
        _opportunity(address(usd), address(btc));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        address otherTreasury = makeAddr("treasury of the second deployment");
        executor = _deployAnother(otherTreasury);
        _executeAs(keeper, plan);
        _conclude(usd.balanceOf(otherTreasury), ErrorsLib.WrongExecutor.selector);
    }

    function test_UnboundChain_runsPlanOfAnotherChain() public {
        _face("UnboundChain");
        _opportunity(address(usd), address(btc));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        vm.chainId(137);
        _executeAs(keeper, plan);
        _conclude(usd.balanceOf(treasury), ErrorsLib.WrongChain.selector);
    }

    /// @dev Withheld until its time is over, then included.
    function test_NoDeadline_runsPlanWithheldByBuilder() public {
        _face("NoDeadline");
        _opportunity(address(usd), address(btc));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        vm.warp(plan.deadline + 1);
        _executeAs(keeper, plan);
        _conclude(usd.balanceOf(treasury), ErrorsLib.DeadlineExpired.selector);
    }

    /// @dev The second time the prices have met, and the plan loses: out of what lies here, where that counts.
    function test_LossHides_whenPlanIsReplayedTwice() public {
        _face("LossHides");
        PlanSpec memory plan = _planOnDonation(30e18, V2_A, V2_B);
        _executeAs(keeper, plan);
        assertEq(_missing(address(usd)), 0, "the first time it gains");
        _executeAs(keeper, plan);
        _conclude(_missing(address(usd)), ErrorsLib.LoanNotCovered.selector);
    }

    /// @dev The second plan lives on what the first leaves behind; put before it, it loses.
    function test_LossHides_whenPlansAreReordered() public {
        _face("LossHides");
        PlanSpec memory first = _planOnDonation(30e18, V2_A, V2_B);
        PlanSpec memory second = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_B, V2_A);
        (second.minProfit, second.loans[0].amount) = (0, 3e18);
        uint256 snapshot = vm.snapshotState();
        assertGt(_execute(first), 0);
        assertGt(_execute(second), 0);
        vm.revertToState(snapshot);
        _executeAs(keeper, second);
        _conclude(_missing(address(usd)), ErrorsLib.LoanNotCovered.selector);
    }

    function _planOnDonation(uint256 amount, uint16 first, uint16 second)
        private
        returns (PlanSpec memory plan)
    {
        _opportunity(address(usd), address(btc));
        _donate(address(usd));
        plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), first, second);
        (plan.minProfit, plan.loans[0].amount) = (0, amount);
    }

    /* KEYS */

    /// @dev The second keeper is kept elsewhere than the first: revoked in one place only, it goes on.
    function test_HalfRevoked_keeperGoesOn() public {
        _face("HalfRevoked");
        vm.startPrank(owner);
        executor.setKeeper(attacker, true);
        executor.setKeeper(attacker, false);
        vm.stopPrank();
        _executeAs(attacker, _planForTip());
        _conclude(attacker.balance, ErrorsLib.NotKeeper.selector);
    }

    /// @dev With the keeper's key: sells what lies here at a pair of a listed factory that nobody but the thief has
    /// filled, almost for nothing.
    function test_SpendsWhatLies_withLeakedKeeperKey() public {
        _face("SpendsWhatLies");
        _donate(address(btc));
        address pair = address(_v2Pair(v2FactoryA, address(btc), 1e6, address(usd), 1e6));
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.legs = _one(_legFromPurse(V2_A, address(btc), DONATION, address(usd)));
        _executeAs(keeper, plan);
        _conclude(btc.balanceOf(pair) - 1e6, ErrorsLib.PurseTooSmall.selector);
    }

    /// @dev With the keeper's key: the only loan's high bit promises another, the plan ends, and behind it in calldata, where
    /// no hash reaches, lies one of a token that was left here. Counted as a loan of nothing before it, all of that
    /// token is its gain, and is sent away.
    function test_PhantomLoan_movesWhatLies() public {
        _face("PhantomLoan");
        _donate(address(btc));
        bytes memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd)).encode();
        plan[PlanCodec.LOANS] |= bytes1(PlanCodec.FLAG);
        bytes memory behind = PlanCodec.encodeLoan(_loan(LenderKind.Maker, address(btc), LOAN), false);
        bytes memory call =
            abi.encodePacked(executor.execute.selector, uint256(0x20), plan.length, plan, behind);
        _attack(keeper, address(executor), call);
        _conclude(_missing(address(btc)), ErrorsLib.PlanCutShort.selector);
    }

    /// @dev A plan that earns, all of whose gain goes to the builder: the attacker.
    function _planForTip() private returns (PlanSpec memory plan) {
        _opportunity(address(weth), address(btc));
        vm.coinbase(attacker);
        plan = _plan(LenderKind.MorphoBlue, address(weth), address(btc), V2_A, V2_B);
        (plan.minProfit, plan.builderShareBps) = (0, 10_000);
    }
}
