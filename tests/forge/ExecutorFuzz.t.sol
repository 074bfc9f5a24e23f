// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Properties over drawn plans: whatever the keeper sends, the books stay right.
contract ExecutorFuzzTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    MockToken[4] internal tokens;

    function setUp() public override {
        super.setUp();
        tokens = [usd, btc, _token("SIX", 6), _token("EIGHT", 8)];
        for (uint256 i; i < 4; ++i) {
            if (i != 0) _fillLenders(address(tokens[i]));
            for (uint256 j; j < i; ++j) {
                _opportunity(address(tokens[j]), address(tokens[i]));
            }
        }
    }

    /* PROPERTIES */

    /// @dev Profit returned = treasury's growth; nothing left; a plan that fails changes nothing at all.
    function testFuzz_execute_anyRoute_treasuryGrowsByProfitOrNothingChanges(
        uint8 lender,
        uint256 amount,
        uint256 seed,
        uint8 legCount,
        uint256 donation
    ) public {
        PlanSpec memory plan = _drawnPlan(lender, amount, seed, legCount);
        donation = bound(donation, 0, DEPTH);
        _give(plan.loans[0].asset, address(executor), donation);
        uint256[8] memory before = _balances();
        vm.prank(keeper);
        try executor.execute(plan.encode()) returns (uint256 profit) {
            assertGe(profit, plan.minProfit);
            assertEq(IERC20(plan.loans[0].asset).balanceOf(treasury), profit);
        } catch {
            uint256[8] memory afterwards = _balances();
            for (uint256 i; i < 8; ++i) {
                assertEq(afterwards[i], before[i]);
            }
        }
        for (uint256 i; i < 4; ++i) {
            bool isAsset = address(tokens[i]) == plan.loans[0].asset;
            assertEq(tokens[i].balanceOf(address(executor)), isAsset ? donation : 0);
            assertEq(tokens[i].allowance(address(executor), _lender(plan.loans[0].kind)), 0);
        }
    }

    /// @dev Bytes changed, the end cut off, something else behind it in calldata: what lay here stays, in every token.
    function testFuzz_execute_damagedPlan_spendsNothingThatLay(
        uint8 lender,
        uint256 seed,
        uint8 legCount,
        bytes memory behind
    ) public {
        bytes memory plan = _drawnPlan(lender, LOAN, seed, legCount).encode();
        _damage(plan, seed);
        for (uint256 i; i < 4; ++i) {
            tokens[i].mint(address(executor), DEPTH);
        }
        if (seed % 2 == 0) {
            LenderKind kind = LenderKind(seed % (uint256(type(LenderKind).max) + 1));
            behind = PlanCodec.encodeLoan(_loan(kind, address(tokens[(seed >> 32) % 4]), LOAN), seed % 3 == 0);
        }
        vm.prank(keeper);
        (bool success, bytes memory answer) = address(executor)
            .call(
                abi.encodePacked(
                    executor.execute.selector, uint256(0x20), plan.length, plan, behind, new bytes(64)
                )
            );
        for (uint256 i; i < 4; ++i) {
            assertEq(tokens[i].balanceOf(address(executor)), DEPTH, "what lay here is another amount");
            for (uint256 kind; kind < 3; ++kind) {
                assertEq(tokens[i].allowance(address(executor), _lender(LenderKind(kind))), 0);
            }
        }
        address asset = address(tokens[seed % 4]);
        if (success) assertEq(IERC20(asset).balanceOf(treasury), abi.decode(answer, (uint256)));
    }

    /// @dev The gain needed is a sharp line: one unit more than there is reverts, exactly what there is passes.
    function testFuzz_execute_minProfit_isASharpLine(uint8 lender, uint256 amount, uint256 over) public {
        PlanSpec memory plan = _plan(_kind(lender), address(usd), address(btc), V2_A, V2_B);
        plan.loans[0].amount = bound(amount, 1e6, 20e18);
        uint256 snapshot = vm.snapshotState();
        uint256 gain = _execute(plan);
        vm.revertToState(snapshot);
        plan.minProfit = bound(over, gain + 1, type(uint128).max);
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.MinProfitNotMet.selector, gain, plan.minProfit));
        plan.minProfit = gain;
        assertEq(_execute(plan), gain);
    }

    /// @dev Any plan bound to another chain, another contract or the past is refused before anything moves.
    function testFuzz_execute_foreignOrLatePlan_reverts(uint64 chainId, address other, uint40 deadline)
        public
    {
        vm.warp(1_700_000_000);
        PlanSpec memory plan = _plan(LenderKind.AaveV3, address(usd), address(btc), V2_A, V2_B);
        if (chainId != block.chainid) {
            plan.chainId = chainId;
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.WrongChain.selector, chainId, block.chainid)
            );
            plan.chainId = block.chainid;
        }
        if (other != address(executor)) {
            plan.executor = other;
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.WrongExecutor.selector, other, address(executor))
            );
            plan.executor = address(executor);
        }
        plan.deadline = bound(deadline, 0, block.timestamp - 1);
        _assertReverts(
            plan, abi.encodeWithSelector(ErrorsLib.DeadlineExpired.selector, plan.deadline, block.timestamp)
        );
    }

    /// @dev The pair pays what the formula says and not a unit more: one more would break its product rule.
    function testFuzz_swapOnV2_takesTheMostThatThePairAllows(uint256 amount) public {
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
        plan.loans[0].amount = bound(amount, 1e3, 20e18);
        plan.minProfit = 0;
        uint256 paid = plan.loans[0].amount * 997;
        uint256 best = paid * (DEPTH * 11 / 10) / (DEPTH * 1000 + paid);
        plan.legs[0].minAmountOut = best + 1;
        _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 0, best, best + 1));
        plan.legs[0].minAmountOut = best;
        _execute(plan);
    }

    /* DRAWING */

    function _kind(uint8 seed) private pure returns (LenderKind) {
        return LenderKind(seed % 3);
    }

    /// @dev Closed or not, profitable or not, over listed and unlisted venues.
    function _drawnPlan(uint8 lender, uint256 amount, uint256 seed, uint8 legCount)
        private
        view
        returns (PlanSpec memory plan)
    {
        plan = _emptyPlan(_kind(lender), address(tokens[seed % 4]));
        plan.loans[0].amount = bound(amount, 0, 50e18);
        uint256 count = legCount % 6;
        plan.legs = new LegSpec[](count);
        for (uint256 i; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            bool closes = i + 1 == count && seed % 8 != 0;
            address tokenOut = closes ? plan.loans[0].asset : address(tokens[(seed >> 8) % 4]);
            plan.legs[i] = _leg(uint16((seed >> 16) % 16 == 0 ? 9 : (seed >> 24) % 3), tokenOut);
        }
    }

    /// @dev Up to two bytes, most often of what says how the rest is read; then the end.
    function _damage(bytes memory plan, uint256 seed) private pure {
        uint256 drawn = uint256(keccak256(abi.encode(seed, "damage")));
        for (uint256 i; i < drawn % 3; ++i) {
            drawn = uint256(keccak256(abi.encode(drawn)));
            uint256 at = drawn % 4 == 0 ? (drawn >> 8) % plan.length : PlanCodec.LOANS;
            plan[at] ^= drawn % 5 == 0 ? bytes1(uint8(drawn >> 16)) : bytes1(PlanCodec.FLAG);
        }
        if (drawn % 7 != 0) return;
        uint256 length = (drawn >> 24) % (plan.length + 1);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(plan, length)
        }
    }

    function _balances() private view returns (uint256[8] memory balances) {
        for (uint256 i; i < 4; ++i) {
            balances[i] = tokens[i].balanceOf(treasury);
            balances[i + 4] = tokens[i].balanceOf(address(executor));
        }
    }
}
