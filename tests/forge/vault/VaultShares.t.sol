// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VaultSettings} from "contracts/interfaces/IAllocationVault.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title In and out at a price: buffer first, then pools; what is quoted is what is done.
contract VaultSharesTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _addLendings(2);
    }

    /* IN */

    function test_deposit_mintsSharesWithSixDecimalsMore() public {
        uint256 shares = _deposit(depositor, 100 * UNIT);
        assertEq(shares, 100 * UNIT * SHARES);
        assertEq(vault.decimals(), 12);
        assertEq(vault.totalAssets(), 100 * UNIT);
        assertEq(vault.state().idle, 100 * UNIT);
        assertEq(vault.name(), "Steelyard USD");
        assertEq(vault.symbol(), "syUSD");
        assertEq(vault.asset(), address(usd));
    }

    function test_mint_takesWhatPreviewSays() public {
        _deposit(neighbour, 77 * UNIT);
        uint256 wanted = 12_345_678_901;
        uint256 quoted = vault.previewMint(wanted);
        usd.mint(depositor, quoted);
        vm.startPrank(depositor);
        usd.approve(address(vault), quoted);
        assertEq(vault.mint(wanted, depositor), quoted);
        vm.stopPrank();
        assertEq(vault.balanceOf(depositor), wanted);
        assertEq(usd.balanceOf(depositor), 0);
    }

    function test_deposit_aboveTheCap_isRefusedAtTheUnit() public {
        _deposit(neighbour, 60 * UNIT);
        _capAt(uint128(100 * UNIT));
        assertEq(vault.maxDeposit(depositor), 40 * UNIT);
        assertLe(vault.previewMint(vault.maxMint(depositor)), 40 * UNIT);
        usd.mint(depositor, 41 * UNIT);
        vm.startPrank(depositor);
        usd.approve(address(vault), 41 * UNIT);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.DepositAboveLimit.selector, 40 * UNIT + 1, 40 * UNIT)
        );
        vault.deposit(40 * UNIT + 1, depositor);
        vault.deposit(40 * UNIT, depositor);
        vm.stopPrank();
        assertEq(vault.maxDeposit(depositor), 0);
        assertEq(vault.maxMint(depositor), 0);
    }

    function _capAt(uint128 cap) private {
        VaultSettings memory changed = vault.settings();
        changed.depositCap = cap;
        _change(changed);
    }

    function test_nothing_isNeitherTakenNorPaid() public {
        _deposit(depositor, UNIT);
        vm.startPrank(depositor);
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        vault.deposit(0, depositor);
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        vault.mint(0, depositor);
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        vault.withdraw(0, depositor, depositor);
        // Less than a base unit's worth of shares.
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        vault.redeem(SHARES - 1, depositor, depositor);
        vm.stopPrank();
    }

    /* OUT */

    function test_withdraw_takesFromBuffer_thenFromPoolsInOrder() public {
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
        uint256 idle = vault.state().idle;
        uint256 first = _value(lendings[0]);
        uint256 second = _value(lendings[1]);
        assertGt(first, 0);
        vm.startPrank(depositor);
        vault.withdraw(idle, depositor, depositor);
        assertEq(vault.state().idle, 0);
        assertEq(_value(lendings[0]), first);
        vault.withdraw(first / 2, depositor, depositor);
        assertEq(_value(lendings[0]), first - first / 2);
        vault.withdraw(first - first / 2 + 10, depositor, depositor);
        vm.stopPrank();
        assertEq(_value(lendings[0]), 0);
        assertEq(_value(lendings[1]), second - 10);
        assertEq(usd.balanceOf(depositor), idle + first + 10);
    }

    function test_maxWithdraw_isPayableNow_andNoMore() public {
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
        targets[0].setLiquidity(7 * UNIT);
        targets[1].setLiquidity(0);
        uint256 most = vault.state().idle + 7 * UNIT;
        assertEq(vault.payableNow(), most);
        assertEq(vault.maxWithdraw(depositor), most);
        vm.startPrank(depositor);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotPayableNow.selector, most + 1, most));
        vault.withdraw(most + 1, depositor, depositor);
        vault.withdraw(most, depositor, depositor);
        vm.stopPrank();
        assertEq(vault.maxWithdraw(depositor), 0);
        assertEq(vault.maxRedeem(depositor), 0);
    }

    function test_maxRedeem_canBeRedeemed() public {
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
        targets[0].earn(3 * UNIT + 1);
        targets[1].setLiquidity(0);
        uint256 shares = vault.maxRedeem(depositor);
        assertLt(shares, vault.balanceOf(depositor));
        assertApproxEqAbs(_redeem(depositor, shares), vault.state().idle + usd.balanceOf(depositor), 2);
    }

    function test_redeem_byAnother_takesAnAllowance() public {
        uint256 shares = _deposit(depositor, 10 * UNIT);
        vm.prank(depositor);
        vault.approve(neighbour, shares / 2);
        vm.startPrank(neighbour);
        vault.redeem(shares / 2, neighbour, depositor);
        vm.expectRevert(bytes4(keccak256("InsufficientAllowance()")));
        vault.redeem(shares / 2, neighbour, depositor);
        vm.stopPrank();
        assertEq(usd.balanceOf(neighbour), 5 * UNIT);
    }

    /// @dev Solady would give Permit2 everything.
    function test_permit2_hasNoAllowanceOfItsOwn() public {
        _deposit(depositor, UNIT);
        assertEq(vault.allowance(depositor, 0x000000000022D473030F116dDEE9F6B43aC78BA3), 0);
    }

    /* WHAT IS WORTH WHAT */

    function test_donation_toTheVault_changesNothing() public {
        _deposit(depositor, 10 * UNIT);
        usd.mint(address(vault), 1_000 * UNIT);
        assertEq(vault.totalAssets(), 10 * UNIT);
        assertEq(vault.convertToAssets(vault.balanceOf(depositor)), 10 * UNIT);
    }

    function test_gainAndLoss_ofAPool_areEverybodys() public {
        _deposit(depositor, 100 * UNIT);
        _deposit(neighbour, 300 * UNIT);
        _rebalanceToTargets();
        targets[0].earn(1 * UNIT);
        assertApproxEqAbs(vault.totalAssets(), 401 * UNIT, 2);
        assertApproxEqAbs(vault.maxWithdraw(depositor), 100 * UNIT + UNIT / 4, 2);
        targets[1].lose(1 * UNIT);
        assertApproxEqAbs(vault.totalAssets(), 400 * UNIT, 3);
    }

    function test_noPrice_noEntryAndNoPricedExit_butNoRevertOfLimits() public {
        _deposit(depositor, 100 * UNIT);
        _rebalanceToTargets();
        targets[0].setBroken(true);
        assertEq(vault.maxDeposit(depositor), 0);
        assertEq(vault.maxMint(depositor), 0);
        assertEq(vault.maxWithdraw(depositor), 0);
        assertEq(vault.maxRedeem(depositor), 0);
        assertEq(vault.payableNow(), 0);
        assertFalse(vault.isSound());
        bytes memory unpriced = abi.encodeWithSelector(VaultErrors.PoolNotPriced.selector, lendings[0]);
        vm.expectRevert(unpriced);
        vault.totalAssets();
        vm.startPrank(depositor);
        vm.expectRevert(unpriced);
        vault.deposit(1, depositor);
        vm.expectRevert(unpriced);
        vault.withdraw(1, depositor, depositor);
        vm.stopPrank();
    }

    /* WHAT IS QUOTED IS WHAT IS DONE */

    function testFuzz_previews_areExact(uint256 first, uint256 gain, uint256 amount, uint16 rate) public {
        _deposit(neighbour, bound(first, UNIT, 1e9 * UNIT));
        _rebalanceToTargets();
        _setFees(uint16(bound(rate, 0, 500)), uint16(bound(rate, 0, 3_000)));
        vm.warp(block.timestamp + bound(gain, 0, 30 days));
        targets[0].earn(bound(gain, 0, _value(lendings[0]) / 200));
        amount = bound(amount, 10, 1e9 * UNIT);
        uint256 quoted = vault.previewDeposit(amount);
        uint256 shares = _deposit(depositor, amount);
        assertEq(shares, quoted, "deposit");
        quoted = vault.previewRedeem(shares / 2);
        assertEq(_redeem(depositor, shares / 2), quoted, "redeem");
        uint256 assets = vault.maxWithdraw(depositor) / 2;
        quoted = vault.previewWithdraw(assets);
        vm.prank(depositor);
        assertEq(vault.withdraw(assets, depositor, depositor), quoted, "withdraw");
        _assertCovered();
    }

    /// @dev Whatever a round trip is made of, it never pays.
    function testFuzz_roundTrip_neverPays(uint256 first, uint256 gain, uint256 amount) public {
        _deposit(neighbour, bound(first, 1, 1e9 * UNIT));
        if (vault.state().idle > 1_000) _rebalanceToTargets();
        targets[0].earn(bound(gain, 0, _value(lendings[0]) / 200));
        amount = bound(amount, 1, 1e12 * UNIT);
        uint256 shares = vault.previewDeposit(amount);
        vm.assume(shares > 0 && vault.previewRedeem(shares) > 0);
        assertLe(_redeem(depositor, _deposit(depositor, amount)), amount);
    }

    function test_convertToShares_isTheInverse_roundedDown() public {
        _deposit(depositor, 100 * UNIT);
        _rebalanceToTargets();
        targets[0].earn(UNIT / 10);
        uint256 shares = vault.convertToShares(7 * UNIT);
        assertLe(vault.convertToAssets(shares), 7 * UNIT);
        assertGe(vault.convertToAssets(shares + SHARES), 7 * UNIT);
    }

    /* WHAT LIES */

    /// @dev A pool that says it pays, and does not.
    function test_poolThatPaysLessThanItSaid_isFound() public {
        _deposit(depositor, 100 * UNIT);
        _rebalanceToTargets();
        uint256 idle = vault.state().idle;
        vm.mockCall(address(lendings[0]), abi.encodeWithSelector(lendings[0].free.selector), abi.encode(0));
        vm.mockCall(address(lendings[1]), abi.encodeWithSelector(lendings[1].free.selector), abi.encode(0));
        vm.prank(depositor);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotPayableNow.selector, idle + 1, idle));
        vault.withdraw(idle + 1, depositor, depositor);
    }

    /// @dev An asset that does not move what it is told to.
    function test_assetThatKeepsAFee_isRefused() public {
        usd.mint(depositor, UNIT);
        vm.prank(depositor);
        usd.approve(address(vault), UNIT);
        bytes memory taking = abi.encodeCall(usd.transferFrom, (depositor, address(vault), UNIT));
        vm.mockCall(address(usd), taking, abi.encode(true));
        vm.prank(depositor);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotCovered.selector, 0, UNIT));
        vault.deposit(UNIT, depositor);
    }

    /// @dev Six decimals more than the asset's: sums that no asset has do not fit the books, and say so.
    function test_moreThanTheBooksHold_isRefused() public {
        uint256 shares = _deposit(depositor, type(uint128).max);
        vm.prank(depositor);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.AmountTooLarge.selector, shares));
        vault.requestRedeem(shares, depositor, depositor);
    }
}
