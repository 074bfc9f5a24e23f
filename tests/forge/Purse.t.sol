// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {Purse, PurseLib} from "contracts/libraries/PurseLib.sol";

/// @title The purse against the simplest model of it: a sum by token, never below zero.
contract PurseTest is Test {
    using PurseLib for Purse;

    uint256 internal constant TOKENS = 17;

    struct Step {
        bool puts;
        uint8 token;
        uint96 amount;
    }

    mapping(uint256 token => uint256) private _held;
    mapping(uint256 token => bool) private _known;

    function _token(uint256 index) private pure returns (address) {
        return address(uint160(0xA0000 + index));
    }

    /// @dev External, so that a revert ends the sequence and not the test.
    function run(Step[] memory steps) external pure returns (uint256[] memory taken, Purse memory purse) {
        purse = PurseLib.open();
        taken = new uint256[](steps.length);
        for (uint256 i; i < steps.length; ++i) {
            if (steps[i].puts) purse.put(_token(steps[i].token), steps[i].amount);
            else taken[i] = purse.take(_token(steps[i].token), steps[i].amount);
        }
    }

    /* AGAINST THE MODEL */

    function testFuzz_purse_isASumByToken(Step[] memory steps, uint8 tokens) public {
        tokens = uint8(bound(tokens, 1, TOKENS));
        for (uint256 i; i < steps.length; ++i) {
            steps[i].token %= tokens;
            // Small ones are often more than there is, and 0 is all of it.
            if (!steps[i].puts) steps[i].amount %= 3;
        }
        uint256[] memory expected = new uint256[](steps.length);
        bytes memory refusal;
        uint256 known;
        for (uint256 i; i < steps.length && refusal.length == 0; ++i) {
            Step memory step = steps[i];
            // Most takes find something, or no sequence would get far.
            if (_held[step.token] == 0 && i % 32 != 31) step.puts = true;
            if (step.puts && !_known[step.token]) {
                (_known[step.token], known) = (true, known + 1);
                if (known > 16) refusal = abi.encodeWithSelector(ErrorsLib.TooManyTokens.selector, 16);
            }
            if (step.puts) _held[step.token] += step.amount;
            else (expected[i], refusal) = _modelTake(step);
        }
        if (refusal.length != 0) vm.expectRevert(refusal);
        (uint256[] memory taken, Purse memory purse) = this.run(steps);
        if (refusal.length == 0) _assertSame(taken, expected, purse, known);
    }

    function _modelTake(Step memory step) private returns (uint256 taken, bytes memory refusal) {
        uint256 held = _held[step.token];
        taken = step.amount == 0 ? held : step.amount;
        if (held == 0 || taken > held) {
            refusal =
                abi.encodeWithSelector(ErrorsLib.PurseTooSmall.selector, _token(step.token), held, taken);
        } else {
            _held[step.token] = held - taken;
        }
    }

    function _assertSame(uint256[] memory taken, uint256[] memory expected, Purse memory purse, uint256 known)
        private
        view
    {
        assertEq(taken, expected);
        assertEq(purse.count, known);
        for (uint256 i; i < purse.count; ++i) {
            uint256 token = uint160(purse.tokens[i]) - 0xA0000;
            assertTrue(_known[token]);
            assertEq(purse.amounts[i], _held[token]);
        }
    }

    /* EDGES */

    function test_purse_ofSixteenTokens_isFull() public {
        Step[] memory steps = new Step[](17);
        for (uint256 i; i < 16; ++i) {
            steps[i] = Step(true, uint8(i), 1);
        }
        steps[16] = Step(true, 3, 1); // one that it knows still goes in
        this.run(steps);
        steps[16] = Step(true, 16, 1);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.TooManyTokens.selector, 16));
        this.run(steps);
    }

    function test_purse_isOpenOnlyOnceOpened() public pure {
        Purse memory closed;
        assertFalse(closed.isOpen());
        assertTrue(PurseLib.open().isOpen());
    }

    function test_purse_takingAllOfNothing_reverts() public {
        Step[] memory steps = new Step[](2);
        steps[0] = Step(true, 1, 0);
        steps[1] = Step(false, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.PurseTooSmall.selector, _token(1), 0, 0));
        this.run(steps);
    }
}
