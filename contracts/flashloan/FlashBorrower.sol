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
    /// Written before it is read in every plan, so never cleared.
    uint256 private constant _BALANCE_BEFORE = uint256(keccak256("steelyard.FlashBorrower.balanceBefore"));
    /// @dev Zero outside of a plan, and where the loan is free.
    uint256 private constant _FEE = uint256(keccak256("steelyard.FlashBorrower.fee"));

    /* HOOKS */

    /// @dev Takes the loan at `loan`, and whatever follows inside it.
    function _borrow(bytes calldata plan, bytes32 planHash, uint256 loan) internal virtual;

    /// @dev All loans are here: runs the legs that begin at `route`.
    function _onAllLoans(bytes calldata plan, uint256 route) internal virtual;

    /* TAKING LOANS */

    /// @dev Checks each loan's shape and notes what was here before, then takes the first loan, which takes the others.
    /// @return balanceBefore Of the first loan's asset.
    function _takeLoans(bytes calldata plan, bytes32 planHash) internal returns (uint256 balanceBefore) {
        uint256 loan = PlanLib.LOANS;
        uint256 next;
        (next, balanceBefore) = _checkLoan(plan, loan);
        // Where nothing follows, nobody else will ask.
        if (next != plan.length) {
            _slot(_BALANCE_BEFORE, loan).tstore(balanceBefore);
            while (PlanLib.hasMore(plan, loan)) {
                loan = next;
                uint256 balance;
                (next, balance) = _checkLoan(plan, loan);
                _slot(_BALANCE_BEFORE, loan).tstore(balance);
            }
        }
        _borrow(plan, planHash, PlanLib.LOANS);
    }

    function _checkLoan(bytes calldata plan, uint256 loan)
        private
        view
        returns (uint256 next, uint256 balance)
    {
        next = PlanLib.checkLoan(plan, loan);
        balance = SafeTransferLib.balanceOf(PlanLib.loanAsset(plan, loan), address(this));
    }

    /// @dev The loan at `loan` has arrived; its callback was proven before.
    /// @param plan The data that the lender brought back, whose hash is `planHash`.
    /// @return owed What the lender must have back: amount plus fee, held by this contract when this returns.
    function _onLoan(
        address asset,
        uint256 amount,
        uint256 fee,
        bytes calldata plan,
        bytes32 planHash,
        uint256 loan
    ) internal returns (uint256 owed) {
        _accept(plan, loan, asset, amount, fee);
        _goOn(plan, planHash, loan);
        unchecked {
            // Both are of 16 bytes at most.
            return amount + fee;
        }
    }

    /// @dev The loan at `loan` and those that follow it have arrived in one call; their callback was proven before. Each
    /// lender must have back what it says: amount plus fee, held by this contract when this returns.
    function _onBasket(
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256[] calldata fees,
        bytes calldata plan,
        bytes32 planHash,
        uint256 loan
    ) internal {
        if (assets.length == 0) revert ErrorsLib.WrongLoan(address(0), 0);
        for (uint256 i; i < assets.length; ++i) {
            if (i != 0) loan = PlanLib.afterLoan(plan, loan);
            _accept(plan, loan, assets[i], amounts[i], fees[i]);
        }
        _goOn(plan, planHash, loan);
    }

    /// @dev How many loans from `first` on are of one kind, as lenders of several assets want them.
    function _basketSize(bytes calldata plan, uint256 first) internal pure returns (uint256 count) {
        for (count = 1; _isBasket(plan, first); ++count) {
            first = PlanLib.afterLoan(plan, first);
        }
    }

    /// @dev The loan at `loan` has arrived, exactly as asked for and free: its lender says nothing else of it.
    /// @return owed What the lender must have back, held by this contract when this returns.
    function _onFreeLoan(bytes calldata plan, bytes32 planHash, uint256 loan)
        internal
        returns (uint256 owed)
    {
        _goOn(plan, planHash, loan);
        return PlanLib.loanAmount(plan, loan);
    }

    /// @dev The loan at `first` and those that follow it of the same kind.
    function _basket(bytes calldata plan, uint256 first)
        internal
        pure
        returns (address[] memory assets, uint256[] memory amounts)
    {
        uint256 count = _basketSize(plan, first);
        (assets, amounts) = (new address[](count), new uint256[](count));
        for (uint256 i; i < count; ++i) {
            (assets[i], amounts[i]) = (PlanLib.loanAsset(plan, first), PlanLib.loanAmount(plan, first));
            first = PlanLib.afterLoan(plan, first);
        }
    }

    /// @dev Whether the next loan is of the same lender.
    function _isBasket(bytes calldata plan, uint256 loan) internal pure returns (bool) {
        return PlanLib.hasMore(plan, loan)
            && PlanLib.loanKind(plan, PlanLib.afterLoan(plan, loan)) == PlanLib.loanKind(plan, loan);
    }

    function _accept(bytes calldata plan, uint256 loan, address asset, uint256 amount, uint256 fee) private {
        (address wanted, uint256 wantedAmount, uint256 maxFee) = PlanLib.loanTerms(plan, loan);
        if (asset != wanted || amount != wantedAmount) revert ErrorsLib.WrongLoan(asset, amount);
        if (fee > maxFee) revert ErrorsLib.LoanFeeTooHigh(fee, maxFee);
        if (fee != 0) _slot(_FEE, loan).tstore(fee);
    }

    function _goOn(bytes calldata plan, bytes32 planHash, uint256 last) private {
        uint256 next = PlanLib.afterLoan(plan, last);
        // Without legs there is nothing to spend: whether the loans came in full shows when they are repaid.
        if (next == plan.length) return;
        if (PlanLib.hasMore(plan, last)) _borrow(plan, planHash, next);
        else _onAllLoans(plan, next);
    }

    /* WHAT IS KNOWN OF A LOAN, BY ITS OFFSET */

    /// @dev Balance of the loan's asset before the first loan: not ours to count, not ours to spend.
    function _balanceBefore(uint256 loan) internal view returns (uint256) {
        return _slot(_BALANCE_BEFORE, loan).tload();
    }

    /// @dev Amount plus fee of a loan that has arrived.
    function _owed(bytes calldata plan, uint256 loan) internal view returns (uint256) {
        return PlanLib.loanAmount(plan, loan) + _fee(plan, loan);
    }

    /// @dev The fee of a loan that is repaid; zero again for the next plan of a batch.
    function _takeFee(bytes calldata plan, uint256 loan) internal returns (uint256 fee) {
        fee = _fee(plan, loan);
        if (fee != 0) _slot(_FEE, loan).tstore(0);
    }

    /// @dev A plan that accepts no fee has paid none.
    function _fee(bytes calldata plan, uint256 loan) private view returns (uint256) {
        return PlanLib.maxLoanFee(plan, loan) == 0 ? 0 : _slot(_FEE, loan).tload();
    }

    function _slot(uint256 base, uint256 offset) private pure returns (TransientSlot.Uint256Slot) {
        unchecked {
            return bytes32(base + offset).asUint256();
        }
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
