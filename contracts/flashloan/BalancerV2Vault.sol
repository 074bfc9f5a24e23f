// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BalancerV2Vault: where the vault stands that lends and swaps.
abstract contract BalancerV2Vault {
    /// @dev The vault; zero where the chain has none.
    address internal immutable _BALANCER_VAULT;

    constructor(address vault) {
        _BALANCER_VAULT = vault;
    }
}
