// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";
import {Initializable} from "solady/utils/Initializable.sol";
import {UUPSUpgradeable} from "solady/utils/UUPSUpgradeable.sol";
import {RelayRecipient} from "../gasless/RelayRecipient.sol";
import {IAllocationPolicy} from "../interfaces/IAllocationPolicy.sol";
import {IAllocationVault, VaultSettings, VaultState} from "../interfaces/IAllocationVault.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {VaultRebalance} from "./VaultRebalance.sol";

/// @title AllocationVault
/// @notice Start reading here: what comes in and goes out. What a share is worth: VaultShares; fees: VaultFees; pools and
/// scores: VaultPools; exits that wait, and in kind: VaultRequests; targets and the keeper's plans: VaultRebalance. The
/// documentation stands on IAllocationVault, and in docs/vault.md.
contract AllocationVault is VaultRebalance, UUPSUpgradeable, Initializable {
    /* CONSTANTS */

    uint256 private constant _MAX_MANAGEMENT_BPS = 500;
    uint256 private constant _MAX_PERFORMANCE_BPS = 3_000;

    /* CONSTRUCTOR */

    /// @param forwarder The relayer through which keepers, managers and guardians may come; zero for none.
    constructor(address forwarder) RelayRecipient(forwarder) {
        // The implementation itself is nobody's vault.
        _disableInitializers();
    }

    /// @notice Sets a proxy up; in the transaction that deploys it, or somebody else does.
    /// @param name_ At most 31 characters, left-aligned; `symbol_` likewise.
    function initialize(
        address asset_,
        bytes32 name_,
        bytes32 symbol_,
        address authority_,
        VaultSettings calldata settings_
    ) external initializer {
        Layout storage layout = _layout();
        uint8 assetDecimals = IERC20Metadata(asset_).decimals();
        if (assetDecimals > 18) revert VaultErrors.InvalidSetting("decimals");
        (layout.asset, layout.assetDecimals) = (asset_, assetDecimals);
        (layout.name, layout.symbol) = (name_, symbol_);
        layout.lastAccrual = uint40(block.timestamp);
        layout.highWaterMarkWad = 1e18;
        _setAuthority(authority_);
        _changeSettings(settings_);
    }

    /* ANYBODY: ERC-4626 */

    /// @inheritdoc ERC4626
    function deposit(uint256 assets, address to) public override nonReentrant returns (uint256 shares) {
        Totals memory totals = _accrue();
        shares = _toShares(assets, totals);
        _enter(to, assets, shares, totals);
    }

    /// @inheritdoc ERC4626
    function mint(uint256 shares, address to) public override nonReentrant returns (uint256 assets) {
        Totals memory totals = _accrue();
        assets = _toAssetsUp(shares, totals);
        _enter(to, assets, shares, totals);
    }

    /// @inheritdoc ERC4626
    function withdraw(uint256 assets, address to, address owner)
        public
        override
        nonReentrant
        returns (uint256 shares)
    {
        Totals memory totals = _accrue();
        shares = _toSharesUp(assets, totals);
        _leave(to, owner, assets, shares, totals);
    }

    /// @inheritdoc ERC4626
    function redeem(uint256 shares, address to, address owner)
        public
        override
        nonReentrant
        returns (uint256 assets)
    {
        Totals memory totals = _accrue();
        assets = _toAssets(shares, totals);
        _leave(to, owner, assets, shares, totals);
    }

    /* ADMINISTRATION */

    /// @inheritdoc IAllocationVault
    function changeSettings(VaultSettings calldata newSettings) external override restricted nonReentrant {
        // A pool without a price must not keep a new policy out.
        _takeFees(_look());
        _changeSettings(newSettings);
    }

    /* VIEWS */

    /// @inheritdoc IAllocationVault
    function settings() external view override returns (VaultSettings memory) {
        return _layout().settings;
    }

    /// @inheritdoc IAllocationVault
    function state() external view override returns (VaultState memory) {
        Layout storage layout = _layout();
        return VaultState({
            stop: layout.stop,
            idle: layout.idle,
            claimable: layout.claimable,
            pendingShares: layout.pendingShares,
            head: layout.head,
            tail: layout.tail,
            lastAccrual: layout.lastAccrual,
            highWaterMarkWad: layout.highWaterMarkWad,
            lastRebalance: layout.lastRebalance,
            lossUsed: layout.lossUsed,
            lossUpdatedAt: layout.lossUpdatedAt
        });
    }

    /* INTERNAL: IN AND OUT */

    function _enter(address to, uint256 assets, uint256 shares, Totals memory totals) private {
        uint256 room = _room(totals);
        if (assets > room) revert VaultErrors.DepositAboveLimit(assets, room);
        if (assets == 0 || shares == 0) revert VaultErrors.NothingMoved();
        _layout().idle += _toUint128(assets);
        _deposit(msg.sender, to, assets, shares);
        _requireCovered();
    }

    function _leave(address to, address owner, uint256 assets, uint256 shares, Totals memory totals) private {
        if (!_paysAtAPrice(totals)) revert VaultErrors.PricedExitsStopped();
        if (assets == 0 || shares == 0) revert VaultErrors.NothingMoved();
        uint256 available = _payable(totals);
        if (assets > available) revert VaultErrors.NotPayableNow(assets, available);
        _raise(assets, totals);
        _layout().idle -= _toUint128(assets);
        _withdraw(msg.sender, to, owner, assets, shares);
    }

    /* INTERNAL: SETTINGS */

    function _changeSettings(VaultSettings calldata newSettings) private {
        if (IAllocationPolicy(newSettings.policy).asset() != _layout().asset) {
            revert VaultErrors.InvalidAddress("policy", newSettings.policy);
        }
        address recipient = newSettings.feeRecipient;
        if (recipient == address(0) || recipient == address(this)) {
            revert VaultErrors.InvalidAddress("feeRecipient", recipient);
        }
        _require(newSettings.managementFeeBps <= _MAX_MANAGEMENT_BPS, "managementFeeBps");
        _require(newSettings.performanceFeeBps <= _MAX_PERFORMANCE_BPS, "performanceFeeBps");
        _layout().settings = newSettings;
        emit SettingsChanged(newSettings);
    }

    function _require(bool holds, bytes32 what) private pure {
        if (!holds) revert VaultErrors.InvalidSetting(what);
    }

    /* INTERNAL: UPGRADES */

    /// @dev As an upgrade is entered from outside, the permission asked for is that of `upgradeToAndCall`.
    function _authorizeUpgrade(address) internal override restricted {}
}
