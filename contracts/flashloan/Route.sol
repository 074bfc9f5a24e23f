// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Venue, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {Leg, PlanLib} from "../libraries/PlanLib.sol";
import {Purse, PurseLib} from "../libraries/PurseLib.sol";
import {UniswapV2Swap} from "../swap/UniswapV2Swap.sol";
import {UniswapV3Swap} from "../swap/UniswapV3Swap.sol";
import {Listings} from "./Listings.sol";

/// @title Route: runs a plan's legs, one after the other.
/// @notice A leg sells what the leg before it received, unless it names its input, which then comes out of the purse. A
/// pool that is paid before it is called (Uniswap V2) is paid by the pool before it, directly.
abstract contract Route is Listings, UniswapV2Swap, UniswapV3Swap {
    using PurseLib for Purse;

    /// @dev What is being sold next, and whether the pool that will sell it has it already.
    struct Hand {
        address token;
        uint256 amount;
        bool prepaid;
    }

    /// @dev A leg with the venue and pool that it resolves to; what its kind does not need stays zero.
    struct Stop {
        Leg leg;
        uint24 feePips;
        address pool;
    }

    /* RUNNING */

    /// @dev Runs the legs from `offset` to the end of the plan.
    /// @param hand What the first leg sells; at the end, what the last leg received.
    /// @param purse Everything else; may be closed where the plan has one loan and no leg names its input.
    function _runLegs(bytes calldata plan, uint256 offset, Hand memory hand, Purse memory purse) internal {
        Stop memory stop = _stopAt(plan, offset, hand.token);
        for (uint256 index;; ++index) {
            if (stop.leg.fromPurse) _reachIntoPurse(stop.leg, hand, purse);
            uint256 next = stop.leg.next;
            if (next == plan.length) {
                _swap(plan, stop, index, hand, address(this));
                return;
            }
            Stop memory following = _stopAt(plan, next, stop.leg.tokenOut);
            bool prepays = following.leg.kind == VenueKind.UniswapV2 && !following.leg.fromPurse;
            _swap(plan, stop, index, hand, prepays ? following.pool : address(this));
            hand.prepaid = prepays;
            stop = following;
        }
    }

    function _reachIntoPurse(Leg memory leg, Hand memory hand, Purse memory purse) private pure {
        if (!purse.isOpen()) {
            Purse memory opened = PurseLib.open();
            (purse.tokens, purse.amounts) = (opened.tokens, opened.amounts);
        }
        purse.put(hand.token, hand.amount);
        hand.token = leg.tokenIn;
        hand.amount = purse.take(leg.tokenIn, leg.amountIn);
    }

    /// @dev Received is what came to `recipient`, by balance; less than the pool sent means a token that keeps a fee.
    function _swap(
        bytes calldata plan,
        Stop memory stop,
        uint256 index,
        Hand memory hand,
        address recipient
    ) private {
        address tokenOut = stop.leg.tokenOut;
        uint256 before = _balance(tokenOut, recipient);
        uint256 sent = _swapOnVenue(plan, stop, hand, recipient);
        uint256 received = _growth(tokenOut, recipient, before);
        if (received < sent) revert ErrorsLib.TransferShort(tokenOut, sent, received);
        if (received < stop.leg.minAmountOut) {
            revert ErrorsLib.LegOutputTooLow(index, received, stop.leg.minAmountOut);
        }
        (hand.token, hand.amount, hand.prepaid) = (tokenOut, received, false);
    }

    /* VENUES: adding a kind is one file in swap/, one value of the enum, one line in each of the next two */

    /// @dev What can be known of a leg before it runs: where its pool is.
    function _stopAt(bytes calldata plan, uint256 offset, address tokenIn)
        private
        view
        returns (Stop memory stop)
    {
        Leg memory leg = PlanLib.legAt(plan, offset);
        stop.leg = leg;
        if (leg.fromPurse) tokenIn = leg.tokenIn;
        if (leg.kind == VenueKind.UniswapV2) {
            bytes calldata params = PlanLib.params(plan, leg.params, leg.next, 2);
            (stop.pool, stop.feePips) = _childPool(params, leg, tokenIn, 0);
        } else {
            bytes calldata params = PlanLib.params(plan, leg.params, leg.next, 5);
            (stop.pool,) = _childPool(params, leg, tokenIn, PlanLib.uint24At(params, 2));
        }
    }

    /// @return sent What the pool says that it paid out.
    function _swapOnVenue(bytes calldata, Stop memory stop, Hand memory hand, address recipient)
        private
        returns (uint256 sent)
    {
        if (stop.leg.kind == VenueKind.UniswapV2) {
            return _swapOnUniswapV2(
                stop.pool, hand.token, stop.leg.tokenOut, stop.feePips, hand.amount, hand.prepaid, recipient
            );
        }
        return _swapOnUniswapV3(stop.pool, hand.token, stop.leg.tokenOut, hand.amount, recipient);
    }

    function _childPool(bytes calldata params, Leg memory leg, address tokenIn, uint24 feePips)
        private
        view
        returns (address pool, uint24 venueFeePips)
    {
        uint16 venueId = PlanLib.uint16At(params, 0);
        Venue memory venue = _venueOf(venueId, leg.kind);
        pool = _existingPool(venue, venueId, tokenIn, leg.tokenOut, feePips);
        venueFeePips = venue.feePips;
    }

    /* BALANCES */

    function _balance(address token, address account) internal view returns (uint256) {
        return IERC20(token).balanceOf(account);
    }

    /// @dev What `account` has more than `balanceBefore`; 0 where a token took something away instead.
    function _growth(address token, address account, uint256 balanceBefore) internal view returns (uint256) {
        uint256 balance = _balance(token, account);
        return balance > balanceBefore ? balance - balanceBefore : 0;
    }
}
