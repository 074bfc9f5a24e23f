// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {FeeOnTransferToken} from "contracts/mocks/FeeOnTransferToken.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Tokens that keep a fee or call back: refused with a typed error, or harmless.
contract HostileTokensTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    FeeOnTransferToken internal taxed;
    HookToken internal hook;

    function setUp() public override {
        super.setUp();
        taxed = FeeOnTransferToken(_deploy("FeeOnTransferToken.sol:FeeOnTransferToken"));
        hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _fillLenders(address(taxed));
        _fillLenders(address(hook));
        _opportunity(address(usd), address(taxed));
        _opportunity(address(taxed), address(btc));
        _opportunity(address(usd), address(hook));
        _opportunity(address(hook), address(btc));
    }

    /* FEE ON TRANSFER */

    function test_feeOnTransfer_inTheRoute_reverts() public {
        taxed.setFeeBps(1);
        for (uint256 kind; kind < 3; ++kind) {
            _assertShort(_plan(LenderKind(kind), address(usd), address(taxed), V2_A, V3));
            _assertShort(_plan(LenderKind(kind), address(usd), address(taxed), V3, V2_A));
        }
    }

    function test_feeOnTransfer_asTheAsset_reverts() public {
        taxed.setFeeBps(1);
        for (uint256 kind; kind < 3; ++kind) {
            _assertShort(_plan(LenderKind(kind), address(taxed), address(btc), V2_A, V3));
        }
    }

    /// @dev What lies here already would cover the shortfall, if we let it.
    function test_feeOnTransfer_asTheAssetWithDonation_revertsAndSpendsNothing() public {
        taxed.mint(address(executor), 100e18);
        taxed.setFeeBps(1);
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(taxed), address(btc), V2_A, V3);
        vm.prank(keeper);
        vm.expectRevert(
            abi.encodeWithSelector(
                ErrorsLib.TransferShort.selector, address(taxed), LOAN, LOAN - LOAN / 10_000
            )
        );
        executor.execute(plan.encode());
        assertEq(taxed.balanceOf(address(executor)), 100e18);
    }

    /// @dev The fee begins with the transfer to the treasury: what would be reported is not what arrived.
    function test_feeOnTransfer_onTheWayToTheTreasury_reverts() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(hook), address(btc), V2_A, V3);
        hook.arm(treasury, address(hook), abi.encodeCall(hook.mint, (treasury, 1)), true);
        _assertRevertsWith(plan, ErrorsLib.TransferShort.selector);
        _assertNothingLeft(address(hook));
    }

    function _assertShort(PlanSpec memory plan) private {
        _assertRevertsWith(plan, ErrorsLib.TransferShort.selector);
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(taxed));
        _assertNothingLeft(address(btc));
    }

    /* REENTRY */

    function test_reentrantToken_evenAsKeeper_cannotExecute() public {
        vm.prank(owner);
        executor.setKeeper(address(hook), true);
        PlanSpec memory plan = _plan(LenderKind.BalancerV2, address(usd), address(hook), V2_A, V2_B);
        bytes memory again = abi.encodeCall(executor.execute, (plan.encode()));
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        hook.arm(pair, address(executor), again, false);
        assertGt(_execute(plan), 0);
        assertEq(bytes4(hook.lastAnswer()), ErrorsLib.Reentered.selector);
        _assertNothingLeft(address(usd));
    }

    function test_reentrantToken_thatRethrows_revertsTyped() public {
        PlanSpec memory plan = _plan(LenderKind.BalancerV2, address(hook), address(btc), V2_A, V2_B);
        bytes memory again = abi.encodeCall(executor.execute, (plan.encode()));
        hook.arm(executor.poolFor(V2_A, address(hook), address(btc), 0), address(executor), again, true);
        _assertReverts(plan, abi.encodeWithSelector(SafeTransferLib.TransferFailed.selector));
    }

    /// @dev During the payment to the treasury no callback is awaited; the reentrancy guard still stands.
    function test_reentrantToken_duringProfitPayment_isRefused() public {
        vm.prank(owner);
        executor.setKeeper(address(hook), true);
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(hook), address(btc), V2_A, V3);
        hook.arm(treasury, address(executor), abi.encodeCall(executor.execute, (plan.encode())), false);
        assertGt(_execute(plan), 0);
        assertEq(bytes4(hook.lastAnswer()), ErrorsLib.Reentered.selector);
    }

    /// @dev The owner's key in a token's hands, in the worst moment: the open plan's money stays out of reach.
    function test_reentrantToken_evenAsOwner_cannotSweepTheOpenLoan() public {
        vm.prank(owner);
        executor.transferOwnership(address(hook));
        vm.prank(address(hook));
        executor.acceptOwnership();
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V2_B);
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        bytes[3] memory attacks = [
            abi.encodeCall(executor.sweep, (address(usd), 1)),
            abi.encodeCall(executor.sweepEther, (0)),
            abi.encodeCall(executor.setTreasury, (attacker))
        ];
        for (uint256 i; i < attacks.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            hook.arm(pair, address(executor), attacks[i], false);
            assertGt(_execute(plan), 0);
            assertEq(bytes4(hook.lastAnswer()), ErrorsLib.Reentered.selector);
            vm.revertToState(snapshot);
        }
    }

    /* TOKENS THAT TAKE BACK */

    function _takesBack(address trigger, uint256 skips, uint256 amount)
        private
        returns (PlanSpec memory plan)
    {
        hook.mint(address(executor), 5e18);
        hook.arm(trigger, address(hook), abi.encodeCall(hook.burn, (address(executor), amount)), false);
        hook.skip(skips);
        plan = _plan(LenderKind.MorphoBlue, address(hook), address(btc), V2_A, V3);
    }

    function _assertRefused(PlanSpec memory plan, bytes memory expected) private {
        vm.prank(keeper);
        vm.expectRevert(expected);
        executor.execute(plan.encode());
        assertEq(hook.balanceOf(address(executor)), 5e18);
    }

    /// @dev While the loan is repaid: more than the gain is gone, so it came out of what was here before.
    function test_tokenThatTakesBack_whileTheLoanIsRepaid_reverts() public {
        PlanSpec memory plan = _takesBack(address(morpho), 1, 0);
        uint256 snapshot = vm.snapshotState();
        uint256 gain = _execute(plan);
        vm.revertToState(snapshot);
        _takesBack(address(morpho), 1, gain + 1);
        hook.burn(address(executor), 5e18);
        _assertRefused(
            plan, abi.encodeWithSelector(ErrorsLib.BalanceShrank.selector, address(hook), 5e18, 5e18 - 1)
        );
    }

    /// @dev While the loan arrives: all of it and more.
    function test_tokenThatTakesBack_whileTheLoanArrives_reverts() public {
        PlanSpec memory plan = _takesBack(address(morpho), 0, LOAN + 1e18);
        _assertRefused(plan, abi.encodeWithSelector(ErrorsLib.TransferShort.selector, address(hook), LOAN, 0));
    }
}
