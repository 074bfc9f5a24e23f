// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockV4Hooks} from "contracts/mocks/MockV4Hooks.sol";
import {ManagerFault, MockUniswapV4Manager} from "contracts/mocks/MockUniswapV4.sol";
import {ViceToken} from "contracts/mocks/ViceToken.sol";
import {LegSpec, LoanSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title Uniswap V4's pools: one unlock, deltas, settlement; native ether, hooks.
contract VenuesV4Test is VenuesFixture {
    using PlanCodec for PlanSpec;

    /* ONE UNLOCK */

    /// @dev Between two legs over the manager nothing moves: the token between is not touched at all.
    function test_consecutiveLegs_keepTheTokenBetweenAtTheManager() public {
        PlanSpec memory plan = _threeLegs(LenderKind.MorphoBlue);
        HookToken between = HookToken(plan.legs[1].tokenOut);
        uint256 profit = _execute(plan);
        assertGt(profit, 0.5e18);
        assertEq(between.callCount(), 0);
        _assertClean();
    }

    function test_insideOurOwnLoan_runsInTheSameUnlock() public {
        PlanSpec memory plan = _threeLegs(LenderKind.UniswapV4);
        uint256 snapshot = vm.snapshotState();
        uint256 fromV4 = _execute(plan);
        _assertClean();
        assertFalse(manager.unlocked());
        vm.revertToState(snapshot);
        plan.loans[0].kind = LenderKind.MorphoBlue;
        assertEq(_execute(plan), fromV4, "the lender makes no difference to the route");
    }

    function test_insideOtherLoansAroundOurOwn_runsInTheSameUnlock() public {
        PlanSpec memory plan = _threeLegs(LenderKind.UniswapV4);
        LoanSpec memory inner = _loan(LenderKind.MorphoBlue, address(usd), 1e18);
        LoanSpec memory outer = plan.loans[0];
        plan.loans = new LoanSpec[](2);
        (plan.loans[0], plan.loans[1]) = (outer, inner);
        uint256 snapshot = vm.snapshotState();
        assertGt(_execute(plan), 0);
        _assertClean();
        vm.revertToState(snapshot);
        (plan.loans[0], plan.loans[1]) = (inner, outer);
        assertGt(_execute(plan), 0);
        _assertClean();
    }

    /// @dev usd -> btc at V2_A, btc -> hook -> usd over the manager: the token between would call back if it moved.
    function _threeLegs(LenderKind lender) private returns (PlanSpec memory plan) {
        HookToken between = HookToken(_deploy("HookToken.sol:HookToken"));
        _openV4Pool(address(btc), address(between), address(0));
        _openV4Pool(address(between), address(usd), address(0));
        between.arm(address(manager), address(this), "", false);
        plan = _emptyPlan(lender, address(usd));
        plan.minProfit = 1;
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _leg(V2_A, address(btc));
        plan.legs[1] = _legOver(VenueKind.UniswapV4, address(between));
        plan.legs[2] = _legOver(VenueKind.UniswapV4, address(usd));
    }

    /// @dev A leg that names its input takes it from the executor, so the leg before it must have been paid out.
    function test_consecutiveLegs_withNamedInput_settleInBetween() public {
        PlanSpec memory plan = _threeLegs(LenderKind.MorphoBlue);
        HookToken between = HookToken(plan.legs[1].tokenOut);
        uint256 snapshot = vm.snapshotState();
        uint256 netted = _execute(plan);
        vm.revertToState(snapshot);
        (plan.legs[2].fromPurse, plan.legs[2].tokenIn) = (true, address(between));
        assertEq(_execute(plan), netted);
        assertEq(between.callCount(), 1);
        _assertClean();
    }

    function test_minOfLegThatStaysCredit_isHeld() public {
        PlanSpec memory plan = _threeLegs(LenderKind.MorphoBlue);
        plan.legs[1].minAmountOut = 20e18;
        _assertRevertsWith(plan, ErrorsLib.LegOutputTooLow.selector);
    }

    /* THE MANAGER'S CALLBACK */

    function test_unlockCallback_whileIdle_refusesEverybody() public {
        bytes memory data = _planBack(_legOver(VenueKind.UniswapV4, address(usd))).encode();
        address[3] memory callers = [attacker, keeper, address(manager)];
        for (uint256 i; i < 3; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(_unexpected(callers[i]));
            executor.unlockCallback(data);
        }
    }

    /// @dev Hooks of the plan's own pool get control in the middle of the swap and try all that can be tried.
    function test_hooksInsideTheSwap_canStartNothing() public {
        MockV4Hooks hooks = MockV4Hooks(_deploy("MockV4Hooks.sol:MockV4Hooks"));
        _openV4Pool(address(usd), address(btc), address(hooks));
        LegSpec memory leg = _legOver(VenueKind.UniswapV4, address(usd));
        leg.params = abi.encodePacked(TIER, SPACING, address(hooks));
        PlanSpec memory plan = _planBack(leg);
        uint256 snapshot = vm.snapshotState();
        uint256 undisturbed = _execute(plan);
        assertEq(hooks.callCount(), 1);
        vm.revertToState(snapshot);
        bytes[3] memory attacks = [
            abi.encodeCall(executor.unlockCallback, (plan.encode())),
            abi.encodeCall(executor.execute, (plan.encode())),
            abi.encodeCall(executor.uniswapV3SwapCallback, (int256(1e18), -1, abi.encode(usd, 1e18)))
        ];
        for (uint256 i; i < 3; ++i) {
            hooks.arm(address(executor), attacks[i]);
            assertEq(_execute(plan), undisturbed);
            assertGt(hooks.lastAnswer().length, 0, "refused");
            vm.revertToState(snapshot);
        }
    }

    function test_hooksNamed_areAnotherPool() public {
        LegSpec memory leg = _legOver(VenueKind.UniswapV4, address(usd));
        leg.params = abi.encodePacked(TIER, SPACING, attacker);
        _assertReverts(
            _planBack(leg), abi.encodeWithSelector(MockUniswapV4Manager.PoolNotInitialized.selector)
        );
    }

    /// @dev The token sold pays the manager's books into its own pocket while we pay: the plan reverts.
    function test_tokenSettlingOurPaymentForItself_reverts() public {
        HookToken thief = HookToken(_deploy("HookToken.sol:HookToken"));
        _openV4Pool(address(thief), address(usd), address(0));
        _v2Pair(v2FactoryA, address(usd), DEPTH, address(thief), DEPTH * 11 / 10);
        PlanSpec memory plan =
            _planOf(address(usd), _leg(V2_A, address(thief)), _legOver(VenueKind.UniswapV4, address(usd)));
        thief.arm(address(manager), address(manager), abi.encodeCall(manager.settle, ()), false);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.TransferShort.selector, thief, _amountSold(plan), 0)
        );
        thief.arm(address(manager), address(manager), abi.encodeCall(manager.sync, (address(thief))), false);
        _assertRevertsWith(plan, ErrorsLib.TransferShort.selector);
    }

    function _amountSold(PlanSpec memory plan) private view returns (uint256) {
        uint256 paid = plan.loans[0].amount * 997_000;
        return paid * (DEPTH * 11 / 10) / (DEPTH * 1e6 + paid);
    }

    function test_tokenThatKeepsAFee_reverts() public {
        ViceToken taxed = ViceToken(_deploy("ViceToken.sol:ViceToken"));
        _openV4Pool(address(taxed), address(usd), address(0));
        _v2Pair(v2FactoryA, address(usd), DEPTH, address(taxed), DEPTH * 11 / 10);
        taxed.turn(ViceToken.Vice.TaxesSales, address(manager));
        PlanSpec memory plan =
            _planOf(address(usd), _leg(V2_A, address(taxed)), _legOver(VenueKind.UniswapV4, address(usd)));
        uint256 sold = _amountSold(plan);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.TransferShort.selector, taxed, sold, sold - 1));
    }

    /* A MANAGER THAT BREAKS ITS WORD */

    function test_manager_breakingItsWord_revertsWithTypedError() public {
        PlanSpec memory plan = _planBack(_legOver(VenueKind.UniswapV4, address(usd)));
        manager.setFault(ManagerFault.NoCallback);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, manager));
        manager.setFault(ManagerFault.CallsBackTwice);
        _assertReverts(plan, _unexpected(address(manager)));
        _assertFault(plan, ManagerFault.ChangesData, ErrorsLib.CallbackDataChanged.selector);
        _assertFault(plan, ManagerFault.FillsHalf, ErrorsLib.SwapNotFilled.selector);
        _assertFault(plan, ManagerFault.TakesMore, ErrorsLib.SwapNotFilled.selector);
        _assertFault(plan, ManagerFault.SendsLess, ErrorsLib.TransferShort.selector);
        _assertFault(
            plan, ManagerFault.PaysNegative, bytes4(keccak256("SafeCastOverflowedIntToUint(int256)"))
        );
    }

    function _assertFault(PlanSpec memory plan, ManagerFault fault, bytes4 selector) private {
        manager.setFault(fault);
        _assertRevertsWith(plan, selector);
        _assertClean();
    }

    function _unexpected(address caller) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, caller, CallbackKind.UniswapV4Swap);
    }
}
