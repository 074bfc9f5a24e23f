// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BalancerV2Vault: where the vault stands that lends and swaps.
abstract contract BalancerV2Vault {
    /// @notice The vault; zero where the chain has none.
    address public immutable BALANCER_VAULT;

    constructor(address vault) {
        BALANCER_VAULT = vault;
    }
}
