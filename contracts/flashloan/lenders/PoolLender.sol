// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, Venue, VenueKind} from "../../interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "../../libraries/ErrorsLib.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";
import {Listings} from "../Listings.sol";

/// @title PoolLender: what loans from the pools of listed venues have in common.
/// @notice The pool follows from the venue, the loan's asset and the pool's other token. It is locked until the loan is
/// repaid, so no leg of the route can use it.
abstract contract PoolLender is Listings, FlashBorrower {
    /// @dev Finds the pool that the loan names and awaits its callback.
    /// @return pool Whom to ask.
    /// @return amount0 What to ask of its first token; one of the two is zero.
    /// @return amount1 What to ask of its second token.
    function _awaitPool(bytes calldata plan, bytes32 planHash, uint256 loan)
        internal
        returns (address pool, uint256 amount0, uint256 amount1)
    {
        bool isPair = PlanLib.loanKind(plan, loan) == LenderKind.UniswapV2;
        pool = _lendingPool(plan, loan, isPair);
        if (_isToken0(plan, loan)) amount0 = PlanLib.loanAmount(plan, loan);
        else amount1 = PlanLib.loanAmount(plan, loan);
        _expectCallback(
            pool, isPair ? CallbackKind.UniswapV2Loan : CallbackKind.UniswapV3Loan, loan, planHash
        );
    }

    function _lendingPool(bytes calldata plan, uint256 loan, bool isPair) private view returns (address) {
        uint256 params = PlanLib.loanParams(loan);
        uint16 venueId = PlanLib.uint16At(plan, params);
        Venue memory venue = _listedVenue(venueId);
        if (isPair ? venue.kind != VenueKind.UniswapV2 : !PoolLenderLib.lendsByFlash(venue.kind)) {
            revert ErrorsLib.WrongVenueKind(venueId, venue.kind);
        }
        return _existingPool(
            venue,
            venueId,
            PlanLib.loanAsset(plan, loan),
            PlanLib.addressAt(plan, params + 2),
            // A pair's parameters end where the tier would begin, and its address does not depend on one.
            PlanLib.uint24At(plan, params + 22)
        );
    }

    /// @dev Whether the loan's asset is the first of the pool's tokens.
    function _isToken0(bytes calldata plan, uint256 loan) internal pure returns (bool) {
        return PlanLib.loanAsset(plan, loan) < PlanLib.addressAt(plan, PlanLib.loanParams(loan) + 2);
    }

    /// @dev The loan has arrived: what is to be done with it, and then its repayment.
    function _onPoolLoan(bytes calldata plan, bytes32 planHash, uint256 loan, uint256 amount, uint256 fee)
        internal
    {
        address asset = PlanLib.loanAsset(plan, loan);
        _repay(asset, _onLoan(asset, amount, fee, plan, planHash, loan));
    }
}

/// @title Which venues' pools lend.
library PoolLenderLib {
    /// @notice Whether pools of this kind lend by Uniswap V3's `flash`.
    function lendsByFlash(VenueKind kind) internal pure returns (bool) {
        return kind >= VenueKind.UniswapV3 && kind <= VenueKind.Algebra;
    }
}
