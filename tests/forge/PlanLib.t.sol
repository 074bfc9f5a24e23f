// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {Leg} from "contracts/libraries/PlanLib.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {Loan, PlanHead, PlanLibHarness} from "contracts/mocks/PlanLibHarness.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, LoanSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title What is read of a plan is what was written, and what was not written whole is refused.
contract PlanLibTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    uint256 internal constant HEAD = PlanCodec.LOANS;
    uint256 internal constant LENDERS = uint256(type(LenderKind).max) + 1;
    uint256 internal constant VENUES = uint256(type(VenueKind).max) + 1;

    PlanLibHarness internal reader;

    function setUp() public override {
        super.setUp();
        reader = PlanLibHarness(_deploy("PlanLibHarness.sol:PlanLibHarness"));
        _opportunity(address(usd), address(btc));
    }

    /* DRAWING */

    /// @dev The next draw from `seed`, which moves on.
    function _draw(uint256[1] memory seed) private pure returns (uint256) {
        return seed[0] = uint256(keccak256(abi.encode(seed[0])));
    }

    /// @dev Now and then an edge.
    function _amount(uint256[1] memory seed) private pure returns (uint256) {
        uint256 drawn = _draw(seed);
        if (drawn % 8 == 0) return 0;
        if (drawn % 8 == 1) return type(uint128).max;
        return uint128(drawn >> 8) >> (drawn % 128);
    }

    function _bytes(uint256[1] memory seed, uint256 length) private pure returns (bytes memory drawn) {
        drawn = new bytes(length);
        for (uint256 i; i < length; ++i) {
            drawn[i] = bytes1(uint8(_draw(seed)));
        }
    }

    /// @dev docs/plan.md: venue 2 and other token 20; the fee 3 besides; id 2.
    function _paramsOf(LenderKind kind) private pure returns (uint256) {
        if (kind == LenderKind.UniswapV2) return 22;
        if (kind == LenderKind.UniswapV3) return 25;
        return kind == LenderKind.Erc3156 ? 2 : 0;
    }

    function _drawnPlan(uint256 start) private pure returns (PlanSpec memory plan) {
        uint256[1] memory seed = [start];
        plan.chainId = uint64(_draw(seed));
        plan.executor = address(uint160(_draw(seed)));
        plan.deadline = uint40(_draw(seed));
        plan.minProfit = _amount(seed);
        plan.builderShareBps = uint16(_draw(seed));
        plan.loans = new LoanSpec[](1 + _draw(seed) % 4);
        for (uint256 i; i < plan.loans.length; ++i) {
            LenderKind kind = LenderKind(_draw(seed) % LENDERS);
            address asset = address(uint160(_draw(seed)));
            bytes memory params = _bytes(seed, _paramsOf(kind));
            plan.loans[i] = LoanSpec(kind, asset, _amount(seed), _amount(seed), params);
        }
        plan.legs = new LegSpec[](_draw(seed) % 6);
        for (uint256 i; i < plan.legs.length; ++i) {
            plan.legs[i] = _drawnLeg(seed);
        }
    }

    function _drawnLeg(uint256[1] memory seed) private pure returns (LegSpec memory leg) {
        leg.kind = VenueKind(_draw(seed) % VENUES);
        leg.fromPurse = _draw(seed) % 2 == 0;
        if (leg.fromPurse) (leg.tokenIn, leg.amountIn) = (address(uint160(_draw(seed))), _amount(seed));
        leg.tokenOut = address(uint160(_draw(seed)));
        leg.minAmountOut = _amount(seed);
        leg.params = _bytes(seed, _draw(seed) % 33);
    }

    /* WHAT IS READ IS WHAT WAS WRITTEN */

    function _assertReads(bytes memory encoded, PlanSpec memory plan) private view {
        (PlanHead memory head, bytes[] memory loans, bytes[] memory legs) = reader.read(encoded);
        assertEq(head.chainId, plan.chainId);
        assertEq(head.executor, plan.executor);
        assertEq(head.deadline, plan.deadline);
        assertEq(head.minProfit, plan.minProfit);
        assertEq(head.builderShareBps, plan.builderShareBps);
        assertEq(loans.length, plan.loans.length);
        assertEq(legs.length, plan.legs.length);
        uint256 offset = HEAD;
        for (uint256 i; i < loans.length; ++i) {
            offset = _assertLoan(loans[i], plan.loans[i], offset, i + 1 < loans.length);
        }
        for (uint256 i; i < legs.length; ++i) {
            offset = _assertLeg(legs[i], plan.legs[i], offset);
        }
        assertEq(offset, encoded.length);
    }

    function _assertLoan(bytes memory read, LoanSpec memory loan, uint256 offset, bool more)
        private
        pure
        returns (uint256 next)
    {
        uint256 params = offset + 54;
        next = params + loan.params.length;
        Loan memory expected = Loan(loan.kind, more, loan.asset, loan.amount, loan.maxFee, params, next);
        assertEq(read, abi.encode(expected, loan.params));
    }

    function _assertLeg(bytes memory read, LegSpec memory leg, uint256 offset)
        private
        pure
        returns (uint256 next)
    {
        uint256 params = offset + (leg.fromPurse ? 74 : 38);
        next = params + leg.params.length;
        Leg memory expected = Leg(
            leg.kind, leg.fromPurse, leg.tokenIn, leg.amountIn, leg.tokenOut, leg.minAmountOut, params, next
        );
        assertEq(read, abi.encode(expected, leg.params));
    }

    function testFuzz_read_isWhatWasWritten(uint256 seed) public view {
        PlanSpec memory plan = _drawnPlan(seed);
        _assertReads(plan.encode(), plan);
    }

    function test_read_ofGreatestValues_isWhatWasWritten() public view {
        PlanSpec memory plan = _drawnPlan(0);
        (plan.chainId, plan.executor) = (type(uint64).max, address(type(uint160).max));
        (plan.deadline, plan.builderShareBps) = (type(uint40).max, type(uint16).max);
        plan.minProfit = type(uint128).max;
        plan.loans = new LoanSpec[](1);
        address token = address(type(uint160).max);
        plan.loans[0] = LoanSpec(LenderKind.Maker, token, type(uint128).max, type(uint128).max, "");
        plan.legs = new LegSpec[](1);
        bytes memory params = _bytes([uint256(1)], 255);
        plan.legs[0] =
            LegSpec(VenueKind.WrappedEther, true, token, type(uint128).max, token, type(uint128).max, params);
        _assertReads(plan.encode(), plan);
    }

    /* WHAT WAS NOT WRITTEN WHOLE IS REFUSED */

    /// @dev Cut between legs it is another plan, of fewer legs; cut anywhere else it is none. Every length is tried, so
    /// few plans are enough.
    /// forge-config: default.fuzz.runs = 16
    function testFuzz_read_ofCutPlan_isRefusedOrHasFewerLegs(uint256 seed) public view {
        PlanSpec memory plan = _drawnPlan(seed);
        bytes memory encoded = plan.encode();
        LegSpec[] memory legs = plan.legs;
        plan.legs = new LegSpec[](0);
        uint256 kept;
        uint256 border = plan.encode().length;
        for (uint256 length; length < encoded.length; ++length) {
            bytes memory cut = _cut(encoded, length);
            if (length != border) {
                _assertCutShort(cut);
                continue;
            }
            plan.legs = new LegSpec[](kept);
            for (uint256 i; i < kept; ++i) {
                plan.legs[i] = legs[i];
            }
            _assertReads(cut, plan);
            border += PlanCodec.encodeLeg(legs[kept++]).length;
        }
    }

    function _cut(bytes memory encoded, uint256 length) private pure returns (bytes memory cut) {
        cut = new bytes(length);
        for (uint256 i; i < length; ++i) {
            cut[i] = encoded[i];
        }
    }

    function _assertCutShort(bytes memory cut) private view {
        try reader.read(cut) {
            revert("read");
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), ErrorsLib.PlanCutShort.selector);
        }
    }

    /// @dev Nothing may follow the last leg but another leg.
    function testFuzz_read_ofTrailingBytes_takesThemForALeg(uint256 seed, uint8 length) public view {
        PlanSpec memory plan = _drawnPlan(seed);
        bytes memory encoded = plan.encode();
        LegSpec[] memory legs = new LegSpec[](plan.legs.length + 1);
        for (uint256 i; i < plan.legs.length; ++i) {
            legs[i] = plan.legs[i];
        }
        legs[plan.legs.length] = _drawnLeg([seed]);
        bytes memory leg = PlanCodec.encodeLeg(legs[plan.legs.length]);
        plan.legs = legs;
        _assertReads(bytes.concat(encoded, leg), plan);
        _assertCutShort(bytes.concat(encoded, _cut(leg, 1 + length % (leg.length - 1))));
    }

    function testFuzz_read_ofUnknownLender_isRefused(uint8 kind, bool more) public {
        kind = uint8(bound(kind, LENDERS, 127));
        bytes memory encoded = _emptyPlan(LenderKind.MorphoBlue, address(usd)).encode();
        encoded[HEAD] = bytes1(more ? kind | PlanCodec.FLAG : kind);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.UnknownLender.selector, kind));
        reader.read(encoded);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.UnknownLender.selector, kind));
        executor.execute(encoded);
    }

    function testFuzz_read_ofUnknownVenueKind_isRefused(uint8 kind, bool fromPurse) public {
        kind = uint8(bound(kind, VENUES, 127));
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        uint256 at = plan.encode().length;
        plan.legs = new LegSpec[](1);
        plan.legs[0] = fromPurse ? _legFromPurse(V3, address(usd), 1, address(btc)) : _leg(V3, address(btc));
        bytes memory encoded = plan.encode();
        encoded[at] = bytes1(fromPurse ? kind | PlanCodec.FLAG : kind);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.UnknownVenueKind.selector, kind));
        reader.read(encoded);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.UnknownVenueKind.selector, kind));
        executor.execute(encoded);
    }

    /// @dev A loan of any kind, first or not, with parameters of any length but its own.
    function testFuzz_execute_loanParametersOfAnotherLength_areRefused(uint8 seed, uint8 length, bool second)
        public
    {
        LenderKind kind = LenderKind(seed % LENDERS);
        if (length == _paramsOf(kind)) ++length;
        PlanSpec memory plan = _emptyPlan(kind, address(usd));
        plan.loans[0].params = new bytes(length);
        if (second) {
            LoanSpec memory bent = plan.loans[0];
            plan.loans = new LoanSpec[](2);
            (plan.loans[0], plan.loans[1]) = (_loan(LenderKind.MorphoBlue, address(usd), LOAN), bent);
        }
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.WrongParameters.selector, length, _paramsOf(kind))
        );
    }

    /* THROUGH THE EXECUTOR, WHATEVER LIES BEHIND THE PLAN IN CALLDATA */

    function test_execute_ofCutPlan_neverGoesThrough() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
        plan.legs[0] = _legFromPurse(V2_A, address(usd), 0, address(btc));
        bytes memory encoded = plan.encode();
        for (uint256 length; length < encoded.length; ++length) {
            _assertRefused(encoded, length, "");
            // The rest of the plan, and of the word: as if the plan were whole, had its length not been lied about.
            _assertRefused(encoded, length, encoded);
        }
        assertEq(usd.balanceOf(treasury), 0);
        assertGt(_execute(plan), 0);
    }

    /// @dev The high bit of the only loan says that another follows, and the plan ends. What lies behind it in calldata is
    /// no part of it: neither the lender's loan nor anything of ours may be moved by it.
    function test_execute_ofPromisedLoanThatIsMissing_isRefused() public {
        _fillLenders(address(btc));
        for (uint256 kind; kind < 3; ++kind) {
            bytes memory encoded = _emptyPlan(LenderKind(kind), address(usd)).encode();
            encoded[HEAD] |= bytes1(PlanCodec.FLAG);
            btc.mint(address(executor), 1);
            for (uint256 other; other < LENDERS; ++other) {
                bytes memory behind =
                    PlanCodec.encodeLoan(LoanSpec(LenderKind(other), address(btc), LOAN, 0, ""), false);
                _assertCutShort(encoded, "");
                _assertCutShort(encoded, behind);
            }
        }
        assertEq(btc.balanceOf(treasury), 0);
    }

    function _assertCutShort(bytes memory encoded, bytes memory behind) private {
        vm.prank(keeper);
        (bool success, bytes memory answer) = address(executor)
            .call(
                abi.encodePacked(
                    executor.execute.selector, uint256(0x20), encoded.length, encoded, behind, new bytes(64)
                )
            );
        assertFalse(success);
        assertEq(bytes4(answer), ErrorsLib.PlanCutShort.selector);
    }

    function _assertRefused(bytes memory encoded, uint256 length, bytes memory behind) private {
        bytes memory shown = behind.length == 0 ? _cut(encoded, length) : behind;
        bytes memory data =
            abi.encodePacked(executor.execute.selector, uint256(0x20), length, shown, new bytes(64));
        vm.prank(keeper);
        (bool success, bytes memory answer) = address(executor).call(data);
        assertFalse(success);
        bytes4 reason = bytes4(answer);
        bool isCut = reason == ErrorsLib.PlanCutShort.selector;
        // Cut between legs it is a plan, but not one that gains or closes.
        bool isShorter = reason == ErrorsLib.MinProfitNotMet.selector
            || reason == ErrorsLib.RouteNotClosed.selector || reason == ErrorsLib.LoanNotCovered.selector
            || reason == ErrorsLib.TokensLeft.selector;
        assertTrue(isCut || isShorter);
        if (isShorter) assertTrue(length == 105 || length == 105 + 76);
    }
}
