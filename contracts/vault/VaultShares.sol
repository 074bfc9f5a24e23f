// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibString} from "solady/utils/LibString.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IAllocationVault, Stop} from "../interfaces/IAllocationVault.sol";
import {IStrategy} from "../interfaces/IStrategy.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title VaultShares: what everything is worth, and what a share of it is.
/// @notice Assets are the buffer on the books (not the balance: a donation changes nothing) and what the strategies
/// report. Shares have six decimals more than the asset, and a price as if a millionth of a unit had always been
/// there: who inflates it for a first depositor loses a million times what he takes.
/// @dev Totals are read once for each entry or exit and handed on; every division rounds against whoever is served.
abstract contract VaultShares is IAllocationVault, ERC4626, ReentrancyGuardTransient, VaultStorage {
    /* STRUCTS */

    /// @dev What the vault is worth at this moment.
    /// @param assets Buffer and pools.
    /// @param supply Shares, those of fees that are due included.
    /// @param sound Whether every pool's market agrees with its oracle.
    /// @param unpriced A pool whose value cannot be told; zero if all can.
    struct Totals {
        uint256 assets;
        uint256 supply;
        bool sound;
        address unpriced;
        address[] strategies;
        uint256[] values;
        uint256[] liquids;
    }

    /* CONSTANTS */

    uint8 internal constant _OFFSET = 6;
    uint256 internal constant _VIRTUAL_SHARES = 1e6;

    /* ERC-20, ERC-4626: WHAT IT IS */

    /// @inheritdoc ERC4626
    function asset() public view override returns (address) {
        return _layout().asset;
    }

    function name() public view override returns (string memory) {
        return LibString.fromSmallString(_layout().name);
    }

    function symbol() public view override returns (string memory) {
        return LibString.fromSmallString(_layout().symbol);
    }

    /* ERC-4626: VALUE (refused while an operation is under way) */

    /// @inheritdoc ERC4626
    function totalAssets() public view override nonReentrantView returns (uint256) {
        return _requirePriced(_look()).assets;
    }

    /// @inheritdoc ERC4626
    function convertToShares(uint256 assets) public view override nonReentrantView returns (uint256) {
        return _toShares(assets, _prices());
    }

    /// @inheritdoc ERC4626
    function convertToAssets(uint256 shares) public view override nonReentrantView returns (uint256) {
        return _toAssets(shares, _prices());
    }

    /// @inheritdoc ERC4626
    function previewMint(uint256 shares) public view override nonReentrantView returns (uint256) {
        return _toAssetsUp(shares, _prices());
    }

    /// @inheritdoc ERC4626
    function previewWithdraw(uint256 assets) public view override nonReentrantView returns (uint256) {
        return _toSharesUp(assets, _prices());
    }

    /* ERC-4626: LIMITS (zero rather than a revert where no price can be told) */

    /// @inheritdoc ERC4626
    function maxDeposit(address) public view override nonReentrantView returns (uint256) {
        return _room(_look());
    }

    /// @inheritdoc ERC4626
    function maxMint(address) public view override nonReentrantView returns (uint256) {
        Totals memory totals = _look();
        uint256 room = _room(totals);
        if (room == 0) return 0;
        _addDueFees(totals);
        return _toShares(room, totals);
    }

    /// @inheritdoc ERC4626
    function maxWithdraw(address owner) public view override nonReentrantView returns (uint256) {
        Totals memory totals = _look();
        if (!_paysAtAPrice(totals)) return 0;
        _addDueFees(totals);
        return FixedPointMathLib.min(_toAssets(balanceOf(owner), totals), _payable(totals));
    }

    /// @inheritdoc ERC4626
    function maxRedeem(address owner) public view override nonReentrantView returns (uint256) {
        Totals memory totals = _look();
        if (!_paysAtAPrice(totals)) return 0;
        _addDueFees(totals);
        uint256 balance = balanceOf(owner);
        uint256 available = _payable(totals);
        // Rounded down twice: shares of which the assets are surely there.
        return _toAssets(balance, totals) <= available ? balance : _toShares(available, totals);
    }

    /* VIEWS */

    /// @inheritdoc IAllocationVault
    function payableNow() external view override nonReentrantView returns (uint256) {
        Totals memory totals = _look();
        if (!_paysAtAPrice(totals)) return 0;
        _addDueFees(totals);
        return _payable(totals);
    }

    /// @inheritdoc IAllocationVault
    function isSound() external view override nonReentrantView returns (bool) {
        Totals memory totals = _look();
        return totals.sound && totals.unpriced == address(0);
    }

    /* INTERNAL: WHAT EVERYTHING IS WORTH */

    /// @dev Asks every pool. One that gives no answer leaves the rest readable: for the exit in kind, and for limits.
    function _look() internal view returns (Totals memory totals) {
        Layout storage layout = _layout();
        totals.strategies = layout.strategies;
        uint256 count = totals.strategies.length;
        (totals.values, totals.liquids) = (new uint256[](count), new uint256[](count));
        (totals.assets, totals.supply, totals.sound) = (layout.idle, totalSupply(), true);
        for (uint256 i; i < count; ++i) {
            try IStrategy(totals.strategies[i]).report() returns (uint256 value, uint256 liquid, bool sound) {
                totals.assets += value;
                totals.values[i] = value;
                totals.liquids[i] = liquid;
                if (!sound) totals.sound = false;
            } catch {
                totals.unpriced = totals.strategies[i];
            }
        }
    }

    function _requirePriced(Totals memory totals) internal pure returns (Totals memory) {
        if (totals.unpriced != address(0)) revert VaultErrors.PoolNotPriced(totals.unpriced);
        return totals;
    }

    /// @dev Totals with the shares of fees that are due, at which shares are priced.
    function _prices() internal view returns (Totals memory totals) {
        totals = _requirePriced(_look());
        _addDueFees(totals);
    }

    /// @dev Adds the shares of fees that are due to the supply.
    function _addDueFees(Totals memory totals) internal view virtual;

    /* INTERNAL: SHARES AND ASSETS */

    /// @dev Down: for what is given out as shares.
    function _toShares(uint256 assets, Totals memory totals) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDiv(assets, totals.supply + _VIRTUAL_SHARES, totals.assets + 1);
    }

    /// @dev Up: for what is asked in shares.
    function _toSharesUp(uint256 assets, Totals memory totals) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(assets, totals.supply + _VIRTUAL_SHARES, totals.assets + 1);
    }

    /// @dev Down: for what is paid.
    function _toAssets(uint256 shares, Totals memory totals) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDiv(shares, totals.assets + 1, totals.supply + _VIRTUAL_SHARES);
    }

    /// @dev Up: for what is asked in assets.
    function _toAssetsUp(uint256 shares, Totals memory totals) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(shares, totals.assets + 1, totals.supply + _VIRTUAL_SHARES);
    }

    /* INTERNAL: WHAT CAN BE TAKEN IN AND PAID OUT */

    /// @dev What may still be deposited.
    function _room(Totals memory totals) internal view returns (uint256) {
        Layout storage layout = _layout();
        bool isOpen = layout.stop == Stop.Nothing && totals.sound && totals.unpriced == address(0);
        return isOpen ? FixedPointMathLib.zeroFloorSub(layout.settings.depositCap, totals.assets) : 0;
    }

    function _paysAtAPrice(Totals memory totals) internal view returns (bool) {
        return _layout().stop != Stop.PricedExits && totals.unpriced == address(0);
    }

    /// @dev What pays at once: the buffer, and the pools unless oracle and market part.
    function _available(Totals memory totals) internal view returns (uint256 assets) {
        assets = _layout().idle;
        if (!totals.sound) return assets;
        for (uint256 i; i < totals.liquids.length; ++i) {
            assets += totals.liquids[i];
        }
    }

    /// @dev The same for those who did not wait: first come those who did.
    function _payable(Totals memory totals) internal view returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(_available(totals), _pendingAssets(totals));
    }

    /// @dev What the queue would be paid now.
    function _pendingAssets(Totals memory totals) internal view returns (uint256) {
        return _toAssets(_layout().pendingShares, totals);
    }

    /// @dev Brings the buffer up to `assets` out of the pools, in their order; they must have said that they pay.
    function _raise(uint256 assets, Totals memory totals) internal {
        Layout storage layout = _layout();
        uint256 idle = layout.idle;
        for (uint256 i; idle < assets && i < totals.strategies.length; ++i) {
            uint256 wanted = FixedPointMathLib.min(assets - idle, totals.liquids[i]);
            if (wanted == 0) continue;
            idle += _takeOut(totals.strategies[i], wanted);
        }
        if (idle < assets) revert VaultErrors.NotPayableNow(assets, idle);
        layout.idle = _toUint128(idle);
    }

    /// @dev What a strategy really sent, by balance.
    function _takeOut(address strategy, uint256 assets) internal returns (uint256 received) {
        address token = _layout().asset;
        uint256 held = SafeTransferLib.balanceOf(token, address(this));
        IStrategy(strategy).free(assets);
        received = SafeTransferLib.balanceOf(token, address(this)) - held;
    }

    /// @dev The balance must cover the books, whatever the token did.
    function _requireCovered() internal view {
        Layout storage layout = _layout();
        uint256 held = SafeTransferLib.balanceOf(layout.asset, address(this));
        uint256 booked = uint256(layout.idle) + layout.claimable;
        if (held < booked) revert VaultErrors.NotCovered(held, booked);
    }

    function _toUint128(uint256 value) internal pure returns (uint128) {
        if (value > type(uint128).max) revert VaultErrors.AmountTooLarge(value);
        // Just checked.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(value);
    }

    /* INTERNAL: SOLADY'S */

    function _underlyingDecimals() internal view override returns (uint8) {
        return _layout().assetDecimals;
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return _OFFSET;
    }

    /// @dev Nobody holds an allowance that its owner did not give.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
