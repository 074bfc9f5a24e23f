// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Vm.sol";
import {IFlashLoanArbitrage, LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {NoReturnToken} from "contracts/mocks/NoReturnToken.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Profitable executions: every lender over every venue, and what the books say of them.
contract ExecuteTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
        _opportunity(address(weth), address(usd));
    }

    /* LENDER x VENUE */

    function test_execute_everyLenderOverEveryVenue_paysTreasuryExactlyTheProfit() public {
        uint16[2][3] memory venues = [[V2_A, V2_B], [V2_A, V3], [V3, V2_A]];
        for (uint256 kind; kind < 3; ++kind) {
            for (uint256 i; i < venues.length; ++i) {
                uint256 snapshot = vm.snapshotState();
                _checkProfitable(LenderKind(kind), venues[i], i == 2);
                vm.revertToState(snapshot);
            }
        }
    }

    /// @dev `fromDear` starts with the venue where the asset is cheap instead: the pair is entered from `btc`'s side.
    function _checkProfitable(LenderKind kind, uint16[2] memory venues, bool fromDear) private {
        (address asset, address other) = (address(usd), address(btc));
        if (fromDear) {
            _give(other, _lender(kind), DEPTH);
            (asset, other) = (other, asset);
        }
        PlanSpec memory plan = _plan(kind, asset, other, venues[0], venues[1]);
        uint256 lenderBefore = usd.balanceOf(_lender(kind));
        vm.recordLogs();
        uint256 profit = _execute(plan);
        assertGt(profit, 0);
        assertEq(IERC20(asset).balanceOf(treasury), profit, "treasury");
        assertEq(usd.balanceOf(_lender(kind)), lenderBefore, "lender");
        _assertEventSays(plan, profit, 0);
        _assertNothingLeft(asset);
        _assertNothingLeft(other);
    }

    function _assertEventSays(PlanSpec memory plan, uint256 profit, uint256 tip) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.emitter, address(executor));
        assertEq(last.topics.length, 3);
        uint256 fee = plan.loans[0].maxFee;
        bool isFree = fee == 0 && tip == 0;
        assertEq(
            last.topics[0],
            isFree
                ? IFlashLoanArbitrage.ArbitrageExecuted.selector
                : IFlashLoanArbitrage.ArbitrageExecutedWithCosts.selector
        );
        assertEq(last.topics[1], plan.hash(), "plan hash");
        assertEq(last.topics[2], bytes32(uint256(uint160(plan.loans[0].asset))), "asset");
        assertEq(last.data, isFree ? abi.encode(profit) : abi.encode(profit, fee, tip), "figures");
    }

    /* ROUTES */

    function test_execute_threeLegsOverThreeVenues_closesTheCycle() public {
        _v2Pair(v2FactoryB, address(btc), DEPTH, address(weth), DEPTH * 12 / 10);
        PlanSpec memory plan = _plan(LenderKind.BalancerV2, address(weth), address(usd), V3, V3);
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _leg(V3, address(usd));
        plan.legs[1] = _leg(V2_A, address(btc));
        plan.legs[2] = _leg(V2_B, address(weth));
        assertEq(_execute(plan), weth.balanceOf(treasury));
        assertGt(weth.balanceOf(treasury), 0);
        _assertNothingLeft(address(weth));
    }

    function test_execute_loanFee_isPaidAndReported() public {
        for (uint256 kind; kind < 2; ++kind) {
            uint256 snapshot = vm.snapshotState();
            PlanSpec memory plan = _plan(LenderKind(kind), address(usd), address(btc), V2_A, V2_B);
            uint256 free = _execute(plan);
            vm.revertToState(snapshot);
            aavePool.setFee(7);
            vault.setFee(7);
            plan.loans[0].maxFee = 7;
            vm.recordLogs();
            uint256 profit = _execute(plan);
            assertEq(profit, free - 7);
            _assertEventSays(plan, profit, 0);
            assertEq(usd.balanceOf(_lender(plan.loans[0].kind)), DEPTH + 7);
            vm.revertToState(snapshot);
        }
    }

    function test_execute_emptyRoute_movesNothingAndSucceedsOnlyWithoutFeeAndMinimum() public {
        for (uint256 kind; kind < 3; ++kind) {
            PlanSpec memory plan = _emptyPlan(LenderKind(kind), address(usd));
            vm.recordLogs();
            assertEq(_execute(plan), 0);
            _assertEventSays(plan, 0, 0);
            _assertNothingLeft(address(usd));
            plan.minProfit = 1;
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.MinProfitNotMet.selector, 0, 1));
        }
        aavePool.setFee(1);
        PlanSpec memory paying = _emptyPlan(LenderKind.AaveV3, address(usd));
        paying.loans[0].maxFee = 1;
        _assertReverts(
            paying,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, address(executor), LOAN, LOAN + 1
            )
        );
    }

    /// @dev Without legs nothing is measured before the lender is repaid; what lay here must still not pay its fee.
    function test_execute_emptyRouteWithFee_cannotHideBehindADonation() public {
        usd.mint(address(executor), 5e18);
        aavePool.setFee(7);
        vault.setFee(7);
        for (uint256 kind; kind < 2; ++kind) {
            PlanSpec memory plan = _emptyPlan(LenderKind(kind), address(usd));
            plan.loans[0].maxFee = 7;
            bytes memory encoded = plan.encode();
            vm.prank(keeper);
            vm.expectRevert(
                abi.encodeWithSelector(ErrorsLib.BalanceShrank.selector, address(usd), 5e18, 5e18 - 7)
            );
            executor.execute(encoded);
            assertEq(usd.balanceOf(address(executor)), 5e18);
        }
    }

    function test_execute_tokenWithoutReturnValue_worksWithEveryLenderTwice() public {
        NoReturnToken usdt = NoReturnToken(_deploy("NoReturnToken.sol:NoReturnToken"));
        _fillLenders(address(usdt));
        _opportunity(address(usdt), address(btc));
        for (uint256 kind; kind < 3; ++kind) {
            uint256 before = usdt.balanceOf(treasury);
            PlanSpec memory plan = _plan(LenderKind(kind), address(usdt), address(btc), V2_A, V3);
            plan.loans[0].amount = LOAN / 100;
            uint256 profit = _execute(plan);
            profit += _execute(plan);
            assertEq(usdt.balanceOf(treasury) - before, profit);
            _assertNothingLeft(address(usdt));
        }
    }

    /* WHAT WAS HERE BEFORE */

    function test_execute_donationBefore_isNeitherCountedNorSpent() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        uint256 snapshot = vm.snapshotState();
        uint256 clean = _execute(plan);
        vm.revertToState(snapshot);
        usd.mint(address(executor), 5e18);
        btc.mint(address(executor), 3e18);
        assertEq(_execute(plan), clean);
        assertEq(usd.balanceOf(address(executor)), 5e18);
        assertEq(btc.balanceOf(address(executor)), 3e18);
    }

    function test_execute_losingRoute_cannotHideBehindADonation() public {
        usd.mint(address(executor), 100e18);
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_B, V2_A);
        plan.minProfit = 0;
        _assertRevertsWith(plan, ErrorsLib.LoanNotCovered.selector);
        assertEq(usd.balanceOf(address(executor)), 100e18);
    }
}
