// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAaveV2Borrower, IAaveV2Pool} from "../../interfaces/external/IAaveV2Pool.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
import {Loan} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans of one or several assets from the Aave V2 pool: repaid by exact allowances that the pool pulls.
/// @notice Aave V3 kept this call and its callback for several assets, so both pools share them. Anyone can name any
/// receiver; the pool says who asked: that must be us. One asset twice in a row is refused by the pool, or by what it
/// then fails to pull.
abstract contract AaveV2Lender is FlashBorrower, IAaveV2Borrower {
    /// @dev Aave's referral programme is over; 0 means none.
    uint16 internal constant _NO_REFERRAL = 0;

    /// @dev The pool; zero where the chain has none.
    address internal immutable _AAVE_V2_POOL;

    constructor(address pool) {
        _AAVE_V2_POOL = pool;
    }

    /// @dev Borrows the loan and those that follow it of this kind; checks afterwards that the pool pulled all it was
    /// allowed to.
    function _borrowBasketFromAave(address pool, bytes calldata plan, bytes32 planHash, Loan memory loan)
        internal
    {
        (address[] memory assets, uint256[] memory amounts) = _basket(plan, loan);
        // All zeros: every loan is repaid at once, none becomes a debt.
        uint256[] memory modes = new uint256[](assets.length);
        uint256 outer = _expectCallback(pool, CallbackKind.AaveBasketLoan, planHash);
        IAaveV2Pool(pool).flashLoan(address(this), assets, amounts, modes, address(0), plan, _NO_REFERRAL);
        _requireConsumed(outer);
        for (uint256 i; i < assets.length; ++i) {
            AllowanceLib.requireUsed(assets[i], pool);
        }
    }

    /// @inheritdoc IAaveV2Borrower
    function executeOperation(
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256[] calldata premiums,
        address initiator,
        bytes calldata params
    ) external override returns (bool repaid) {
        bytes32 planHash = _consumeCallback(CallbackKind.AaveBasketLoan, params);
        _requireOurs(initiator);
        uint256[] memory owed = _onBasket(params, planHash, assets, amounts, premiums);
        for (uint256 i; i < owed.length; ++i) {
            AllowanceLib.allow(assets[i], msg.sender, owed[i]);
        }
        return true;
    }
}
