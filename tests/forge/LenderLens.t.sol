// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderLens} from "contracts/flashloan/LenderLens.sol";
import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ILenderLens, Terms, TermsAnswer, TermsQuery} from "contracts/interfaces/ILenderLens.sol";
import {IAaveV2Pool} from "contracts/interfaces/external/IAaveV2Pool.sol";
import {IAaveV3Terms} from "contracts/interfaces/external/IAaveV3Pool.sol";
import {IBalancerV2FeesCollector, IBalancerV2Vault} from "contracts/interfaces/external/IBalancerV2Vault.sol";
import {IAlgebraFlashTerms, IUniswapV3FlashTerms} from "contracts/interfaces/external/IUniswapV3Flash.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";

/// @title What the lens says of each lender. Aave's and Balancer's views are played here; the fork tests hold the lens
/// to the real lenders' fees.
contract LenderLensTest is LendersFixture {
    uint256 private constant AAVE_ON = (1 << 56) | (1 << 63);
    uint256 private constant AAVE_PAUSED = 1 << 60;

    LenderLens internal lens;
    address internal aToken = makeAddr("aToken");
    address internal collector = makeAddr("collector");

    function setUp() public override {
        super.setUp();
        lens = LenderLens(_deploy("LenderLens.sol:LenderLens"));
        _give(address(usd), aToken, DEPTH);
    }

    function _query(uint256 index, uint256 amount) private view returns (TermsQuery memory) {
        Lane memory lane = _lane(index, address(usd));
        return TermsQuery(lane.kind, address(usd), amount, lane.params);
    }

    function _terms(uint256 index, uint256 amount) private view returns (Terms memory) {
        return lens.termsOf(executor, _query(index, amount));
    }

    /* LENDERS THAT THIS FIXTURE HAS WHOLE */

    function test_terms_ofMorphoAndManager_areFreeAndTheirBalance() public view {
        uint256[2] memory lanes = [uint256(2), 5];
        for (uint256 i; i < lanes.length; ++i) {
            Terms memory terms = _terms(lanes[i], LOAN);
            assertEq(terms.fee, 0);
            assertEq(terms.available, DEPTH);
        }
    }

    function test_terms_ofErc3156Lenders_areWhatTheySay() public {
        uint256[2] memory lanes = [uint256(4), 6];
        for (uint256 i; i < lanes.length; ++i) {
            Terms memory terms = _terms(lanes[i], LOAN);
            assertEq(terms.fee, FLAT_FEE);
            assertEq(terms.available, DEPTH);
        }
        // What it does not lend it is not asked the fee of: the standard lets it revert.
        vm.mockCall(address(maker), abi.encodeCall(maker.maxFlashLoan, (address(usd))), abi.encode(0));
        vm.mockCallRevert(address(maker), abi.encodeCall(maker.flashFee, (address(usd), LOAN)), "no");
        assertEq(_terms(4, LOAN).available, 0);
    }

    function test_terms_ofPairs_areTheLeastThatTheyAcceptAndTheReserveButOne() public view {
        for (uint256 index = 7; index < 9; ++index) {
            Terms memory terms = _terms(index, LOAN);
            assertEq(terms.fee, _lane(index, address(usd)).fee);
            assertEq(terms.available, DEPTH - 1);
        }
    }

    function test_terms_ofV3Pools_areTheirFeeRoundedUpAndTheirBalance() public {
        for (uint256 index = 9; index < LANES; ++index) {
            _playV3(index, 1);
            assertEq(_terms(index, LOAN).fee, _lane(index, address(usd)).fee);
            assertEq(_terms(index, 1).fee, 1);
            assertEq(_terms(index, 0).fee, 0);
            assertEq(_terms(index, LOAN).available, DEPTH);
            _playV3(index, 0);
            assertEq(_terms(index, LOAN).available, 0);
        }
    }

    function _playV3(uint256 index, uint128 liquidity) private {
        address pool = _lane(index, address(usd)).lender;
        vm.mockCall(pool, abi.encodeCall(IUniswapV3FlashTerms.liquidity, ()), abi.encode(liquidity));
        if (index == 11) {
            bytes memory state = abi.encode(uint160(1), int24(0), uint16(TIER), uint16(0), 0, 0, true);
            vm.mockCall(pool, abi.encodeCall(IAlgebraFlashTerms.globalState, ()), state);
        } else {
            vm.mockCall(pool, abi.encodeCall(IUniswapV3FlashTerms.fee, ()), abi.encode(TIER));
        }
    }

    /// @dev A later Algebra pool, whose state has six words: no guess.
    function test_terms_ofAlgebraOfLaterVersion_areNotGuessed() public {
        _playV3(11, 1);
        address pool = _lane(11, address(usd)).lender;
        bytes memory state = abi.encode(uint160(1), int24(0), uint16(TIER), uint8(0), uint16(0), true);
        vm.mockCall(pool, abi.encodeCall(IAlgebraFlashTerms.globalState, ()), state);
        TermsQuery memory query = _query(11, LOAN);
        vm.expectRevert(bytes(""));
        lens.termsOf(executor, query);
    }

    /* BALANCER */

    function test_terms_ofBalancer_roundUpAndAreNothingWhilePaused() public {
        _playBalancer(0.0009e18, false);
        assertEq(_terms(0, LOAN).fee, 0.009e18);
        assertEq(_terms(0, 1).fee, 1);
        assertEq(_terms(0, LOAN).available, DEPTH);
        _playBalancer(0, false);
        assertEq(_terms(0, LOAN).fee, 0);
        _playBalancer(0, true);
        assertEq(_terms(0, LOAN).available, 0);
    }

    function _playBalancer(uint256 shareWad, bool paused) private {
        bytes memory ask = abi.encodeCall(IBalancerV2Vault.getProtocolFeesCollector, ());
        vm.mockCall(address(vault), ask, abi.encode(collector));
        ask = abi.encodeCall(IBalancerV2Vault.getPausedState, ());
        vm.mockCall(address(vault), ask, abi.encode(paused, 0, 0));
        ask = abi.encodeCall(IBalancerV2FeesCollector.getFlashLoanFeePercentage, ());
        vm.mockCall(collector, ask, abi.encode(shareWad));
    }

    /* AAVE */

    function test_terms_ofAaveV3_roundHalfUpBeforeRevisionNineAndUpSince() public {
        _playAaveV3(1, 9, AAVE_ON);
        assertEq(_terms(1, 555).fee, 0); // 0.4995
        assertEq(_terms(1, 556).fee, 1); // 0.5004
        assertEq(_terms(1, LOAN).fee, 0.009e18);
        assertEq(_terms(1, LOAN).available, DEPTH);
        _playAaveV3(9, 9, AAVE_ON);
        assertEq(_terms(1, 1).fee, 1);
        assertEq(_terms(1, 10_000).fee, 9);
    }

    function test_terms_ofAaveV3Reserve_thatDoesNotLend_areNothing() public {
        uint256[4] memory flags = [uint256(0), AAVE_ON | AAVE_PAUSED, 1 << 56, 1 << 63];
        for (uint256 i; i < flags.length; ++i) {
            _playAaveV3(1, 9, flags[i]);
            assertEq(_terms(1, LOAN).available, 0);
        }
    }

    /// @dev Later revisions count deposits; a donation cannot be borrowed.
    function test_terms_ofAaveV3WithDonation_areWhatWasDeposited() public {
        _playAaveV3(9, 9, AAVE_ON);
        bytes memory ask = abi.encodeCall(IAaveV3Terms.getVirtualUnderlyingBalance, (address(usd)));
        vm.mockCall(address(aaveV3Pool), ask, abi.encode(DEPTH - 7));
        assertEq(_terms(1, LOAN).available, DEPTH - 7);
    }

    function _playAaveV3(uint256 revision, uint256 premiumBps, uint256 flags) private {
        address pool = address(aaveV3Pool);
        vm.mockCall(pool, abi.encodeCall(IAaveV3Terms.POOL_REVISION, ()), abi.encode(revision));
        vm.mockCall(pool, abi.encodeCall(IAaveV3Terms.FLASHLOAN_PREMIUM_TOTAL, ()), abi.encode(premiumBps));
        bytes memory head = abi.encode(flags, 0, 0, 0, 0, 0, 0, 0);
        bytes memory reserve = bytes.concat(head, abi.encode(aToken, 0, 0, 0, 0, 0, 0));
        vm.mockCall(pool, abi.encodeCall(IAaveV3Terms.getReserveData, (address(usd))), reserve);
    }

    function test_terms_ofAaveV2_roundDownAndAreNothingWhilePaused() public {
        _playAaveV2(aToken, false);
        assertEq(_terms(3, 1_111).fee, 0); // 0.9999
        assertEq(_terms(3, 1_112).fee, 1);
        assertEq(_terms(3, LOAN).available, DEPTH);
        _playAaveV2(aToken, true);
        assertEq(_terms(3, LOAN).available, 0);
        _playAaveV2(address(0), false);
        assertEq(_terms(3, LOAN).available, 0);
    }

    function _playAaveV2(address aToken_, bool paused) private {
        address pool = address(aaveV2Pool);
        vm.mockCall(pool, abi.encodeCall(IAaveV2Pool.FLASHLOAN_PREMIUM_TOTAL, ()), abi.encode(9));
        vm.mockCall(pool, abi.encodeCall(IAaveV2Pool.paused, ()), abi.encode(paused));
        bytes memory reserve = bytes.concat(abi.encode(0, 0, 0, 0, 0, 0, 0), abi.encode(aToken_, 0, 0, 0, 0));
        vm.mockCall(pool, abi.encodeCall(IAaveV2Pool.getReserveData, (address(usd))), reserve);
    }

    /* SEVERAL AT ONCE */

    function test_termsOfMany_withLenderThatFails_answerTheOthers() public {
        vm.mockCallRevert(address(maker), abi.encodeCall(maker.maxFlashLoan, (address(usd))), "out of order");
        TermsQuery[] memory queries = new TermsQuery[](3);
        (queries[0], queries[1], queries[2]) = (_query(2, LOAN), _query(4, LOAN), _query(7, LOAN));
        TermsAnswer[] memory answers = lens.termsOfMany(executor, queries);
        assertTrue(answers[0].ok);
        assertEq(answers[0].terms.available, DEPTH);
        assertFalse(answers[1].ok);
        assertEq(answers[1].reason, bytes("out of order"));
        assertEq(answers[1].terms.available, 0);
        assertTrue(answers[2].ok);
        assertEq(answers[2].terms.fee, _lane(7, address(usd)).fee);
    }

    function test_terms_ofLenderThatIsNotThere_revertWithTypedError() public {
        TermsQuery memory query = _query(7, LOAN);
        query.params = abi.encodePacked(LENDING_V2, address(btc));
        vm.expectRevert(abi.encodeWithSelector(ILenderLens.NoLender.selector, LenderKind.UniswapV2));
        lens.termsOf(executor, query);
        query.params = abi.encodePacked(LENDING_V3, address(gold));
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.WrongVenueKind.selector, LENDING_V3, VenueKind.UniswapV3)
        );
        lens.termsOf(executor, query);
        query.params = "";
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.WrongParameters.selector, 0, 22));
        lens.termsOf(executor, query);
        query = _query(3, LOAN);
        vm.etch(address(aaveV2Pool), "");
        vm.expectRevert(abi.encodeWithSelector(ILenderLens.NoLender.selector, LenderKind.AaveV2));
        lens.termsOf(executor, query);
    }
}
