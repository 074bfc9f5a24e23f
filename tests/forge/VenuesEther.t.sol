// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {StableFault} from "contracts/mocks/MockStableSwap.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title Native ether in a route: in and out of every venue that has it, and never left behind.
contract VenuesEtherTest is VenuesFixture {
    using PlanCodec for PlanSpec;

    function setUp() public override {
        super.setUp();
        _fillLenders(address(weth));
    }

    /* THE TRADE */

    /// @dev WETH -> ether -> btc -> WETH, at V2_B's pair, where btc is dear.
    function test_soldEther_bringsProfitAndLeavesNothing() public {
        LegSpec[3] memory sells = [
            _etherLeg(VenueKind.UniswapV4, address(btc)),
            _curveLeg(ETHER_CURVE, 0, 1, address(btc)),
            _etherLeg(VenueKind.BalancerV2, address(btc))
        ];
        for (uint256 i; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            _sellEther(sells[i]);
            _assertClean();
            vm.revertToState(snapshot);
        }
    }

    /// @dev btc -> ether -> WETH -> btc.
    function test_boughtEtherWrapped_paysForTheLoanedToken() public {
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(btc));
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _curveLeg(ETHER_CURVE, 1, 0, address(0));
        plan.legs[1] = _wrapLeg(address(weth));
        plan.legs[2] = _leg(V2_A, address(btc));
        assertGt(_execute(plan), 0.5e18);
        _assertClean();
    }

    /// @dev Borrowed WETH, unwrapped, sold for btc, and btc sold where it is dear.
    function _sellEther(LegSpec memory leg) private {
        _v2Pair(v2FactoryB, address(weth), DEPTH * 12 / 10, address(btc), DEPTH);
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _wrapLeg(address(0));
        plan.legs[1] = leg;
        plan.legs[2] = _leg(V2_B, address(weth));
        assertGt(_execute(plan), 0.5e18);
    }

    function test_boughtEther_bringsProfitAndLeavesNothing() public {
        LegSpec[3] memory buys = [
            _etherLeg(VenueKind.UniswapV4, address(0)),
            _curveLeg(ETHER_CURVE, 1, 0, address(0)),
            _etherLeg(VenueKind.BalancerV2, address(0))
        ];
        for (uint256 i; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            assertGt(_execute(_buyEther(buys[i])), 0.5e18);
            _assertClean();
            vm.revertToState(snapshot);
        }
    }

    /// @dev Borrowed WETH buys btc at V2_A, where there is more of it; btc buys ether, which is wrapped.
    function _buyEther(LegSpec memory leg) private view returns (PlanSpec memory plan) {
        plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _leg(V2_A, address(btc));
        plan.legs[1] = leg;
        plan.legs[2] = _wrapLeg(address(weth));
    }

    function test_etherBetweenTwoLegsOverTheManager_neverLeavesIt() public {
        _openV4Pool(address(0), address(usd), address(0));
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _leg(V2_A, address(btc));
        plan.legs[1] = _etherLeg(VenueKind.UniswapV4, address(0));
        plan.legs[2] = _etherLeg(VenueKind.UniswapV4, address(usd));
        uint256 held = address(manager).balance;
        assertGt(_execute(plan), 0.5e18);
        assertEq(address(manager).balance, held);
        _assertClean();
    }

    function _etherLeg(VenueKind kind, address tokenOut) private view returns (LegSpec memory leg) {
        leg = _legOver(kind, tokenOut);
        if (kind == VenueKind.BalancerV2) leg.params = abi.encodePacked(WETH_POOL_ID);
    }

    /* WRAPPING */

    function test_wrapping_ofAnythingElse_reverts() public {
        address[4] memory tokensOut = [address(btc), address(usd), address(weth), address(0)];
        for (uint256 i; i < 4; ++i) {
            PlanSpec memory plan = _planBack(_wrapLeg(tokensOut[i]));
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.NotWrappedEther.selector, address(btc), tokensOut[i])
            );
        }
        PlanSpec memory same = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        same.legs = new LegSpec[](1);
        same.legs[0] = _wrapLeg(address(weth));
        _assertReverts(
            same, abi.encodeWithSelector(ErrorsLib.NotWrappedEther.selector, address(weth), address(weth))
        );
    }

    function test_wrapping_ofEtherIntoAnythingElse_reverts() public {
        address[3] memory tokensOut = [address(btc), address(usd), address(0)];
        for (uint256 i; i < 3; ++i) {
            PlanSpec memory plan = _planOf(address(weth), _wrapLeg(address(0)), _wrapLeg(tokensOut[i]));
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.NotWrappedEther.selector, address(0), tokensOut[i])
            );
        }
    }

    function test_unwrapAndWrap_costsNothing() public {
        PlanSpec memory plan = _planOf(address(weth), _wrapLeg(address(0)), _wrapLeg(address(weth)));
        plan.minProfit = 0;
        assertEq(_execute(plan), 0);
        _assertClean();
    }

    /* NOTHING STICKS, NOTHING OF BEFORE IS SPENT */

    function test_routeEndingInEther_reverts() public {
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        plan.legs = new LegSpec[](1);
        plan.legs[0] = _wrapLeg(address(0));
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.RouteNotClosed.selector, address(weth), address(0))
        );
    }

    function test_etherLeftOverInPurse_reverts() public {
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        plan.legs = new LegSpec[](2);
        plan.legs[0] = _wrapLeg(address(0));
        plan.legs[1] = _wrapLeg(address(weth));
        (plan.legs[1].fromPurse, plan.legs[1].tokenIn, plan.legs[1].amountIn) = (true, address(0), LOAN - 1);
        vm.deal(address(executor), 0);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.TokensLeft.selector, address(0), 1));
    }

    /// @dev Ether that lay here before belongs to the owner's sweep; a leg that names more than it has reverts.
    function test_etherOfBefore_isNotSpent() public {
        vm.deal(address(executor), 5 ether);
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        plan.legs = new LegSpec[](2);
        plan.legs[0] = _wrapLeg(address(0));
        plan.legs[1] = _wrapLeg(address(weth));
        (plan.legs[1].fromPurse, plan.legs[1].tokenIn, plan.legs[1].amountIn) = (true, address(0), LOAN + 1);
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.PurseTooSmall.selector, address(0), LOAN, LOAN + 1));
        executor.execute(encoded);
        assertGt(_execute(_buyEther(_curveLeg(ETHER_CURVE, 1, 0, address(0)))), 0);
        assertEq(address(executor).balance, 5 ether);
    }

    /* THE GATE */

    function test_etherFromAnybodyWhileIdle_isRefused() public {
        address[6] memory senders =
            [attacker, owner, address(weth), address(manager), address(etherCurve), address(poolVault)];
        for (uint256 i; i < senders.length; ++i) {
            vm.deal(senders[i], 1 ether);
            vm.prank(senders[i]);
            (bool sent, bytes memory answer) = address(executor).call{value: 1}("");
            assertFalse(sent);
            assertEq(answer, abi.encodeWithSelector(ErrorsLib.EtherRefused.selector, senders[i]));
        }
    }

    /// @dev A pool that hands ether back while the leg buys something else would leave it here.
    function test_refundOfPool_whileTokensAreBought_isRefused() public {
        etherCurve.setFault(StableFault.RefundsEther, address(0), "");
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(weth));
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _wrapLeg(address(0));
        plan.legs[1] = _curveLeg(ETHER_CURVE, 0, 1, address(btc));
        plan.legs[2] = _leg(V2_A, address(weth));
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectRevert("ether refused");
        executor.execute(encoded);
        assertEq(address(executor).balance, 0);
    }

    /// @dev Ether only from the pool of the leg, even while the gate is open for that pool.
    function test_etherFromAnother_whileGateIsOpen_isRefused() public {
        EtherPusher pusher = new EtherPusher(address(executor));
        vm.deal(address(pusher), 1 ether);
        etherCurve.setFault(StableFault.Reenters, address(pusher), abi.encodeCall(EtherPusher.push, ()));
        assertGt(_execute(_buyEther(_curveLeg(ETHER_CURVE, 1, 0, address(0)))), 0);
        assertEq(
            etherCurve.lastAnswer(), abi.encodeWithSelector(ErrorsLib.EtherRefused.selector, address(pusher))
        );
        _assertClean();
    }

    /// @dev The gate shuts behind the leg: the same pool is refused once its leg is over.
    function test_etherFromPool_afterItsLeg_isRefused() public {
        _execute(_buyEther(_curveLeg(ETHER_CURVE, 1, 0, address(0))));
        vm.prank(address(etherCurve));
        (bool sent, bytes memory answer) = address(executor).call{value: 1}("");
        assertFalse(sent);
        assertEq(answer, abi.encodeWithSelector(ErrorsLib.EtherRefused.selector, address(etherCurve)));
    }

    /* TIPS STILL WORK */

    function test_tipOfRouteWithEther_isPaid() public {
        address builder = makeAddr("builder");
        vm.coinbase(builder);
        PlanSpec memory plan = _buyEther(_etherLeg(VenueKind.UniswapV4, address(0)));
        plan.builderShareBps = 5_000;
        uint256 profit = _execute(plan);
        assertApproxEqAbs(builder.balance, profit, 1);
        assertGt(profit, 0);
        _assertClean();
    }
}

/// @title Sends ether where it is told: tests only.
contract EtherPusher {
    address private immutable _TO;

    constructor(address to) {
        _TO = to;
    }

    function push() external {
        (bool sent, bytes memory answer) = _TO.call{value: 1}("");
        if (sent) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
