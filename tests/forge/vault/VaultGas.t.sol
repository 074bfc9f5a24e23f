// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VaultTarget} from "contracts/mocks/VaultTarget.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title What the vault costs, held to the unit: a change that moves a figure moves it here, on purpose.
/// @notice Each call is its own transaction (isolated); figures are whole transactions, base cost and calldata included,
/// through the proxy, on a vault that has been used before. Asset and lending pools are the tests' own.
/// forge-config: default.isolate = true
contract VaultGasTest is VaultFixture {
    /* THE SNAPSHOT: IR pipeline, 1,000 runs, Cancun; asset and pools by the old pipeline */

    /// @dev Over 1, 4 and 8 pools: each is asked for its value.
    uint256 internal constant DEPOSIT_1 = 115_276;
    uint256 internal constant DEPOSIT_4 = 205_161;
    uint256 internal constant DEPOSIT_8 = 325_009;
    uint256 internal constant WITHDRAW_1 = 107_764;
    uint256 internal constant WITHDRAW_4 = 198_261;
    uint256 internal constant WITHDRAW_8 = 318_925;
    /// @dev Every pool is moved.
    uint256 internal constant REBALANCE_4 = 533_093;
    uint256 internal constant REBALANCE_8 = 983_316;
    /// @dev The tests' own lending pool alone (OpenZeppelin's ERC-4626), for comparison.
    uint256 internal constant BARE_DEPOSIT = 59_301;
    uint256 internal constant BARE_WITHDRAW = 62_252;

    error GasMoved(uint256[10] measured, uint256[10] held);

    function test_gas() public {
        uint256[10] memory used;
        (used[0], used[3],) = _measure(1);
        (used[1], used[4], used[6]) = _measure(4);
        (used[2], used[5], used[7]) = _measure(8);
        (used[8], used[9]) = _bare();
        uint256[10] memory held = [
            DEPOSIT_1,
            DEPOSIT_4,
            DEPOSIT_8,
            WITHDRAW_1,
            WITHDRAW_4,
            WITHDRAW_8,
            REBALANCE_4,
            REBALANCE_8,
            BARE_DEPOSIT,
            BARE_WITHDRAW
        ];
        for (uint256 i; i < 10; ++i) {
            if (used[i] != held[i]) revert GasMoved(used, held);
        }
    }

    /// @dev From a fresh stage each time.
    function _measure(uint256 pools)
        private
        returns (uint256 deposit, uint256 withdrawal, uint256 rebalance)
    {
        uint256 snapshot = vm.snapshotState();
        _addLendings(pools);
        _deposit(neighbour, 100_000 * UNIT);
        _deposit(depositor, 10_000 * UNIT);
        _rebalanceToTargets();
        vm.warp(block.timestamp + 1 hours);
        usd.mint(depositor, 100_000 * UNIT);
        vm.prank(depositor);
        usd.approve(address(vault), type(uint256).max);
        vm.prank(depositor);
        vault.deposit(50_000 * UNIT, depositor);
        deposit = vm.lastCallGas().gasTotalUsed;
        vm.prank(depositor);
        vault.withdraw(1_000 * UNIT, depositor, depositor);
        withdrawal = vm.lastCallGas().gasTotalUsed;
        _rebalanceToTargets();
        rebalance = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(snapshot);
    }

    function _bare() private returns (uint256 deposit, uint256 withdrawal) {
        VaultTarget bare = VaultTarget(vm.deployCode("VaultTarget.sol:VaultTarget", abi.encode(usd)));
        usd.mint(depositor, 100_000 * UNIT);
        vm.prank(depositor);
        usd.approve(address(bare), type(uint256).max);
        vm.prank(depositor);
        bare.deposit(50_000 * UNIT, depositor);
        vm.prank(depositor);
        bare.deposit(10_000 * UNIT, depositor);
        deposit = vm.lastCallGas().gasTotalUsed;
        vm.prank(depositor);
        bare.withdraw(1_000 * UNIT, depositor, depositor);
        withdrawal = vm.lastCallGas().gasTotalUsed;
    }
}
