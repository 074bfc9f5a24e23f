// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {VaultTarget, VaultTargetInterrupted, VaultTargetLying} from "contracts/mocks/VaultTarget.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {Erc4626Strategy} from "contracts/vault/strategies/Erc4626Strategy.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Lending: what is counted, what is believed, what is given in kind.
contract Erc4626StrategyTest is VaultFixture {
    Erc4626Strategy internal strategy;
    VaultTarget internal target;
    uint256 internal held;

    function setUp() public override {
        super.setUp();
        _addLendings(1);
        (strategy, target) = (lendings[0], targets[0]);
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
        held = _value(strategy);
    }

    function _report() internal view returns (uint256 value, uint256 liquid, bool sound) {
        return strategy.report();
    }

    function test_onlyTheVault_moves() public {
        bytes memory refusal = abi.encodeWithSelector(VaultErrors.NotVault.selector, attacker);
        vm.startPrank(attacker);
        vm.expectRevert(refusal);
        strategy.deploy(1);
        vm.expectRevert(refusal);
        strategy.free(1);
        vm.expectRevert(refusal);
        strategy.freeInKind(1, 1, attacker);
        vm.expectRevert(refusal);
        strategy.tend("");
        vm.stopPrank();
    }

    function test_yield_isCountedAtOnce() public {
        target.earn(held / 200);
        (uint256 value, uint256 liquid, bool sound) = _report();
        assertApproxEqAbs(value, held + held / 200, 1);
        assertEq(liquid, value);
        assertTrue(sound);
    }

    function test_rateThatJumps_isNotCountedAboveTheBand() public {
        target.earn(held);
        (uint256 value, uint256 liquid, bool sound) = _report();
        assertApproxEqRel(value, held * 101 / 100, 1e12);
        assertEq(liquid, 0);
        assertFalse(sound);
        assertEq(vault.maxDeposit(depositor), 0);
        // From the buffer at the price that is believed.
        assertEq(vault.payableNow(), vault.state().idle);
    }

    function test_rateThatGrows_asYieldCan_isBelieved() public {
        target.earn(held / 50);
        (,, bool sound) = _report();
        assertFalse(sound);
        // 2 % are 1 % of the band and 1 % of a growth of 50 % a year: a week and half a day.
        vm.warp(block.timestamp + 8 days);
        (,, sound) = _report();
        assertTrue(sound);
        vm.prank(keeper);
        vault.tend(address(strategy), "");
        (, uint256 rate, uint256 at) = strategy.books();
        assertEq(at, block.timestamp);
        assertApproxEqRel(rate, 1e27 / 1 * 102 / 100, 1e12);
    }

    function test_loss_isCountedAtOnce_andStopsEntries() public {
        target.lose(held / 2);
        (uint256 value,, bool sound) = _report();
        assertApproxEqAbs(value, held - held / 2, 1);
        assertFalse(sound);
        vm.prank(attacker);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, attacker));
        strategy.confirmRate(0, 1e27);
        vm.startPrank(admin);
        vm.expectPartialRevert(VaultErrors.RateNotConfirmed.selector);
        strategy.confirmRate(0.6e27, 1e27);
        strategy.confirmRate(0.4e27, 0.6e27);
        vm.stopPrank();
        (,, sound) = _report();
        assertTrue(sound);
        assertGt(vault.maxDeposit(depositor), 0);
    }

    function test_tending_renewsAtMostHourly() public {
        (, uint256 before,) = strategy.books();
        target.earn(held / 200);
        vm.startPrank(keeper);
        vm.warp(block.timestamp + 59 minutes);
        vault.tend(address(strategy), "");
        (, uint256 rate,) = strategy.books();
        assertEq(rate, before);
        vm.warp(block.timestamp + 1 minutes);
        vault.tend(address(strategy), "");
        (, rate,) = strategy.books();
        assertGt(rate, before);
        vm.stopPrank();
    }

    function test_donatedShares_countForNothing() public {
        usd.mint(attacker, 500 * UNIT);
        vm.startPrank(attacker);
        usd.approve(address(target), 500 * UNIT);
        target.deposit(500 * UNIT, address(strategy));
        vm.stopPrank();
        assertEq(_value(strategy), held);
        usd.mint(address(strategy), 500 * UNIT);
        assertEq(_value(strategy), held);
    }

    /// @dev Sent while our deposit is under way, which a token that calls its holders makes possible: not counted, and so
    /// large that the rate of the first deposit would be unbelievable with them.
    function test_sharesDonatedInTheMiddleOfADeposit_countForNothing() public {
        VaultTargetInterrupted fresh =
            VaultTargetInterrupted(vm.deployCode("VaultTarget.sol:VaultTargetInterrupted", abi.encode(usd)));
        Erc4626Strategy entrant = _lendingStrategy(fresh);
        usd.mint(attacker, 500 * UNIT);
        vm.startPrank(attacker);
        usd.approve(address(fresh), 500 * UNIT);
        fresh.deposit(500 * UNIT, attacker);
        fresh.approve(address(fresh), 500 * UNIT);
        vm.stopPrank();
        bytes memory gift = abi.encodeCall(fresh.transferFrom, (attacker, address(entrant), 500 * UNIT));
        fresh.interruptWith(address(fresh), gift);
        usd.mint(address(entrant), 100 * UNIT);
        vm.prank(address(vault));
        entrant.deploy(100 * UNIT);
        assertEq(fresh.balanceOf(address(entrant)), 600 * UNIT);
        (uint256 value,, bool sound) = entrant.report();
        assertEq(value, 100 * UNIT);
        assertTrue(sound);
    }

    function test_targetThatSaysOtherSharesThanItMoved_isRefused() public {
        VaultTargetLying fresh =
            VaultTargetLying(vm.deployCode("VaultTarget.sol:VaultTargetLying", abi.encode(usd)));
        Erc4626Strategy entrant = _lendingStrategy(fresh);
        usd.mint(address(entrant), 200 * UNIT);
        vm.startPrank(address(vault));
        entrant.deploy(100 * UNIT);
        fresh.lie(1);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotCovered.selector, 200 * UNIT, 200 * UNIT + 1));
        entrant.deploy(100 * UNIT);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NotCovered.selector, 60 * UNIT, 60 * UNIT + 1));
        entrant.free(40 * UNIT);
        fresh.lie(0);
        entrant.free(40 * UNIT);
        vm.stopPrank();
        (uint256 shares,,) = entrant.books();
        assertEq(shares, 60 * UNIT);
    }

    function test_dust_isSound() public {
        vm.startPrank(address(vault));
        strategy.free(held - 3);
        vm.stopPrank();
        target.earn(1);
        (,, bool sound) = _report();
        assertTrue(sound);
    }

    function test_emptiedTarget_isNotEntered() public {
        // The first share of a target is inflated: ours would be worth nothing.
        VaultTarget fresh = VaultTarget(vm.deployCode("VaultTarget.sol:VaultTarget", abi.encode(usd)));
        Erc4626Strategy entrant = _lendingStrategy(fresh);
        fresh.setEntryFee(10_000);
        usd.mint(address(entrant), UNIT);
        vm.prank(address(vault));
        vm.expectRevert(VaultErrors.NothingMoved.selector);
        entrant.deploy(UNIT);
    }

    function test_settings_thatCannotBe_areRefused() public {
        VaultTarget other =
            VaultTarget(vm.deployCode("VaultTarget.sol:VaultTarget", abi.encode(_token("OTHER", 6))));
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("target"), other));
        this.strategyOn(other, 100);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("bandBps")));
        this.strategyOn(target, 0);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("bandBps")));
        this.strategyOn(target, 10_001);
    }

    function strategyOn(VaultTarget other, uint256 bandBps) external returns (Erc4626Strategy) {
        return new Erc4626Strategy(address(vault), address(authority), IERC4626(address(other)), bandBps, 0);
    }

    function test_moreThanTheBooksHold_isRefused() public {
        uint256 assets = uint256(type(uint128).max) + 1;
        VaultTarget fresh = VaultTarget(vm.deployCode("VaultTarget.sol:VaultTarget", abi.encode(usd)));
        Erc4626Strategy entrant = _lendingStrategy(fresh);
        usd.mint(address(entrant), assets);
        vm.prank(address(vault));
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.AmountTooLarge.selector, assets));
        entrant.deploy(assets);
    }
}
