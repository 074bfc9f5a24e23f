// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IAllocationVault} from "../interfaces/IAllocationVault.sol";
import {IStrategy} from "../interfaces/IStrategy.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {VaultPools} from "./VaultPools.sol";

/// @title VaultRequests: exits that wait, and the exit in kind.
/// @notice A request takes the shares out of their owner's hands at once and burns them when it is fulfilled, so that one
/// share never leaves twice. Fulfilment is in order, needs no keeper, and puts the assets aside: from then on they are
/// the claimer's, whatever happens to the vault.
abstract contract VaultRequests is VaultPools {
    /* ANYBODY */

    /// @inheritdoc IAllocationVault
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        override
        nonReentrant
        returns (uint256 requestId)
    {
        if (shares == 0) revert VaultErrors.NothingMoved();
        if (controller == address(0)) revert VaultErrors.InvalidAddress("controller", controller);
        Layout storage layout = _layout();
        if (msg.sender != owner && !layout.operators[owner][msg.sender]) {
            _spendAllowance(owner, msg.sender, shares);
        }
        _transfer(owner, address(this), shares);
        requestId = layout.tail++;
        layout.requests[requestId] = Request(controller, _toUint128(shares), 0);
        layout.pendingShares += _toUint128(shares);
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
    }

    /// @inheritdoc IAllocationVault
    function cancelRedeemRequest(uint256 requestId) external override nonReentrant returns (uint256 shares) {
        Request storage request = _ownRequest(requestId);
        shares = request.shares;
        if (shares == 0) revert VaultErrors.RequestNotFound(requestId);
        address controller = request.controller;
        request.shares = 0;
        _layout().pendingShares -= _toUint128(shares);
        _transfer(address(this), controller, shares);
        emit RedeemCancelled(requestId, shares);
    }

    /// @inheritdoc IAllocationVault
    function fulfillRequests(uint256 maxRequests) external override nonReentrant returns (uint256 assets) {
        Totals memory totals = _accrue();
        if (!_paysAtAPrice(totals)) revert VaultErrors.PricedExitsStopped();
        Layout storage layout = _layout();
        uint256 available = _available(totals);
        uint256 burned;
        (uint256 head, uint256 tail) = (layout.head, layout.tail);
        uint256 end = FixedPointMathLib.min(tail, head + FixedPointMathLib.min(maxRequests, tail - head));
        for (; head < end; ++head) {
            (uint256 shares, uint256 paid) = _fulfill(head, available - assets, totals);
            burned += shares;
            assets += paid;
            if (layout.requests[head].shares != 0) break;
        }
        // Not above the tail, which is one.
        // forge-lint: disable-next-line(unsafe-typecast)
        layout.head = uint64(head);
        if (burned == 0) return 0;
        layout.pendingShares -= _toUint128(burned);
        _burn(address(this), burned);
        _raise(assets, totals);
        layout.idle -= _toUint128(assets);
        layout.claimable += _toUint128(assets);
    }

    /// @inheritdoc IAllocationVault
    function claimRedeem(uint256 requestId, address receiver)
        external
        override
        nonReentrant
        returns (uint256 assets)
    {
        Request storage request = _ownRequest(requestId);
        assets = request.assets;
        if (assets == 0) revert VaultErrors.RequestNotFound(requestId);
        Layout storage layout = _layout();
        request.assets = 0;
        layout.claimable -= _toUint128(assets);
        SafeTransferLib.safeTransfer(layout.asset, receiver, assets);
        emit RedeemClaimed(requestId, receiver, assets);
    }

    /// @inheritdoc IAllocationVault
    function setOperator(address operator, bool approved) external override returns (bool) {
        _layout().operators[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IAllocationVault
    function redeemInKind(uint256 shares, address receiver, address owner, address[] calldata forfeited)
        external
        override
        nonReentrant
        returns (uint256 assets)
    {
        if (shares == 0) revert VaultErrors.NothingMoved();
        Totals memory totals = _look();
        // Where something cannot be priced: what needs no price.
        _takeFees(totals);
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        // As if the virtual shares were somebody's: those who stay keep the odd unit.
        uint256 supply = totals.supply + _VIRTUAL_SHARES;
        Layout storage layout = _layout();
        assets = FixedPointMathLib.fullMulDiv(layout.idle, shares, supply);
        layout.idle -= _toUint128(assets);
        SafeTransferLib.safeTransfer(layout.asset, receiver, assets);
        for (uint256 i; i < totals.strategies.length; ++i) {
            address strategy = totals.strategies[i];
            if (_isIn(strategy, forfeited)) continue;
            IStrategy(strategy).freeInKind(shares, supply, receiver);
        }
        emit RedeemedInKind(owner, receiver, shares, assets);
    }

    /* VIEWS */

    /// @inheritdoc IAllocationVault
    function pendingRedeemRequest(uint256 requestId, address controller)
        external
        view
        override
        returns (uint256)
    {
        Request storage request = _layout().requests[requestId];
        return request.controller == controller ? request.shares : 0;
    }

    /// @inheritdoc IAllocationVault
    function claimableRedeemAssets(uint256 requestId, address controller)
        external
        view
        override
        returns (uint256)
    {
        Request storage request = _layout().requests[requestId];
        return request.controller == controller ? request.assets : 0;
    }

    /// @inheritdoc IAllocationVault
    function isOperator(address controller, address operator) external view override returns (bool) {
        return _layout().operators[controller][operator];
    }

    /* INTERNAL */

    /// @dev One request, in full or as far as `available` reaches. All of a call are paid at one price, rounded down.
    function _fulfill(uint256 requestId, uint256 available, Totals memory totals)
        private
        returns (uint256 shares, uint256 assets)
    {
        Request storage request = _layout().requests[requestId];
        shares = request.shares;
        if (shares == 0) return (0, 0);
        assets = _toAssets(shares, totals);
        if (assets > available) {
            shares = _toShares(available, totals);
            assets = _toAssets(shares, totals);
            // Shares too few to be paid anything for are not taken.
            if (assets == 0) return (0, 0);
        }
        request.shares -= _toUint128(shares);
        request.assets += _toUint128(assets);
        emit RedeemFulfilled(requestId, shares, assets);
    }

    function _ownRequest(uint256 requestId) private view returns (Request storage request) {
        request = _layout().requests[requestId];
        address controller = request.controller;
        if (controller == address(0)) revert VaultErrors.RequestNotFound(requestId);
        if (msg.sender != controller && !_layout().operators[controller][msg.sender]) {
            revert VaultErrors.NotController(msg.sender, controller);
        }
    }

    function _isIn(address one, address[] calldata list) private pure returns (bool) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == one) return true;
        }
        return false;
    }
}
