// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashLoanArbitrage} from "../../interfaces/IFlashLoanArbitrage.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {IErc3156FlashBorrower, IErc3156FlashLender} from "../../interfaces/external/IErc3156.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
import {ErrorsLib} from "../../libraries/ErrorsLib.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {ExecutorRoles} from "../ExecutorRoles.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans from the ERC-3156 lenders on the owner's list: repaid by an exact allowance that the lender pulls.
/// @notice Such a lender lets anyone name any receiver, and says who asked: that must be us. A plan names an id; what
/// stands behind it never changes.
abstract contract Erc3156Lender is ExecutorRoles, FlashBorrower, IErc3156FlashBorrower {
    /// @dev What the standard wants to hear from a borrower that agrees.
    bytes32 private constant _AGREED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    /// @dev In the order of their ids. A delisted lender is zero; its place stays taken.
    address[] private _lenders;

    /* OWNER FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function listLender(address lender) external override onlyOwner returns (uint16 lenderId) {
        if (lender.code.length == 0) revert ErrorsLib.InvalidLender(lender);
        uint256 nextId = _lenders.length;
        if (nextId > type(uint16).max) revert ErrorsLib.LenderListFull();
        // Just checked to fit.
        // forge-lint: disable-next-line(unsafe-typecast)
        lenderId = uint16(nextId);
        _lenders.push(lender);
        emit LenderListed(lenderId, lender);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function delistLender(uint16 lenderId) external override onlyOwner {
        lenderAt(lenderId);
        _lenders[lenderId] = address(0);
        emit LenderDelisted(lenderId);
    }

    /* VIEWS */

    /// @inheritdoc IFlashLoanArbitrage
    function lenderAt(uint16 lenderId) public view override returns (address lender) {
        if (lenderId < _lenders.length) lender = _lenders[lenderId];
        if (lender == address(0)) revert ErrorsLib.LenderNotListed(lenderId);
    }

    /* LOANS */

    /// @dev Borrows one asset from the listed lender that the loan names.
    function _borrowFromListed(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        _borrowFromErc3156(lenderAt(PlanLib.uint16At(plan, PlanLib.loanParams(loan))), plan, planHash, loan);
    }

    /// @dev Borrows one asset; checks afterwards that the lender pulled all it was allowed to.
    function _borrowFromErc3156(address lender, bytes calldata plan, bytes32 planHash, uint256 loan)
        internal
    {
        _expectCallback(lender, CallbackKind.Erc3156Loan, loan, planHash);
        IErc3156FlashLender(lender)
            .flashLoan(address(this), PlanLib.loanAsset(plan, loan), PlanLib.loanAmount(plan, loan), plan);
        _requireConsumed();
        AllowanceLib.requireUsed(PlanLib.loanAsset(plan, loan), lender);
    }

    /// @inheritdoc IErc3156FlashBorrower
    function onFlashLoan(address initiator, address token, uint256 amount, uint256 fee, bytes calldata data)
        external
        override
        returns (bytes32 magic)
    {
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.Erc3156Loan, data);
        _requireOurs(initiator);
        uint256 owed = _onLoan(token, amount, fee, data, planHash, loan);
        AllowanceLib.allow(token, msg.sender, owed);
        return _AGREED;
    }
}

/// @title What a loan from an ERC-3156 lender costs, and how much it has: it says so itself.
library Erc3156Terms {
    /// @notice Terms of `amount` of `asset`; an asset that it does not lend costs nothing and is not there.
    function terms(address lender, address asset, uint256 amount)
        internal
        view
        returns (Terms memory answer)
    {
        answer.available = IErc3156FlashLender(lender).maxFlashLoan(asset);
        // The standard lets a lender revert when asked for the fee of what it does not lend.
        if (answer.available != 0) answer.fee = IErc3156FlashLender(lender).flashFee(asset, amount);
    }
}
