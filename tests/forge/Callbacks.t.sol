// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IAaveV3Borrower} from "contracts/interfaces/external/IAaveV3Pool.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {LenderFault, MockLender} from "contracts/mocks/MockLenders.sol";
import {MockV3Pool, PoolFault} from "contracts/mocks/MockUniswapV3.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Callbacks that nobody awaits: from strangers, from real protocols, in the middle of our own open call.
contract CallbacksTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    HookToken internal hook;

    function setUp() public override {
        super.setUp();
        hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        _opportunity(address(hook), address(btc));
        _fillLenders(address(hook));
    }

    /// @dev The four callbacks, each with data that would be valid in a running plan.
    function _forgeries(PlanSpec memory plan) internal view returns (bytes[4] memory forged) {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        uint256[] memory fees = new uint256[](1);
        (tokens[0], amounts[0]) = (plan.loans[0].asset, plan.loans[0].amount);
        bytes memory data = plan.encode();
        forged[0] = abi.encodeCall(executor.receiveFlashLoan, (tokens, amounts, fees, data));
        forged[1] = abi.encodeCall(
            IAaveV3Borrower.executeOperation,
            (plan.loans[0].asset, plan.loans[0].amount, 0, address(executor), data)
        );
        forged[2] = abi.encodeCall(executor.onMorphoFlashLoan, (plan.loans[0].amount, data));
        forged[3] = abi.encodeCall(
            executor.uniswapV3SwapCallback, (int256(1e18), -1, abi.encode(plan.loans[0].asset, 1e18))
        );
    }

    function _unexpected(address caller, uint256 index) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, caller, CallbackKind(index + 1));
    }

    /* WHILE IDLE */

    function test_callbacks_whileIdle_refuseEverybody() public {
        _give(address(usd), address(executor), 100e18);
        bytes[4] memory forged =
            _forgeries(_plan(LenderKind.BalancerV2, address(usd), address(hook), V2_A, V3));
        address pool = executor.poolFor(V3, address(usd), address(hook), TIER);
        address[6] memory callers =
            [attacker, keeper, address(vault), address(aavePool), address(morpho), pool];
        for (uint256 i; i < forged.length; ++i) {
            for (uint256 j; j < callers.length; ++j) {
                vm.prank(callers[j]);
                (bool success, bytes memory answer) = address(executor).call(forged[i]);
                assertFalse(success);
                assertEq(answer, _unexpected(callers[j], i));
            }
        }
        assertEq(usd.balanceOf(address(executor)), 100e18);
    }

    function test_balancerLoan_startedByStrangerForUs_reverts() public {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (address(usd), LOAN);
        bytes memory data = _plan(LenderKind.BalancerV2, address(usd), address(hook), V2_A, V2_B).encode();
        vm.prank(attacker);
        vm.expectRevert(_unexpected(address(vault), 0));
        vault.flashLoan(address(executor), tokens, amounts, data);
    }

    function test_aaveLoan_startedByStrangerForUs_reverts() public {
        bytes memory data = _plan(LenderKind.AaveV3, address(usd), address(hook), V2_A, V2_B).encode();
        vm.prank(attacker);
        vm.expectRevert(_unexpected(address(aavePool), 1));
        aavePool.flashLoanSimple(address(executor), address(usd), LOAN, data, 0);
    }

    /* INSIDE OUR OWN OPEN CALL: a token in the route gets control and tries everything */

    function test_callbacks_fromTokenInsideOpenPlan_areRefusedAndPlanIsUnharmed() public {
        for (uint256 kind; kind < 3; ++kind) {
            for (uint256 index; index < 4; ++index) {
                _attackFromWithin(LenderKind(kind), V2_A, V3, index);
                _attackFromWithin(LenderKind(kind), V2_A, V2_B, index);
            }
        }
    }

    /// @dev Both while a V3 callback is awaited (second leg) and while none is: the hook fires on the first move.
    function _attackFromWithin(LenderKind kind, uint16 first, uint16 second, uint256 index) private {
        PlanSpec memory plan = _plan(kind, address(usd), address(hook), first, second);
        uint256 snapshot = vm.snapshotState();
        uint256 undisturbed = _execute(plan);
        vm.revertToState(snapshot);
        bytes memory forgery = _forgeries(plan)[index];
        hook.arm(_hookPool(first), address(executor), forgery, false);
        assertEq(_execute(plan), undisturbed);
        assertEq(hook.callCount(), 1);
        assertEq(hook.lastAnswer(), _unexpected(address(hook), index));
        vm.revertToState(snapshot);

        hook.arm(_hookPool(second), address(executor), forgery, false);
        assertEq(_execute(plan), undisturbed);
        assertEq(hook.lastAnswer(), _unexpected(address(hook), index));
        vm.revertToState(snapshot);
    }

    function _hookPool(uint16 venueId) private view returns (address) {
        return executor.poolFor(venueId, address(usd), address(hook), venueId == V3 ? TIER : 0);
    }

    /// @dev The lender, or the V3 pool, hands out the token before it calls back: the guard is armed, for them only.
    function test_callbacks_fromTokenWhileAnotherIsAwaited_areRefusedAndPlanIsUnharmed() public {
        address pool = executor.poolFor(V3, address(hook), address(btc), TIER);
        for (uint256 kind; kind < 3; ++kind) {
            PlanSpec memory plan = _plan(LenderKind(kind), address(hook), address(btc), V2_A, V3);
            uint256 snapshot = vm.snapshotState();
            uint256 undisturbed = _execute(plan);
            vm.revertToState(snapshot);
            for (uint256 index; index < 8; ++index) {
                address payer = index < 4 ? pool : _lender(plan.loans[0].kind);
                hook.arm(payer, address(executor), _forgeries(plan)[index % 4], false);
                assertEq(_execute(plan), undisturbed);
                assertEq(hook.lastAnswer(), _unexpected(address(hook), index % 4));
                vm.revertToState(snapshot);
            }
        }
    }

    function test_otherLendersLoan_insideOurOpenCall_isRefused() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V2_B);
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (address(usd), LOAN);
        bytes memory attack =
            abi.encodeCall(vault.flashLoan, (address(executor), tokens, amounts, plan.encode()));
        hook.arm(_hookPool(V2_A), address(vault), attack, false);
        assertGt(_execute(plan), 0);
        assertEq(hook.lastAnswer(), _unexpected(address(vault), 0));
    }

    /// @dev The lender that we await: the same protocol, called by a stranger inside our own open loan.
    function test_sameLendersLoan_insideOurOpenCall_isRefused() public {
        PlanSpec memory plan = _plan(LenderKind.AaveV3, address(usd), address(hook), V2_A, V3);
        bytes memory attack = abi.encodeCall(
            aavePool.flashLoanSimple, (address(executor), address(usd), LOAN, plan.encode(), 0)
        );
        hook.arm(address(executor), address(aavePool), attack, false);
        assertGt(_execute(plan), 0);
        assertEq(hook.lastAnswer(), _unexpected(address(aavePool), 1));
    }

    /// @dev The loan's own transfer gives control to the token before the lender calls back: the guard is armed for
    /// exactly this lender. Data is public, so the stranger's loan is the same in all but its initiator.
    function test_aaveLoan_startedByTokenWhileOursIsAwaited_isRefusedByInitiator() public {
        PlanSpec memory plan = _plan(LenderKind.AaveV3, address(hook), address(btc), V2_A, V3);
        bytes memory attack = abi.encodeCall(
            aavePool.flashLoanSimple, (address(executor), address(hook), LOAN, plan.encode(), 0)
        );
        hook.arm(address(aavePool), address(aavePool), attack, false);
        assertGt(_execute(plan), 0);
        assertEq(hook.lastAnswer(), abi.encodeWithSelector(ErrorsLib.WrongInitiator.selector, address(hook)));
    }

    /// @dev Balancer names no initiator: a loan with our own plan is accepted once, and then ours is the stranger.
    function test_balancerLoan_startedByTokenWhileOursIsAwaited_cannotRunTwice() public {
        PlanSpec memory plan = _plan(LenderKind.BalancerV2, address(hook), address(btc), V2_A, V3);
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (address(hook), LOAN);
        bytes memory attack =
            abi.encodeCall(vault.flashLoan, (address(executor), tokens, amounts, plan.encode()));
        hook.arm(address(vault), address(vault), attack, false);
        _assertReverts(plan, _unexpected(address(vault), 0));
    }

    /* LENDERS THAT BREAK THEIR WORD */

    function test_lender_withoutCallback_reverts() public {
        for (uint256 kind; kind < 3; ++kind) {
            PlanSpec memory plan = _faultyLender(LenderKind(kind), LenderFault.NoCallback);
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, _lender(plan.loans[0].kind))
            );
        }
    }

    function test_lender_callingBackTwice_reverts() public {
        for (uint256 kind; kind < 3; ++kind) {
            PlanSpec memory plan = _faultyLender(LenderKind(kind), LenderFault.CallsBackTwice);
            _assertReverts(plan, _unexpected(_lender(plan.loans[0].kind), kind));
        }
    }

    function test_lender_changingTheData_reverts() public {
        for (uint256 kind; kind < 3; ++kind) {
            PlanSpec memory plan = _faultyLender(LenderKind(kind), LenderFault.ChangesData);
            _assertRevertsWith(plan, ErrorsLib.CallbackDataChanged.selector);
        }
    }

    function test_lender_lendingLessThanAsked_reverts() public {
        for (uint256 kind; kind < 3; ++kind) {
            PlanSpec memory plan = _faultyLender(LenderKind(kind), LenderFault.LendsLess);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.WrongLoan.selector, address(usd), LOAN - 1));
        }
    }

    function test_lender_lendingAnotherAsset_reverts() public {
        for (uint256 kind; kind < 2; ++kind) {
            PlanSpec memory plan = _faultyLender(LenderKind(kind), LenderFault.LendsOtherAsset);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.WrongLoan.selector, address(weth), LOAN));
        }
    }

    function test_lender_namingTwoTokens_reverts() public {
        PlanSpec memory plan = _faultyLender(LenderKind.BalancerV2, LenderFault.NamesTwoTokens);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.WrongLoan.selector, address(0), LOAN));
    }

    function test_lender_leavingAllowance_reverts() public {
        for (uint256 kind = 1; kind < 3; ++kind) {
            PlanSpec memory plan = _faultyLender(LenderKind(kind), LenderFault.LeavesAllowance);
            address lender = _lender(plan.loans[0].kind);
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.AllowanceLeft.selector, address(usd), lender, 1)
            );
        }
    }

    function _faultyLender(LenderKind kind, LenderFault fault) private returns (PlanSpec memory plan) {
        plan = _plan(kind, address(usd), address(hook), V2_A, V3);
        MockLender(_lender(kind)).setFault(fault, address(weth));
    }

    /* POOLS THAT BREAK THEIR WORD (a listed factory gone bad) */

    function test_pool_breakingItsWord_revertsWithTypedError() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V3);
        MockV3Pool pool = MockV3Pool(executor.poolFor(V3, address(usd), address(hook), TIER));
        pool.setFault(PoolFault.NoCallback);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, pool));
        pool.setFault(PoolFault.CallsBackTwice);
        _assertReverts(plan, _unexpected(address(pool), 3));
        _assertPoolFault(plan, pool, PoolFault.ChangesData, ErrorsLib.CallbackDataChanged.selector);
        _assertPoolFault(plan, pool, PoolFault.AsksForMore, ErrorsLib.SwapNotFilled.selector);
        _assertPoolFault(plan, pool, PoolFault.SendsLess, ErrorsLib.TransferShort.selector);
    }

    function _assertPoolFault(PlanSpec memory plan, MockV3Pool pool, PoolFault fault, bytes4 selector)
        private
    {
        pool.setFault(fault);
        _assertRevertsWith(plan, selector);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(hook));
    }
}
