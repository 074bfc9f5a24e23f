// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {
    AaveV3Reserve,
    IAaveV3Borrower,
    IAaveV3Pool,
    IAaveV3Terms
} from "../../interfaces/external/IAaveV3Pool.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {AaveV2Lender} from "./AaveV2Lender.sol";

/// @title Loans from the Aave V3 pool: repaid by an exact allowance that the pool pulls.
/// @notice One asset goes the cheaper way of its own, several in a row go the way of Aave V2. The pool lets anyone name
/// any receiver, and says who asked: that must be us.
abstract contract AaveV3Lender is AaveV2Lender, IAaveV3Borrower {
    /// @dev The pool; zero where the chain has none.
    address internal immutable _AAVE_V3_POOL;

    constructor(address pool) {
        _AAVE_V3_POOL = pool;
    }

    /// @dev Borrows the loan, with those that follow it of this kind; checks afterwards that the pool pulled all it was
    /// allowed to.
    function _borrowFromAaveV3(address pool, bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        if (_isBasket(plan, loan)) return _borrowBasketFromAave(pool, plan, planHash, loan);
        _expectCallback(pool, CallbackKind.AaveV3Loan, loan, planHash);
        IAaveV3Pool(pool)
            .flashLoanSimple(
                address(this),
                PlanLib.loanAsset(plan, loan),
                PlanLib.loanAmount(plan, loan),
                plan,
                _NO_REFERRAL
            );
        _requireConsumed();
        AllowanceLib.requireUsed(PlanLib.loanAsset(plan, loan), pool);
    }

    /// @inheritdoc IAaveV3Borrower
    function executeOperation(
        address asset,
        uint256 amount,
        uint256 premium,
        address initiator,
        bytes calldata params
    ) external override returns (bool repaid) {
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.AaveV3Loan, params);
        _requireOurs(initiator);
        uint256 owed = _onLoan(asset, amount, premium, params, planHash, loan);
        AllowanceLib.allow(asset, msg.sender, owed);
        return true;
    }
}

/// @title What a loan from the Aave V3 pool costs, and how much it has.
library AaveV3Terms {
    uint256 private constant _BPS = 10_000;

    /// @dev From this revision on (Aave 3.5) the pool rounds its premium up; before, to the nearest unit, half up.
    uint256 private constant _ROUNDS_UP = 9;

    /// @dev Flags of a reserve's configuration, by bit.
    uint256 private constant _ACTIVE = 1 << 56;
    uint256 private constant _PAUSED = 1 << 60;
    uint256 private constant _FLASH_LOANS = 1 << 63;

    /// @notice Terms of `amount` of `asset`.
    function terms(address pool, address asset, uint256 amount) internal view returns (Terms memory) {
        bool roundsUp = IAaveV3Terms(pool).POOL_REVISION() >= _ROUNDS_UP;
        uint256 share = amount * IAaveV3Terms(pool).FLASHLOAN_PREMIUM_TOTAL();
        return Terms((share + (roundsUp ? _BPS - 1 : _BPS / 2)) / _BPS, _available(pool, asset));
    }

    function _available(address pool, address asset) private view returns (uint256 available) {
        AaveV3Reserve memory reserve = IAaveV3Terms(pool).getReserveData(asset);
        (uint256 flags, address aToken) = (reserve.configuration, reserve.aTokenAddress);
        bool lends = flags & (_ACTIVE | _PAUSED | _FLASH_LOANS) == _ACTIVE | _FLASH_LOANS;
        if (!lends || aToken == address(0)) return 0;
        available = IERC20(asset).balanceOf(aToken);
        // Later revisions lend what was deposited, not what was donated.
        try IAaveV3Terms(pool).getVirtualUnderlyingBalance(asset) returns (uint128 deposited) {
            if (deposited < available) available = deposited;
        } catch {}
    }
}
