// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "./ErrorsLib.sol";

/// @notice What binds a plan, and what it must bring; see IFlashLoanArbitrage for the meaning of each.
struct PlanHead {
    uint256 chainId;
    address executor;
    uint256 deadline;
    uint256 minProfit;
    uint256 builderShareBps;
}

/// @notice One loan. `more`: another loan follows. `params` and `next`: where in the plan the lender's own parameters
/// begin, and where they end and something else begins.
struct Loan {
    LenderKind kind;
    bool more;
    address asset;
    uint256 amount;
    uint256 maxFee;
    uint256 params;
    uint256 next;
}

/// @notice One swap. `fromPurse`: it names its input (`tokenIn`, `amountIn`) instead of selling what the leg before it
/// received. `params` and `next` as in a loan.
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
/// @notice Big-endian and packed: a head, one or more loans, then legs to the end. Nothing is read twice or skipped, so
/// a plan has exactly one encoding.
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

    /* READERS */

    /// @notice The head of `plan`.
    function head(bytes calldata plan) internal pure returns (PlanHead memory read) {
        if (plan.length < LOANS) revert ErrorsLib.PlanCutShort(plan.length, LOANS);
        read.chainId = _uint(plan, 0, 8);
        read.executor = addressAt(plan, 8);
        read.deadline = _uint(plan, 28, 5);
        read.minProfit = _uint(plan, 33, 16);
        read.builderShareBps = _uint(plan, 49, 2);
    }

    /// @notice The loan at `offset`; reverts where the plan ends inside it.
    function loanAt(bytes calldata plan, uint256 offset) internal pure returns (Loan memory loan) {
        uint256 kind = _uint(plan, offset, 1);
        loan.more = kind & _FLAG != 0;
        kind &= ~_FLAG;
        if (kind > uint256(type(LenderKind).max)) revert ErrorsLib.UnknownLender(kind);
        // Just checked to be one of the enum's.
        // forge-lint: disable-next-line(unsafe-typecast)
        loan.kind = LenderKind(uint8(kind));
        loan.asset = addressAt(plan, offset + 1);
        loan.amount = _uint(plan, offset + 21, 16);
        loan.maxFee = _uint(plan, offset + 37, 16);
        loan.params = offset + _LOAN;
        loan.next = _end(plan, loan.params);
    }

    /// @notice A lender's own parameters are `length` bytes: that must be what a loan of `kind` needs.
    function requireParams(LenderKind kind, uint256 length) internal pure {
        uint256 needed = uint8(_LOAN_PARAMS >> (8 * uint256(kind)));
        if (length != needed) revert ErrorsLib.WrongParameters(length, needed);
    }

    /// @notice The leg at `offset`; reverts where the plan ends inside it.
    function legAt(bytes calldata plan, uint256 offset) internal pure returns (Leg memory leg) {
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
        leg.params = offset + _LEG;
        leg.next = _end(plan, leg.params);
    }

    /// @notice Whether a leg from `offset` on is of `kind`. Looks at kinds and lengths only; `legAt` checks the rest.
    function hasLeg(bytes calldata plan, uint256 offset, VenueKind kind) internal pure returns (bool) {
        while (offset < plan.length) {
            uint256 read = _uint(plan, offset, 1);
            if (read & ~_FLAG == uint256(kind)) return true;
            if (read & _FLAG != 0) offset += _INPUT;
            offset += _LEG + _uint(plan, offset + _LEG - 1, 1);
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

    /// @notice The 16-bit number at `offset`, and so on; the caller sees to the bounds.
    function uint16At(bytes calldata data, uint256 offset) internal pure returns (uint16) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint16(_uint(data, offset, 2));
    }

    function uint24At(bytes calldata data, uint256 offset) internal pure returns (uint24) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint24(_uint(data, offset, 3));
    }

    /// @dev The number of `size` bytes at `offset`. What lies beyond the calldata reads as zero: the ends are checked
    /// once, in `_end`, before anything that was read is used.
    function _uint(bytes calldata data, uint256 offset, uint256 size) private pure returns (uint256 value) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(add(data.offset, offset)))
        }
    }

    /// @dev Where the parameters that begin at `from` end; the byte before them is their length.
    function _end(bytes calldata plan, uint256 from) private pure returns (uint256 end) {
        end = from + _uint(plan, from - 1, 1);
        if (end > plan.length) revert ErrorsLib.PlanCutShort(plan.length, end);
    }
}
