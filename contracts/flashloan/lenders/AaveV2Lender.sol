// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {IAaveV2Borrower, IAaveV2Pool} from "../../interfaces/external/IAaveV2Pool.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
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
    function _borrowBasketFromAave(address pool, bytes calldata plan, bytes32 planHash, uint256 loan)
        internal
    {
        (address[] memory assets, uint256[] memory amounts) = _basket(plan, loan);
        // All zeros: every loan is repaid at once, none becomes a debt.
        uint256[] memory modes = new uint256[](assets.length);
        _expectCallback(pool, CallbackKind.AaveBasketLoan, loan, planHash);
        IAaveV2Pool(pool).flashLoan(address(this), assets, amounts, modes, address(0), plan, _NO_REFERRAL);
        _requireConsumed();
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
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.AaveBasketLoan, params);
        _requireOurs(initiator);
        _onBasket(assets, amounts, premiums, params, planHash, loan);
        for (uint256 i; i < assets.length; ++i) {
            AllowanceLib.allow(assets[i], msg.sender, amounts[i] + premiums[i]);
        }
        return true;
    }
}

/// @title What a loan from the Aave V2 pool costs, and how much it has.
library AaveV2Terms {
    uint256 private constant _BPS = 10_000;

    /// @notice Terms of `amount` of `asset`.
    /// @dev Rounds the fee down, as this version of the pool does.
    function terms(address pool, address asset, uint256 amount) internal view returns (Terms memory) {
        uint256 fee = amount * IAaveV2Pool(pool).FLASHLOAN_PREMIUM_TOTAL() / _BPS;
        address aToken = IAaveV2Pool(pool).getReserveData(asset).aTokenAddress;
        bool lends = aToken != address(0) && !IAaveV2Pool(pool).paused();
        return Terms(fee, lends ? IERC20(asset).balanceOf(aToken) : 0);
    }
}
