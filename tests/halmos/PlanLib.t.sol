// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {Leg, PlanLib} from "contracts/libraries/PlanLib.sol";

/// @title The reader of plans: it stays inside the plan, and reads every bit of it.
contract PlanLibProofs {
    /* IT STAYS INSIDE: plans of 0, 65 and 1,024 bytes of any content */

    function check_plan_legEndsInside(bytes calldata plan) external view {
        try this.leg(plan, 0) returns (Leg memory read) {
            assert(read.next <= plan.length && read.params <= read.next && read.params >= 38);
            assert(read.kind <= type(VenueKind).max);
        } catch {}
    }

    function check_plan_loanEndsInside(bytes calldata plan) external view {
        try this.loan(plan, 0) returns (uint256 next) {
            assert(next <= plan.length && PlanLib.loanParams(0) <= next);
            assert(next == PlanLib.afterLoan(plan, 0));
            // A loan that is said to follow begins inside as well.
            assert(next < plan.length || !PlanLib.hasMore(plan, 0));
            assert(PlanLib.loanKind(plan, 0) <= type(LenderKind).max);
        } catch {}
    }

    /* IT READS EVERY BIT: what reads alike is alike */

    /// @dev The head: 51 bytes.
    function check_plan_headsThatReadAlikeAreAlike(bytes32 a, bytes19 aRest, bytes32 b, bytes19 bRest)
        external
        view
    {
        bytes memory one = abi.encodePacked(a, aRest);
        bytes memory other = abi.encodePacked(b, bRest);
        if (this.head(one) == this.head(other)) assert(a == b && aRest == bRest);
    }

    /// @dev A leg that sells what came before: 38 bytes, no parameters.
    function check_plan_legsThatReadAlikeAreAlike(bytes32 a, bytes6 aRest, bytes32 b, bytes6 bRest)
        external
        view
    {
        try this.leg(abi.encodePacked(a, aRest), 0) returns (Leg memory one) {
            try this.leg(abi.encodePacked(b, bRest), 0) returns (Leg memory other) {
                if (_alike(one, other)) assert(a == b && aRest == bRest);
            } catch {}
        } catch {}
    }

    /// @dev A leg that names its input: 74 bytes, no parameters.
    function check_plan_legsFromThePurseThatReadAlikeAreAlike(
        bytes32[2] calldata a,
        bytes10 aRest,
        bytes32[2] calldata b,
        bytes10 bRest
    ) external view {
        try this.leg(abi.encodePacked(a[0], a[1], aRest), 0) returns (Leg memory one) {
            try this.leg(abi.encodePacked(b[0], b[1], bRest), 0) returns (Leg memory other) {
                if (!one.fromPurse || !_alike(one, other)) return;
                assert(a[0] == b[0] && a[1] == b[1] && aRest == bRest);
            } catch {}
        } catch {}
    }

    /// @dev A loan: 54 bytes, no parameters.
    function check_plan_loansThatReadAlikeAreAlike(bytes32 a, bytes22 aRest, bytes32 b, bytes22 bRest)
        external
        view
    {
        bytes memory one = abi.encodePacked(a, aRest);
        bytes memory other = abi.encodePacked(b, bRest);
        try this.loan(one, 0) returns (uint256 next) {
            try this.loan(other, 0) returns (uint256 otherNext) {
                if (next != otherNext) return;
                if (this.loanHash(one) == this.loanHash(other)) assert(a == b && aRest == bRest);
            } catch {}
        } catch {}
    }

    /* THE READER, FROM CALLDATA */

    function leg(bytes calldata plan, uint256 offset) external pure returns (Leg memory) {
        return PlanLib.legAt(plan, offset);
    }

    function loan(bytes calldata plan, uint256 offset) external pure returns (uint256 next) {
        return PlanLib.checkLoan(plan, offset);
    }

    function head(bytes calldata plan) external pure returns (bytes32) {
        PlanLib.requireHead(plan);
        (uint256 deadline, uint256 minProfit, uint256 builderShareBps) = PlanLib.limits(plan);
        return keccak256(
            abi.encode(PlanLib.chainId(plan), PlanLib.executor(plan), deadline, minProfit, builderShareBps)
        );
    }

    function loanHash(bytes calldata plan) external pure returns (bytes32) {
        return keccak256(
            abi.encode(
                PlanLib.loanKind(plan, 0),
                PlanLib.hasMore(plan, 0),
                PlanLib.loanAsset(plan, 0),
                PlanLib.loanAmount(plan, 0),
                PlanLib.maxLoanFee(plan, 0)
            )
        );
    }

    function _alike(Leg memory one, Leg memory other) private pure returns (bool) {
        return keccak256(abi.encode(one)) == keccak256(abi.encode(other));
    }
}
