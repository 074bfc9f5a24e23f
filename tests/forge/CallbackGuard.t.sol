// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {CallbackGuardHarness} from "contracts/mocks/CallbackGuardHarness.sol";

/// @title The guard alone: nesting, and what it refuses.
contract CallbackGuardTest is Test {
    CallbackGuardHarness internal guard = new CallbackGuardHarness();
    address internal lender = makeAddr("lender");
    address internal pool = makeAddr("pool");
    uint256 internal constant AT = type(uint88).max;
    bytes internal constant LOAN_DATA = "loan";
    bytes internal constant SWAP_DATA = "swap";

    function test_guard_nestedCalls_eachLevelFindsItsOwnConsumed() public {
        guard.expectCallback(lender, CallbackKind.AaveV3Loan, AT, keccak256(LOAN_DATA));
        vm.prank(lender);
        (bytes32 hash, uint256 at) = guard.consumeCallback(CallbackKind.AaveV3Loan, LOAN_DATA);
        assertEq(hash, keccak256(LOAN_DATA));
        assertEq(at, AT);
        guard.expectCallback(pool, CallbackKind.UniswapV3Swap, AT, keccak256(SWAP_DATA));
        vm.prank(pool);
        guard.consumeCallback(CallbackKind.UniswapV3Swap, SWAP_DATA);
        guard.requireConsumed();
        guard.requireConsumed();
        guard.expectCallback(lender, CallbackKind.AaveV3Loan, AT, keccak256(LOAN_DATA));
    }

    /// @dev The outer call's lender cannot come back while the inner call is open.
    function test_guard_outerLenderInsideTheInnerCall_reverts() public {
        guard.expectCallback(lender, CallbackKind.AaveV3Loan, AT, keccak256(LOAN_DATA));
        vm.prank(lender);
        guard.consumeCallback(CallbackKind.AaveV3Loan, LOAN_DATA);
        guard.expectCallback(pool, CallbackKind.UniswapV3Swap, AT, keccak256(SWAP_DATA));
        vm.prank(lender);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, lender, CallbackKind.AaveV3Loan)
        );
        guard.consumeCallback(CallbackKind.AaveV3Loan, LOAN_DATA);
    }

    /// @dev It cannot happen; were it to, nobody would get in who should not.
    function test_guard_secondExpectationWhileOneIsPending_theFirstIsRefused() public {
        guard.expectCallback(lender, CallbackKind.AaveV3Loan, AT, keccak256(LOAN_DATA));
        guard.expectCallback(pool, CallbackKind.UniswapV3Swap, AT, keccak256(SWAP_DATA));
        vm.prank(lender);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, lender, CallbackKind.AaveV3Loan)
        );
        guard.consumeCallback(CallbackKind.AaveV3Loan, LOAN_DATA);
    }

    function test_guard_returnWithoutCallback_reverts() public {
        guard.expectCallback(lender, CallbackKind.AaveV3Loan, AT, keccak256(LOAN_DATA));
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, lender));
        guard.requireConsumed();
    }

    function test_guard_sameCallbackTwice_reverts() public {
        guard.expectCallback(lender, CallbackKind.AaveV3Loan, AT, keccak256(LOAN_DATA));
        vm.startPrank(lender);
        guard.consumeCallback(CallbackKind.AaveV3Loan, LOAN_DATA);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, lender, CallbackKind.AaveV3Loan)
        );
        guard.consumeCallback(CallbackKind.AaveV3Loan, LOAN_DATA);
        vm.stopPrank();
    }

    /// @dev Whoever calls, with whatever kind and data: only the awaited combination passes.
    function testFuzz_guard_onlyTheAwaitedCombinationPasses(
        address caller,
        uint8 kindSeed,
        bytes calldata data,
        bool rightCaller,
        bool rightKind,
        bool rightData
    ) public {
        CallbackKind kind = rightKind ? CallbackKind.UniswapV3Swap : CallbackKind(kindSeed % 5);
        bytes memory given = rightData ? SWAP_DATA : data;
        if (rightCaller) caller = pool;
        guard.expectCallback(pool, CallbackKind.UniswapV3Swap, AT, keccak256(SWAP_DATA));
        bool passes =
            caller == pool && kind == CallbackKind.UniswapV3Swap && keccak256(given) == keccak256(SWAP_DATA);
        vm.prank(caller);
        if (!passes) vm.expectRevert();
        guard.consumeCallback(kind, given);
    }
}
