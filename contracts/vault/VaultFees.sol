// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IAllocationVault} from "../interfaces/IAllocationVault.sol";
import {VaultRoles} from "./VaultRoles.sol";
import {VaultShares} from "./VaultShares.sol";

/// @title VaultFees: management by time, performance above a high-water mark, both as new shares, neither twice.
/// @notice Every entry and exit takes what is due before it is priced, so fees are never charged on money that came later,
/// nor escaped by money that leaves. All divisions round down: in favour of holders.
/// @dev A gain is only taken where every market agrees with its oracle. What a holder pays is at most the rate on the gain
/// above the highest price per share that fees were ever taken at.
abstract contract VaultFees is VaultShares, VaultRoles {
    /* CONSTANTS */

    uint256 private constant _YEAR = 365 days;

    /* STRUCTS */

    struct DueFees {
        uint256 managementShares;
        uint256 performanceShares;
        uint256 highWaterMarkWad;
    }

    /* ANYBODY */

    /// @inheritdoc IAllocationVault
    function accrueFees() external override nonReentrant returns (uint256 shares) {
        uint256 before = totalSupply();
        _accrue();
        shares = totalSupply() - before;
    }

    /* INTERNAL */

    /// @dev Takes what is due; everything that changes the supply or the assets begins with it.
    /// @return totals Priced, and with the new supply.
    function _accrue() internal returns (Totals memory totals) {
        totals = _requirePriced(_look());
        _takeFees(totals);
    }

    /// @dev Where a pool cannot be priced, only what needs no price: management.
    function _takeFees(Totals memory totals) internal {
        Layout storage layout = _layout();
        DueFees memory due = _dueFees(totals);
        // Until the year 36,812.
        layout.lastAccrual = uint40(block.timestamp);
        if (due.highWaterMarkWad > layout.highWaterMarkWad) {
            layout.highWaterMarkWad = _toUint128(due.highWaterMarkWad);
        }
        uint256 shares = due.managementShares + due.performanceShares;
        if (shares == 0) return;
        totals.supply += shares;
        _mint(layout.settings.feeRecipient, shares);
        emit FeesAccrued(due.managementShares, due.performanceShares, due.highWaterMarkWad);
    }

    /// @inheritdoc VaultShares
    function _addDueFees(Totals memory totals) internal view override {
        DueFees memory due = _dueFees(totals);
        totals.supply += due.managementShares + due.performanceShares;
    }

    function _dueFees(Totals memory totals) internal view returns (DueFees memory due) {
        Layout storage layout = _layout();
        due.managementShares = _managementShares(totals.supply);
        due.highWaterMarkWad = layout.highWaterMarkWad;
        if (!totals.sound || totals.unpriced != address(0)) return due;
        uint256 shares = totals.supply + due.managementShares + _VIRTUAL_SHARES;
        uint256 price = _priceWad(totals.assets, shares);
        if (price <= due.highWaterMarkWad) return due;
        // Down, both: the fee is never more than its rate on the gain.
        uint256 gain =
            FixedPointMathLib.fullMulDiv(price - due.highWaterMarkWad, shares, _WAD * _VIRTUAL_SHARES);
        uint256 fee = gain * layout.settings.performanceFeeBps / _BPS;
        due.performanceShares = FixedPointMathLib.fullMulDiv(fee, shares, totals.assets + 1 - fee);
        // What is left after the fee, up: the same gain never pays again, not even its rounding.
        due.highWaterMarkWad = FixedPointMathLib.max(
            due.highWaterMarkWad, _priceWad(totals.assets, shares + due.performanceShares) + 1
        );
    }

    /// @dev Of every share the part `rate * time`, by dilution: new / (old + new) is that part, rounded down.
    function _managementShares(uint256 supply) private view returns (uint256) {
        Layout storage layout = _layout();
        uint256 elapsed = block.timestamp - layout.lastAccrual;
        if (elapsed == 0 || layout.settings.managementFeeBps == 0) return 0;
        uint256 whole = _BPS * _YEAR;
        // After decades without a call: not more than half.
        uint256 part = FixedPointMathLib.min(elapsed * layout.settings.managementFeeBps, whole / 2);
        return FixedPointMathLib.fullMulDiv(supply, part, whole - part);
    }

    /// @dev Assets for a share (both in whole units, WAD); one at the start.
    function _priceWad(uint256 assets, uint256 sharesAndVirtual) private pure returns (uint256) {
        return FixedPointMathLib.fullMulDiv(assets + 1, _WAD * _VIRTUAL_SHARES, sharesAndVirtual);
    }
}
