// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VenueKind} from "../../interfaces/IFlashLoanArbitrage.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {IPancakeV2Callee, IUniswapV2Callee} from "../../interfaces/external/IUniswapV2Callee.sol";
import {IUniswapV2Pair} from "../../interfaces/external/IUniswapV2Pair.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";
import {Listings} from "../Listings.sol";

/// @title Loans from the pairs of a listed Uniswap V2 venue: a flash swap that takes and pays the same token.
/// @notice The pair follows from the venue, the loan's asset and the pair's other token; it is locked until the loan is
/// repaid, so no leg of the route can use it. Anyone can name any receiver; the pair says who asked: that must be us.
abstract contract UniswapV2Lender is Listings, FlashBorrower, IUniswapV2Callee, IPancakeV2Callee {
    /// @dev Borrows one side of the pair.
    function _borrowFromUniswapV2(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        (uint16 venueId, address other) = _poolOf(plan, loan);
        address pair = _existingPool(_venueOf(venueId, VenueKind.UniswapV2), venueId, PlanLib.loanAsset(plan, loan), other, 0);
        (uint256 amount0, uint256 amount1) =
            PlanLib.loanAsset(plan, loan) < other ? (PlanLib.loanAmount(plan, loan), uint256(0)) : (uint256(0), PlanLib.loanAmount(plan, loan));
        _expectCallback(pair, CallbackKind.UniswapV2Loan, planHash);
        IUniswapV2Pair(pair).swap(amount0, amount1, address(this), plan);
        _requireConsumed();
    }

    /// @inheritdoc IUniswapV2Callee
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data)
        external
        override
    {
        _onFlashSwap(sender, amount0, amount1, data);
    }

    /// @inheritdoc IPancakeV2Callee
    function pancakeCall(address sender, uint256 amount0, uint256 amount1, bytes calldata data)
        external
        override
    {
        _onFlashSwap(sender, amount0, amount1, data);
    }

    function _onFlashSwap(address sender, uint256 amount0, uint256 amount1, bytes calldata plan) private {
        bytes32 planHash = _consumeCallback(CallbackKind.UniswapV2Loan, plan);
        _requireOurs(sender);
        uint256 loan = _arriving();
        (uint16 venueId, address other) = _poolOf(plan, loan);
        uint256 amount = PlanLib.loanAsset(plan, loan) < other ? amount0 : amount1;
        uint256 fee = UniswapV2Terms.feeOf(amount, _listedVenue(venueId).feePips);
        _repay(PlanLib.loanAsset(plan, loan), _onLoan(plan, planHash, PlanLib.loanAsset(plan, loan), amount, fee));
    }

    /// @dev What the loan's own parameters say, of both kinds of pool that lend: the venue and the pool's other token.
    function _poolOf(bytes calldata plan, uint256 loan)
        internal
        pure
        returns (uint16 venueId, address other)
    {
        venueId = PlanLib.uint16At(plan, PlanLib.loanParams(loan));
        other = PlanLib.addressAt(plan, PlanLib.loanParams(loan) + 2);
    }
}

/// @title What a flash swap of one token costs, and how much the pair has.
library UniswapV2Terms {
    /// @dev 100 % in hundredths of a basis point.
    uint256 private constant _PIPS = 1e6;

    /// @notice Terms of `amount` of one of the pair's tokens.
    /// @dev A pair never gives out a whole reserve.
    function terms(address pair, bool isToken0, uint256 amount, uint256 feePips)
        internal
        view
        returns (Terms memory)
    {
        (uint256 reserve0, uint256 reserve1,) = IUniswapV2Pair(pair).getReserves();
        uint256 reserve = isToken0 ? reserve0 : reserve1;
        return Terms(feeOf(amount, feePips), reserve == 0 ? 0 : reserve - 1);
    }

    /// @notice Fee of taking `amount` and paying in the same token, in base units.
    /// @dev The least x for which the pair's product check passes: (amount + x) (1 - fee) >= amount. Rounds up: one unit
    /// less would break the check.
    function feeOf(uint256 amount, uint256 feePips) internal pure returns (uint256) {
        uint256 kept = _PIPS - feePips;
        return (amount * _PIPS + kept - 1) / kept - amount;
    }
}
