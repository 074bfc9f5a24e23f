// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {UniswapV2Terms} from "contracts/flashloan/lenders/UniswapV2Lender.sol";
import {LenderKind, Lenders, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IBalancerV2Vault} from "contracts/interfaces/external/IBalancerV2Vault.sol";
import {IUniswapV4PoolManager} from "contracts/interfaces/external/IUniswapV4PoolManager.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {LenderFault} from "contracts/mocks/MockLenders.sol";
import {MockLendingPool} from "contracts/mocks/MockLendingPools.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Every lender: what it is paid, and what it is refused.
contract LendersTest is LendersFixture {
    using PlanCodec for PlanSpec;

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
    }

    /* THE HAPPY PATH */

    function test_loan_fromEachLender_repaysExactlyItsFeeAndPaysTheRest() public {
        uint256 free = _gainWithoutFee();
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            uint256 snapshot = vm.snapshotState();
            uint256 heldBefore = usd.balanceOf(lane.lender);
            assertEq(_execute(_planOf(lane)), free - lane.fee, lane.name);
            assertEq(usd.balanceOf(treasury), free - lane.fee, lane.name);
            assertEq(usd.balanceOf(lane.lender), heldBefore + lane.fee, lane.name);
            assertEq(usd.allowance(address(executor), lane.lender), 0, lane.name);
            _assertNothingLeft(address(usd));
            vm.revertToState(snapshot);
        }
    }

    function test_quote_fromEachLender_namesTheFee() public {
        uint256 free = _gainWithoutFee();
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            (uint256 profit, uint256 loanFee,) = executor.quote(_planOf(lane).encode());
            assertEq(profit, free - lane.fee, lane.name);
            assertEq(loanFee, lane.fee, lane.name);
        }
    }

    /// @dev Whatever the amount and the pair's fee: the pair accepts what is paid, and would not accept a unit less.
    function testFuzz_flashSwapFee_isTheLeastThatThePairAccepts(uint256 amount, uint24 feePips) public pure {
        amount = bound(amount, 1, type(uint112).max);
        feePips = uint24(bound(feePips, 0, 999_999));
        uint256 owed = amount + UniswapV2Terms.feeOf(amount, feePips);
        assertGe(owed * (1e6 - feePips), amount * 1e6);
        assertLt((owed - 1) * (1e6 - feePips), amount * 1e6);
    }

    function _gainWithoutFee() private returns (uint256 gain) {
        uint256 snapshot = vm.snapshotState();
        gain = _execute(_planOf(_lane(2, address(usd))));
        vm.revertToState(snapshot);
    }

    /* LENDERS THAT BREAK THEIR WORD */

    function test_fee_aboveThePlansMaximum_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            if (lane.fee == 0) continue;
            PlanSpec memory plan = _planOf(lane);
            plan.loans[0].maxFee = lane.fee - 1;
            _assertReverts(
                plan, abi.encodeWithSelector(ErrorsLib.LoanFeeTooHigh.selector, lane.fee, lane.fee - 1)
            );
        }
    }

    function test_lender_withoutCallback_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.NoCallback);
            _assertReverts(
                _planOf(lane), abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, lane.lender)
            );
        }
    }

    function test_lender_callingBackTwice_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.CallsBackTwice);
            // The manager's second call finds no loan awaited, and is then taken for a swap's.
            CallbackKind kind = _isManager(lane) ? CallbackKind.UniswapV4Swap : lane.callback;
            _assertReverts(_planOf(lane), _unexpected(lane.lender, kind));
        }
    }

    function test_lender_changingTheData_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.ChangesData);
            _assertRevertsWith(_planOf(lane), ErrorsLib.CallbackDataChanged.selector);
        }
    }

    /// @dev Where the lender does not say what it lent, the balance does.
    function test_lender_lendingLessThanAsked_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.LendsLess);
            _assertReverts(
                _planOf(lane),
                lane.saysAmount
                    ? abi.encodeWithSelector(ErrorsLib.WrongLoan.selector, address(usd), LOAN - 1)
                    : abi.encodeWithSelector(ErrorsLib.TransferShort.selector, address(usd), LOAN, LOAN - 1)
            );
        }
    }

    function test_lender_lendingAnotherAsset_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.LendsOtherAsset);
            bytes4 error = lane.saysAsset ? ErrorsLib.WrongLoan.selector : ErrorsLib.TransferShort.selector;
            // Morpho's and the manager's own code names the token in its transfer alone; theirs lend as asked.
            if (lane.kind == LenderKind.MorphoBlue || _isManager(lane)) continue;
            _assertRevertsWith(_planOf(lane), error);
        }
    }

    function test_lender_leavingAllowance_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.LeavesAllowance);
            if (!lane.pulls) continue;
            _assertReverts(
                _planOf(lane),
                abi.encodeWithSelector(ErrorsLib.AllowanceLeft.selector, address(usd), lane.lender, 1)
            );
        }
    }

    function test_lender_namingStrangerAsInitiator_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _spoiled(i, LenderFault.NamesStranger);
            if (!lane.saysWho) continue;
            _assertReverts(
                _planOf(lane), abi.encodeWithSelector(ErrorsLib.WrongInitiator.selector, lane.lender)
            );
        }
    }

    function test_basketLender_namingNoAsset_reverts() public {
        uint256[2] memory baskets = [uint256(0), 3];
        for (uint256 i; i < baskets.length; ++i) {
            Lane memory lane = _spoiled(baskets[i], LenderFault.NamesNoToken);
            _assertReverts(_planOf(lane), abi.encodeWithSelector(ErrorsLib.WrongLoan.selector, address(0), 0));
        }
    }

    function _spoiled(uint256 index, LenderFault fault) private returns (Lane memory lane) {
        lane = _lane(index, address(usd));
        _spoil(lane, fault);
    }

    function _unexpected(address caller, CallbackKind kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, caller, kind);
    }

    /* LENDERS THAT ARE NOT THERE */

    /// @dev Two lenders are called by hand, which must pass on what the compiler's calls would, and not a page of it.
    function test_lender_refusingAtLength_isQuotedUpToAKilobyte() public {
        _assertRefusalIsPassedOn(LenderKind.BalancerV2, IBalancerV2Vault.flashLoan.selector);
        _assertRefusalIsPassedOn(LenderKind.UniswapV4, IUniswapV4PoolManager.take.selector);
    }

    function _assertRefusalIsPassedOn(LenderKind kind, bytes4 refused) private {
        uint16[6] memory lengths = [0, 4, 1_023, 1_024, 1_025, 5_000];
        bytes memory plan = _emptyPlan(kind, address(usd)).encode();
        for (uint256 i; i < lengths.length; ++i) {
            bytes memory reason = _anyBytes(lengths[i]);
            vm.mockCallRevert(_lender(kind), abi.encodePacked(refused), reason);
            vm.prank(keeper);
            (bool isDone, bytes memory answer) =
                address(executor).call(abi.encodeCall(executor.execute, plan));
            assertFalse(isDone);
            assertEq(answer, _anyBytes(lengths[i] > 1_024 ? 1_024 : lengths[i]));
        }
    }

    /// @dev The first `length` of an endless row, in which no two words are alike.
    function _anyBytes(uint256 length) private pure returns (bytes memory row) {
        row = new bytes(length);
        for (uint256 i; i < length; ++i) {
            row[i] = keccak256(abi.encode(i / 32))[i % 32];
        }
    }

    function test_lender_thatTheChainHasNot_isRefused() public {
        Lenders memory none;
        FlashLoanArbitrage bare = _deployExecutor(treasury, none);
        vm.prank(owner);
        bare.setKeeper(keeper, true);
        for (uint256 i; i < 6; ++i) {
            Lane memory lane = _lane(i, address(usd));
            PlanSpec memory plan = _planOf(lane);
            plan.executor = address(bare);
            bytes memory encoded = plan.encode();
            assertEq(bare.lenderAddress(lane.kind), address(0), lane.name);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.LenderNotAvailable.selector, lane.kind));
            vm.prank(keeper);
            bare.execute(encoded);
        }
    }

    function test_lenderAddress_ofLendersThatALoanNamesItself_isZero() public view {
        assertEq(executor.lenderAddress(LenderKind.UniswapV2), address(0));
        assertEq(executor.lenderAddress(LenderKind.UniswapV3), address(0));
        assertEq(executor.lenderAddress(LenderKind.Erc3156), address(0));
    }

    function test_poolLoan_ofUnlistedVenue_reverts() public {
        for (uint256 i = 7; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            uint16 venueId = uint16(i - 7) + LENDING_V2;
            vm.prank(owner);
            executor.delistVenue(venueId);
            _assertReverts(_planOf(lane), abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, venueId));
        }
    }

    function test_poolLoan_ofPoolNeverDeployed_reverts() public {
        for (uint256 i = 7; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            lane.params = _with(lane.params, 2, address(btc));
            _assertRevertsWith(_planOf(lane), ErrorsLib.PoolNotFound.selector);
        }
    }

    /// @dev A pair is not asked for a V3 loan, nor a V3 pool for a flash swap, nor a Curve pool for either.
    function test_poolLoan_ofOtherKindOfVenue_reverts() public {
        Lane memory pair = _lane(7, address(usd));
        pair.params = _withVenue(pair.params, LENDING_V3);
        _assertReverts(_planOf(pair), _wrongKind(LENDING_V3, VenueKind.UniswapV3));
        Lane memory pool = _lane(9, address(usd));
        pool.params = _withVenue(pool.params, LENDING_V2);
        _assertReverts(_planOf(pool), _wrongKind(LENDING_V2, VenueKind.UniswapV2));
    }

    function test_loan_withParametersOfOtherLength_reverts() public {
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(usd));
            uint256 needed = lane.params.length;
            lane.params = bytes.concat(lane.params, hex"00");
            _assertReverts(
                _planOf(lane), abi.encodeWithSelector(ErrorsLib.WrongParameters.selector, needed + 1, needed)
            );
        }
    }

    /// @dev The pool that lends is locked: a leg through it can only fail.
    function test_leg_throughTheLendingPair_reverts() public {
        PlanSpec memory plan = _planOf(_lane(7, address(usd)));
        plan.legs = new LegSpec[](1);
        plan.legs[0] = _leg(V2_A, address(gold));
        plan.legs[0].params = abi.encodePacked(LENDING_V2);
        _assertReverts(plan, abi.encodeWithSelector(MockLendingPool.PoolLocked.selector));
    }

    function _with(bytes memory params, uint256 at, address other) private pure returns (bytes memory) {
        bytes20 replacement = bytes20(other);
        for (uint256 i; i < 20; ++i) {
            params[at + i] = replacement[i];
        }
        return params;
    }

    function _withVenue(bytes memory params, uint16 venueId) private pure returns (bytes memory) {
        params[1] = bytes1(uint8(venueId));
        return params;
    }

    function _wrongKind(uint16 venueId, VenueKind kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ErrorsLib.WrongVenueKind.selector, venueId, kind);
    }
}
