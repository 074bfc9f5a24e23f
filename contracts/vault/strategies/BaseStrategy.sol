// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IStrategy} from "../../interfaces/IStrategy.sol";
import {VaultErrors} from "../VaultErrors.sol";

/// @title BaseStrategy: a strategy is three hooks, and two more for those that need them.
/// @notice
/// `_deploy(assets)`: called when `assets` have just arrived. Put them to work; allowances are exact and used up.
/// `_free(assets)`: called when the vault wants `assets`. Have as much of it as you can on this contract's balance, and say
///     how much the vault is to be sent; what `report` called liquid in full.
/// `report()`: asked by every entry and exit. Value, liquid part, soundness; from prices that no trade of this block can
///     bend, and a revert where there is none.
/// `_freeInKind(shares, supply, receiver)`: called by an exit that asks no price. Send that part of each thing you hold.
/// `_tend(params)`: called by the keeper. Collect, renew, move; nothing leaves.
/// @dev Not upgradeable: a changed strategy is another pool, the old one is drained. Each belongs to one vault.
abstract contract BaseStrategy is IStrategy {
    /* CONSTANTS */

    uint256 internal constant _BPS = 10_000;

    /* IMMUTABLES */

    address public immutable override vault;
    address public immutable override asset;

    /* CONSTRUCTOR */

    constructor(address vault_) {
        vault = vault_;
        asset = IERC4626(vault_).asset();
    }

    /* MODIFIERS */

    modifier onlyVault() {
        if (msg.sender != vault) revert VaultErrors.NotVault(msg.sender);
        _;
    }

    /* VAULT */

    /// @inheritdoc IStrategy
    function deploy(uint256 assets) external override onlyVault {
        _deploy(assets);
    }

    /// @inheritdoc IStrategy
    function free(uint256 assets) external override onlyVault returns (uint256 freed) {
        freed = _free(assets);
        SafeTransferLib.safeTransfer(asset, vault, freed);
    }

    /// @inheritdoc IStrategy
    function freeInKind(uint256 shares, uint256 supply, address receiver) external override onlyVault {
        _freeInKind(shares, supply, receiver);
    }

    /// @inheritdoc IStrategy
    function tend(bytes calldata params) external override onlyVault {
        _tend(params);
    }

    /* HOOKS */

    function _deploy(uint256 assets) internal virtual;

    function _free(uint256 assets) internal virtual returns (uint256 freed);

    function _freeInKind(uint256 shares, uint256 supply, address receiver) internal virtual;

    function _tend(bytes calldata params) internal virtual;
}
