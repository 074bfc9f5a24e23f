// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {IFlashLoanArbitrage, LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {ThrowingToken} from "./support/ThrowingToken.sol";

/// @title A quote is what the execution would bring, to the wei, for anybody, and changes nothing.
contract QuoteTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    ThrowingToken internal throwing;

    function setUp() public override {
        super.setUp();
        throwing = new ThrowingToken();
        _fillLenders(address(throwing));
        _opportunity(address(weth), address(usd));
        _opportunity(address(usd), address(throwing));
        vm.coinbase(makeAddr("builder"));
    }

    function _tipping() private view returns (PlanSpec memory plan) {
        plan = _plan(LenderKind.BalancerV2, address(weth), address(usd), V2_A, V3);
        plan.builderShareBps = 9_000;
    }

    /* THE SAME AS EXECUTING */

    function testFuzz_quote_isWhatExecuteDoes_toTheWei(
        uint8 lender,
        uint256 amount,
        uint256 fee,
        uint16 shareBps,
        uint256 minProfit
    ) public {
        PlanSpec memory plan = _tipping();
        plan.loans[0].kind = LenderKind(lender % 3);
        plan.loans[0].amount = bound(amount, 1e9, 20e18);
        plan.loans[0].maxFee = bound(fee, 0, 1e6);
        plan.builderShareBps = shareBps % 10_001;
        plan.minProfit = bound(minProfit, 0, 1e15);
        vault.setFee(plan.loans[0].maxFee);
        aavePool.setFee(plan.loans[0].maxFee);
        _assertQuoteIsExecution(plan);
    }

    function _assertQuoteIsExecution(PlanSpec memory plan) private {
        bytes memory encoded = plan.encode();
        vm.prank(attacker);
        try executor.quote(encoded) returns (uint256 profit, uint256 loanFee, uint256 builderTip) {
            uint256 builderBefore = block.coinbase.balance;
            vm.expectEmit(address(executor));
            _emitExecuted(plan, profit, loanFee, builderTip);
            assertEq(_execute(plan), profit);
            assertEq(block.coinbase.balance - builderBefore, builderTip);
        } catch (bytes memory reason) {
            _assertReverts(plan, reason);
        }
    }

    function _emitExecuted(PlanSpec memory plan, uint256 profit, uint256 loanFee, uint256 builderTip)
        private
    {
        (bytes32 hash, address asset) = (plan.hash(), plan.loans[0].asset);
        if (loanFee == 0 && builderTip == 0) emit IFlashLoanArbitrage.ArbitrageExecuted(hash, asset, profit);
        else emit IFlashLoanArbitrage.ArbitrageExecutedWithCosts(hash, asset, profit, loanFee, builderTip);
    }

    function test_quote_saysProfitFeeAndTip() public {
        PlanSpec memory plan = _tipping();
        vault.setFee(7);
        plan.loans[0].maxFee = 7;
        (uint256 profit, uint256 loanFee, uint256 builderTip) = executor.quote(plan.encode());
        assertEq(loanFee, 7);
        assertGt(profit, 0);
        assertEq(builderTip, (profit + builderTip - 1) * 9_000 / 10_000);
        _assertQuoteIsExecution(plan);
    }

    function test_quote_ofRefusedTip_countsItAsProfit() public {
        vm.coinbase(_deploy("BuilderDoubles.sol:RefusingBuilder"));
        (uint256 profit,, uint256 builderTip) = executor.quote(_tipping().encode());
        assertEq(builderTip, 0);
        assertEq(profit, _execute(_tipping()));
    }

    /* FOR ANYBODY, AT ANY TIME */

    function test_quote_byAnybody_whilePaused() public {
        bytes memory encoded = _tipping().encode();
        vm.prank(keeper);
        (uint256 expected,,) = executor.quote(encoded);
        vm.prank(guardian);
        executor.pause();
        vm.prank(attacker);
        (uint256 profit,,) = executor.quote(encoded);
        assertEq(profit, expected);
        assertGt(profit, 0);
    }

    /* CHANGES NOTHING */

    function test_quote_writesNothingThatStays() public {
        bytes memory encoded = _tipping().encode();
        vm.startStateDiffRecording();
        vm.prank(attacker);
        executor.quote(encoded);
        Vm.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();
        uint256 undone;
        for (uint256 i; i < accesses.length; ++i) {
            assertTrue(accesses[i].value == 0 || accesses[i].reverted, "ether stayed moved");
            for (uint256 j; j < accesses[i].storageAccesses.length; ++j) {
                Vm.StorageAccess memory touched = accesses[i].storageAccesses[j];
                if (!touched.isWrite || touched.previousValue == touched.newValue) continue;
                assertTrue(touched.reverted, "a write stayed");
                ++undone;
            }
        }
        assertGt(undone, 8, "it did run");
        assertEq(weth.balanceOf(treasury), 0);
        assertEq(block.coinbase.balance, 0);
        _assertNothingLeft(address(weth));
    }

    /// @dev In one transaction (no isolation here): nothing transient is left that would stop or bend the next.
    function test_quote_twiceAndThenExecute_agree() public {
        bytes memory encoded = _tipping().encode();
        (uint256 first,,) = executor.quote(encoded);
        (uint256 second,,) = executor.quote(encoded);
        assertEq(first, second);
        assertEq(_execute(_tipping()), first);
    }

    /* REFUSALS */

    function test_quote_ofFailingPlan_revertsWithItsReason() public {
        PlanSpec memory plan = _tipping();
        plan.deadline = block.timestamp - 1;
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.DeadlineExpired.selector, plan.deadline, block.timestamp)
        );
        executor.quote(plan.encode());
        plan = _tipping();
        plan.minProfit = type(uint128).max;
        vm.expectPartialRevert(ErrorsLib.MinProfitNotMet.selector);
        executor.quote(plan.encode());
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.PlanCutShort.selector, 0, 51));
        executor.quote("");
    }

    /// @dev A token of the route that reverts in the manner of our own `Quoted`: in a transfer, so that pool or lender
    /// throws it on to us, and where we ask it for a balance.
    function test_quote_fakedByAToken_isARefusalLikeAnyOther() public {
        bytes memory fake = abi.encodeWithSelector(ErrorsLib.Quoted.selector, 1_000e18, 0, 0);
        address[2] memory assets = [address(usd), address(throwing)];
        for (uint256 i; i < assets.length; ++i) {
            bytes memory encoded = _plan(LenderKind.BalancerV2, assets[i], assets[1 - i], V2_A, V3).encode();
            throwing.throwOn(fake, fake.length, address(0));
            vm.expectRevert(fake);
            executor.quote(encoded);
            throwing.throwOn(fake, fake.length, address(executor));
            vm.expectRevert();
            executor.quote(encoded);
        }
    }

    function test_quote_ofTokenThatRevertsWithALot_bubblesAllOfIt() public {
        throwing.throwOn("lots", 100_000, address(0));
        bytes memory encoded =
            _plan(LenderKind.MorphoBlue, address(usd), address(throwing), V2_A, V3).encode();
        (bool success, bytes memory answer) =
            address(executor).call(abi.encodeCall(executor.quote, (encoded)));
        assertFalse(success);
        assertEq(answer.length, 100_000);
        assertEq(bytes4(answer), bytes4("lots"));
    }

    /// @dev However little gas there is: the true figures or a refusal, never others.
    function testFuzz_quote_withTooLittleGas_neverLies(uint256 gasLimit) public {
        bytes memory encoded = _tipping().encode();
        (uint256 expected,,) = executor.quote(encoded);
        gasLimit = bound(gasLimit, 30_000, 600_000);
        try executor.quote{gas: gasLimit}(encoded) returns (uint256 profit, uint256, uint256 builderTip) {
            // A builder's contract may be starved of gas where a plain account is not; the sum stays.
            assertEq(profit, expected);
            assertGt(builderTip, 0);
        } catch {}
    }

    function test_quote_fromWithinAnOpenPlan_isRefused() public {
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V3);
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        hook.arm(pair, address(executor), abi.encodeCall(executor.quote, (plan.encode())), false);
        assertGt(_execute(plan), 0);
        assertEq(bytes4(hook.lastAnswer()), ErrorsLib.Reentered.selector);
    }

    function test_inside_byAnybodyButTheExecutor_isRefused() public {
        bytes memory encoded = _tipping().encode();
        address[4] memory callers = [attacker, keeper, owner, guardian];
        for (uint256 i; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotSelf.selector, callers[i]));
            executor.runAndRevert(encoded);
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotSelf.selector, callers[i]));
            executor.executeForBatch(encoded);
        }
    }
}
