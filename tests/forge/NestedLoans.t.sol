// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashLoanArbitrage, LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {LenderFault, MockBalancerVault, MockLender} from "contracts/mocks/MockLenders.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, LoanSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Several loans in one plan: one inside another, or in one call, of one asset or of several.
contract NestedLoansTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    HookToken internal hook;

    function setUp() public override {
        super.setUp();
        hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _fillLenders(address(btc));
        _fillLenders(address(hook));
        _opportunity(address(usd), address(btc));
        _opportunity(address(weth), address(usd));
        _opportunity(address(hook), address(usd));
    }

    /* PLANS */

    /// @dev `LOAN` of `usd` from each, the first outermost; out over V2_A, back over V3.
    function _nest(LenderKind first, LenderKind second, LenderKind third)
        private
        view
        returns (PlanSpec memory plan)
    {
        plan = _plan(first, address(usd), address(btc), V2_A, V3);
        plan.loans = new LoanSpec[](3);
        plan.loans[0] = _loan(first, address(usd), LOAN / 2);
        plan.loans[1] = _loan(second, address(usd), LOAN / 4);
        plan.loans[2] = _loan(third, address(usd), LOAN / 4);
    }

    /// @dev Two assets, each with a round trip of its own: `usd` over `btc`, then `other` over `usd`.
    function _twoAssets(LenderKind first, LenderKind second, address other)
        private
        view
        returns (PlanSpec memory plan)
    {
        plan = _plan(first, address(usd), address(btc), V2_A, V3);
        plan.loans = new LoanSpec[](2);
        plan.loans[0] = _loan(first, address(usd), LOAN);
        plan.loans[1] = _loan(second, other, LOAN);
        LegSpec[] memory legs = new LegSpec[](4);
        (legs[0], legs[1]) = (plan.legs[0], plan.legs[1]);
        legs[2] = _legFromPurse(V2_A, other, 0, address(usd));
        legs[3] = _leg(V3, other);
        plan.legs = legs;
    }

    /// @dev The vault wants its tokens sorted.
    function _basket() private view returns (PlanSpec memory plan) {
        plan = _twoAssets(LenderKind.BalancerV2, LenderKind.BalancerV2, address(weth));
        if (plan.loans[0].asset > plan.loans[1].asset) {
            (plan.loans[0], plan.loans[1]) = (plan.loans[1], plan.loans[0]);
            LegSpec[] memory legs = plan.legs;
            (legs[0], legs[1], legs[2], legs[3]) = (legs[2], legs[3], legs[0], legs[1]);
            legs[0] = _leg(V2_A, address(usd));
            legs[2] = _legFromPurse(V2_A, address(usd), LOAN, address(btc));
        }
    }

    function _alone(PlanSpec memory plan) private returns (uint256 profit) {
        uint256 snapshot = vm.snapshotState();
        profit = _execute(plan);
        vm.revertToState(snapshot);
    }

    function _assertWhole(address token) private view {
        assertEq(_balanceOf(token, address(vault)), DEPTH, "vault");
        assertEq(_balanceOf(token, address(aavePool)), DEPTH, "Aave");
        assertEq(_balanceOf(token, address(morpho)), DEPTH, "Morpho");
        _assertNothingLeft(token);
    }

    function _balanceOf(address token, address account) private view returns (uint256) {
        return HookToken(token).balanceOf(account);
    }

    /* ONE ASSET */

    function test_nested_sameAssetFromThree_inEveryOrder_isOneLoanOfTheSum() public {
        uint256 expected = _alone(_plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3));
        assertGt(expected, 0);
        for (uint256 i; i < 3; ++i) {
            for (uint256 turn = 1; turn < 3; ++turn) {
                uint256 snapshot = vm.snapshotState();
                uint256 j = (i + turn) % 3;
                PlanSpec memory plan = _nest(LenderKind(i), LenderKind(j), LenderKind(3 - i - j));
                assertEq(_execute(plan), expected);
                assertEq(usd.balanceOf(treasury), expected);
                _assertWhole(address(usd));
                _assertNothingLeft(address(btc));
                vm.revertToState(snapshot);
            }
        }
    }

    function testFuzz_nested_splitOfTheSum_doesNotMatter(uint256 first, uint256 second, uint256 third)
        public
    {
        PlanSpec memory plan = _nest(LenderKind.AaveV3, LenderKind.BalancerV2, LenderKind.MorphoBlue);
        plan.loans[0].amount = bound(first, 1e6, 5e18);
        plan.loans[1].amount = bound(second, 0, 5e18);
        plan.loans[2].amount = bound(third, 0, 5e18);
        PlanSpec memory single = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
        single.loans[0].amount = plan.loans[0].amount + plan.loans[1].amount + plan.loans[2].amount;
        uint256 expected = _alone(single);
        assertEq(_execute(plan), expected);
        _assertWhole(address(usd));
    }

    function test_nested_emptyRoute_movesNothing() public {
        PlanSpec memory plan = _nest(LenderKind.AaveV3, LenderKind.BalancerV2, LenderKind.MorphoBlue);
        plan.legs = new LegSpec[](0);
        plan.minProfit = 0;
        assertEq(_execute(plan), 0);
        _assertWhole(address(usd));
    }

    function test_nested_fees_areCountedPerAssetOfTheProfit() public {
        uint256 free = _alone(_nest(LenderKind.AaveV3, LenderKind.MorphoBlue, LenderKind.BalancerV2));
        (uint256 freeInBoth,) = _quoteTwo();
        aavePool.setFee(3);
        vault.setFee(5);
        PlanSpec memory plan = _nest(LenderKind.AaveV3, LenderKind.MorphoBlue, LenderKind.BalancerV2);
        plan.loans[0].maxFee = 3;
        plan.loans[2].maxFee = 5;
        (uint256 profit, uint256 loanFee,) = executor.quote(plan.encode());
        assertEq(loanFee, 8);
        assertEq(profit, free - 8);
        // Of another asset: it lessens that asset's surplus, not the fee that is reported.
        (profit, loanFee) = _quoteTwo();
        assertEq(loanFee, 3);
        assertEq(profit, freeInBoth - 3);
    }

    function _quoteTwo() private returns (uint256 profit, uint256 loanFee) {
        PlanSpec memory plan = _twoAssets(LenderKind.AaveV3, LenderKind.BalancerV2, address(weth));
        (plan.loans[0].maxFee, plan.loans[1].maxFee) = (3, 5);
        (profit, loanFee,) = executor.quote(plan.encode());
    }

    function test_nested_innerFeeAbovePlan_reverts() public {
        PlanSpec memory plan = _nest(LenderKind.MorphoBlue, LenderKind.AaveV3, LenderKind.BalancerV2);
        vault.setFee(8);
        plan.loans[2].maxFee = 7;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LoanFeeTooHigh.selector, 8, 7));
    }

    /* SEVERAL ASSETS */

    function test_nested_twoAssets_surplusOfTheSecondGoesToTheTreasury() public {
        uint256 usdProfit = _alone(_plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3));
        for (uint256 kind; kind < 3; ++kind) {
            uint256 snapshot = vm.snapshotState();
            PlanSpec memory plan = _twoAssets(LenderKind(kind), LenderKind((kind + 1) % 3), address(weth));
            uint256 surplus = _alone(_plan(LenderKind.MorphoBlue, address(weth), address(usd), V2_A, V3));
            vm.expectEmit(address(executor));
            emit IFlashLoanArbitrage.SurplusPaid(address(weth), surplus);
            vm.expectEmit(address(executor));
            emit IFlashLoanArbitrage.ArbitrageExecuted(plan.hash(), address(usd), usdProfit);
            assertEq(_execute(plan), usdProfit);
            assertEq(usd.balanceOf(treasury), usdProfit);
            assertEq(weth.balanceOf(treasury), surplus);
            _assertWhole(address(usd));
            _assertWhole(address(weth));
            vm.revertToState(snapshot);
        }
    }

    /// @dev Only gains in the first loan's asset count towards the minimum.
    function test_nested_surplusOfTheSecondAsset_doesNotMeetTheMinimum() public {
        PlanSpec memory plan = _twoAssets(LenderKind.AaveV3, LenderKind.MorphoBlue, address(weth));
        uint256 gain = _alone(plan);
        plan.minProfit = gain + 1;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.MinProfitNotMet.selector, gain, gain + 1));
    }

    function test_nested_secondAssetShort_reverts_donationOrNot() public {
        PlanSpec memory plan = _twoAssets(LenderKind.AaveV3, LenderKind.MorphoBlue, address(weth));
        (plan.legs[2], plan.legs[3]) =
        (_legFromPurse(V3, address(weth), 0, address(usd)), _leg(V2_A, address(weth)));
        _assertRevertsWith(plan, ErrorsLib.LoanNotCovered.selector);
        _give(address(weth), address(executor), 50e18);
        _assertRevertsWith(plan, ErrorsLib.LoanNotCovered.selector);
        assertEq(weth.balanceOf(address(executor)), 50e18);
    }

    /// @dev The legs brought enough, but the token takes some back while the loan of it is repaid.
    function test_nested_secondAssetTakenBack_revertsAndSpendsNoDonation() public {
        hook.mint(address(executor), 5e18);
        PlanSpec memory plan = _twoAssets(LenderKind.AaveV3, LenderKind.MorphoBlue, address(hook));
        bytes memory burn = abi.encodeCall(hook.burn, (address(executor), 5e18));
        hook.arm(address(morpho), address(hook), burn, false);
        hook.skip(1); // the loan's arrival
        _assertRevertsWith(plan, ErrorsLib.BalanceShrank.selector);
        assertEq(hook.balanceOf(address(executor)), 5e18);
    }

    function test_nested_unspentSecondLoan_isGivenBackAsItCame() public {
        PlanSpec memory plan = _twoAssets(LenderKind.BalancerV2, LenderKind.MorphoBlue, address(weth));
        LegSpec[] memory legs = new LegSpec[](2);
        (legs[0], legs[1]) = (plan.legs[0], plan.legs[1]);
        plan.legs = legs;
        assertGt(_execute(plan), 0);
        assertEq(weth.balanceOf(treasury), 0);
        _assertWhole(address(weth));
    }

    function test_nested_loanThatArrivesShort_reverts() public {
        PlanSpec memory plan = _twoAssets(LenderKind.AaveV3, LenderKind.MorphoBlue, address(hook));
        bytes memory burn = abi.encodeCall(hook.burn, (address(executor), 1));
        hook.mint(address(executor), 5e18);
        hook.arm(address(morpho), address(hook), burn, false);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.TransferShort.selector, address(hook), LOAN, LOAN - 1)
        );
    }

    /* ONE CALL FOR SEVERAL */

    function test_basket_ofTwoAssets_isOneCallOfTheVault() public {
        PlanSpec memory plan = _basket();
        vm.expectCall(address(vault), abi.encodeWithSelector(MockBalancerVault.flashLoan.selector), 1);
        assertGt(_execute(plan), 0);
        assertGt(usd.balanceOf(treasury), 0);
        assertGt(weth.balanceOf(treasury), 0);
        _assertWhole(address(usd));
        _assertWhole(address(weth));
    }

    function test_basket_withAnotherLoanInsideAndOutside() public {
        PlanSpec memory basket = _basket();
        PlanSpec memory plan = _basket();
        plan.loans = new LoanSpec[](4);
        plan.loans[0] = _loan(LenderKind.AaveV3, basket.loans[0].asset, 0);
        (plan.loans[1], plan.loans[2]) = (basket.loans[0], basket.loans[1]);
        plan.loans[3] = _loan(LenderKind.MorphoBlue, basket.loans[0].asset, 1e18);
        vm.expectCall(address(vault), abi.encodeWithSelector(MockBalancerVault.flashLoan.selector), 1);
        assertGt(_execute(plan), 0);
        _assertWhole(address(usd));
        _assertWhole(address(weth));
    }

    function test_basket_feeOfEitherAboveItsMaximum_reverts() public {
        vault.setFee(4);
        for (uint256 i; i < 2; ++i) {
            PlanSpec memory plan = _basket();
            (plan.loans[i].maxFee, plan.loans[1 - i].maxFee) = (3, 4);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LoanFeeTooHigh.selector, 4, 3));
        }
    }

    function test_basket_vaultThatNamesNoToken_reverts() public {
        PlanSpec memory plan = _basket();
        vault.setFault(LenderFault.NamesNoToken, address(0));
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectRevert();
        executor.execute(encoded);
        _assertWhole(address(usd));
        _assertWhole(address(weth));
    }

    /* THE INNER LENDER BREAKS ITS WORD */

    function test_nested_lenderThatBreaksItsWord_reverts() public {
        for (uint256 at; at < 3; ++at) {
            PlanSpec memory plan = _nest(LenderKind.BalancerV2, LenderKind.AaveV3, LenderKind.MorphoBlue);
            address lender = _lender(plan.loans[at].kind);
            _assertFault(
                plan, lender, LenderFault.NoCallback, _error(ErrorsLib.CallbackNotMade.selector, lender)
            );
            _assertFault(
                plan,
                lender,
                LenderFault.CallsBackTwice,
                abi.encodeWithSelector(
                    ErrorsLib.UnexpectedCallback.selector,
                    lender,
                    CallbackKind(uint256(plan.loans[at].kind) + 1)
                )
            );
            _assertFault(
                plan,
                lender,
                LenderFault.LendsLess,
                abi.encodeWithSelector(ErrorsLib.WrongLoan.selector, address(usd), plan.loans[at].amount - 1)
            );
        }
    }

    function _error(bytes4 selector, address value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, value);
    }

    function _assertFault(PlanSpec memory plan, address lender, LenderFault fault, bytes memory expected)
        private
    {
        MockLender(lender).setFault(fault, address(0));
        _assertReverts(plan, expected);
        _assertWhole(address(usd));
        MockLender(lender).setFault(LenderFault.None, address(0));
    }

    /// @dev While the inner loan is on its way, nobody but its lender may call back: not the outer lender either.
    function test_nested_outerLender_cannotComeBackInsideTheInnerLoan() public {
        PlanSpec memory plan = _twoAssets(LenderKind.BalancerV2, LenderKind.MorphoBlue, address(hook));
        uint256 undisturbed = _alone(plan);
        (address[] memory tokens, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (tokens[0], amounts[0]) = (address(usd), LOAN);
        bytes memory attack =
            abi.encodeCall(vault.flashLoan, (address(executor), tokens, amounts, plan.encode()));
        address[2] memory moments = [address(morpho), executor.poolFor(V2_A, address(hook), address(usd), 0)];
        for (uint256 i; i < moments.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            hook.arm(moments[i], address(vault), attack, false);
            assertEq(_execute(plan), undisturbed);
            assertEq(
                hook.lastAnswer(),
                abi.encodeWithSelector(
                    ErrorsLib.UnexpectedCallback.selector, address(vault), CallbackKind.BalancerV2Loan
                )
            );
            vm.revertToState(snapshot);
        }
    }
}
