// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {FeeOnTransferToken} from "contracts/mocks/FeeOnTransferToken.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title How tokens pass from leg to leg: directly between pools, or through the purse, split and joined.
contract RoutesTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
    }

    function _alone(PlanSpec memory plan) private returns (uint256 profit) {
        uint256 snapshot = vm.snapshotState();
        profit = _execute(plan);
        vm.revertToState(snapshot);
    }

    function _legs(LegSpec memory first, LegSpec memory second, LegSpec memory third)
        private
        view
        returns (PlanSpec memory plan)
    {
        plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.minProfit = 1;
        plan.legs = new LegSpec[](3);
        (plan.legs[0], plan.legs[1], plan.legs[2]) = (first, second, third);
    }

    /// @dev Uniswap V2's formula at 0.3 %, rounded down.
    function _bought(uint256 amountIn, uint256 reserveIn, uint256 reserveOut) private pure returns (uint256) {
        return amountIn * 997 * reserveOut / (reserveIn * 1000 + amountIn * 997);
    }

    /// @dev Times that `token` moved to or from the executor in what `plan` does.
    function _passages(PlanSpec memory plan, address token) private returns (uint256 count) {
        vm.recordLogs();
        assertGt(_execute(plan), 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32 us = bytes32(uint256(uint160(address(executor))));
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != token || logs[i].topics[0] != IERC20.Transfer.selector) continue;
            if (logs[i].topics[1] == us || logs[i].topics[2] == us) ++count;
        }
    }

    /* FROM POOL TO POOL */

    function test_direct_intoAV2Pair_neverPassesThroughTheExecutor() public {
        uint16[2] memory first = [V2_A, V3];
        for (uint256 i; i < first.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            // From `btc`'s side V3 sells dearer than V2_A, from `usd`'s V2_A than V2_B.
            (address asset, address other) =
                i == 0 ? (address(usd), address(btc)) : (address(btc), address(usd));
            _fillLenders(address(btc));
            uint16 second = i == 0 ? V2_B : V2_A;
            PlanSpec memory plan = _plan(LenderKind.MorphoBlue, asset, other, first[i], second);
            assertEq(_passages(plan, other), 0);
            _assertNothingLeft(other);
            vm.revertToState(snapshot);
        }
    }

    function test_direct_intoAV3Pool_isPaidByTheExecutorInTheCallback() public {
        assertEq(
            _passages(_plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3), address(btc)), 2
        );
        _assertNothingLeft(address(btc));
    }

    /// @dev A leg that names its input takes it out of the purse, so it has to be here first.
    function test_direct_notIntoALegThatNamesItsInput() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        uint256 direct = _alone(plan);
        plan.legs[1] = _legFromPurse(V2_B, address(btc), 0, address(usd));
        uint256 snapshot = vm.snapshotState();
        assertEq(_passages(plan, address(btc)), 2);
        vm.revertToState(snapshot);
        assertEq(_execute(plan), direct);
    }

    function testFuzz_direct_amountsAreTheFormulas(uint256 amount) public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        plan.loans[0].amount = amount = bound(amount, 1e6, 15e18);
        uint256 inBetween = _bought(amount, DEPTH, DEPTH * 11 / 10);
        assertEq(_execute(plan), _bought(inBetween, DEPTH, DEPTH) - amount);
    }

    function test_direct_feeOnTransferInBetween_reverts() public {
        FeeOnTransferToken taxed = FeeOnTransferToken(_deploy("FeeOnTransferToken.sol:FeeOnTransferToken"));
        _opportunity(address(usd), address(taxed));
        taxed.setFeeBps(1);
        uint16[2] memory first = [V2_A, V3];
        for (uint256 i; i < first.length; ++i) {
            PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(taxed), first[i], V2_B);
            plan.minProfit = 0;
            _assertRevertsWith(plan, ErrorsLib.TransferShort.selector);
            _assertNothingLeft(address(usd));
            _assertNothingLeft(address(taxed));
        }
    }

    /// @dev The minimum of a leg that pays a pair holds just so.
    function testFuzz_direct_minimumOfTheFirstLeg_isASharpLine(uint256 amount) public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        plan.loans[0].amount = amount = bound(amount, 1e6, 15e18);
        uint256 bought = _bought(amount, DEPTH, DEPTH * 11 / 10);
        plan.legs[0].minAmountOut = bought + 1;
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 0, bought, bought + 1)
        );
        plan.legs[0].minAmountOut = bought;
        assertGt(_execute(plan), 0);
    }

    /// @dev Tokens that lie at the second pair unaccounted are the pair's: neither counted nor mistaken for payment.
    function test_direct_donationAtThePairBefore_changesNothing() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        uint256 clean = _alone(plan);
        btc.mint(executor.poolFor(V2_B, address(usd), address(btc), 0), 1e18);
        assertEq(_execute(plan), clean);
    }

    /// @dev A pair cannot pay itself: what it "sends" never left it.
    function test_direct_backOverTheSamePair_reverts() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_A);
        plan.minProfit = 0;
        _assertRevertsWith(plan, ErrorsLib.TransferShort.selector);
        _assertNothingLeft(address(btc));
    }

    /// @dev The token in between gets control when the second pair has been paid and not yet been called, and has the
    /// pair take our payment for a donation.
    function test_direct_paymentTakenByThePairBeforeTheSwap_revertsAndCostsNothing() public {
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V2_B);
        address second = executor.poolFor(V2_B, address(usd), address(hook), 0);
        hook.arm(second, second, abi.encodeCall(MockV2Pair.sync, ()), true);
        _assertReverts(plan, abi.encodeWithSelector(MockV2Pair.ProductShrank.selector));
        assertEq(hook.callCount(), 0); // undone with the rest
    }

    /* SPLIT AND JOIN */

    /// @dev Out over one pool, back over two: each gets its part.
    function testFuzz_split_ofWhatALegBrought(uint256 amount, uint256 part) public {
        amount = bound(amount, 1e9, 20e18);
        uint256 inBetween = _bought(amount, DEPTH, DEPTH * 11 / 10);
        part = bound(part, 10, inBetween - 10); // less buys nothing, which no leg may
        PlanSpec memory plan = _legs(
            _leg(V2_A, address(btc)),
            _legFromPurse(V2_B, address(btc), part, address(usd)),
            _legFromPurse(V3, address(btc), 0, address(usd))
        );
        plan.loans[0].amount = amount;
        plan.minProfit = 0;

        uint256 rest = inBetween - part;
        uint256 back = _bought(part, DEPTH, DEPTH) + rest * 999_500 * DEPTH / (DEPTH * 1e6 + rest * 999_500);
        if (back < amount) {
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.LoanNotCovered.selector, address(usd), back, amount)
            );
        } else {
            assertEq(_execute(plan), back - amount);
        }
        _assertNothingLeft(address(usd));
        _assertNothingLeft(address(btc));
    }

    function test_split_backOverTwoPools_beatsOne() public {
        PlanSpec memory plan = _legs(
            _leg(V2_A, address(btc)),
            _legFromPurse(V2_B, address(btc), LOAN * 54 / 100, address(usd)),
            _legFromPurse(V3, address(btc), 0, address(usd))
        );
        uint256 overOne = _alone(_plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3));
        assertGt(_execute(plan), overOne);
    }

    /// @dev Out over two pools, back over one: the third leg sells what both brought.
    function testFuzz_join_ofWhatTwoLegsBrought(uint256 part) public {
        part = bound(part, 1e6, LOAN - 1e6);
        _v2Pair(v2FactoryA, address(usd), DEPTH, address(weth), DEPTH);
        _v2Pair(v2FactoryA, address(weth), DEPTH, address(btc), DEPTH * 12 / 10);
        PlanSpec memory plan = _legs(
            _legFromPurse(V2_A, address(usd), part, address(btc)),
            _legFromPurse(V2_A, address(usd), 0, address(weth)),
            _leg(V2_A, address(btc))
        );
        LegSpec[] memory legs = new LegSpec[](4);
        (legs[0], legs[1], legs[2]) = (plan.legs[0], plan.legs[1], plan.legs[2]);
        legs[3] = _legFromPurse(V2_B, address(btc), 0, address(usd));
        plan.legs = legs;
        uint256 viaWeth = _bought(_bought(LOAN - part, DEPTH, DEPTH), DEPTH, DEPTH * 12 / 10);
        uint256 joined = _bought(part, DEPTH, DEPTH * 11 / 10) + viaWeth;
        assertEq(_execute(plan), _bought(joined, DEPTH, DEPTH) - LOAN);
        _assertNothingLeft(address(btc));
        _assertNothingLeft(address(weth));
    }

    function test_split_namedAmountOfEverything_isEverything() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
        uint256 expected = _alone(plan);
        plan.legs[0] = _legFromPurse(V2_A, address(usd), LOAN, address(btc));
        assertEq(_execute(plan), expected);
    }

    function test_split_leftoverOfATokenInBetween_reverts() public {
        uint256 inBetween = _bought(LOAN, DEPTH, DEPTH * 11 / 10);
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
        plan.legs[1] = _legFromPurse(V3, address(btc), inBetween - 1, address(usd));
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.TokensLeft.selector, address(btc), 1));
    }

    function test_split_routeThatEndsElsewhere_reverts() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
        plan.legs[1] = _legFromPurse(V2_B, address(usd), LOAN / 2, address(btc));
        plan.legs[0] = _legFromPurse(V2_A, address(usd), LOAN / 2, address(btc));
        _assertRevertsWith(plan, ErrorsLib.LoanNotCovered.selector);
    }

    /* WHAT LAY HERE BEFORE IS OUT OF REACH */

    function test_purse_cannotSpendDonations_ofAnyToken() public {
        address[3] memory tokens = [address(usd), address(btc), address(weth)];
        for (uint256 i; i < tokens.length; ++i) {
            _give(tokens[i], address(executor), 100e18);
        }
        // More of the loan's own asset than was lent.
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3);
        plan.legs[0] = _legFromPurse(V2_A, address(usd), LOAN + 1, address(btc));
        _assertTooSmall(plan, address(usd), LOAN, LOAN + 1);
        // More of a bought token than was bought.
        uint256 inBetween = _bought(LOAN, DEPTH, DEPTH * 11 / 10);
        plan.legs[0] = _leg(V2_A, address(btc));
        plan.legs[1] = _legFromPurse(V3, address(btc), inBetween + 1, address(usd));
        _assertTooSmall(plan, address(btc), inBetween, inBetween + 1);
        // A token that the route never had, by amount and by "all of it".
        _v2Pair(v2FactoryB, address(weth), DEPTH, address(usd), DEPTH);
        plan.legs[1] = _legFromPurse(V2_B, address(weth), 1, address(usd));
        _assertTooSmall(plan, address(weth), 0, 1);
        plan.legs[1] = _legFromPurse(V2_B, address(weth), 0, address(usd));
        _assertTooSmall(plan, address(weth), 0, 0);
        for (uint256 i; i < tokens.length; ++i) {
            assertEq(IERC20(tokens[i]).balanceOf(address(executor)), 100e18);
        }
    }

    function _assertTooSmall(PlanSpec memory plan, address token, uint256 held, uint256 wanted) private {
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.PurseTooSmall.selector, token, held, wanted));
        executor.execute(encoded);
    }

    /// @dev "All of it" is all that the route has, whatever else lies here.
    function test_purse_allOfIt_leavesDonationsAlone() public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        uint256 clean = _alone(plan);
        usd.mint(address(executor), 7e18);
        btc.mint(address(executor), 9e18);
        plan.legs[0] = _legFromPurse(V2_A, address(usd), 0, address(btc));
        plan.legs[1] = _legFromPurse(V2_B, address(btc), 0, address(usd));
        assertEq(_execute(plan), clean);
        assertEq(usd.balanceOf(address(executor)), 7e18);
        assertEq(btc.balanceOf(address(executor)), 9e18);
    }

    /* A PURSE THAT IS FULL */

    function test_purse_ofSixteenTokens_closes() public {
        PlanSpec memory plan = _around(15);
        assertGt(_execute(plan), 0);
        _assertNothingLeft(address(usd));
    }

    function test_purse_ofSeventeenTokens_reverts() public {
        _assertReverts(_around(16), abi.encodeWithSelector(ErrorsLib.TooManyTokens.selector, 16));
    }

    /// @dev From USD through `count` other tokens and back, each leg taking all of its token out of the purse.
    function _around(uint256 count) private returns (PlanSpec memory plan) {
        plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.legs = new LegSpec[](count + 1);
        address sold = address(usd);
        for (uint256 i; i <= count; ++i) {
            address bought = i == count ? address(usd) : address(_token("STOP", 18));
            _v2Pair(v2FactoryA, sold, DEPTH, bought, DEPTH * 11 / 10);
            plan.legs[i] = _legFromPurse(V2_A, sold, 0, bought);
            sold = bought;
        }
    }
}
