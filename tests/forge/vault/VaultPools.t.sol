// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Pool, PoolState, Role, Stop, VaultSettings} from "contracts/interfaces/IAllocationVault.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {RelayForwarderDouble} from "contracts/mocks/RelayForwarderDouble.sol";
import {VaultTarget} from "contracts/mocks/VaultTarget.sol";
import {AllocationVault} from "contracts/vault/AllocationVault.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {Erc4626Strategy} from "contracts/vault/strategies/Erc4626Strategy.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Pools and roles while the vault lives.
contract VaultPoolsTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _addLendings(3);
        _deposit(depositor, 1_000 * UNIT);
        _rebalanceToTargets();
    }

    function _unauthorized(address who) internal {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who));
    }

    /* THE LIST */

    function test_newPool_isActive_withTheDefaultScore() public view {
        Pool memory pool = vault.pool(address(lendings[0]));
        assertEq(uint256(pool.state), uint256(PoolState.Active));
        assertEq(pool.cScore, 5_000);
        assertEq(vault.strategies().length, 3);
    }

    function test_strategyOfAnother_ofAnotherAsset_orListed_isRefused() public {
        AllocationVault other = _deployVault();
        AllocationVault mine = vault;
        vault = other;
        Erc4626Strategy foreign = _lendingStrategy(targets[0]);
        vault = mine;
        vm.startPrank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("strategy"), foreign)
        );
        vault.addPool(address(foreign));
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.PoolExists.selector, lendings[0]));
        vault.addPool(address(lendings[0]));
        vm.stopPrank();
    }

    function test_more_thanThirtyTwo_areRefused() public {
        _addLendings(29);
        Erc4626Strategy last = _lendingStrategy(targets[0]);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.TooManyPools.selector, 32));
        vault.addPool(address(last));
    }

    function test_pool_isRemoved_onceOnlyDustIsLeft() public {
        address strategy = address(lendings[0]);
        bytes memory refusal =
            abi.encodeWithSelector(VaultErrors.PoolNotEmpty.selector, strategy, _value(lendings[0]));
        vm.prank(admin);
        vm.expectRevert(refusal);
        vault.removePool(strategy, false);
        vm.prank(manager);
        vault.setPoolState(strategy, PoolState.Draining);
        _rebalance(_move(strategy, false, _value(lendings[0]) - 10));
        vm.startPrank(admin);
        vault.removePool(strategy, false);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.PoolNotFound.selector, strategy));
        vault.removePool(strategy, false);
        vm.stopPrank();
        assertEq(vault.strategies().length, 2);
        assertEq(uint256(vault.pool(strategy).state), uint256(PoolState.None));
        assertEq(vault.totalAssets(), 1_000 * UNIT - 10);
        _redeem(depositor, vault.maxRedeem(depositor));
    }

    function test_brokenPool_isWrittenOff_andComesBackWhenItRecovers() public {
        address strategy = address(lendings[1]);
        uint256 held = _value(lendings[1]);
        targets[1].setBroken(true);
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.PoolNotPriced.selector, strategy));
        vault.removePool(strategy, false);
        vault.removePool(strategy, true);
        assertEq(vault.totalAssets(), 1_000 * UNIT - held);
        targets[1].setBroken(false);
        vault.addPool(strategy);
        vm.stopPrank();
        assertEq(vault.totalAssets(), 1_000 * UNIT);
    }

    function test_poolThatCannotBePriced_isNotAdded() public {
        VaultTarget target = targets[2];
        Erc4626Strategy strategy = _lendingStrategy(target);
        vm.mockCallRevert(address(strategy), abi.encodeCall(strategy.report, ()), "");
        vm.prank(admin);
        vm.expectRevert();
        vault.addPool(address(strategy));
    }

    /* SCORES */

    function test_scores_areTheGeometricMean_orSetDirectly() public {
        address strategy = address(lendings[0]);
        vm.startPrank(manager);
        vault.setPoolScores(strategy, 8_000, 1_000, 1_000);
        assertEq(vault.pool(strategy).cScore, 2_000);
        assertEq(vault.pool(strategy).trustScore, 8_000);
        vault.setPoolScores(strategy, 10_000, 0, 10_000);
        assertEq(vault.pool(strategy).cScore, 0);
        vault.setPoolCScore(strategy, 10_000);
        assertEq(vault.pool(strategy).cScore, 10_000);
        assertEq(vault.pool(strategy).trustScore, 0);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.ScoreTooHigh.selector, 10_001, 10_000));
        vault.setPoolCScore(strategy, 10_001);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.ScoreTooHigh.selector, 10_001, 10_000));
        vault.setPoolScores(strategy, 1, 10_001, 1);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.PoolNotFound.selector, attacker));
        vault.setPoolCScore(attacker, 1);
        vm.stopPrank();
    }

    /* ROLES */

    function test_strangers_mayNothing() public {
        address pool = address(lendings[0]);
        _unauthorized(attacker);
        vault.addPool(pool);
        _unauthorized(attacker);
        vault.removePool(pool, true);
        _unauthorized(attacker);
        vault.setPoolState(pool, PoolState.Draining);
        _unauthorized(attacker);
        vault.resume(Stop.Nothing);
        _unauthorized(attacker);
        vault.setRole(attacker, Role.Keeper, true);
        VaultSettings memory changed = vault.settings();
        _unauthorized(attacker);
        vault.changeSettings(changed);
        _unauthorized(attacker);
        vault.upgradeToAndCall(address(vault), "");
        _unauthorized(attacker);
        vault.setAuthority(address(authority));
        vm.startPrank(attacker);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.MissingRole.selector, attacker, 2));
        vault.stop(Stop.Entries);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.MissingRole.selector, attacker, 1));
        vault.setPoolCScore(pool, 1);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.MissingRole.selector, attacker, 1));
        vault.setPoolScores(pool, 1, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.MissingRole.selector, attacker, 0));
        vault.tend(pool, "");
        vm.stopPrank();
    }

    function test_states_areEachRolesOwn() public {
        address pool = address(lendings[0]);
        _unauthorized(keeper);
        vault.setPoolState(pool, PoolState.Paused);
        _unauthorized(manager);
        vault.setPoolState(pool, PoolState.Paused);
        _unauthorized(guardian);
        vault.setPoolState(pool, PoolState.Draining);
        vm.prank(guardian);
        vault.setPoolState(pool, PoolState.Paused);
        _unauthorized(guardian);
        vault.setPoolState(pool, PoolState.Active);
        vm.startPrank(admin);
        vault.setPoolState(pool, PoolState.Active);
        vault.setPoolState(pool, PoolState.Draining);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.WrongPoolState.selector, pool, 0));
        vault.setPoolState(pool, PoolState.None);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.PoolNotFound.selector, attacker));
        vault.setPoolState(attacker, PoolState.Paused);
        vm.stopPrank();
    }

    function test_guardian_onlyStopsMore_administrationResumes() public {
        vm.startPrank(guardian);
        vault.stop(Stop.PricedExits);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.StopNotRaised.selector, 2, 1));
        vault.stop(Stop.Entries);
        vm.stopPrank();
        vm.prank(admin);
        vault.resume(Stop.Nothing);
        assertEq(uint256(vault.state().stop), 0);
        _deposit(neighbour, UNIT);
    }

    function test_role_isGivenAndTaken() public {
        vm.startPrank(admin);
        vault.setRole(neighbour, Role.Keeper, true);
        vault.setRole(neighbour, Role.Guardian, true);
        vault.setRole(neighbour, Role.Keeper, false);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("account"), address(0))
        );
        vault.setRole(address(0), Role.Keeper, true);
        vm.stopPrank();
        assertFalse(vault.hasRole(neighbour, Role.Keeper));
        assertTrue(vault.hasRole(neighbour, Role.Guardian));
    }

    function test_policyOfAnotherAsset_isRefused() public {
        MockToken other = _token("OTHER", 18);
        _listFeed(address(other), 8, 1e8);
        VaultSettings memory changed = vault.settings();
        (MockToken mine, address current) = (usd, address(policy));
        usd = other;
        changed.policy = address(_deployPolicy(policy.model(), _curve(), _limits()));
        usd = mine;
        assertNotEq(changed.policy, current);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("policy"), changed.policy)
        );
        vault.changeSettings(changed);
    }

    /* THROUGH THE RELAYER */

    function test_relayedKeeper_holdsNoEther_andStrangersAreStrangersThereToo() public {
        RelayForwarderDouble forwarder =
            RelayForwarderDouble(vm.deployCode("RelayForwarderDouble.sol:RelayForwarderDouble"));
        address implementation = _deployBuild("AllocationVault", abi.encode(address(forwarder)));
        vm.prank(admin);
        vault.upgradeToAndCall(implementation, "");
        assertTrue(vault.isTrustedForwarder(address(forwarder)));
        bytes memory call_ = abi.encodeCall(vault.tend, (address(lendings[0]), ""));
        forwarder.forward(address(vault), keeper, call_);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.MissingRole.selector, attacker, 0));
        forwarder.forward(address(vault), attacker, call_);
        // Administration does not come this way.
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, forwarder));
        forwarder.forward(address(vault), admin, abi.encodeCall(vault.resume, (Stop.Nothing)));
    }
}
