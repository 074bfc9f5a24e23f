// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {LenderKind, Lenders, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {MockV3Pool, PoolFault} from "contracts/mocks/MockUniswapV3.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Every limit that a plan names, crossed: a typed error with the values, and nothing left behind.
contract PlanLimitsTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
    }

    /// @dev Gains as it stands; each test bends one thing.
    function _gaining() private view returns (PlanSpec memory) {
        return _plan(LenderKind.AaveV3, address(usd), address(btc), V2_A, V3);
    }

    /* BINDING */

    function test_execute_wrongChain_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.chainId = block.chainid + 1;
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.WrongChain.selector, block.chainid + 1, block.chainid)
        );
    }

    function test_execute_planForAnotherDeployment_reverts() public {
        PlanSpec memory plan = _gaining();
        FlashLoanArbitrage second = _deployExecutor(treasury, _lenders());
        _configure(second);
        vm.prank(keeper);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.WrongExecutor.selector, address(executor), address(second))
        );
        second.execute(plan.encode());
    }

    function test_execute_atTheDeadline_isStillInTime() public {
        PlanSpec memory plan = _gaining();
        vm.warp(plan.deadline);
        assertGt(_execute(plan), 0);
    }

    function test_execute_oneSecondAfterTheDeadline_reverts() public {
        PlanSpec memory plan = _gaining();
        vm.warp(plan.deadline + 1);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.DeadlineExpired.selector, plan.deadline, plan.deadline + 1)
        );
    }

    /* AMOUNTS */

    function test_execute_feeAbovePlan_reverts() public {
        PlanSpec memory plan = _gaining();
        aavePool.setFee(8);
        plan.loans[0].maxFee = 7;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LoanFeeTooHigh.selector, 8, 7));
    }

    function test_execute_gainOneUnderMinimum_reverts() public {
        PlanSpec memory plan = _gaining();
        uint256 snapshot = vm.snapshotState();
        uint256 gain = _execute(plan);
        vm.revertToState(snapshot);
        plan.minProfit = gain + 1;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.MinProfitNotMet.selector, gain, gain + 1));
        plan.minProfit = gain;
        assertEq(_execute(plan), gain);
    }

    function test_execute_legOneUnderMinimum_namesTheLeg() public {
        PlanSpec memory plan = _gaining();
        plan.legs[1].minAmountOut = type(uint128).max;
        _assertRevertsWith(plan, ErrorsLib.LegOutputTooLow.selector);
    }

    function test_execute_losingRoute_isNotCovered() public {
        PlanSpec memory plan = _gaining();
        (plan.legs[0], plan.legs[1]) = (_leg(V3, address(btc)), _leg(V2_A, address(usd)));
        _assertRevertsWith(plan, ErrorsLib.LoanNotCovered.selector);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(btc));
    }

    /* ROUTE */

    function test_execute_routeEndsElsewhere_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.legs = new LegSpec[](1);
        plan.legs[0] = _leg(V2_A, address(btc));
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.RouteNotClosed.selector, address(usd), address(btc))
        );
    }

    function test_execute_unlistedVenue_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.legs[0] = _leg(3, address(btc));
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, 3));
    }

    function test_execute_delistedVenue_reverts() public {
        PlanSpec memory plan = _gaining();
        vm.prank(owner);
        executor.delistVenue(V3);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, V3));
    }

    function test_execute_pairThatDoesNotExist_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.legs[0].tokenOut = address(weth);
        address pool = executor.poolFor(V2_A, address(usd), address(weth), 0);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.PoolNotFound.selector, V2_A, pool));
    }

    function test_execute_legIntoItsOwnToken_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.legs[0].tokenOut = address(usd);
        address pool = executor.poolFor(V2_A, address(usd), address(usd), 0);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.PoolNotFound.selector, V2_A, pool));
    }

    /// @dev A fee tier where the venue has one fee, none where the leg must say it: both are another length.
    function test_execute_feeTierOnV2OrNoneOnV3_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.legs[0].params = abi.encodePacked(V2_A, uint24(3000));
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.WrongParameters.selector, 5, 2));
        plan = _gaining();
        plan.legs[1].params = abi.encodePacked(V3);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.WrongParameters.selector, 2, 5));
    }

    function test_execute_venueOfAnotherKind_reverts() public {
        PlanSpec memory plan = _gaining();
        plan.legs[0].params = abi.encodePacked(V3);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.WrongVenueKind.selector, V3, VenueKind.UniswapV3)
        );
        plan = _gaining();
        plan.legs[1].params = abi.encodePacked(V2_B, TIER);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.WrongVenueKind.selector, V2_B, VenueKind.UniswapV2)
        );
    }

    function test_execute_poolRunsDry_reverts() public {
        PlanSpec memory plan = _gaining();
        MockV3Pool pool = MockV3Pool(executor.poolFor(V3, address(usd), address(btc), TIER));
        pool.setFault(PoolFault.FillsHalf);
        _assertRevertsWith(plan, ErrorsLib.SwapNotFilled.selector);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(btc));
    }

    function test_execute_lenderThisChainLacks_reverts() public {
        PlanSpec memory plan = _gaining();
        Lenders memory none;
        executor = _deployExecutor(treasury, none);
        _configure(executor);
        plan.executor = address(executor);
        for (uint256 kind; kind < 3; ++kind) {
            plan.loans[0].kind = LenderKind(kind);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LenderNotAvailable.selector, kind));
        }
    }
}
