// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {ReenteringBuilder} from "contracts/mocks/BuilderDoubles.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {PlanSpec} from "./support/PlanCodec.sol";

/// @title The builder's share: exact, optional, and never a way to lose ether.
contract BuilderTipTest is ExecutorFixture {
    address internal builder = makeAddr("builder");

    function setUp() public override {
        super.setUp();
        _opportunity(address(weth), address(usd));
        _opportunity(address(usd), address(btc));
        vm.coinbase(builder);
    }

    function _tipping(uint16 shareBps) private view returns (PlanSpec memory plan) {
        plan = _plan(LenderKind.BalancerV2, address(weth), address(usd), V2_A, V3);
        plan.builderShareBps = shareBps;
    }

    /// @dev What the same plan gains without a tip.
    function _gain() private returns (uint256 gain) {
        uint256 snapshot = vm.snapshotState();
        gain = _execute(_tipping(0));
        vm.revertToState(snapshot);
    }

    function testFuzz_tip_isShareOfGainAboveMinimum_roundedDown(uint16 shareBps, uint256 minProfit) public {
        uint256 gain = _gain();
        PlanSpec memory plan = _tipping(uint16(bound(shareBps, 0, 10_000)));
        plan.minProfit = bound(minProfit, 0, gain);
        uint256 expectedTip = (gain - plan.minProfit) * plan.builderShareBps / 10_000;
        uint256 profit = _execute(plan);
        assertEq(builder.balance, expectedTip);
        assertEq(profit, gain - expectedTip);
        assertGe(profit, plan.minProfit);
        assertEq(weth.balanceOf(treasury), profit);
        _assertNothingLeft(address(weth));
    }

    function test_tip_ofEverything_leavesNoProfitAndNoTransfer() public {
        uint256 gain = _gain();
        PlanSpec memory plan = _tipping(10_000);
        plan.minProfit = 0;
        assertEq(_execute(plan), 0);
        assertEq(builder.balance, gain);
        assertEq(weth.balanceOf(treasury), 0);
    }

    function test_tip_refusedByBuilder_goesToTheTreasury() public {
        uint256 gain = _gain();
        address[2] memory builders =
            [_deploy("BuilderDoubles.sol:RefusingBuilder"), _deploy("BuilderDoubles.sol:BombingBuilder")];
        for (uint256 i; i < builders.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.coinbase(builders[i]);
            assertEq(_execute(_tipping(5_000)), gain);
            assertEq(builders[i].balance, 0);
            assertEq(weth.balanceOf(treasury), gain);
            _assertNothingLeft(address(weth));
            vm.revertToState(snapshot);
        }
    }

    function test_tip_builderReentersEvenAsOwner_isRefused() public {
        ReenteringBuilder reentering =
            ReenteringBuilder(payable(_deploy("BuilderDoubles.sol:ReenteringBuilder")));
        vm.prank(owner);
        executor.transferOwnership(address(reentering));
        vm.prank(address(reentering));
        executor.acceptOwnership();
        reentering.arm(address(executor), abi.encodeCall(executor.sweepEther, (0)));
        vm.coinbase(address(reentering));
        assertGt(_execute(_tipping(5_000)), 0);
        assertEq(reentering.lastError(), ErrorsLib.Reentered.selector);
        assertGt(address(reentering).balance, 0);
    }

    function test_tip_etherThatWasHereBefore_isNotTouched() public {
        vm.deal(address(executor), 3 ether);
        _execute(_tipping(5_000));
        assertEq(address(executor).balance, 3 ether);
    }

    function test_tip_ofAnotherAsset_reverts() public {
        PlanSpec memory plan = _plan(LenderKind.BalancerV2, address(usd), address(btc), V2_A, V3);
        plan.builderShareBps = 1;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.TipNeedsWeth.selector, address(usd)));
    }

    function test_tip_overAll_reverts() public {
        _assertReverts(
            _tipping(10_001), abi.encodeWithSelector(ErrorsLib.BuilderShareTooLarge.selector, 10_001)
        );
    }
}
