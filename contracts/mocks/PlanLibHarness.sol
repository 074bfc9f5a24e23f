// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {Leg, PlanLib} from "../libraries/PlanLib.sol";

/// @notice The head of a plan as PlanLib reads it.
struct PlanHead {
    uint256 chainId;
    address executor;
    uint256 deadline;
    uint256 minProfit;
    uint256 builderShareBps;
}

/// @notice A loan as PlanLib reads it; `params` and `next` are offsets into the plan.
struct Loan {
    LenderKind kind;
    bool more;
    address asset;
    uint256 amount;
    uint256 maxFee;
    uint256 params;
    uint256 next;
}

/// @title PlanLibHarness: what PlanLib reads in a plan, for tests that compare it with what was written.
contract PlanLibHarness {
    uint256 private constant _MOST = 32;

    /// @notice Everything that `plan` says, as the executor reads it: loans, then legs to the end.
    /// @return head What binds it.
    /// @return loans Of each loan `abi.encode(loan, its own parameters)`.
    /// @return legs Of each leg `abi.encode(leg, its own parameters)`.
    function read(bytes calldata plan)
        external
        pure
        returns (PlanHead memory head, bytes[] memory loans, bytes[] memory legs)
    {
        PlanLib.requireHead(plan);
        head.chainId = PlanLib.chainId(plan);
        head.executor = PlanLib.executor(plan);
        (head.deadline, head.minProfit, head.builderShareBps) = PlanLib.limits(plan);
        uint256 route;
        (loans, route) = _loans(plan);
        legs = _legs(plan, route);
    }

    function _loans(bytes calldata plan) private pure returns (bytes[] memory loans, uint256 offset) {
        loans = new bytes[](_MOST);
        offset = PlanLib.LOANS;
        uint256 count;
        bool more = true;
        while (more) {
            Loan memory loan = _loanAt(plan, offset);
            loans[count++] = abi.encode(loan, plan[loan.params:loan.next]);
            (offset, more) = (loan.next, loan.more);
        }
        _cut(loans, count);
    }

    function _loanAt(bytes calldata plan, uint256 offset) private pure returns (Loan memory loan) {
        loan.next = PlanLib.checkLoan(plan, offset);
        loan.kind = PlanLib.loanKind(plan, offset);
        loan.more = PlanLib.hasMore(plan, offset);
        (loan.asset, loan.amount, loan.maxFee) = PlanLib.loanTerms(plan, offset);
        assert(
            loan.asset == PlanLib.loanAsset(plan, offset) && loan.amount == PlanLib.loanAmount(plan, offset)
        );
        loan.params = PlanLib.loanParams(offset);
        assert(loan.next == PlanLib.afterLoan(plan, offset));
    }

    function _legs(bytes calldata plan, uint256 offset) private pure returns (bytes[] memory legs) {
        legs = new bytes[](_MOST);
        uint256 count;
        while (offset != plan.length) {
            Leg memory leg = PlanLib.legAt(plan, offset);
            legs[count++] = abi.encode(leg, plan[leg.params:leg.next]);
            offset = leg.next;
        }
        _cut(legs, count);
    }

    function _cut(bytes[] memory items, uint256 count) private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(items, count)
        }
    }
}
