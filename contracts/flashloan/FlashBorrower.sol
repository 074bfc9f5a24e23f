// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PlanLib} from "../libraries/PlanLib.sol";
import {CallbackGuard} from "./CallbackGuard.sol";

/// @title FlashBorrower: the shape of a lender, and how loans stand one inside another.
/// @notice A lender is one file in `lenders/`: an abstract contract with one `_borrowFrom<Lender>` that awaits the
/// callback, asks for the loan with the whole plan as its data and checks that the callback was consumed; and the
/// callback itself, which (1) consumes the guard, (2) checks whatever else the lender says, (3) calls `_onLoan` (or
/// `_onBasket`), (4) sees to the repayment of what that says is owed. It holds no policy of its own.
///
/// The plan's loans are taken in order, each inside the callback of the one before; the innermost callback runs the
/// route. Loans of one kind that follow each other are one call where the lender lends several assets at once.
abstract contract FlashBorrower is CallbackGuard {
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Uint256Slot;

    /* CONSTANTS */

    /// @dev Transient slots by the offset of a loan in the plan, far from those that the compiler gives out.
    uint256 private constant _BALANCE_BEFORE = uint256(keccak256("steelyard.FlashBorrower.balanceBefore"));
    uint256 private constant _OWED = uint256(keccak256("steelyard.FlashBorrower.owed"));

    /* TRANSIENT STORAGE: written before it is read in every execution, so never cleared */

    /// @dev Offset in the plan of the loan that is being asked for, or arrived last.
    uint256 private transient _cursor;

    /* HOOKS */

    /// @dev Takes the loan at `loan`, and whatever follows inside it.
    function _borrow(bytes calldata plan, bytes32 planHash, uint256 loan) internal virtual;

    /// @dev All loans are here: runs the legs that begin at `route`.
    function _onAllLoans(bytes calldata plan, uint256 route) internal virtual;

    /* TAKING LOANS */

    /// @dev Checks each loan's shape and notes what was here before, then takes the first loan, which takes the others.
    function _takeLoans(bytes calldata plan, bytes32 planHash) internal {
        uint256 loan = PlanLib.LOANS;
        while (true) {
            uint256 next = PlanLib.checkLoan(plan, loan);
            uint256 balance = SafeTransferLib.balanceOf(PlanLib.loanAsset(plan, loan), address(this));
            _slot(_BALANCE_BEFORE, loan).tstore(balance);
            if (!PlanLib.hasMore(plan, loan)) break;
            loan = next;
        }
        _takeLoan(plan, planHash, PlanLib.LOANS);
    }

    function _takeLoan(bytes calldata plan, bytes32 planHash, uint256 loan) private {
        _cursor = loan;
        _borrow(plan, planHash, loan);
    }

    /// @dev One loan has arrived; its callback was proven before.
    /// @param plan The data that the lender brought back, whose hash is `planHash`.
    /// @return owed What the lender must have back: amount plus fee, held by this contract when this returns.
    function _onLoan(bytes calldata plan, bytes32 planHash, address asset, uint256 amount, uint256 fee)
        internal
        returns (uint256 owed)
    {
        uint256 loan = _cursor;
        owed = _accept(plan, loan, asset, amount, fee);
        _goOn(plan, planHash, loan);
    }

    /// @dev Several loans of one call have arrived; their callback was proven before.
    /// @return owed For each what the lender must have back.
    function _onBasket(
        bytes calldata plan,
        bytes32 planHash,
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256[] calldata fees
    ) internal returns (uint256[] memory owed) {
        if (assets.length == 0) revert ErrorsLib.WrongLoan(address(0), 0);
        owed = new uint256[](assets.length);
        uint256 loan = _cursor;
        for (uint256 i; i < assets.length; ++i) {
            if (i != 0) _cursor = loan = PlanLib.afterLoan(plan, loan);
            owed[i] = _accept(plan, loan, assets[i], amounts[i], fees[i]);
        }
        _goOn(plan, planHash, loan);
    }

    /// @dev The loan at `first` and those that follow it of the same kind, as lenders of several assets want them.
    function _basket(bytes calldata plan, uint256 first)
        internal
        pure
        returns (address[] memory assets, uint256[] memory amounts)
    {
        uint256 count = 1;
        uint256 loan = first;
        while (_isBasket(plan, loan)) {
            loan = PlanLib.afterLoan(plan, loan);
            ++count;
        }
        (assets, amounts) = (new address[](count), new uint256[](count));
        loan = first;
        for (uint256 i; i < count; ++i) {
            (assets[i], amounts[i]) = (PlanLib.loanAsset(plan, loan), PlanLib.loanAmount(plan, loan));
            loan = PlanLib.afterLoan(plan, loan);
        }
    }

    /// @dev Whether the next loan is of the same lender.
    function _isBasket(bytes calldata plan, uint256 loan) internal pure returns (bool) {
        if (!PlanLib.hasMore(plan, loan)) return false;
        return PlanLib.loanKind(plan, PlanLib.afterLoan(plan, loan)) == PlanLib.loanKind(plan, loan);
    }

    /// @dev The loan that is arriving, or arrived last.
    function _arriving() internal view returns (uint256) {
        return _cursor;
    }

    function _accept(bytes calldata plan, uint256 loan, address asset, uint256 amount, uint256 fee)
        private
        returns (uint256 owed)
    {
        bool isAskedFor =
            asset == PlanLib.loanAsset(plan, loan) && amount == PlanLib.loanAmount(plan, loan);
        if (!isAskedFor) revert ErrorsLib.WrongLoan(asset, amount);
        uint256 maxFee = PlanLib.maxLoanFee(plan, loan);
        if (fee > maxFee) revert ErrorsLib.LoanFeeTooHigh(fee, maxFee);
        owed = amount + fee;
        _slot(_OWED, loan).tstore(owed);
    }

    function _goOn(bytes calldata plan, bytes32 planHash, uint256 last) private {
        uint256 next = PlanLib.afterLoan(plan, last);
        if (PlanLib.hasMore(plan, last)) _takeLoan(plan, planHash, next);
        // Without legs there is nothing to spend: whether the loans came in full shows when they are repaid.
        else if (next != plan.length) _onAllLoans(plan, next);
    }

    /* WHAT IS KNOWN OF A LOAN, BY ITS OFFSET */

    /// @dev Balance of the loan's asset before the first loan: not ours to count, not ours to spend.
    function _balanceBefore(uint256 offset) internal view returns (uint256) {
        return _slot(_BALANCE_BEFORE, offset).tload();
    }

    /// @dev Amount plus fee of a loan that has arrived.
    function _owed(uint256 offset) internal view returns (uint256) {
        return _slot(_OWED, offset).tload();
    }

    function _slot(uint256 base, uint256 offset) private pure returns (TransientSlot.Uint256Slot) {
        return bytes32(base + offset).asUint256();
    }

    /* FOR LENDERS: a callback's sender is the lender, once the guard has let it in */

    /// @dev For lenders that say who asked for the loan.
    function _requireOurs(address initiator) internal view {
        if (initiator != address(this)) revert ErrorsLib.WrongInitiator(initiator);
    }

    /// @dev Sends the calling lender what it must have back.
    function _repay(address asset, uint256 owed) internal {
        SafeTransferLib.safeTransfer(asset, msg.sender, owed);
    }
}
