// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Role, Stop} from "contracts/interfaces/IAllocationVault.sol";
import {AllocationVault} from "contracts/vault/AllocationVault.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Where everything stands in storage, and drills: upgrade, a bare implementation, timelock, a lost key.
contract VaultUpgradeTest is VaultFixture {
    bytes32 internal constant IMPLEMENTATION_SLOT =
        0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    uint64 internal constant TIMELOCK = 7;
    uint32 internal constant DELAY = 2 days;

    address internal proposer = makeAddr("proposer");
    address internal canceller = makeAddr("canceller");

    function setUp() public override {
        super.setUp();
        _addLendings(1);
    }

    function _slot(uint256 index) internal view returns (uint256) {
        bytes32 base = keccak256(abi.encode(uint256(keccak256("steelyard.storage.AllocationVault")) - 1))
            & ~bytes32(uint256(0xff));
        return uint256(vm.load(address(vault), bytes32(uint256(base) + index)));
    }

    /* LAYOUT: a change here breaks every vault that is upgraded */

    function test_layout_isTheSnapshot() public {
        _setFees(123, 456);
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
        vm.prank(depositor);
        vault.requestRedeem(5 * SHARES, depositor, depositor);
        vault.fulfillRequests(1);
        vm.prank(depositor);
        vault.requestRedeem(7 * SHARES, depositor, depositor);
        vm.prank(guardian);
        vault.stop(Stop.Entries);
        uint256 word = _slot(0);
        assertEq(address(uint160(word)), address(usd), "asset");
        assertEq(uint8(word >> 160), 6, "decimals");
        assertEq(uint8(word >> 168), uint8(Stop.Entries), "stop");
        assertEq(uint40(word >> 176), block.timestamp, "lastAccrual");
        word = _slot(1);
        assertEq(uint128(word), vault.state().idle, "idle");
        assertEq(word >> 128, vault.state().claimable, "claimable");
        assertGt(word >> 128, 0);
        word = _slot(2);
        assertEq(uint128(word), vault.state().highWaterMarkWad, "highWaterMark");
        assertEq(word >> 128, 7 * SHARES, "pendingShares");
        word = _slot(3);
        assertEq(uint64(word), 1, "head");
        assertEq(uint64(word >> 64), 2, "tail");
        assertEq(uint40(word >> 128), block.timestamp, "lastRebalance");
        assertEq(uint40(word >> 168), 0, "lossUpdatedAt");
        assertEq(_slot(4), 0, "lossUsed");
        assertEq(address(uint160(_slot(5))), address(policy), "settings.policy");
        word = _slot(6);
        assertEq(address(uint160(word)), feeRecipient, "settings.feeRecipient");
        assertEq(uint16(word >> 160), 123, "settings.managementFeeBps");
        assertEq(uint16(word >> 176), 456, "settings.performanceFeeBps");
        assertEq(_slot(7), type(uint128).max, "settings.depositCap");
        assertEq(address(uint160(_slot(8))), address(authority), "authority");
        assertEq(_slot(9), 1, "strategies");
        _assertMappings();
    }

    function _assertMappings() private view {
        uint256 base = uint256(
            keccak256(abi.encode(uint256(keccak256("steelyard.storage.AllocationVault")) - 1))
                & ~bytes32(uint256(0xff))
        );
        bytes32 pool = keccak256(abi.encode(address(lendings[0]), base + 10));
        assertEq(uint256(vm.load(address(vault), pool)), 1 | (5_000 << 56), "pools");
        bytes32 request = keccak256(abi.encode(uint256(1), base + 11));
        assertEq(uint256(vm.load(address(vault), request)), uint160(depositor), "requests");
        bytes32 role = keccak256(abi.encode(keeper, base + 13));
        assertEq(uint256(vm.load(address(vault), role)), 1 << uint256(Role.Keeper), "roles");
        assertEq(bytes32(_slot(14)), bytes32("Steelyard USD"), "name");
        assertEq(bytes32(_slot(15)), bytes32("syUSD"), "symbol");
        // Nothing of ours, nor of what we build on, stands at the beginning.
        for (uint256 i; i < 32; ++i) {
            assertEq(vm.load(address(vault), bytes32(i)), 0, "low slots");
        }
    }

    /* UPGRADE */

    function test_upgrade_keepsEverything() public {
        uint256 shares = _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
        address another = _implementation();
        vm.prank(admin);
        vault.upgradeToAndCall(another, "");
        assertEq(address(uint160(uint256(vm.load(address(vault), IMPLEMENTATION_SLOT)))), another);
        assertEq(vault.totalAssets(), 1_000 * UNIT);
        assertEq(vault.balanceOf(depositor), shares);
        assertEq(_redeem(depositor, shares), 1_000 * UNIT);
    }

    function test_upgrade_toWhatIsNoImplementation_isRefused() public {
        vm.startPrank(admin);
        vm.expectRevert(bytes4(keccak256("UpgradeFailed()")));
        vault.upgradeToAndCall(address(usd), "");
        vm.expectRevert(bytes4(keccak256("UpgradeFailed()")));
        vault.upgradeToAndCall(address(vault), "");
        vm.stopPrank();
    }

    function test_vault_isSetUpOnce() public {
        bytes memory again = _initialization();
        vm.prank(admin);
        (bool success, bytes memory answer) = address(vault).call(again);
        assertFalse(success);
        assertEq(bytes4(answer), bytes4(keccak256("InvalidInitialization()")));
    }

    function test_bareImplementation_isNobodys() public {
        AllocationVault bare = AllocationVault(_implementation());
        (bool success, bytes memory answer) = address(bare).call(_initialization());
        assertFalse(success);
        assertEq(bytes4(answer), bytes4(keccak256("InvalidInitialization()")));
        vm.startPrank(attacker);
        vm.expectRevert(bytes4(keccak256("UnauthorizedCallContext()")));
        bare.upgradeToAndCall(address(bare), "");
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, attacker));
        bare.setRole(attacker, Role.Keeper, true);
        vm.stopPrank();
    }

    function test_assetOfTooManyDecimals_isRefused() public {
        usd = _token("WIDE", 19);
        _listFeed(address(usd), 8, 1e8);
        policy = _deployPolicy(policy.model(), _curve(), _limits());
        address implementation = _implementation();
        bytes memory initialization = _initialization();
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("decimals")));
        this.proxyOf(implementation, initialization);
    }

    function proxyOf(address implementation, bytes calldata initialization) external returns (address) {
        return _proxy(implementation, initialization);
    }

    /* TIMELOCK */

    function _putUnderTimelock() internal {
        vm.startPrank(admin);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = vault.upgradeToAndCall.selector;
        authority.setTargetFunctionRole(address(vault), selectors, TIMELOCK);
        authority.grantRole(TIMELOCK, proposer, DELAY);
        authority.setRoleGuardian(TIMELOCK, TIMELOCK + 1);
        authority.grantRole(TIMELOCK + 1, canceller, 0);
        vm.stopPrank();
    }

    function test_upgrade_underATimelock_waits_andCanBeCancelled() public {
        _putUnderTimelock();
        bytes memory upgrade = abi.encodeCall(vault.upgradeToAndCall, (_implementation(), ""));
        vm.prank(admin);
        (bool done,) = address(vault).call(upgrade);
        assertFalse(done, "the admin went around the delay");
        vm.startPrank(proposer);
        (done,) = address(vault).call(upgrade);
        assertFalse(done, "not scheduled");
        authority.schedule(address(vault), upgrade, 0);
        vm.warp(block.timestamp + DELAY - 1);
        (done,) = address(vault).call(upgrade);
        assertFalse(done, "too early");
        vm.warp(block.timestamp + 1);
        // Here the vault itself asks the manager to use up the appointment.
        (done,) = address(vault).call(upgrade);
        assertTrue(done);
        (done,) = address(vault).call(upgrade);
        assertFalse(done, "one appointment, two upgrades");
        authority.schedule(address(vault), upgrade, 0);
        vm.stopPrank();
        vm.prank(canceller);
        authority.cancel(proposer, address(vault), upgrade);
        vm.warp(block.timestamp + DELAY);
        vm.prank(proposer);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        authority.execute(address(vault), upgrade);
        assertEq(vault.isConsumingScheduledOp(), bytes4(0));
    }

    function test_whoSeesAnUpgradeComing_getsOutBeforeIt() public {
        _putUnderTimelock();
        uint256 shares = _deposit(depositor, 100 * UNIT);
        bytes memory upgrade = abi.encodeCall(vault.upgradeToAndCall, (_implementation(), ""));
        vm.prank(proposer);
        authority.schedule(address(vault), upgrade, 0);
        vm.prank(guardian);
        vault.stop(Stop.PricedExits);
        _redeemInKind(depositor, shares);
        assertApproxEqAbs(usd.balanceOf(depositor), 100 * UNIT, 1);
    }

    /* A LOST KEY */

    function test_lostKeepersKey_isTakenOut() public {
        vm.prank(admin);
        vault.setRole(keeper, Role.Keeper, false);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.MissingRole.selector, keeper, 0));
        vault.tend(address(lendings[0]), "");
    }

    function test_authority_isMovedByItselfAlone_toAContract() public {
        AccessManager another =
            AccessManager(vm.deployCode("AccessManager.sol:AccessManager", abi.encode(admin)));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, admin));
        vault.setAuthority(address(another));
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedInvalidAuthority.selector, attacker)
        );
        authority.updateAuthority(address(vault), attacker);
        authority.updateAuthority(address(vault), address(another));
        vm.stopPrank();
        assertEq(vault.authority(), address(another));
    }
}
