// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {IUniswapV4PoolManager} from "contracts/interfaces/external/IUniswapV4PoolManager.sol";
import {LenderFault} from "contracts/mocks/MockLenders.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";
import {LegSpec, LoanSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Loans inside loans: any lender inside any other, and several loans of one lender.
contract LendersNestedTest is LendersFixture {
    using PlanCodec for PlanSpec;

    /// @dev What the route buys of the second asset, for that loan's fee.
    uint256 private constant FEE_MONEY = 0.05e18;

    /// @dev The two loans' assets, in the order of their addresses, as Balancer wants them.
    address internal first;
    address internal second;

    function setUp() public override {
        super.setUp();
        (first, second) =
            address(usd) < address(weth) ? (address(usd), address(weth)) : (address(weth), address(usd));
        _opportunity(first, address(btc));
        _v2Pair(v2FactoryA, first, DEPTH, second, DEPTH);
    }

    /// @dev Out and back in the first asset; then enough of the second is bought to pay that loan's fee.
    function _nested(uint256 outer, uint256 inner) private view returns (PlanSpec memory plan) {
        plan = _plan(LenderKind.MorphoBlue, first, address(btc), V2_A, V2_B);
        plan.loans = new LoanSpec[](2);
        plan.loans[0] = _loanOf(_lane(outer, first), first, LOAN);
        plan.loans[1] = _loanOf(_lane(inner, second), second, LOAN);
        plan.legs = _withFeeMoney(plan.legs);
    }

    function _withFeeMoney(LegSpec[] memory legs) private view returns (LegSpec[] memory more) {
        more = new LegSpec[](legs.length + 1);
        for (uint256 i; i < legs.length; ++i) {
            more[i] = legs[i];
        }
        more[legs.length] = _legFromPurse(V2_A, first, FEE_MONEY, second);
    }

    function test_anyLender_insideAnyOther_repaysBothToTheUnit() public {
        uint256 free = _gains(2, 2, 0, 0);
        for (uint256 outer; outer < LANES; ++outer) {
            for (uint256 inner; inner < LANES; ++inner) {
                uint256 outerFee = _lane(outer, first).fee;
                assertEq(_gains(outer, inner, outerFee, _lane(inner, second).fee), free - outerFee);
            }
        }
    }

    /// @dev Checks what either lender gained; the state is put back.
    function _gains(uint256 outer, uint256 inner, uint256 outerFee, uint256 innerFee)
        private
        returns (uint256 profit)
    {
        uint256 snapshot = vm.snapshotState();
        address outerLender = _lane(outer, first).lender;
        address innerLender = _lane(inner, second).lender;
        uint256 outerHeld = IERC20(first).balanceOf(outerLender);
        uint256 innerHeld = IERC20(second).balanceOf(innerLender);
        profit = _execute(_nested(outer, inner));
        assertEq(IERC20(first).balanceOf(outerLender), outerHeld + outerFee);
        assertEq(IERC20(second).balanceOf(innerLender), innerHeld + innerFee);
        assertEq(IERC20(first).allowance(address(executor), outerLender), 0);
        assertEq(IERC20(second).allowance(address(executor), innerLender), 0);
        _assertNothingLeft(first);
        _assertNothingLeft(second);
        vm.revertToState(snapshot);
    }

    function test_innerLender_withoutCallback_revertsTheWhole() public {
        for (uint256 outer; outer < LANES; ++outer) {
            for (uint256 inner; inner < LANES; ++inner) {
                bool oneCall = _lane(outer, first).lender == _lane(inner, second).lender;
                if (oneCall) continue;
                _assertInnerSilenceReverts(outer, inner);
            }
        }
    }

    function _assertInnerSilenceReverts(uint256 outer, uint256 inner) private {
        uint256 snapshot = vm.snapshotState();
        Lane memory lane = _lane(inner, second);
        PlanSpec memory plan = _nested(outer, inner);
        _spoil(lane, LenderFault.NoCallback);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, lane.lender));
        vm.revertToState(snapshot);
    }

    /* SEVERAL LOANS OF ONE LENDER */

    function test_consecutiveLoansOfBasketLenders_areOneCall() public {
        bytes4[3] memory calls =
            [vault.flashLoan.selector, aaveV2Pool.flashLoan.selector, aaveV2Pool.flashLoan.selector];
        uint256[3] memory lanes = [uint256(0), 1, 3];
        for (uint256 i; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            address lender = _lane(lanes[i], first).lender;
            vm.expectCall(lender, abi.encodeWithSelector(calls[i]), 1);
            _execute(_nested(lanes[i], lanes[i]));
            vm.revertToState(snapshot);
        }
    }

    function test_consecutiveLoansOfManager_takeOneUnlock() public {
        vm.expectCall(address(manager), abi.encodeWithSelector(IUniswapV4PoolManager.unlock.selector), 1);
        _execute(_nested(5, 5));
    }

    /// @dev The manager cannot be unlocked twice, whatever stands between its loans.
    function test_managersLoan_insideOtherLoanInsideManagersLoan_takesOneUnlock() public {
        for (uint256 between; between < LANES; ++between) {
            uint256 snapshot = vm.snapshotState();
            PlanSpec memory plan = _nested(5, 5);
            LoanSpec[] memory loans = new LoanSpec[](3);
            loans[0] = plan.loans[0];
            loans[1] = _loanOf(_lane(between, second), second, LOAN);
            loans[2] = plan.loans[1];
            plan.loans = loans;
            assertGt(_execute(plan), 0);
            _assertNothingLeft(first);
            _assertNothingLeft(second);
            vm.revertToState(snapshot);
        }
    }

    function test_oneAssetTwice_fromNestingLenders_isSummed() public {
        for (uint256 outer; outer < LANES; ++outer) {
            if (outer == 0 || outer == 1 || outer == 3) continue; // of those a basket names an asset once
            uint256 snapshot = vm.snapshotState();
            PlanSpec memory plan = _plan(LenderKind.MorphoBlue, first, address(btc), V2_A, V2_B);
            plan.loans = new LoanSpec[](2);
            plan.loans[0] = _loanOf(_lane(outer, first), first, LOAN / 2);
            plan.loans[1] = _loanOf(_lane(2, first), first, LOAN / 2);
            assertGt(_execute(plan), 0);
            _assertNothingLeft(first);
            vm.revertToState(snapshot);
        }
    }

    /// @dev The route takes all of the second loan's asset away: that lender would be paid from nothing.
    function test_secondLoan_notCoveredByTheRoute_reverts() public {
        for (uint256 inner; inner < LANES; ++inner) {
            PlanSpec memory plan = _nested(2, inner);
            plan.legs[2] = _legFromPurse(V2_A, second, FEE_MONEY, first);
            uint256 owed = LOAN + _lane(inner, second).fee;
            _assertReverts(
                plan,
                abi.encodeWithSelector(ErrorsLib.LoanNotCovered.selector, second, LOAN - FEE_MONEY, owed)
            );
        }
    }
}
