// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashLoanArbitrage, LenderKind, Venue, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {ILenderLens, Terms, TermsAnswer, TermsQuery} from "../interfaces/ILenderLens.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PlanLib} from "../libraries/PlanLib.sol";
import {AaveV2Terms} from "./lenders/AaveV2Lender.sol";
import {AaveV3Terms} from "./lenders/AaveV3Lender.sol";
import {BalancerV2Terms} from "./lenders/BalancerV2Lender.sol";
import {Erc3156Terms} from "./lenders/Erc3156Lender.sol";
import {MorphoBlueTerms} from "./lenders/MorphoBlueLender.sol";
import {PoolLenderLib} from "./lenders/PoolLender.sol";
import {UniswapV2Terms} from "./lenders/UniswapV2Lender.sol";
import {UniswapV3Terms} from "./lenders/UniswapV3Lender.sol";
import {UniswapV4Terms} from "./lenders/UniswapV4Lender.sol";

/// @title LenderLens
/// @notice A deployment of its own, so that the executor stays small. How a lender counts its fee stands beside how it is
/// borrowed from, in `lenders/`; documentation stands on ILenderLens.
contract LenderLens is ILenderLens {
    /// @inheritdoc ILenderLens
    function termsOfMany(IFlashLoanArbitrage executor, TermsQuery[] calldata queries)
        external
        view
        override
        returns (TermsAnswer[] memory answers)
    {
        answers = new TermsAnswer[](queries.length);
        for (uint256 i; i < queries.length; ++i) {
            try this.termsOf(executor, queries[i]) returns (Terms memory terms) {
                (answers[i].ok, answers[i].terms) = (true, terms);
            } catch (bytes memory reason) {
                answers[i].reason = reason;
            }
        }
    }

    /// @inheritdoc ILenderLens
    /// @dev Adding a lender: one library beside it, one line here.
    function termsOf(IFlashLoanArbitrage executor, TermsQuery calldata query)
        external
        view
        override
        returns (Terms memory)
    {
        (LenderKind kind, address asset, uint256 amount) = (query.kind, query.asset, query.amount);
        PlanLib.requireParams(kind, query.params.length);
        if (kind == LenderKind.UniswapV2 || kind == LenderKind.UniswapV3) {
            return _poolTerms(executor, query);
        }
        address lender = kind == LenderKind.Erc3156
            ? executor.lenderAt(PlanLib.uint16At(query.params, 0))
            : executor.lenderAddress(kind);
        if (lender.code.length == 0) revert NoLender(kind);
        if (kind == LenderKind.BalancerV2) return BalancerV2Terms.terms(lender, asset, amount);
        if (kind == LenderKind.AaveV3) return AaveV3Terms.terms(lender, asset, amount);
        if (kind == LenderKind.MorphoBlue) return MorphoBlueTerms.terms(lender, asset);
        if (kind == LenderKind.AaveV2) return AaveV2Terms.terms(lender, asset, amount);
        if (kind == LenderKind.UniswapV4) return UniswapV4Terms.terms(lender, asset);
        return Erc3156Terms.terms(lender, asset, amount);
    }

    function _poolTerms(IFlashLoanArbitrage executor, TermsQuery calldata query)
        private
        view
        returns (Terms memory)
    {
        (LenderKind kind, address asset) = (query.kind, query.asset);
        uint16 venueId = PlanLib.uint16At(query.params, 0);
        address other = PlanLib.addressAt(query.params, 2);
        uint24 tier = kind == LenderKind.UniswapV3 ? PlanLib.uint24At(query.params, 22) : 0;
        Venue memory venue = executor.venueAt(venueId);
        bool lends = kind == LenderKind.UniswapV2
            ? venue.kind == VenueKind.UniswapV2
            : PoolLenderLib.lendsByFlash(venue.kind);
        if (!lends) revert ErrorsLib.WrongVenueKind(venueId, venue.kind);
        address pool = executor.poolFor(venueId, asset, other, tier);
        if (pool.code.length == 0) revert NoLender(kind);
        if (kind == LenderKind.UniswapV2) {
            return UniswapV2Terms.terms(pool, asset < other, query.amount, venue.feePips);
        }
        return UniswapV3Terms.terms(pool, venue.kind, asset, query.amount);
    }
}
