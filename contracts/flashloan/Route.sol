// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {Venue, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {AllowanceLib} from "../libraries/AllowanceLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {Leg, PlanLib} from "../libraries/PlanLib.sol";
import {Purse, PurseLib} from "../libraries/PurseLib.sol";
import {AlgebraSwap} from "../swap/AlgebraSwap.sol";
import {BalancerV2Swap} from "../swap/BalancerV2Swap.sol";
import {CurveStableSwap} from "../swap/CurveStableSwap.sol";
import {EtherGate} from "../swap/EtherGate.sol";
import {PancakeV3Swap} from "../swap/PancakeV3Swap.sol";
import {UniswapV2Swap} from "../swap/UniswapV2Swap.sol";
import {UniswapV4Swap} from "../swap/UniswapV4Swap.sol";
import {WrappedEtherSwap} from "../swap/WrappedEtherSwap.sol";
import {CallbackKind} from "./CallbackGuard.sol";
import {Listings} from "./Listings.sol";

/// @title Route: runs a plan's legs, one after the other.
/// @notice A leg sells what the leg before it received, unless it names its input, which then comes out of the purse. A
/// pool that is paid before it is called (Uniswap V2) is paid by the pool before it, directly; what one leg over Uniswap
/// V4 buys for the next stays with its manager as a credit. Ether is the zero address.
abstract contract Route is
    Listings,
    EtherGate,
    UniswapV2Swap,
    PancakeV3Swap,
    AlgebraSwap,
    UniswapV4Swap,
    BalancerV2Swap,
    CurveStableSwap,
    WrappedEtherSwap
{
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
            bool prepays = _paysOn(stop.leg.kind, following.leg);
            _swap(plan, stop, index, hand, prepays ? following.pool : address(this));
            hand.prepaid = prepays;
            stop = following;
        }
    }

    /// @dev Whether a pool of `kind` hands what it pays to the following leg's pool, past this contract. Curve pools and
    /// wrapped ether pay their caller only.
    function _paysOn(VenueKind kind, Leg memory following) private pure returns (bool) {
        if (following.fromPurse) return false;
        if (following.kind == VenueKind.UniswapV2) return kind <= VenueKind.BalancerV2;
        return following.kind == VenueKind.UniswapV4 && kind == VenueKind.UniswapV4;
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

    function _swap(bytes calldata plan, Stop memory stop, uint256 index, Hand memory hand, address recipient)
        private
    {
        address tokenOut = stop.leg.tokenOut;
        // A credit with Uniswap V4's manager, whose books are to be believed, shows in no balance.
        uint256 received = stop.leg.kind == VenueKind.UniswapV4 && recipient == stop.pool
            ? _swapOnVenue(plan, stop, hand, recipient)
            : _swapMeasured(plan, stop, hand, recipient);
        if (received == 0 || received < stop.leg.minAmountOut) {
            revert ErrorsLib.LegOutputTooLow(index, received, stop.leg.minAmountOut);
        }
        (hand.token, hand.amount, hand.prepaid) = (tokenOut, received, false);
    }

    /// @dev Received is what came to `recipient`, by balance; less than the pool sent means a token that keeps a fee.
    function _swapMeasured(bytes calldata plan, Stop memory stop, Hand memory hand, address recipient)
        private
        returns (uint256 received)
    {
        address tokenOut = stop.leg.tokenOut;
        uint256 before = _balance(tokenOut, recipient);
        if (tokenOut == address(0)) _admitEther(stop.pool);
        uint256 sent = _swapOnVenue(plan, stop, hand, recipient);
        if (tokenOut == address(0)) _admitEther(address(0));
        received = _growth(tokenOut, recipient, before);
        if (received < sent) revert ErrorsLib.TransferShort(tokenOut, sent, received);
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
        VenueKind kind = leg.kind;
        if (kind == VenueKind.UniswapV4) stop.pool = _POOL_MANAGER;
        else if (kind == VenueKind.BalancerV2) stop.pool = _BALANCER_VAULT;
        else if (kind == VenueKind.WrappedEther) stop.pool = WETH;
        else (stop.pool, stop.feePips) = _listedPool(plan, leg, tokenIn);
        if (stop.pool == address(0)) revert ErrorsLib.VenueNotAvailable(kind);
    }

    /// @return sent What the pool says that it paid out; 0 where it says nothing.
    function _swapOnVenue(bytes calldata plan, Stop memory stop, Hand memory hand, address recipient)
        private
        returns (uint256 sent)
    {
        Leg memory leg = stop.leg;
        (VenueKind kind, address pool, address tokenOut) = (leg.kind, stop.pool, leg.tokenOut);
        if (kind == VenueKind.UniswapV2) {
            return
                _swapOnUniswapV2(
                    pool, hand.token, tokenOut, stop.feePips, hand.amount, hand.prepaid, recipient
                );
        }
        if (kind <= VenueKind.Algebra) {
            return _swapOnUniswapV3(_callbackOf(kind), pool, hand.token, tokenOut, hand.amount, recipient);
        }
        if (kind == VenueKind.UniswapV4) {
            return _swapOnUniswapV4(
                plan[leg.params:leg.next], hand.token, tokenOut, hand.amount, hand.prepaid, recipient
            );
        }
        if (kind != VenueKind.WrappedEther) return _swapPulled(plan, stop, hand, recipient);
        PlanLib.params(plan, leg.params, leg.next, 0);
        _swapWrappedEther(hand.token, tokenOut, hand.amount);
    }

    /// @dev Pools that pull what they are sold, by an exact allowance of which nothing may be left; ether goes along.
    function _swapPulled(bytes calldata plan, Stop memory stop, Hand memory hand, address recipient)
        private
        returns (uint256 sent)
    {
        (address pool, address tokenIn, uint256 amountIn) = (stop.pool, hand.token, hand.amount);
        bool isEther = tokenIn == address(0);
        if (!isEther) AllowanceLib.allow(tokenIn, pool, amountIn);
        uint256 value = isEther ? amountIn : 0;
        bool isBalancer = stop.leg.kind == VenueKind.BalancerV2;
        bytes calldata params = PlanLib.params(plan, stop.leg.params, stop.leg.next, isBalancer ? 32 : 4);
        if (isBalancer) {
            // Just read as 32 bytes.
            // forge-lint: disable-next-line(unsafe-typecast)
            sent = _swapOnBalancerV2(bytes32(params), tokenIn, stop.leg.tokenOut, amountIn, value, recipient);
        } else {
            _swapOnCurveStable(pool, uint8(params[2]), uint8(params[3]), amountIn, value);
        }
        if (!isEther) AllowanceLib.requireUsed(tokenIn, pool);
    }

    /// @dev A pool that the list leads to, and its fee where the list says it.
    function _listedPool(bytes calldata plan, Leg memory leg, address tokenIn)
        private
        view
        returns (address pool, uint24 venueFeePips)
    {
        bool tiered = leg.kind == VenueKind.UniswapV3 || leg.kind == VenueKind.PancakeV3;
        uint256 length = tiered ? 5 : leg.kind == VenueKind.CurveStable ? 4 : 2;
        bytes calldata params = PlanLib.params(plan, leg.params, leg.next, length);
        uint16 venueId = PlanLib.uint16At(params, 0);
        Venue memory venue = _venueOf(venueId, leg.kind);
        pool = _existingPool(venue, venueId, tokenIn, leg.tokenOut, tiered ? PlanLib.uint24At(params, 2) : 0);
        venueFeePips = venue.feePips;
    }

    function _callbackOf(VenueKind kind) private pure returns (CallbackKind) {
        if (kind == VenueKind.UniswapV3) return CallbackKind.UniswapV3Swap;
        return kind == VenueKind.PancakeV3 ? CallbackKind.PancakeV3Swap : CallbackKind.AlgebraSwap;
    }

    /* BALANCES */

    /// @dev 0 for what is no token at all; such a leg has received nothing.
    function _balance(address token, address account) internal view returns (uint256) {
        return token == address(0) ? account.balance : SafeTransferLib.balanceOf(token, account);
    }

    /// @dev What `account` has more than `balanceBefore`; 0 where a token took something away instead.
    function _growth(address token, address account, uint256 balanceBefore) internal view returns (uint256) {
        uint256 balance = _balance(token, account);
        return balance > balanceBefore ? balance - balanceBefore : 0;
    }
}
