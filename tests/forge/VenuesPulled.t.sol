// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {SwapFault} from "contracts/mocks/MockBalancerPools.sol";
import {StableFault} from "contracts/mocks/MockStableSwap.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {NoReturnToken} from "contracts/mocks/NoReturnToken.sol";
import {ViceToken} from "contracts/mocks/ViceToken.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title Balancer V2 and Curve: pools that pull what they are sold, by an exact allowance of which nothing is left.
contract VenuesPulledTest is VenuesFixture {
    using PlanCodec for PlanSpec;

    bytes4 private constant _INSUFFICIENT_ALLOWANCE =
        bytes4(keccak256("ERC20InsufficientAllowance(address,uint256,uint256)"));

    bytes4 private constant _INSUFFICIENT_BALANCE =
        bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)"));

    /* BALANCER V2 */

    function test_balancer_takingLess_revertsByTheAllowanceLeft() public {
        poolVault.setSwapFault(SwapFault.TakesLess, address(0), "");
        _assertReverts(
            _planBack(_legOver(VenueKind.BalancerV2, address(usd))),
            abi.encodeWithSelector(ErrorsLib.AllowanceLeft.selector, btc, poolVault, 1)
        );
        _assertClean();
    }

    function test_balancer_sayingMoreThanItPaid_reverts() public {
        poolVault.setSwapFault(SwapFault.SaysMore, address(0), "");
        _assertRevertsWith(
            _planBack(_legOver(VenueKind.BalancerV2, address(usd))), ErrorsLib.TransferShort.selector
        );
    }

    function test_balancer_payingNothing_reverts() public {
        poolVault.setSwapFault(SwapFault.PaysNothing, address(0), "");
        PlanSpec memory plan = _planBack(_legOver(VenueKind.BalancerV2, address(usd)));
        plan.legs[1].minAmountOut = 0;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 1, 0, 0));
    }

    function test_balancer_unknownPool_reverts() public {
        LegSpec memory leg = _legOver(VenueKind.BalancerV2, address(usd));
        leg.params = abi.encodePacked(keccak256("no such pool"));
        _assertReverts(_planBack(leg), abi.encodeWithSelector(bytes4(keccak256("UnknownPool()"))));
    }

    /* CURVE: COINS ARE NOT ASKED, ONLY WHAT IS APPROVED CAN GO AND ONLY WHAT IS NAMED COUNTS */

    function test_curve_thatReturnsNothing_isMeasuredByBalance() public {
        assertGt(_execute(_planBack(_curveLeg(OLD_CURVE, 1, 0, address(usd)))), 0.5e18);
        assertGt(_execute(_planOut(_curveLeg(OLD_CURVE, 1, 0, address(usd)))), 0.3e18);
        _assertClean();
    }

    /// @dev `i` is not the token sold: the pool finds no allowance of its coin.
    function test_curve_wrongCoinSold_revertsInTheCoin() public {
        _give(address(usd), address(executor), 100e18);
        _assertRevertsWith(_planBack(_curveLeg(CURVE, 0, 1, address(usd))), _INSUFFICIENT_ALLOWANCE);
        assertEq(usd.balanceOf(address(executor)), 100e18);
    }

    /// @dev `j` is not the token bought: nothing of it arrives, which is no output.
    function test_curve_wrongCoinBought_reverts() public {
        MockToken third = _token("THIRD", 18);
        PlanSpec memory plan = _planBack(_curveLeg(CURVE, 1, 0, address(third)));
        plan.legs[1].minAmountOut = 0;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 1, 0, 0));
        plan = _planBack(_curveLeg(CURVE, 1, 0, address(btc)));
        plan.legs[1].minAmountOut = 0;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 1, 0, 0));
        _assertClean();
    }

    function test_curve_coinThatDoesNotExist_reverts() public {
        PlanSpec memory plan = _planBack(_curveLeg(CURVE, 1, 7, address(usd)));
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectRevert();
        executor.execute(encoded);
    }

    function test_curve_etherSentToPoolOfTokens_reverts() public {
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        _fillLenders(address(weth));
        plan.legs = new LegSpec[](2);
        plan.legs[0] = _wrapLeg(address(0));
        plan.legs[1] = _curveLeg(CURVE, 0, 1, address(btc));
        _assertReverts(plan, abi.encodeWithSelector(bytes4(keccak256("WrongValue()"))));
    }

    function test_curve_tokenSoldAtPoolOfEther_reverts() public {
        PlanSpec memory plan = _planBack(_curveLeg(ETHER_CURVE, 0, 1, address(usd)));
        _assertReverts(plan, abi.encodeWithSelector(bytes4(keccak256("WrongValue()"))));
    }

    function test_curve_breakingItsWord_reverts() public {
        PlanSpec memory plan = _planBack(_legOver(VenueKind.CurveStable, address(usd)));
        curve.setFault(StableFault.TakesLess, address(0), "");
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.AllowanceLeft.selector, btc, curve, 1));
        curve.setFault(StableFault.TakesNothing, address(0), "");
        _assertRevertsWith(plan, ErrorsLib.AllowanceLeft.selector);
        curve.setFault(StableFault.PaysNothing, address(0), "");
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 1, 0, 1));
        _assertClean();
    }

    /// @dev More than was quoted is a gift, and belongs to the route.
    function test_curve_payingTwice_isProfit() public {
        uint256 snapshot = vm.snapshotState();
        uint256 once = _execute(_planBack(_legOver(VenueKind.CurveStable, address(usd))));
        vm.revertToState(snapshot);
        curve.setFault(StableFault.PaysTwice, address(0), "");
        assertEq(_execute(_planBack(_legOver(VenueKind.CurveStable, address(usd)))), 2 * once + LOAN);
        _assertClean();
    }

    /* BOTH: CONTROL IN THE MIDDLE */

    /// @dev With the allowance open, the pool tries to start, to call back and to be called back.
    function test_poolReentering_isRefusedAndPlanIsUnharmed() public {
        bytes[5] memory attacks = [
            abi.encodeCall(executor.execute, (bytes(""))),
            abi.encodeCall(executor.uniswapV3SwapCallback, (int256(1), -1, abi.encode(btc, 1))),
            abi.encodeCall(executor.pancakeV3SwapCallback, (int256(1), -1, abi.encode(btc, 1))),
            abi.encodeCall(executor.algebraSwapCallback, (int256(1), -1, abi.encode(btc, 1))),
            abi.encodeCall(executor.unlockCallback, (bytes("")))
        ];
        VenueKind[2] memory kinds = [VenueKind.BalancerV2, VenueKind.CurveStable];
        for (uint256 i; i < 10; ++i) {
            uint256 snapshot = vm.snapshotState();
            PlanSpec memory plan = _planBack(_legOver(kinds[i % 2], address(usd)));
            uint256 undisturbed = _execute(plan);
            vm.revertToState(snapshot);
            poolVault.setSwapFault(SwapFault.Reenters, address(executor), attacks[i / 2]);
            curve.setFault(StableFault.Reenters, address(executor), attacks[i / 2]);
            assertEq(_execute(plan), undisturbed);
            bytes memory answer = i % 2 == 0 ? poolVault.lastAnswer() : curve.lastAnswer();
            bytes4 refused = i < 2 ? ErrorsLib.NotKeeper.selector : ErrorsLib.UnexpectedCallback.selector;
            assertEq(bytes4(answer), refused);
            vm.revertToState(snapshot);
        }
    }

    /* TOKENS */

    function test_noReturnToken_isSoldAtBoth() public {
        NoReturnToken tether = NoReturnToken(_deploy("NoReturnToken.sol:NoReturnToken"));
        _opensFor(address(tether));
        assertGt(_execute(_throughToken(VenueKind.BalancerV2, address(tether))), 0);
        assertGt(_execute(_throughToken(VenueKind.CurveStable, address(tether))), 0);
        assertEq(tether.allowance(address(executor), address(poolVault)), 0);
    }

    function test_tokenDebitingMoreThanWasSold_reverts() public {
        ViceToken vice = ViceToken(_deploy("ViceToken.sol:ViceToken"));
        _opensFor(address(vice));
        vice.turn(ViceToken.Vice.DebitsMore, address(executor));
        VenueKind[2] memory kinds = [VenueKind.BalancerV2, VenueKind.CurveStable];
        for (uint256 i; i < 2; ++i) {
            _assertRevertsWith(_throughToken(kinds[i], address(vice)), _INSUFFICIENT_BALANCE);
        }
    }

    function test_tokenThatCannotBeSold_revertsAndLeavesNoAllowance() public {
        ViceToken vice = ViceToken(_deploy("ViceToken.sol:ViceToken"));
        _opensFor(address(vice));
        vice.turn(ViceToken.Vice.CannotBeSold, address(poolVault));
        bytes memory encoded = _throughToken(VenueKind.BalancerV2, address(vice)).encode();
        vm.prank(keeper);
        vm.expectRevert("not for sale");
        executor.execute(encoded);
        assertEq(vice.allowance(address(executor), address(poolVault)), 0);
    }

    /// @dev Pools of usd and `token` at V2_A, at Balancer and as venue 8 at a Curve pool.
    function _opensFor(address token) private {
        _v2Pair(v2FactoryA, address(usd), DEPTH, token, DEPTH * 11 / 10);
        _fill(address(poolVault), address(usd), token);
        poolVault.register(keccak256("usd-token"), address(usd), DEPTH, token, DEPTH);
        address pool = address(_stablePool(address(usd), token));
        vm.prank(owner);
        executor.listVenue(Venue(VenueKind.CurveStable, 0, pool, 0));
    }

    function _throughToken(VenueKind kind, address token) private view returns (PlanSpec memory) {
        LegSpec memory back = _curveLeg(8, 1, 0, address(usd));
        if (kind == VenueKind.BalancerV2) {
            back = _legOver(kind, address(usd));
            back.params = abi.encodePacked(keccak256("usd-token"));
        }
        return _planOf(address(usd), _leg(V2_A, token), back);
    }
}
