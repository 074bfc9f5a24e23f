// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IAaveV3Borrower} from "contracts/interfaces/external/IAaveV3Pool.sol";
import {IAaveV2Borrower} from "contracts/interfaces/external/IAaveV2Pool.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockLendingPool} from "contracts/mocks/MockLendingPools.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Loans and callbacks that are not ours, for every lender: while idle, and inside our own open loan.
contract LendersStrangersTest is LendersFixture {
    using PlanCodec for PlanSpec;

    uint256 private constant CALLBACKS = 11;

    HookToken internal hook;

    function setUp() public override {
        super.setUp();
        hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        _opportunity(address(hook), address(btc));
        _fillLenders(address(hook));
        _openLending(address(hook));
    }

    /* WHAT A STRANGER CAN SEND */

    /// @dev A loan at the lane's lender with this contract as receiver and a plan of ours as its data. Empty for
    /// lenders that call back nobody but the one who asked.
    function _loanForUs(Lane memory lane, address asset, bytes memory data)
        private
        view
        returns (bytes memory call_)
    {
        address us = address(executor);
        (address[] memory assets, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (assets[0], amounts[0]) = (asset, LOAN);
        if (lane.kind == LenderKind.BalancerV2) {
            return abi.encodeCall(vault.flashLoan, (us, assets, amounts, data));
        }
        if (lane.kind == LenderKind.AaveV3) {
            return abi.encodeCall(aaveV3Pool.flashLoanSimple, (us, asset, LOAN, data, 0));
        }
        if (lane.kind == LenderKind.AaveV2) {
            uint256[] memory modes = new uint256[](1);
            return abi.encodeCall(aaveV2Pool.flashLoan, (us, assets, amounts, modes, us, data, 0));
        }
        if (lane.kind == LenderKind.Maker || lane.kind == LenderKind.Erc3156) {
            return abi.encodeCall(maker.flashLoan, (us, asset, LOAN, data));
        }
        if (lane.kind == LenderKind.UniswapV2) {
            bool isToken0 = MockLendingPool(lane.lender).token0() == asset;
            return abi.encodeWithSignature(
                "swap(uint256,uint256,address,bytes)", isToken0 ? LOAN : 0, isToken0 ? 0 : LOAN, us, data
            );
        }
    }

    /// @dev Every callback of a lender, with data that would be valid in a running plan, and the kind it stands for.
    function _forgery(uint256 index, PlanSpec memory plan)
        private
        view
        returns (bytes memory forged, CallbackKind kind)
    {
        (address asset, bytes memory data) = (plan.loans[0].asset, plan.encode());
        address us = address(executor);
        (address[] memory assets, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (assets[0], amounts[0]) = (asset, LOAN);
        uint256[] memory fees = new uint256[](1);
        if (index > 3) return _forgeryOfOne(index, asset, data);
        if (index == 0) {
            return (
                abi.encodeCall(executor.receiveFlashLoan, (assets, amounts, fees, data)),
                CallbackKind.BalancerV2Loan
            );
        }
        if (index == 1) {
            return (
                abi.encodeWithSelector(IAaveV3Borrower.executeOperation.selector, asset, LOAN, 0, us, data),
                CallbackKind.AaveV3Loan
            );
        }
        if (index == 2) {
            return (
                abi.encodeWithSelector(
                    IAaveV2Borrower.executeOperation.selector, assets, amounts, fees, us, data
                ),
                CallbackKind.AaveBasketLoan
            );
        }
        return (abi.encodeCall(executor.onMorphoFlashLoan, (LOAN, data)), CallbackKind.MorphoBlueLoan);
    }

    /// @dev Of the lenders that lend one asset a call.
    function _forgeryOfOne(uint256 index, address asset, bytes memory data)
        private
        view
        returns (bytes memory forged, CallbackKind kind)
    {
        address us = address(executor);
        if (index == 4) {
            return
                (abi.encodeCall(executor.onFlashLoan, (us, asset, LOAN, 0, data)), CallbackKind.Erc3156Loan);
        }
        if (index == 5) {
            return (abi.encodeCall(executor.uniswapV2Call, (us, LOAN, 0, data)), CallbackKind.UniswapV2Loan);
        }
        if (index == 6) {
            return (abi.encodeCall(executor.pancakeCall, (us, LOAN, 0, data)), CallbackKind.UniswapV2Loan);
        }
        if (index == 7) return (abi.encodeCall(executor.unlockCallback, (data)), CallbackKind.UniswapV4Swap);
        kind = CallbackKind.UniswapV3Loan;
        if (index == 8) forged = abi.encodeCall(executor.uniswapV3FlashCallback, (0, 0, data));
        else if (index == 9) forged = abi.encodeCall(executor.pancakeV3FlashCallback, (0, 0, data));
        else forged = abi.encodeCall(executor.algebraFlashCallback, (0, 0, data));
    }

    function _unexpected(address caller, CallbackKind kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, caller, kind);
    }

    function _planOver(Lane memory lane) private view returns (PlanSpec memory plan) {
        plan = _plan(lane.kind, address(usd), address(hook), V2_A, V2_B);
        plan.loans[0] = _loanOf(lane, address(usd), LOAN);
    }

    /* WHILE IDLE */

    function test_callbacks_whileIdle_refuseEverybodyLendersIncluded() public {
        _give(address(usd), address(executor), 100e18);
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            for (uint256 j; j < CALLBACKS; ++j) {
                (bytes memory forged, CallbackKind kind) = _forgery(j, _planOver(lane));
                _assertRefused(lane.lender, forged, kind);
                _assertRefused(attacker, forged, kind);
                _assertRefused(keeper, forged, kind);
            }
        }
        assertEq(usd.balanceOf(address(executor)), 100e18);
    }

    function _assertRefused(address caller, bytes memory forged, CallbackKind kind) private {
        vm.prank(caller);
        (bool success, bytes memory answer) = address(executor).call(forged);
        assertFalse(success);
        assertEq(answer, _unexpected(caller, kind));
    }

    function test_loan_startedByStrangerForUs_reverts() public {
        uint256 tried;
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            bytes memory attack = _loanForUs(lane, address(usd), _planOver(lane).encode());
            if (attack.length == 0) continue;
            ++tried;
            vm.prank(attacker);
            (bool success, bytes memory answer) = lane.lender.call(attack);
            assertFalse(success, lane.name);
            assertEq(answer, _unexpected(lane.lender, lane.callback), lane.name);
        }
        assertEq(tried, 7);
    }

    /* INSIDE OUR OWN OPEN LOAN: a token in the route gets control */

    function test_callbacks_fromTokenInsideOpenLoan_areRefusedAndPlanIsUnharmed() public {
        address pair = executor.poolFor(V2_B, address(usd), address(hook), 0);
        for (uint256 i; i < LANES; ++i) {
            PlanSpec memory plan = _planOver(_lane(i, address(usd)));
            uint256 undisturbed = _undisturbed(plan);
            for (uint256 j; j < CALLBACKS; ++j) {
                (bytes memory forged, CallbackKind kind) = _forgery(j, plan);
                bytes memory answer = _attackDuring(plan, pair, address(executor), forged, undisturbed);
                assertEq(answer, _unexpected(address(hook), kind));
            }
        }
    }

    /// @dev Any lender that lends to any receiver, asked by the token while another loan, or the same, is open.
    function test_loan_ofAnyLenderInsideOpenLoan_isRefusedAndPlanIsUnharmed() public {
        address pair = executor.poolFor(V2_B, address(usd), address(hook), 0);
        for (uint256 i; i < LANES; ++i) {
            Lane memory open = _lane(i, address(usd));
            PlanSpec memory plan = _planOver(open);
            uint256 undisturbed = _undisturbed(plan);
            for (uint256 j; j < LANES; ++j) {
                Lane memory other = _lane(j, address(usd));
                bytes memory attack = _loanForUs(other, address(usd), plan.encode());
                if (attack.length == 0) continue;
                bytes memory answer = _attackDuring(plan, pair, other.lender, attack, undisturbed);
                bool isLocked = i == j && open.kind == LenderKind.UniswapV2;
                bytes memory locked = abi.encodeWithSelector(MockLendingPool.PoolLocked.selector);
                assertEq(answer, isLocked ? locked : _unexpected(other.lender, other.callback));
            }
        }
    }

    /* WHILE OUR LOAN IS AWAITED: the loan's own transfer gives control to the token */

    function test_callbacks_fromTokenWhileLoanIsAwaited_areRefusedAndPlanIsUnharmed() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(hook));
            PlanSpec memory plan = _planOfHook(lane);
            uint256 undisturbed = _undisturbed(plan);
            for (uint256 j; j < CALLBACKS; ++j) {
                (bytes memory forged, CallbackKind kind) = _forgery(j, plan);
                bytes memory answer = _attackDuring(plan, lane.lender, address(executor), forged, undisturbed);
                assertEq(answer, _unexpected(address(hook), kind), lane.name);
            }
        }
    }

    /// @dev The same lender, asked by the token for the same loan with the same data: who asked tells them apart.
    function test_sameLoan_startedByTokenWhileOursIsAwaited_isRefusedByInitiator() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(hook));
            // A pair is locked by then; see the next test for Balancer, which does not say who asked.
            if (!lane.saysWho || lane.kind == LenderKind.UniswapV2) continue;
            PlanSpec memory plan = _planOfHook(lane);
            bytes memory attack = _loanForUs(lane, address(hook), plan.encode());
            bytes memory answer = _attackDuring(plan, lane.lender, lane.lender, attack, _undisturbed(plan));
            assertEq(
                answer, abi.encodeWithSelector(ErrorsLib.WrongInitiator.selector, address(hook)), lane.name
            );
        }
    }

    function test_balancersSameLoan_startedByTokenWhileOursIsAwaited_cannotRunTwice() public {
        Lane memory lane = _lane(0, address(hook));
        PlanSpec memory plan = _planOfHook(lane);
        hook.arm(lane.lender, lane.lender, _loanForUs(lane, address(hook), plan.encode()), false);
        _assertReverts(plan, _unexpected(lane.lender, lane.callback));
    }

    /// @dev While a loan is taken from the manager, the token settles what is ours as its own: the manager's books
    /// no longer close, and nothing happens.
    function test_settlement_stolenByTokenInsideUnlock_reverts() public {
        PlanSpec memory plan = _planOfHook(_lane(5, address(hook)));
        hook.arm(address(manager), address(manager), abi.encodeCall(manager.settle, ()), false);
        hook.skip(1); // the first transfer is the loan's, the second its repayment
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.TransferShort.selector, address(hook), LOAN, 0));
    }

    function _planOfHook(Lane memory lane) private view returns (PlanSpec memory plan) {
        plan = _plan(lane.kind, address(hook), address(btc), V2_A, V2_B);
        plan.loans[0] = _loanOf(lane, address(hook), LOAN);
    }

    function _undisturbed(PlanSpec memory plan) private returns (uint256 profit) {
        uint256 snapshot = vm.snapshotState();
        profit = _execute(plan);
        vm.revertToState(snapshot);
    }

    /// @dev Runs the plan with the token calling `target` at its first move from or to `trigger`; puts the state back.
    function _attackDuring(
        PlanSpec memory plan,
        address trigger,
        address target,
        bytes memory attack,
        uint256 undisturbed
    ) private returns (bytes memory answer) {
        uint256 snapshot = vm.snapshotState();
        hook.arm(trigger, target, attack, false);
        assertEq(_execute(plan), undisturbed);
        assertEq(hook.callCount(), 1);
        assertFalse(hook.lastSuccess());
        answer = hook.lastAnswer();
        vm.revertToState(snapshot);
    }
}
