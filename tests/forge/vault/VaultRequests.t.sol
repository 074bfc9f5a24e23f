// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAllocationVault, Stop} from "contracts/interfaces/IAllocationVault.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Exits that wait: in order, at the price of the moment, once; and the exit in kind, which nothing stops.
contract VaultRequestsTest is VaultFixture {
    uint256 internal shares;

    function setUp() public override {
        super.setUp();
        _addLendings(2);
        shares = _deposit(depositor, 1_000 * UNIT);
        _deposit(neighbour, 1_000 * UNIT);
        _rebalanceToTargets();
    }

    function _request(address who, uint256 amount) internal returns (uint256 id) {
        vm.prank(who);
        return vault.requestRedeem(amount, who, who);
    }

    function _dry() internal {
        targets[0].setLiquidity(0);
        targets[1].setLiquidity(0);
    }

    function _claim(address who, uint256 id) internal returns (uint256 assets) {
        vm.prank(who);
        return vault.claimRedeem(id, who);
    }

    /* REQUESTS */

    function test_request_thatNothingIsThereFor_isLeftAsItIs_withoutAWord() public {
        _dry();
        uint256 id = _request(depositor, shares);
        vault.fulfillRequests(1);
        assertEq(vault.state().idle, 0, "all of the buffer is paid");
        uint256 waiting = vault.pendingRedeemRequest(id, depositor);
        vm.recordLogs();
        assertEq(vault.fulfillRequests(1), 0);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(vault.pendingRedeemRequest(id, depositor), waiting);
    }

    function test_request_isPaidInFull_whenEverythingIsLiquid() public {
        uint256 id = _request(depositor, shares);
        assertEq(vault.balanceOf(depositor), 0);
        assertEq(vault.pendingRedeemRequest(id, depositor), shares);
        assertEq(vault.pendingRedeemRequest(id, neighbour), 0);
        uint256 assets = vault.fulfillRequests(1);
        assertApproxEqAbs(assets, 1_000 * UNIT, 2);
        assertEq(vault.claimableRedeemAssets(id, depositor), assets);
        assertEq(vault.claimableRedeemAssets(id, neighbour), 0);
        assertEq(vault.state().claimable, assets);
        assertApproxEqAbs(vault.totalAssets(), 1_000 * UNIT, 4);
        assertEq(_claim(depositor, id), assets);
        assertEq(usd.balanceOf(depositor), assets);
        vm.prank(depositor);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.RequestNotFound.selector, id));
        vault.claimRedeem(id, depositor);
        _assertCovered();
    }

    function test_request_isPaidInPart_asFarAsItReaches_inOrder() public {
        _dry();
        uint256 idle = vault.state().idle;
        uint256 first = _request(depositor, shares);
        uint256 second = _request(neighbour, shares);
        assertEq(vault.payableNow(), 0, "those who wait come first");
        assertApproxEqAbs(vault.fulfillRequests(type(uint256).max), idle, 1);
        assertApproxEqAbs(vault.claimableRedeemAssets(first, depositor), idle, 1);
        assertEq(vault.claimableRedeemAssets(second, neighbour), 0);
        assertEq(vault.state().head, first);
        // More comes in, by others' deposits.
        _deposit(attacker, 1_500 * UNIT);
        vault.fulfillRequests(type(uint256).max);
        assertEq(vault.pendingRedeemRequest(first, depositor), 0);
        assertGt(vault.claimableRedeemAssets(second, neighbour), 0);
        assertApproxEqAbs(vault.claimableRedeemAssets(first, depositor), 1_000 * UNIT, 3);
    }

    function test_fulfillment_ofFew_goesOnWhereItStopped() public {
        uint256 part = shares / 10;
        for (uint256 i; i < 5; ++i) {
            _request(depositor, part);
        }
        assertApproxEqAbs(vault.fulfillRequests(2), 200 * UNIT, 4);
        assertEq(vault.state().head, 2);
        assertApproxEqAbs(vault.fulfillRequests(100), 300 * UNIT, 6);
        assertEq(vault.state().head, 5);
        assertEq(vault.state().pendingShares, 0);
        assertEq(vault.fulfillRequests(100), 0);
    }

    function test_request_losesAndGainsUntilFulfilled_notAfter() public {
        uint256 id = _request(depositor, shares);
        targets[0].lose(4 * UNIT);
        uint256 assets = vault.fulfillRequests(1);
        assertApproxEqAbs(assets, 998 * UNIT, 3);
        targets[1].lose(4 * UNIT);
        assertEq(_claim(depositor, id), assets);
    }

    function test_cancel_givesBackWhatWasNotFulfilled() public {
        _dry();
        uint256 id = _request(depositor, shares);
        vault.fulfillRequests(1);
        uint256 left = vault.pendingRedeemRequest(id, depositor);
        assertGt(left, 0);
        assertLt(left, shares);
        vm.startPrank(depositor);
        assertEq(vault.cancelRedeemRequest(id), left);
        assertEq(vault.balanceOf(depositor), left);
        assertEq(vault.state().pendingShares, 0);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.RequestNotFound.selector, id));
        vault.cancelRedeemRequest(id);
        vm.stopPrank();
        // The queue steps over it.
        uint256 next = _request(neighbour, SHARES * UNIT);
        _deposit(attacker, 10 * UNIT);
        vault.fulfillRequests(10);
        assertGt(vault.claimableRedeemAssets(next, neighbour), 0);
    }

    function test_request_ofAnothers_needsAllowanceOrOperator() public {
        vm.startPrank(attacker);
        vm.expectRevert(bytes4(keccak256("InsufficientAllowance()")));
        vault.requestRedeem(shares, attacker, depositor);
        vm.stopPrank();
        vm.prank(depositor);
        assertTrue(vault.setOperator(neighbour, true));
        assertTrue(vault.isOperator(depositor, neighbour));
        vm.startPrank(neighbour);
        uint256 id = vault.requestRedeem(shares, depositor, depositor);
        vm.stopPrank();
        vault.fulfillRequests(1);
        vm.prank(attacker);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotController.selector, attacker, depositor));
        vault.claimRedeem(id, attacker);
        vm.prank(attacker);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotController.selector, attacker, depositor));
        vault.cancelRedeemRequest(id);
        vm.prank(neighbour);
        vault.claimRedeem(id, depositor);
        assertApproxEqAbs(usd.balanceOf(depositor), 1_000 * UNIT, 2);
        vm.prank(depositor);
        vault.setOperator(neighbour, false);
        assertFalse(vault.isOperator(depositor, neighbour));
    }

    function test_request_withAllowance_spendsIt() public {
        vm.prank(depositor);
        vault.approve(neighbour, shares);
        vm.prank(neighbour);
        vault.requestRedeem(shares, neighbour, depositor);
        assertEq(vault.allowance(depositor, neighbour), 0);
    }

    function test_request_ofNothing_orForNobody_isRefused() public {
        vm.startPrank(depositor);
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        vault.requestRedeem(0, depositor, depositor);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("controller"), address(0))
        );
        vault.requestRedeem(1, address(0), depositor);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.RequestNotFound.selector, 99));
        vault.claimRedeem(99, depositor);
        vm.stopPrank();
    }

    /// @dev Shares worth less than a unit cannot hold up those behind them.
    function test_dustRequest_doesNotBlockTheQueue() public {
        _request(depositor, 1);
        uint256 id = _request(neighbour, shares / 2);
        vault.fulfillRequests(10);
        assertGt(vault.claimableRedeemAssets(id, neighbour), 0);
    }

    /* IN KIND */

    function test_inKind_paysTheSharesPartOfEverything() public {
        uint256 idle = vault.state().idle;
        uint256 first = targets[0].balanceOf(address(lendings[0]));
        uint256 second = targets[1].balanceOf(address(lendings[1]));
        uint256 price = vault.convertToAssets(shares);
        assertApproxEqAbs(_redeemInKind(depositor, shares), idle / 2, 1);
        assertApproxEqAbs(usd.balanceOf(depositor), idle / 2, 1);
        assertApproxEqAbs(targets[0].balanceOf(depositor), first / 2, 1);
        assertApproxEqAbs(targets[1].balanceOf(depositor), second / 2, 1);
        assertApproxEqAbs(vault.totalAssets(), 1_000 * UNIT, 3);
        assertGe(vault.convertToAssets(shares), price, "those who stay lost");
    }

    function test_inKind_goesOn_whenStoppedUnpricedOrDry() public {
        vm.prank(guardian);
        vault.stop(Stop.PricedExits);
        _dry();
        targets[0].setBroken(true);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IAllocationVault.RedeemedInKind(depositor, depositor, shares, 0);
        _redeemInKind(depositor, shares);
        assertGt(targets[0].balanceOf(depositor), 0);
    }

    function test_inKind_withAForfeitedPool_leavesItToTheOthers() public {
        address[] memory forfeited = new address[](1);
        forfeited[0] = address(lendings[0]);
        uint256 held = targets[0].balanceOf(address(lendings[0]));
        vm.prank(depositor);
        vault.redeemInKind(shares, depositor, depositor, forfeited);
        assertEq(targets[0].balanceOf(address(lendings[0])), held);
        assertEq(targets[0].balanceOf(depositor), 0);
        assertGt(vault.totalAssets(), 1_000 * UNIT);
    }

    function test_inKind_ofAnothers_needsAllowance() public {
        vm.startPrank(attacker);
        vm.expectRevert(bytes4(keccak256("InsufficientAllowance()")));
        vault.redeemInKind(shares, attacker, depositor, new address[](0));
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        vault.redeemInKind(0, attacker, attacker, new address[](0));
        vm.stopPrank();
    }

    /* STOPS */

    function test_pause_neverTrapsAnExit() public {
        uint256 before = _request(depositor, shares / 4);
        vault.fulfillRequests(1);
        vm.prank(guardian);
        vault.stop(Stop.Entries);
        assertEq(vault.maxDeposit(depositor), 0);
        assertGt(vault.maxWithdraw(depositor), 0);
        _redeem(depositor, shares / 4);
        uint256 id = _request(depositor, shares / 4);
        vault.fulfillRequests(1);
        _claim(depositor, id);
        vm.prank(guardian);
        vault.stop(Stop.PricedExits);
        assertEq(vault.maxWithdraw(depositor), 0);
        vm.startPrank(depositor);
        vm.expectRevert(VaultErrors.PricedExitsStopped.selector);
        vault.redeem(UNIT * SHARES, depositor, depositor);
        id = vault.requestRedeem(shares / 8, depositor, depositor);
        vm.expectRevert(VaultErrors.PricedExitsStopped.selector);
        vault.fulfillRequests(1);
        vault.cancelRedeemRequest(id);
        vault.claimRedeem(before, depositor);
        vault.redeemInKind(vault.balanceOf(depositor), depositor, depositor, new address[](0));
        vm.stopPrank();
        assertEq(vault.balanceOf(depositor), 0);
        assertEq(vault.state().claimable, 0);
    }

    function test_fulfillment_withNothingThere_doesNothing() public {
        _dry();
        vm.startPrank(depositor);
        vault.withdraw(vault.payableNow(), depositor, depositor);
        vm.stopPrank();
        uint256 id = _request(neighbour, shares);
        assertEq(vault.fulfillRequests(1), 0);
        assertEq(vault.pendingRedeemRequest(id, neighbour), shares);
        assertEq(vault.state().head, id);
    }
}
