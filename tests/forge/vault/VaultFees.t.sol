// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VaultSettings} from "contracts/interfaces/IAllocationVault.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Fees: what is due, before anything is priced, and never twice.
contract VaultFeesTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _addLendings(1);
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
    }

    function _earned() internal view returns (uint256) {
        return vault.convertToAssets(vault.balanceOf(feeRecipient));
    }

    function test_management_isItsRateTimesTheTime() public {
        _setFees(200, 0);
        vm.warp(block.timestamp + 365 days / 2);
        vault.accrueFees();
        assertApproxEqAbs(_earned(), 10 * UNIT, 3);
    }

    function test_management_takenOften_isNotMoreThanTakenOnce() public {
        _setFees(200, 0);
        uint256 snapshot = vm.snapshotState();
        vm.warp(block.timestamp + 52 * 7 days);
        vault.accrueFees();
        uint256 once = _earned();
        vm.revertToState(snapshot);
        for (uint256 i; i < 52; ++i) {
            vm.warp(block.timestamp + 7 days);
            vault.accrueFees();
        }
        // Compounded, 2 % are 1.98.
        assertLe(_earned(), once);
        assertApproxEqRel(_earned(), once, 0.02e18);
    }

    function test_management_afterAHundredYears_leavesHalf() public {
        _setFees(500, 0);
        vm.warp(block.timestamp + 100 * 365 days);
        usdFeed.post(1e8);
        vault.accrueFees();
        assertApproxEqAbs(_earned(), 500 * UNIT, 3);
    }

    function test_performance_isItsRateOnTheGain_once() public {
        _setFees(0, 2_000);
        targets[0].earn(4 * UNIT);
        assertGt(vault.accrueFees(), 0);
        assertApproxEqAbs(_earned(), 4 * UNIT / 5, 3);
        assertEq(vault.accrueFees(), 0, "the same gain paid twice");
        vm.warp(block.timestamp + 30 days);
        assertEq(vault.accrueFees(), 0, "the same gain paid twice");
    }

    function test_performance_afterALoss_paysOnlyAboveTheOldMark() public {
        _setFees(0, 2_000);
        targets[0].earn(4 * UNIT);
        vault.accrueFees();
        uint256 mark = vault.state().highWaterMarkWad;
        uint256 held = vault.balanceOf(feeRecipient);
        targets[0].lose(3 * UNIT);
        vault.accrueFees();
        targets[0].earn(2 * UNIT);
        vault.accrueFees();
        assertEq(vault.balanceOf(feeRecipient), held);
        assertEq(vault.state().highWaterMarkWad, mark);
        targets[0].earn(3 * UNIT);
        assertGt(vault.accrueFees(), 0);
        assertApproxEqAbs(_earned(), 4 * UNIT / 5 + 2 * UNIT / 5, 8 * UNIT / 1000);
    }

    function test_fees_arePartOfEveryQuote() public {
        _setFees(500, 3_000);
        targets[0].earn(3 * UNIT);
        vm.warp(block.timestamp + 10 days);
        uint256 quoted = vault.convertToAssets(1e12);
        vault.accrueFees();
        assertEq(vault.convertToAssets(1e12), quoted);
    }

    function test_newcomer_paysNoFeeOnOldGains() public {
        _setFees(0, 2_000);
        targets[0].earn(4 * UNIT);
        uint256 shares = _deposit(neighbour, 1_000 * UNIT);
        vault.accrueFees();
        assertApproxEqAbs(vault.convertToAssets(shares), 1_000 * UNIT, 1);
    }

    function test_noGainIsTaken_whileAPoolIsNotSound() public {
        _setFees(0, 2_000);
        targets[0].earn(100 * UNIT);
        assertFalse(vault.isSound());
        assertEq(vault.accrueFees(), 0);
    }

    function test_newRates_countFromNow() public {
        vm.warp(block.timestamp + 365 days);
        _setFees(500, 0);
        assertEq(vault.accrueFees(), 0);
        vm.warp(block.timestamp + 365 days);
        _setFees(0, 0);
        assertApproxEqAbs(_earned(), 50 * UNIT, 3);
    }

    function test_ratesAboveTheLimits_areRefused() public {
        VaultSettings memory changed = vault.settings();
        vm.startPrank(admin);
        changed.managementFeeBps = 501;
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("managementFeeBps"))
        );
        vault.changeSettings(changed);
        (changed.managementFeeBps, changed.performanceFeeBps) = (500, 3_001);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("performanceFeeBps"))
        );
        vault.changeSettings(changed);
        (changed.performanceFeeBps, changed.feeRecipient) = (3_000, address(vault));
        vm.expectRevert(
            abi.encodeWithSelector(
                VaultErrors.InvalidAddress.selector, bytes32("feeRecipient"), address(vault)
            )
        );
        vault.changeSettings(changed);
        changed.feeRecipient = address(0);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("feeRecipient"), address(0))
        );
        vault.changeSettings(changed);
        changed.feeRecipient = feeRecipient;
        vault.changeSettings(changed);
        vm.stopPrank();
    }

    /// @dev Never more than its rate on what was gained, however it is cut up.
    function testFuzz_performance_isNeverMoreThanItsRate(uint256[5] memory gains, uint16 rate) public {
        rate = uint16(bound(rate, 1, 3_000));
        _setFees(0, rate);
        uint256 total;
        for (uint256 i; i < 5; ++i) {
            uint256 gain = bound(gains[i], 0, 2 * UNIT);
            total += gain;
            targets[0].earn(gain);
            if (gains[i] % 3 != 0) vault.accrueFees();
            vm.warp(block.timestamp + 2 days);
            vm.prank(keeper);
            vault.tend(address(lendings[0]), "");
        }
        vault.accrueFees();
        // What the fee's own shares gained later is theirs.
        assertLe(_earned(), (total * rate / BPS) * 1_011 / 1_000 + 5);
    }
}
