// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {MockLender} from "contracts/mocks/MockLenders.sol";
import {MockLendingPair} from "contracts/mocks/MockLendingPools.sol";
import {MockV3Pool} from "contracts/mocks/MockUniswapV3.sol";
import {MockUniswapV4Manager} from "contracts/mocks/MockUniswapV4.sol";
import {Habit, ZooToken} from "contracts/mocks/zoo/ZooToken.sol";
import {ExecutorFixture} from "./ExecutorFixture.sol";
import {PlanCodec, PlanSpec} from "./PlanCodec.sol";

/// @title Hostile tokens, one at a time, and what a plan over them comes to: one letter a cell.
/// @notice Whatever it comes to, what lay here before still does, to the unit and in every token; no allowance is left;
/// and the treasury has more by exactly what was reported.
///
///   .  executes: the profit of an honest token, exactly     +  executes: more came      -  executes: less came, as measured
///   D  executes; the token claims that we have more of it than we have, and the lie is paid out of what lay here of this
///      very token (nothing of any other)
///   T  TransferShort      F  TransferFailed      A  ApproveFailed      C  LoanNotCovered     O  LegOutputTooLow
///   L  AllowanceLeft      S  BalanceShrank       (errors of the executor)
///   P  SafeERC20FailedOperation of the pool or lender        U  pool or lender says it was not paid
///   N  the token's own refusal, passed on                    B  a revert without data
abstract contract ZooFixture is ExecutorFixture {
    using PlanCodec for PlanSpec;

    uint256 internal constant LAIN = 50e18;
    /// @dev A token that burns all it gets must not take the test's gas with it.
    uint256 private constant _GAS = 4_000_000;

    ZooToken internal zoo;
    bytes private _code;
    uint256 private _rows;

    function _openZoo() internal {
        zoo = ZooToken(_deploy("ZooToken.sol:ZooToken"));
        _code = address(zoo).code;
    }

    function _layDown() internal {
        zoo.mint(address(executor), LAIN);
        usd.mint(address(executor), LAIN);
        btc.mint(address(executor), LAIN);
        vm.deal(address(executor), 1 ether);
    }

    /* THE TABLE */

    /// @dev What a habit comes to in each column, by letter.
    function _row(Habit habit) internal virtual returns (string memory);

    function _expect(Habit habit, string memory letters) internal {
        assertEq(_row(habit), letters, string.concat("habit ", vm.toString(uint256(habit))));
        ++_rows;
    }

    function _assertWholeTable() internal view {
        assertEq(_rows, uint256(type(Habit).max) + 1, "a habit has no row");
    }

    /* ONE CELL */

    /// @dev Runs `plan` with a token of that habit, checks what must hold in any case, and puts all back.
    function _cell(Habit habit, PlanSpec memory plan, address spender) internal returns (bytes1 letter) {
        uint256 snapshot = vm.snapshotState();
        (bool executed, uint256 honest) = _profitOf(plan);
        assertTrue(executed, "an honest token passes");
        vm.revertToState(snapshot);
        bytes memory again = abi.encodeCall(executor.execute, (plan.encode()));
        zoo.turn(habit, address(executor), treasury, again);
        vm.prank(owner);
        executor.setKeeper(address(zoo), true);
        if (habit == Habit.NoCode) vm.etch(address(zoo), "");
        letter = _run(plan, honest);
        vm.etch(address(zoo), _code);
        _assertHarmless(letter, habit, spender);
        if (habit == Habit.HooksBefore || habit == Habit.HooksAfter) assertGt(zoo.hooksCalled(), 0);
        vm.revertToState(snapshot);
    }

    function _profitOf(PlanSpec memory plan) private returns (bool executed, uint256 profit) {
        bytes memory encoded = plan.encode();
        bytes memory answer;
        vm.prank(keeper);
        (executed, answer) = address(executor).call(abi.encodeCall(executor.execute, (encoded)));
        if (executed) profit = abi.decode(answer, (uint256));
    }

    function _run(PlanSpec memory plan, uint256 honest) private returns (bytes1) {
        bytes memory call_ = abi.encodeCall(executor.execute, (plan.encode()));
        uint256 before = _held(plan.loans[0].asset, treasury);
        vm.prank(keeper);
        (bool executed, bytes memory answer) = address(executor).call{gas: _GAS}(call_);
        uint256 got = _held(plan.loans[0].asset, treasury) - before;
        if (!executed) {
            assertEq(got, 0, "the treasury got something all the same");
            return _letterOf(answer);
        }
        uint256 profit = abi.decode(answer, (uint256));
        assertEq(got, profit, "the treasury got something else");
        if (zoo.trueBalanceOf(address(executor)) < LAIN) return "D";
        if (profit == honest) return ".";
        return profit > honest ? bytes1("+") : bytes1("-");
    }

    function _held(address token, address account) private view returns (uint256) {
        return token == address(zoo) && token.code.length != 0
            ? zoo.trueBalanceOf(account)
            : token.code.length == 0 ? 0 : MockBalance(token).balanceOf(account);
    }

    function _assertHarmless(bytes1 letter, Habit habit, address spender) private view {
        bool lies = habit == Habit.InflatesBalance || habit == Habit.AlternatesBalance;
        if (letter == "D") assertTrue(lies, "spent what lay here");
        else assertEq(zoo.trueBalanceOf(address(executor)), LAIN, "token that lay here");
        assertEq(usd.balanceOf(address(executor)), LAIN, "usd that lay here");
        assertEq(btc.balanceOf(address(executor)), LAIN, "btc that lay here");
        assertEq(address(executor).balance, 1 ether, "ether that lay here");
        assertEq(zoo.allowance(address(executor), spender), 0, "allowance left");
        assertEq(zoo.hooksObeyed(), 0, "a hook was obeyed");
    }

    function _letterOf(bytes memory answer) private pure returns (bytes1) {
        if (answer.length == 0) return "B";
        bytes4 error = bytes4(answer);
        if (error == ErrorsLib.TransferShort.selector) return "T";
        if (error == SafeTransferLib.TransferFailed.selector) return "F";
        if (error == SafeTransferLib.ApproveFailed.selector) return "A";
        if (error == ErrorsLib.LoanNotCovered.selector) return "C";
        if (error == ErrorsLib.LegOutputTooLow.selector) return "O";
        if (error == ErrorsLib.AllowanceLeft.selector) return "L";
        if (error == ErrorsLib.BalanceShrank.selector) return "S";
        if (error == SafeERC20.SafeERC20FailedOperation.selector) return "P";
        if (error == MockV3Pool.NotPaid.selector || error == MockLender.NotRepaid.selector) return "U";
        if (error == MockLendingPair.ProductShrank.selector) return "U";
        if (error == MockUniswapV4Manager.CurrencyNotSettled.selector) return "U";
        bool isTokens = error == ZooToken.Refused.selector || error == ZooToken.NotEnough.selector
            || error == ZooToken.NotAllowed.selector;
        return isTokens ? bytes1("N") : bytes1("?");
    }
}

interface MockBalance {
    function balanceOf(address account) external view returns (uint256);
}
