// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {WeightModel} from "contracts/vault/WeightModel.sol";
import {TwinFixture} from "../support/TwinFixture.sol";
import {VaultV3Fixture} from "../support/VaultV3Fixture.sol";

/// @title Incidents of vaults: first shares, roundings, half-done states, queues, keepers, keys.
contract VaultIncidents is VaultV3Fixture, TwinFixture {
    uint256 internal constant STAKE = 100_000 * 1e6;
    bytes4 private constant _NOTHING_REFUSED = 0;

    function setUp() public override {
        super.setUp();
        _addLendings(3);
    }

    function _implementation() internal override returns (address) {
        if (!_facesTwin()) return super._implementation();
        return vm.deployCode(_twinArtifact("AllocationVault.sol"), abi.encode(address(0)));
    }

    function _deployFaced() internal override {
        address implementation = _implementation();
        vm.prank(admin);
        vault.upgradeToAndCall(implementation, "");
    }

    function _over(uint256 end, uint256 start) internal pure returns (uint256) {
        return end > start ? end - start : 0;
    }

    function _redeemAs(address who, uint256 shares) internal returns (bool) {
        return _attack(who, address(vault), abi.encodeCall(vault.redeem, (shares, who, who)));
    }

    /* COMING IN */

    /// @dev The first depositor makes a share so dear that the second is given one where it paid for one and a half.
    function test_InflatedFirstShare_takesHalfOfWhatTheSecondOverpaid() public {
        _face("InflatedFirstShare");
        uint256 shares = _deposit(attacker, 1);
        uint256 stake = 10_000 * UNIT;
        usd.mint(attacker, stake);
        _attack(attacker, address(usd), abi.encodeCall(usd.transfer, (address(vault), stake)));
        _deposit(depositor, stake * 3 / 2);
        _redeemAs(attacker, shares);
        _conclude(_over(usd.balanceOf(attacker), stake + 1), _NOTHING_REFUSED);
    }

    /// @dev A million less one shares are nearly a unit: whoever pays one unit for nearly two, and often, is rich.
    function test_RoundsForTheMinter_aUnitAtATime() public {
        _face("RoundsForTheMinter");
        _deposit(depositor, STAKE);
        usd.mint(attacker, 1_000);
        vm.prank(attacker);
        usd.approve(address(vault), 1_000);
        for (uint256 i; i < 50; ++i) {
            _attack(attacker, address(vault), abi.encodeCall(vault.mint, (2 * SHARES - 1, attacker)));
        }
        _redeemAs(attacker, vault.balanceOf(attacker));
        _conclude(_over(usd.balanceOf(attacker), 1_000), _NOTHING_REFUSED);
    }

    /// @dev The market has risen, the oracle has not yet heard: in at the old price, out at the new one.
    function test_EntersUnsound_atAPriceThatIsLate() public {
        _face("EntersUnsound");
        _deposit(depositor, STAKE);
        _rebalanceToTargets();
        _pushTo(3_300 * WAD);
        usd.mint(attacker, STAKE);
        vm.prank(attacker);
        usd.approve(address(vault), STAKE);
        _attack(attacker, address(vault), abi.encodeCall(vault.deposit, (STAKE, attacker)));
        _setOracle(3_300);
        uint256 shares = vault.balanceOf(attacker);
        if (shares != 0) _redeem(attacker, shares);
        _conclude(_over(usd.balanceOf(attacker), STAKE), VaultErrors.DepositAboveLimit.selector);
    }

    /* GOING OUT */

    function test_KeepsTheShares_leavesTwice() public {
        _face("KeepsTheShares");
        _deposit(depositor, STAKE);
        uint256 shares = _deposit(attacker, 1_000 * UNIT);
        _attack(attacker, address(vault), abi.encodeCall(vault.requestRedeem, (shares, attacker, attacker)));
        _redeemAs(attacker, shares);
        vault.fulfillRequests(1);
        vm.prank(attacker);
        vault.claimRedeem(0, attacker);
        _conclude(_over(usd.balanceOf(attacker), 1_000 * UNIT), bytes4(keccak256("InsufficientBalance()")));
    }

    function test_PaysClaimsAgain_outOfAnothersClaim() public {
        _face("PaysClaimsAgain");
        uint256 theirs = _deposit(depositor, 2_000 * UNIT);
        uint256 shares = _deposit(attacker, 1_000 * UNIT);
        vm.prank(depositor);
        vault.requestRedeem(theirs, depositor, depositor);
        vm.prank(attacker);
        uint256 id = vault.requestRedeem(shares, attacker, attacker);
        vault.fulfillRequests(2);
        for (uint256 i; i < 2; ++i) {
            _attack(attacker, address(vault), abi.encodeCall(vault.claimRedeem, (id, attacker)));
        }
        _conclude(_over(usd.balanceOf(attacker), 1_000 * UNIT), VaultErrors.RequestNotFound.selector);
    }

    function test_PassesTheQueue_thatWaitsForTheBuffer() public {
        _face("PassesTheQueue");
        uint256 theirs = _deposit(depositor, STAKE);
        uint256 shares = _deposit(attacker, 1_000 * UNIT);
        _rebalanceToTargets();
        for (uint256 i; i < 3; ++i) {
            targets[i].setLiquidity(0);
        }
        vm.prank(depositor);
        vault.requestRedeem(theirs, depositor, depositor);
        _redeemAs(attacker, shares);
        _conclude(usd.balanceOf(attacker), VaultErrors.NotPayableNow.selector);
    }

    /* HALF-DONE */

    /// @dev A vault over a token that calls somebody in the middle of a transfer, half of it the attacker's.
    function _stageHooks() private returns (HookToken hook, uint256 shares) {
        hook = HookToken(vm.deployCode("HookToken.sol:HookToken"));
        usd = MockToken(address(hook));
        _listFeed(address(hook), 8, 1e8);
        policy = _deployPolicy(WeightModel(5_000, 15_000, 2_500, 10_000, 3_000), _curve(), _limits());
        vault = _deployVault();
        _addLending();
        _deposit(depositor, STAKE);
        shares = _deposit(attacker, STAKE);
        _rebalanceToTargets();
    }

    /// @dev Shares are burned, the buffer's part is on its way, the pools' is not yet: who asks now is told too much.
    function test_ReadsHalfDone_whatASharesIsWorth() public {
        _face("ReadsHalfDone");
        (HookToken hook, uint256 shares) = _stageHooks();
        uint256 price = vault.convertToAssets(shares);
        hook.arm(address(vault), address(vault), abi.encodeCall(vault.convertToAssets, (shares)), false);
        _redeemInKind(attacker, shares);
        assertEq(hook.callCount(), 1);
        uint256 told = hook.lastSuccess() ? abi.decode(hook.lastAnswer(), (uint256)) : 0;
        if (!hook.lastSuccess()) _refusal = bytes4(hook.lastAnswer());
        _conclude(_over(told, price), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    /// @dev The same moment, and an accomplice leaves at that price.
    function test_ReentersHalfDone_withAnAccomplice() public {
        _face("ReentersHalfDone");
        (HookToken hook, uint256 shares) = _stageHooks();
        uint256 fair = vault.convertToAssets(shares / 2);
        vm.startPrank(attacker);
        vault.transfer(neighbour, shares / 2);
        vm.stopPrank();
        vm.prank(neighbour);
        vault.approve(address(hook), type(uint256).max);
        bytes memory leave = abi.encodeCall(vault.redeem, (shares / 2, neighbour, neighbour));
        hook.arm(address(vault), address(vault), leave, false);
        _redeemInKind(attacker, shares / 2);
        assertEq(hook.callCount(), 1);
        if (!hook.lastSuccess()) _refusal = bytes4(hook.lastAnswer());
        _conclude(
            _over(usd.balanceOf(neighbour), fair),
            ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
        );
    }

    /* A KEEPER'S STOLEN KEY */

    function _rebalanceAs(address pool, uint256 assets) private {
        bytes memory call_ =
            abi.encodeCall(vault.rebalance, (_move(pool, true, assets), type(uint256).max, block.timestamp));
        _attack(keeper, address(vault), call_);
    }

    function test_MovesAnywhere_everythingIntoOnePool() public {
        _face("MovesAnywhere");
        _deposit(depositor, STAKE);
        (uint256[] memory wanted,) = vault.targetAllocations();
        _rebalanceAs(address(lendings[0]), STAKE);
        _conclude(_over(_value(lendings[0]), wanted[1]), _NOTHING_REFUSED);
    }

    /// @dev Into a pool whose owner, an accomplice, keeps nearly a hundredth of what comes.
    function test_LosesAnything_toAnEntryFee() public {
        _face("LosesAnything");
        _deposit(depositor, STAKE);
        targets[0].setEntryFee(90);
        _rebalanceAs(address(lendings[0]), 10_000 * UNIT);
        _conclude(usd.balanceOf(address(1)), VaultErrors.LossTooHigh.selector);
    }

    /// @dev A little each time, as often as it goes.
    function test_LosesAgainAndAgain_moreThanAPeriodAllows() public {
        _face("LosesAgainAndAgain");
        _deposit(depositor, STAKE);
        for (uint256 i; i < 3; ++i) {
            targets[i].setEntryFee(40);
            _rebalanceAs(address(lendings[i]), 20_000 * UNIT);
            vm.warp(block.timestamp + 1 hours);
        }
        // The allowance, and what grows back of it in two hours.
        uint256 allowed = STAKE * 20 / BPS * 26 / 24;
        _conclude(_over(usd.balanceOf(address(1)), allowed), VaultErrors.LossCapExceeded.selector);
    }

    /* FEES */

    function test_TakesFeesTwice_onOneGain() public {
        _face("TakesFeesTwice");
        _setFees(0, 2_000);
        _deposit(depositor, STAKE);
        _rebalanceToTargets();
        targets[0].earn(100 * UNIT);
        vault.accrueFees();
        _conclude(vault.accrueFees(), _NOTHING_REFUSED);
    }

    function test_TakesTimeTwice_forOneMonth() public {
        _face("TakesTimeTwice");
        _setFees(200, 0);
        _deposit(depositor, STAKE);
        vm.warp(block.timestamp + 30 days);
        vault.accrueFees();
        _conclude(vault.accrueFees(), _NOTHING_REFUSED);
    }

    /* KEYS */

    function test_SetUpAgain_byAStranger() public {
        _face("SetUpAgain");
        _deposit(depositor, STAKE);
        authority = AccessManager(vm.deployCode("AccessManager.sol:AccessManager", abi.encode(attacker)));
        _attack(attacker, address(vault), _initialization());
        _conclude(
            vault.authority() == address(authority) ? vault.totalAssets() : 0,
            bytes4(keccak256("InvalidInitialization()"))
        );
    }

    function test_AnyoneUpgrades_toCodeOfTheirOwn() public {
        _face("AnyoneUpgrades");
        _deposit(depositor, STAKE);
        address another = _implementation();
        bool upgraded =
            _attack(attacker, address(vault), abi.encodeCall(vault.upgradeToAndCall, (another, "")));
        _conclude(upgraded ? vault.totalAssets() : 0, IAccessManaged.AccessManagedUnauthorized.selector);
    }
}
