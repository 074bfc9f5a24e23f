// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {LenderKind, Leg, Plan} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {MockV3Pool, PoolFault} from "contracts/mocks/MockUniswapV3.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";

/// @title Every limit that a plan names, crossed: a typed error with the values, and nothing left behind.
contract PlanLimitsTest is ExecutorFixture {
    Plan internal plan;

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
        _copy(_plan(LenderKind.AaveV3, address(usd), address(btc), V2_A, V3));
    }

    /// @dev Solidity cannot copy an array of structs from memory to storage whole.
    function _copy(Plan memory from) private {
        plan.chainId = from.chainId;
        plan.executor = from.executor;
        plan.deadline = from.deadline;
        plan.lender = from.lender;
        plan.asset = from.asset;
        plan.amount = from.amount;
        plan.minProfit = from.minProfit;
        for (uint256 i; i < from.legs.length; ++i) {
            plan.legs.push(from.legs[i]);
        }
    }

    /* BINDING */

    function test_execute_wrongChain_reverts() public {
        plan.chainId = block.chainid + 1;
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.WrongChain.selector, block.chainid + 1, block.chainid)
        );
    }

    function test_execute_planForAnotherDeployment_reverts() public {
        FlashLoanArbitrage second = _deployExecutor(treasury, address(vault), address(0), address(0));
        _configure(second);
        vm.prank(keeper);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.WrongExecutor.selector, address(executor), address(second))
        );
        second.execute(plan);
    }

    function test_execute_atTheDeadline_isStillInTime() public {
        vm.warp(plan.deadline);
        assertGt(_execute(plan), 0);
    }

    function test_execute_oneSecondAfterTheDeadline_reverts() public {
        vm.warp(plan.deadline + 1);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.DeadlineExpired.selector, plan.deadline, plan.deadline + 1)
        );
    }

    /* AMOUNTS */

    function test_execute_feeAbovePlan_reverts() public {
        aavePool.setFee(8);
        plan.maxLoanFee = 7;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LoanFeeTooHigh.selector, 8, 7));
    }

    function test_execute_gainOneUnderMinimum_reverts() public {
        uint256 snapshot = vm.snapshotState();
        uint256 gain = _execute(plan);
        vm.revertToState(snapshot);
        plan.minProfit = gain + 1;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.MinProfitNotMet.selector, gain, gain + 1));
        plan.minProfit = gain;
        assertEq(_execute(plan), gain);
    }

    function test_execute_legOneUnderMinimum_namesTheLeg() public {
        plan.legs[1].minAmountOut = type(uint256).max;
        vm.prank(keeper);
        vm.expectPartialRevert(ErrorsLib.LegOutputTooLow.selector);
        executor.execute(plan);
    }

    function test_execute_losingRoute_isNotCovered() public {
        (plan.legs[0].venueId, plan.legs[0].feePips) = (V3, TIER);
        (plan.legs[1].venueId, plan.legs[1].feePips) = (V2_A, 0);
        vm.prank(keeper);
        vm.expectPartialRevert(ErrorsLib.LoanNotCovered.selector);
        executor.execute(plan);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(btc));
    }

    /* ROUTE */

    function test_execute_routeEndsElsewhere_reverts() public {
        plan.legs.pop();
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.RouteNotClosed.selector, address(usd), address(btc))
        );
    }

    function test_execute_unlistedVenue_reverts() public {
        plan.legs[0].venueId = 3;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, 3));
    }

    function test_execute_delistedVenue_reverts() public {
        vm.prank(owner);
        executor.delistVenue(V3);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, V3));
    }

    function test_execute_pairThatDoesNotExist_reverts() public {
        plan.legs[0].tokenOut = address(weth);
        address pool = executor.poolFor(V2_A, address(usd), address(weth), 0);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.PoolNotFound.selector, V2_A, pool));
    }

    function test_execute_legIntoItsOwnToken_reverts() public {
        plan.legs[0].tokenOut = address(usd);
        address pool = executor.poolFor(V2_A, address(usd), address(usd), 0);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.PoolNotFound.selector, V2_A, pool));
    }

    function test_execute_feeTierOnV2_reverts() public {
        plan.legs[0].feePips = 3000;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.UnexpectedFeeTier.selector, V2_A, 3000));
    }

    function test_execute_poolRunsDry_reverts() public {
        MockV3Pool pool = MockV3Pool(executor.poolFor(V3, address(usd), address(btc), TIER));
        pool.setFault(PoolFault.FillsHalf);
        vm.prank(keeper);
        vm.expectPartialRevert(ErrorsLib.SwapNotFilled.selector);
        executor.execute(plan);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(btc));
    }

    function test_execute_lenderThisChainLacks_reverts() public {
        executor = _deployExecutor(treasury, address(0), address(0), address(0));
        _configure(executor);
        plan.executor = address(executor);
        for (uint256 kind; kind < 3; ++kind) {
            plan.lender = LenderKind(kind);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LenderNotAvailable.selector, kind));
        }
    }
}
