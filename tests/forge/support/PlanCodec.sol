// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";

/// @notice A plan as tests speak of it; see IFlashLoanArbitrage for the meaning of each.
struct PlanSpec {
    uint256 chainId;
    address executor;
    uint256 deadline;
    uint256 minProfit;
    uint256 builderShareBps;
    LoanSpec[] loans;
    LegSpec[] legs;
}

struct LoanSpec {
    LenderKind kind;
    address asset;
    uint256 amount;
    uint256 maxFee;
    bytes params;
}

/// @param fromPurse Whether the leg names its input; without it `tokenIn` and `amountIn` are not encoded.
struct LegSpec {
    VenueKind kind;
    bool fromPurse;
    address tokenIn;
    uint256 amountIn;
    address tokenOut;
    uint256 minAmountOut;
    bytes params;
}

/// @title Writes plans in their encoding, independently of PlanLib, which reads it.
/// @notice What does not fit its field reverts here: a test never sends another plan than it says.
library PlanCodec {
    using SafeCast for uint256;

    uint8 internal constant FLAG = 0x80;
    /// @dev Where the first loan begins.
    uint256 internal constant LOANS = 51;

    function encode(PlanSpec memory plan) internal pure returns (bytes memory encoded) {
        encoded = encodeHead(plan);
        for (uint256 i; i < plan.loans.length; ++i) {
            encoded = bytes.concat(encoded, encodeLoan(plan.loans[i], i + 1 < plan.loans.length));
        }
        for (uint256 i; i < plan.legs.length; ++i) {
            encoded = bytes.concat(encoded, encodeLeg(plan.legs[i]));
        }
    }

    function hash(PlanSpec memory plan) internal pure returns (bytes32) {
        return keccak256(encode(plan));
    }

    function encodeHead(PlanSpec memory plan) internal pure returns (bytes memory) {
        return abi.encodePacked(
            plan.chainId.toUint64(),
            plan.executor,
            plan.deadline.toUint40(),
            plan.minProfit.toUint128(),
            plan.builderShareBps.toUint16()
        );
    }

    function encodeLoan(LoanSpec memory loan, bool more) internal pure returns (bytes memory) {
        return abi.encodePacked(
            uint8(loan.kind) | (more ? FLAG : 0),
            loan.asset,
            loan.amount.toUint128(),
            loan.maxFee.toUint128(),
            loan.params.length.toUint8(),
            loan.params
        );
    }

    function encodeLeg(LegSpec memory leg) internal pure returns (bytes memory) {
        bytes memory input =
            leg.fromPurse ? abi.encodePacked(leg.tokenIn, leg.amountIn.toUint128()) : bytes("");
        return abi.encodePacked(
            uint8(leg.kind) | (leg.fromPurse ? FLAG : 0),
            input,
            leg.tokenOut,
            leg.minAmountOut.toUint128(),
            leg.params.length.toUint8(),
            leg.params
        );
    }
}
