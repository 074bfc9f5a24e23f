// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {PoolFault} from "contracts/mocks/MockUniswapV3.sol";
import {MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {MockV3Pool} from "contracts/mocks/MockUniswapV3.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ForgedPool, QuoteBeliever, WitnessToken} from "../support/Attackers.sol";
import {IncidentFixture} from "../support/IncidentFixture.sol";
import {LoanSpec, PlanCodec, PlanSpec} from "../support/PlanCodec.sol";

/// @title Incidents in which somebody else's call was taken for an answer to ours.
contract CallbackIncidents is IncidentFixture {
    using PlanCodec for PlanSpec;

    /// @dev The callback is fed a loan that nobody made, and pays it "back" to the caller.
    function test_OpenCallback_paysBackLoanThatNobodyMade() public {
        _face("OpenCallback");
        _donate(address(usd));
        _attack(attacker, address(executor), _loanBack(address(usd), DONATION, 0));
        _conclude(usd.balanceOf(attacker), ErrorsLib.UnexpectedCallback.selector);
    }

    /// @dev Balancer's vault lends to whom anybody names, and does not say who asked: each such loan costs its fee.
    function test_StrangersLoan_makesUsPayFees() public {
        _face("StrangersLoan");
        _donate(address(usd));
        vault.setFee(1e18);
        bytes memory data = _loanAtStart(address(usd), LOAN, 1e18);
        bytes memory call_ =
            abi.encodeCall(vault.flashLoan, (address(executor), _one(address(usd)), _one(LOAN), data));
        for (uint256 i; i < 3; ++i) {
            _attack(attacker, address(vault), call_);
        }
        _conclude(_missing(address(usd)), ErrorsLib.UnexpectedCallback.selector);
    }

    /// @dev While our loan from Morpho is open, a token of the route calls back in Balancer's name and has two loans
    /// "repaid" to itself: one of worthless tokens in the place of ours, one of what lies here.
    function test_OpenFlag_takesAnotherLendersCallbackInsideOurLoan() public {
        _face("OpenFlag");
        _donate(address(btc));
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _opportunity(address(usd), address(hook));
        address worthless = address(_token("NIL", 18));
        _give(worthless, address(executor), LOAN);
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V3);
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        hook.arm(pair, address(executor), _twoLoansBack(worthless, address(btc)), false);
        _execute(plan);
        _noteRefusal(hook);
        _conclude(btc.balanceOf(address(hook)), ErrorsLib.UnexpectedCallback.selector);
    }

    /// @dev A pool that nobody listed, with the right tokens.
    function test_MatchingTokens_payForgedPool() public {
        _face("MatchingTokens");
        _chargeByForgedPool();
    }

    /// @dev A pool whose factory vouches for it; nobody listed that factory.
    function test_ForgedFactory_vouchesForForgedChild() public {
        _face("ForgedFactory");
        _chargeByForgedPool();
    }

    function _chargeByForgedPool() private {
        _donate(address(usd));
        ForgedPool forged = new ForgedPool(address(usd), address(btc));
        _attack(attacker, address(forged), abi.encodeCall(forged.charge, (address(executor), DONATION)));
        _conclude(usd.balanceOf(address(forged)), ErrorsLib.UnexpectedCallback.selector);
    }

    /// @dev A pool of ours asks for more than was offered, in a token that lies here.
    function test_PaysWhatIsAsked_toGreedyPool() public {
        _face("PaysWhatIsAsked");
        _opportunity(address(usd), address(btc));
        _donate(address(btc));
        MockV3Pool pool = MockV3Pool(executor.poolFor(V3, address(usd), address(btc), TIER));
        pool.setFault(PoolFault.AsksForMore);
        _executeAs(keeper, _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V3));
        _conclude(_missing(address(btc)), ErrorsLib.SwapNotFilled.selector);
    }

    /// @dev A leg that calls what its parameters say moves what lies here, and a token made for it shows that as output.
    function test_ChosenTarget_movesWhatLiesHere() public {
        _face("ChosenTarget");
        _donate(address(btc));
        WitnessToken witness = new WitnessToken(address(executor), attacker, address(btc));
        MockV2Pair pair = MockV2Pair(v2FactoryA.createPair(address(usd), address(witness)));
        witness.mint(address(pair), 1e18);
        usd.mint(address(pair), 1e6);
        pair.sync();
        PlanSpec memory plan = _plan(LenderKind.MorphoBlue, address(usd), address(witness), V2_A, V2_A);
        plan.loans[0].amount = 1;
        plan.legs[0].kind = VenueKind.WrappedEther;
        plan.legs[0].params =
            abi.encodePacked(address(btc), abi.encodeCall(IERC20.transfer, (attacker, DONATION)));
        _executeAs(keeper, plan);
        _conclude(btc.balanceOf(attacker), ErrorsLib.WrongParameters.selector);
    }

    /// @dev A protocol that pays what we quote is asked to, in the middle of a plan whose next leg will take away what is
    /// being quoted.
    function test_BentQuote_isBelievedInsideOurPlan() public {
        _face("BentQuote");
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _v2Pair(v2FactoryA, address(usd), DEPTH, address(hook), DEPTH * 11 / 10);
        _v2Pair(v2FactoryB, address(usd), DEPTH, address(hook), DEPTH);
        _v3Pool(address(usd), DEPTH, address(hook), DEPTH * 11 / 10);
        QuoteBeliever believer = new QuoteBeliever(address(usd), executor, attacker);
        usd.mint(address(believer), DEPTH);
        PlanSpec memory quoted = _plan(LenderKind.MorphoBlue, address(usd), address(hook), V3, V2_B);
        address pair = executor.poolFor(V2_A, address(usd), address(hook), 0);
        hook.arm(pair, address(believer), abi.encodeCall(believer.payOut, (quoted.encode())), false);
        _execute(_plan(LenderKind.MorphoBlue, address(usd), address(hook), V2_A, V2_B));
        _noteRefusal(hook);
        (uint256 worth,,) = executor.quote(quoted.encode());
        uint256 got = usd.balanceOf(attacker);
        _conclude(got > worth ? got - worth : 0, ErrorsLib.Reentered.selector);
    }

    /* FORGERIES */

    /// @dev Balancer's callback with a loan where a fresh cursor points: at the beginning.
    function _loanBack(address asset, uint256 amount, uint256 fee) private view returns (bytes memory) {
        return abi.encodeCall(
            executor.receiveFlashLoan,
            (_one(asset), _one(amount), _one(fee), _loanAtStart(asset, amount, fee))
        );
    }

    function _loanAtStart(address asset, uint256 amount, uint256 fee) private pure returns (bytes memory) {
        return PlanCodec.encodeLoan(LoanSpec(LenderKind.BalancerV2, asset, amount, fee, ""), false);
    }

    /// @dev Balancer's callback with two loans where a running plan has its first.
    function _twoLoansBack(address first, address second) private view returns (bytes memory) {
        address[] memory assets = new address[](2);
        uint256[] memory amounts = new uint256[](2);
        (assets[0], assets[1]) = (first, second);
        (amounts[0], amounts[1]) = (LOAN, DONATION);
        PlanSpec memory plan = _emptyPlan(LenderKind.BalancerV2, first);
        plan.loans = new LoanSpec[](2);
        plan.loans[0] = _loan(LenderKind.BalancerV2, first, LOAN);
        plan.loans[1] = _loan(LenderKind.BalancerV2, second, DONATION);
        return abi.encodeCall(executor.receiveFlashLoan, (assets, amounts, new uint256[](2), plan.encode()));
    }
}
