// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashLoanArbitrage, LenderKind} from "./IFlashLoanArbitrage.sol";

/// @notice What is asked of a lender.
/// @param amount How much is to be borrowed, in base units of `asset`.
/// @param params The lender's own parameters, as the loan in a plan would carry them.
struct TermsQuery {
    LenderKind kind;
    address asset;
    uint256 amount;
    bytes params;
}

/// @notice What a lender asks and has.
/// @param fee What it takes for the amount asked about, in base units, to the unit.
/// @param available The most that it can lend now; 0 where it is paused or does not lend the asset. An amount above it
/// has a fee all the same.
struct Terms {
    uint256 fee;
    uint256 available;
}

/// @notice One answer of several. `reason` is what the lender reverted with where `ok` is false; `terms` is zero then.
struct TermsAnswer {
    bool ok;
    Terms terms;
    bytes reason;
}

/// @title LenderLens: what each lender of an executor asks and has, exactly and at once.
/// @notice Holds nothing and may be asked about any executor. Nothing here is relied on by the executor: a fee that
/// changes between question and loan is bounded by the plan.
interface ILenderLens {
    /// @notice No lender stands behind the query: the executor has none of the kind, or the pool was never deployed.
    error NoLender(LenderKind kind);

    /// @notice The terms of one loan; reverts where the lender does.
    function termsOf(IFlashLoanArbitrage executor, TermsQuery calldata query)
        external
        view
        returns (Terms memory);

    /// @notice The terms of several loans; a lender that fails is an answer like any other.
    function termsOfMany(IFlashLoanArbitrage executor, TermsQuery[] calldata queries)
        external
        view
        returns (TermsAnswer[] memory answers);
}
