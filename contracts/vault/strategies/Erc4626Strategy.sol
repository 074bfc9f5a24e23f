// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IStrategy} from "../../interfaces/IStrategy.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
import {VaultErrors} from "../VaultErrors.sol";
import {BaseStrategy} from "./BaseStrategy.sol";

/// @title Erc4626Strategy: shares of another vault over the same asset: lending, staking, anything that quotes itself.
/// @notice Its rate is remembered. One that has moved further than its yield can explain is not believed: what is above
/// is not counted, entries stop, and the administration has to confirm. So neither a donation to the vault below nor a
/// rate bent for the length of a transaction moves our shares by more than the band; a loss below is counted at once.
/// @dev Counts the shares that it was given for its deposits, not its balance: donated ones change nothing.
contract Erc4626Strategy is BaseStrategy, AccessManaged {
    /* EVENTS */

    /// @notice The rate was looked at and believed (RAY: assets for a base unit of the other vault's share).
    event RateRemembered(uint256 rateRay);

    /* CONSTANTS */

    uint256 private constant _RAY = 1e27;
    uint256 private constant _YEAR = 365 days;
    uint256 private constant _LEAST_SECONDS = 1 hours;

    /* IMMUTABLES */

    /// @notice The other vault.
    IERC4626 public immutable target;
    /// @notice How far the rate may be from the remembered one, either way.
    uint256 public immutable bandBps;
    /// @notice How far it may rise beside, a year.
    uint256 public immutable growthBps;

    /* STORAGE */

    /// @dev Shares of `target` on our books.
    uint128 private _shares;
    uint40 private _rememberedAt;
    uint256 private _rateRay;

    /* CONSTRUCTOR */

    /// @param vault_ Whose strategy.
    /// @param authority_ AccessManager of `confirmRate`.
    /// @param target_ The other vault.
    constructor(address vault_, address authority_, IERC4626 target_, uint256 bandBps_, uint256 growthBps_)
        BaseStrategy(vault_)
        AccessManaged(authority_)
    {
        if (target_.asset() != asset) revert VaultErrors.InvalidAddress("target", address(target_));
        if (bandBps_ == 0 || bandBps_ > _BPS) revert VaultErrors.InvalidSetting("bandBps");
        (target, bandBps, growthBps) = (target_, bandBps_, growthBps_);
    }

    /* ADMINISTRATION */

    /// @notice Believes the present rate, which must be within bounds (RAY) that were looked up beforehand.
    function confirmRate(uint256 minimumRay, uint256 maximumRay) external restricted {
        uint256 rate = _rate(target.previewRedeem(_shares));
        if (rate < minimumRay || rate > maximumRay) {
            revert VaultErrors.RateNotConfirmed(rate, minimumRay, maximumRay);
        }
        _remember(rate);
    }

    /* VIEWS */

    /// @inheritdoc IStrategy
    /// @dev `previewRedeem`, so that fees of leaving are counted; reverts if the other vault cannot say.
    function report() public view override returns (uint256 value, uint256 liquid, bool sound) {
        uint256 shares = _shares;
        if (shares == 0) return (0, 0, true);
        value = target.previewRedeem(shares);
        uint256 grown = growthBps * (block.timestamp - _rememberedAt) / _YEAR;
        uint256 most = _atRate(shares, _BPS + bandBps + grown);
        // A unit either way is a rounding: without that, dust would never be sound.
        sound = value <= most + 1 && value + 1 >= _atRate(shares, _BPS - bandBps);
        // What is above the believable is not there.
        if (value > most + 1) value = most;
        if (sound) liquid = FixedPointMathLib.min(value, target.maxWithdraw(address(this)));
    }

    /// @notice Shares of the other vault on our books, the rate believed last (RAY), and when (seconds).
    function books() external view returns (uint256 shares, uint256 rateRay, uint256 rememberedAt) {
        return (_shares, _rateRay, _rememberedAt);
    }

    /* HOOKS */

    /// @dev Books what the other vault says it gave. A balance before and after would count what somebody sends in between,
    /// which a token that calls its holders lets anybody do.
    function _deploy(uint256 assets) internal override {
        AllowanceLib.allow(asset, address(target), assets);
        uint256 received = target.deposit(assets, address(this));
        AllowanceLib.requireUsed(asset, address(target));
        if (received == 0) revert VaultErrors.NothingMoved();
        bool isFirst = _shares == 0;
        _shares = _toUint128(_shares + received);
        _requireHeld();
        // What we paid, not what it says: a vault that says more than it took is not believed from the start.
        if (isFirst) _remember(FixedPointMathLib.fullMulDiv(assets, _RAY, received));
        else _renew();
    }

    /// @dev Remembers nothing: anybody who withdraws leads here, and could walk the band upwards step by step.
    function _free(uint256 assets) internal override returns (uint256) {
        uint256 burned = target.withdraw(assets, address(this), address(this));
        _shares -= _toUint128(burned);
        _requireHeld();
        return assets;
    }

    /// @dev The other vault's own shares: they can always be sent, whatever it can pay.
    function _freeInKind(uint256 shares, uint256 supply, address receiver) internal override {
        uint256 part = FixedPointMathLib.fullMulDiv(_shares, shares, supply);
        _shares -= _toUint128(part);
        SafeTransferLib.safeTransfer(address(target), receiver, part);
    }

    /// @dev The routine, and the only one: remembers the rate if it can be believed.
    function _tend(bytes calldata) internal override {
        _renew();
    }

    /* INTERNAL */

    /// @dev What is booked is there, whatever the other vault said.
    function _requireHeld() private view {
        uint256 held = target.balanceOf(address(this));
        if (held < _shares) revert VaultErrors.NotCovered(held, _shares);
    }

    /// @dev Not more often than hourly: nor shall a keeper's stolen key walk it faster.
    function _renew() private {
        // A validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (_shares == 0 || block.timestamp < _rememberedAt + _LEAST_SECONDS) return;
        (uint256 value,, bool sound) = report();
        if (sound) _remember(_rate(value));
    }

    function _remember(uint256 rate) private {
        _rateRay = rate;
        // Until the year 36,812.
        _rememberedAt = uint40(block.timestamp);
        emit RateRemembered(rate);
    }

    /// @dev Down: never more than what was looked at.
    function _rate(uint256 value) private view returns (uint256) {
        return FixedPointMathLib.fullMulDiv(value, _RAY, _shares);
    }

    /// @dev What shares are worth at so many parts of the remembered rate, rounded down.
    function _atRate(uint256 shares, uint256 partsBps) private view returns (uint256) {
        return FixedPointMathLib.fullMulDiv(shares, _rateRay * partsBps / _BPS, _RAY);
    }

    function _toUint128(uint256 value) private pure returns (uint128) {
        if (value > type(uint128).max) revert VaultErrors.AmountTooLarge(value);
        // Just checked.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(value);
    }
}
