// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "./ErrorsLib.sol";

/// @notice One swap. `fromPurse`: it names its input (`tokenIn`, `amountIn`) instead of selling what the leg before it
/// received. `params` and `next`: where in the plan the venue's own parameters
/// begin, and where they end and something else begins.
struct Leg {
    VenueKind kind;
    bool fromPurse;
    address tokenIn;
    uint256 amountIn;
    address tokenOut;
    uint256 minAmountOut;
    uint256 params;
    uint256 next;
}

/// @title PlanLib: reads a plan where it lies in calldata. The encoding is drawn in docs/plan.md.
/// @notice Big-endian and packed: a head, one or more loans, then legs to the end; nothing is read twice, and nothing is
/// read that is no part of the plan. Heads and loans are read field by field, which is cheaper than a struct in memory.
/// @dev Offsets are sums of a few bytes and of what was found to lie inside calldata: they cannot overflow, and are not
/// checked for it.
library PlanLib {
    /* LAYOUT: bytes */

    /// @notice Where the first loan begins.
    uint256 internal constant LOANS = 51;

    uint256 private constant _LOAN = 54;
    uint256 private constant _LEG = 38;
    uint256 private constant _INPUT = 36;

    /// @dev High bit of a kind: another loan follows; the leg names its input.
    uint256 private constant _FLAG = 0x80;

    /// @dev Lengths of the lenders' own parameters, one byte for each kind, the first rightmost: Uniswap V2 names venue
    /// and other token, Uniswap V3 the fee besides, ERC-3156 a lender's id; the others nothing.
    uint256 private constant _LOAN_PARAMS = 0x020019160000000000;

    /* THE HEAD */

    /// @notice Reverts where the plan ends inside its head.
    function requireHead(bytes calldata plan) internal pure {
        if (plan.length < LOANS) revert ErrorsLib.PlanCutShort(plan.length, LOANS);
    }

    /// @notice Whether the plan is for this chain and `executor_`: both in one comparison.
    function isFor(bytes calldata plan, address executor_) internal view returns (bool) {
        return _uint(plan, 0, 28) == (block.chainid << 160) | uint256(uint160(executor_));
    }

    /// @notice Chain that the plan is for.
    function chainId(bytes calldata plan) internal pure returns (uint256) {
        return _uint(plan, 0, 8);
    }

    /// @notice Contract that the plan is for.
    function executor(bytes calldata plan) internal pure returns (address) {
        return addressAt(plan, 8);
    }

    /// @notice The plan's limits, from one word.
    /// @return deadline Last timestamp at which the plan may run, in seconds.
    /// @return minProfit Least gain, in base units of the first loan's asset.
    /// @return builderShareBps The builder's share of the gain above the least.
    function limits(bytes calldata plan)
        internal
        pure
        returns (uint256 deadline, uint256 minProfit, uint256 builderShareBps)
    {
        uint256 word = _uint(plan, 28, 23);
        // Cutting off what stands to the left is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (word >> 144, uint128(word >> 16), uint16(word));
    }

    /* LOANS: a loan is named by its offset; `checkLoan` must have passed before the others mean anything */

    /// @notice Checks that the loan's lender is known, its parameters are of the right length, and the plan holds it, and a
    /// byte more where it says that another loan follows.
    /// @return next Where it ends and something else begins.
    function checkLoan(bytes calldata plan, uint256 loan) internal pure returns (uint256 next) {
        uint256 first = _uint(plan, loan, 1);
        uint256 kind = first & ~_FLAG;
        if (kind > uint256(type(LenderKind).max)) revert ErrorsLib.UnknownLender(kind);
        uint256 length;
        uint256 needed;
        unchecked {
            length = _uint(plan, loan + (_LOAN - 1), 1);
            next = loan + _LOAN + length;
            // The high bit, as 1. Did the plan end here, the loan that it promises would be read from whatever lies behind.
            needed = next + (first >> 7);
        }
        if (needed > plan.length) revert ErrorsLib.PlanCutShort(plan.length, needed);
        // Just checked to be one of the enum's.
        // forge-lint: disable-next-line(unsafe-typecast)
        requireParams(LenderKind(uint8(kind)), length);
    }

    /// @notice A lender's own parameters are `length` bytes: that must be what a loan of `kind` needs.
    function requireParams(LenderKind kind, uint256 length) internal pure {
        // One byte of the list is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 needed = uint8(_LOAN_PARAMS >> (uint256(kind) << 3));
        if (length != needed) revert ErrorsLib.WrongParameters(length, needed);
    }

    /// @notice Who lends.
    function loanKind(bytes calldata plan, uint256 loan) internal pure returns (LenderKind kind) {
        uint256 read = _uint(plan, loan, 1) & ~_FLAG;
        // `checkLoan` has seen that it is one of the enum's.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            kind := read
        }
    }

    /// @notice Whether another loan follows.
    function hasMore(bytes calldata plan, uint256 loan) internal pure returns (bool) {
        return _uint(plan, loan, 1) >= _FLAG;
    }

    /// @notice Token borrowed.
    function loanAsset(bytes calldata plan, uint256 loan) internal pure returns (address) {
        unchecked {
            return addressAt(plan, loan + 1);
        }
    }

    /// @notice Amount borrowed, in base units.
    function loanAmount(bytes calldata plan, uint256 loan) internal pure returns (uint256) {
        unchecked {
            return _uint(plan, loan + 21, 16);
        }
    }

    /// @notice Greatest fee accepted, in base units.
    function maxLoanFee(bytes calldata plan, uint256 loan) internal pure returns (uint256) {
        unchecked {
            return _uint(plan, loan + 37, 16);
        }
    }

    /// @notice What a lender may say that it lent, from two words.
    /// @return asset Token borrowed.
    /// @return amount In base units.
    /// @return maxFee Greatest fee accepted, in base units.
    function loanTerms(bytes calldata plan, uint256 loan)
        internal
        pure
        returns (address asset, uint256 amount, uint256 maxFee)
    {
        uint256 word;
        unchecked {
            word = _uint(plan, loan + 21, 32);
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        return (loanAsset(plan, loan), word >> 128, uint128(word));
    }

    /// @notice Whether a loan of `kind` stands before the one at `loan`.
    function hasLoanBefore(bytes calldata plan, LenderKind kind, uint256 loan) internal pure returns (bool) {
        for (uint256 at = LOANS; at < loan; at = afterLoan(plan, at)) {
            if (loanKind(plan, at) == kind) return true;
        }
        return false;
    }

    /// @notice Where the lender's own parameters begin.
    function loanParams(uint256 loan) internal pure returns (uint256) {
        unchecked {
            return loan + _LOAN;
        }
    }

    /// @notice Where the loan ends and something else begins.
    function afterLoan(bytes calldata plan, uint256 loan) internal pure returns (uint256) {
        unchecked {
            return loan + _LOAN + _uint(plan, loan + (_LOAN - 1), 1);
        }
    }

    /* LEGS */

    /// @notice The leg at `offset`; reverts where the plan ends inside it.
    function legAt(bytes calldata plan, uint256 offset) internal pure returns (Leg memory leg) {
        unchecked {
            uint256 kind = _uint(plan, offset, 1);
            if (kind & _FLAG != 0) {
                kind &= ~_FLAG;
                leg.fromPurse = true;
                leg.tokenIn = addressAt(plan, offset + 1);
                leg.amountIn = _uint(plan, offset + 21, 16);
                offset += _INPUT;
            }
            if (kind > uint256(type(VenueKind).max)) revert ErrorsLib.UnknownVenueKind(kind);
            // Just checked to be one of the enum's.
            // forge-lint: disable-next-line(unsafe-typecast)
            leg.kind = VenueKind(uint8(kind));
            leg.tokenOut = addressAt(plan, offset + 1);
            leg.minAmountOut = _uint(plan, offset + 21, 16);
            offset += _LEG;
            leg.params = offset;
            offset += _uint(plan, offset - 1, 1);
            if (offset > plan.length) revert ErrorsLib.PlanCutShort(plan.length, offset);
            leg.next = offset;
        }
    }

    /// @notice Whether a leg from `offset` on is of `kind`. Looks at kinds and lengths only; `legAt` checks the rest.
    function hasLeg(bytes calldata plan, uint256 offset, VenueKind kind) internal pure returns (bool) {
        unchecked {
            while (offset < plan.length) {
                uint256 read = _uint(plan, offset, 1);
                if (read & ~_FLAG == uint256(kind)) return true;
                if (read & _FLAG != 0) offset += _INPUT;
                offset += _LEG + _uint(plan, offset + (_LEG - 1), 1);
            }
        }
        return false;
    }

    /// @notice The loan's or leg's own parameters, which must be exactly `length` bytes.
    function params(bytes calldata plan, uint256 from, uint256 to, uint256 length)
        internal
        pure
        returns (bytes calldata slice)
    {
        slice = plan[from:to];
        if (slice.length != length) revert ErrorsLib.WrongParameters(slice.length, length);
    }

    /* WORDS */

    /// @notice The address at `offset`; the caller sees to the bounds.
    function addressAt(bytes calldata data, uint256 offset) internal pure returns (address) {
        // Twenty bytes were read.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(_uint(data, offset, 20)));
    }

    /// @notice The 16-bit number at `offset`; the caller sees to the bounds.
    function uint16At(bytes calldata data, uint256 offset) internal pure returns (uint16) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint16(_uint(data, offset, 2));
    }

    /// @notice The 24-bit number at `offset`; the caller sees to the bounds.
    function uint24At(bytes calldata data, uint256 offset) internal pure returns (uint24) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint24(_uint(data, offset, 3));
    }

    /// @dev The number of `size` bytes at `offset`. What lies beyond the calldata reads as zero: the ends are checked
    /// once for each loan and leg, before anything that was read of it is used.
    function _uint(bytes calldata data, uint256 offset, uint256 size) private pure returns (uint256 value) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(add(data.offset, offset)))
        }
    }
}
