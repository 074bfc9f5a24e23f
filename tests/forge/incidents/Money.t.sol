// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {LenderFault} from "contracts/mocks/MockLenders.sol";
import {MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {LyingToken} from "contracts/mocks/zoo/LyingToken.sol";
import {IncidentFixture} from "../support/IncidentFixture.sol";
import {PlanCodec, PlanSpec} from "../support/PlanCodec.sol";

/// @title Incidents of allowances, of tokens that lie, and of prices and fees that moved.
contract MoneyIncidents is IncidentFixture {
    using PlanCodec for PlanSpec;

    /* ALLOWANCES */

    /// @dev A lender that was paid back in full pulls what comes to lie here later.
    function test_EndlessApproval_isDrawnOnLater() public {
        _face("EndlessApproval");
        _opportunity(address(usd), address(btc));
        _execute(_plan(LenderKind.AaveV3, address(usd), address(btc), V2_A, V2_B));
        _donate(address(usd));
        bytes memory pull = abi.encodeCall(usd.transferFrom, (address(executor), attacker, DONATION));
        _attack(address(aavePool), address(usd), pull);
        _conclude(usd.balanceOf(attacker), IERC20Errors.ERC20InsufficientAllowance.selector);
    }

    /// @dev A lender pulls less than it is owed, and the rest when something lies here.
    function test_LeftoverApproval_isDrawnOnLater() public {
        _face("LeftoverApproval");
        _opportunity(address(usd), address(btc));
        aavePool.setFault(LenderFault.LeavesAllowance, address(0));
        _executeAs(keeper, _plan(LenderKind.AaveV3, address(usd), address(btc), V2_A, V2_B));
        _donate(address(usd));
        vm.prank(address(aavePool));
        (bool pulled,) = address(usd).call(abi.encodeCall(usd.transferFrom, (address(executor), attacker, 1)));
        assertEq(pulled, usd.balanceOf(attacker) == 1);
        _conclude(usd.balanceOf(attacker), ErrorsLib.AllowanceLeft.selector);
    }

    /* TOKENS THAT LIE */

    /// @dev Nothing comes from the first pool; the second is paid out of what lay here.
    function test_BelievedTransfer_spendsWhatLayHere() public {
        _face("BelievedTransfer");
        LyingToken liar = LyingToken(_deploy("LyingToken.sol:LyingToken"));
        _opportunity(address(usd), address(liar));
        _donate(address(liar));
        liar.deceive(executor.poolFor(V2_A, address(usd), address(liar), 0));
        _executeAs(keeper, _plan(LenderKind.MorphoBlue, address(usd), address(liar), V2_A, V3));
        _conclude(_missing(address(liar)), ErrorsLib.TransferShort.selector);
    }

    /* PRICES AND FEES */

    /// @dev A plan with a least output for each leg, between two trades of an attacker who saw it coming.
    function test_NoLeastOutput_isSandwiched() public {
        _face("NoLeastOutput");
        (MockV2Pair pair, PlanSpec memory plan) = _planSeenComing();
        // 10.86 come at the undisturbed price.
        plan.legs[0].minAmountOut = 10.8e18;
        _conclude(_sandwich(pair, plan), ErrorsLib.LegOutputTooLow.selector);
    }

    /// @dev The same plan, held by nothing but its least profit.
    function test_NoLeastProfit_isSandwiched() public {
        _face("NoLeastProfit");
        (MockV2Pair pair, PlanSpec memory plan) = _planSeenComing();
        (plan.minProfit,,) = executor.quote(plan.encode());
        _conclude(_sandwich(pair, plan), ErrorsLib.MinProfitNotMet.selector);
    }

    function _planSeenComing() private returns (MockV2Pair pair, PlanSpec memory plan) {
        _opportunity(address(usd), address(btc));
        pair = MockV2Pair(executor.poolFor(V2_A, address(usd), address(btc), 0));
        plan = _plan(LenderKind.MorphoBlue, address(usd), address(btc), V2_A, V2_B);
    }

    /// @return gain What the attacker has more of usd; 0 for a loss.
    function _sandwich(MockV2Pair pair, PlanSpec memory plan) private returns (uint256 gain) {
        uint256 stake = 20e18;
        usd.mint(attacker, stake);
        uint256 bought = _trade(attacker, pair, address(usd), stake);
        _executeAs(keeper, plan);
        _trade(attacker, pair, address(btc), bought);
        uint256 end = usd.balanceOf(attacker);
        return end > stake ? end - stake : 0;
    }

    /// @dev The lender raises its fee between quote and call, to just what the plan would have earned.
    function test_NoFeeLimit_isEatenUpByTheLender() public {
        _face("NoFeeLimit");
        _opportunity(address(usd), address(btc));
        PlanSpec memory plan = _plan(LenderKind.AaveV3, address(usd), address(btc), V2_A, V2_B);
        (uint256 quoted,,) = executor.quote(plan.encode());
        uint256 held = usd.balanceOf(address(aavePool));
        aavePool.setFee(quoted - 1);
        _executeAs(keeper, plan);
        _conclude(usd.balanceOf(address(aavePool)) - held, ErrorsLib.LoanFeeTooHigh.selector);
    }
}
