// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";
import {Lenders, Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title What holds for every kind of venue alike.
contract VenuesTest is VenuesFixture {
    using PlanCodec for PlanSpec;

    /* THE TRADE */

    function test_everyVenue_asSecondLeg_bringsProfitToTreasuryAndLeavesNothing() public {
        for (uint256 i; i < 5; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 before = usd.balanceOf(treasury);
            uint256 profit = _execute(_planBack(_legOver(_newKinds()[i], address(usd))));
            assertGt(profit, 0.5e18);
            assertEq(usd.balanceOf(treasury) - before, profit);
            _assertClean();
            vm.revertToState(snapshot);
        }
    }

    function test_everyVenue_asFirstLeg_bringsProfitToTreasuryAndLeavesNothing() public {
        for (uint256 i; i < 5; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 profit = _execute(_planOut(_legOver(_newKinds()[i], address(usd))));
            assertGt(profit, 0.5e18);
            assertEq(btc.balanceOf(treasury), profit);
            _assertClean();
            vm.revertToState(snapshot);
        }
    }

    /// @dev All but Curve's pools, which can only pay their caller.
    function test_everyVenueButCurve_paysFollowingPairDirectly() public {
        address pair = executor.poolFor(V2_A, address(usd), address(btc), 0);
        for (uint256 i; i < 5; ++i) {
            uint256 snapshot = vm.snapshotState();
            bool throughUs = _newKinds()[i] == VenueKind.CurveStable;
            vm.recordLogs();
            _execute(_planOut(_legOver(_newKinds()[i], address(usd))));
            (uint256 toPair, uint256 toUs) = _usdTransfers(pair);
            assertEq(toPair, 1, "one payment to the pair");
            assertEq(toUs, throughUs ? 1 : 0, "through the executor");
            vm.revertToState(snapshot);
        }
    }

    /// @dev A leg that names its input takes it from the executor, so nothing may be paid past it.
    function test_everyVenue_beforePairThatNamesItsInput_paysExecutor() public {
        for (uint256 i; i < 5; ++i) {
            uint256 snapshot = vm.snapshotState();
            PlanSpec memory plan = _planOut(_legOver(_newKinds()[i], address(usd)));
            plan.legs[1] = _legFromPurse(V2_A, address(usd), 0, address(btc));
            vm.recordLogs();
            assertGt(_execute(plan), 0.5e18);
            (, uint256 toUs) = _usdTransfers(address(0));
            assertEq(toUs, 1);
            _assertClean();
            vm.revertToState(snapshot);
        }
    }

    function _usdTransfers(address pair) private returns (uint256 toPair, uint256 toUs) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(usd) || logs[i].topics[0] != IERC20.Transfer.selector) continue;
            address to = address(uint160(uint256(logs[i].topics[2])));
            if (to == pair) ++toPair;
            if (to == address(executor)) ++toUs;
        }
    }

    /* LIMITS */

    function test_everyVenue_belowLeastOutput_revertsWithFigures() public {
        for (uint256 i; i < 5; ++i) {
            PlanSpec memory plan = _planBack(_legOver(_newKinds()[i], address(usd)));
            uint256 got = _outputOf(plan);
            plan.legs[1].minAmountOut = got;
            uint256 snapshot = vm.snapshotState();
            _execute(plan);
            vm.revertToState(snapshot);
            plan.legs[1].minAmountOut = got + 1;
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.LegOutputTooLow.selector, 1, got, got + 1));
            _assertClean();
        }
    }

    /// @dev What the last leg brings: loan and gain, Morpho being free.
    function _outputOf(PlanSpec memory plan) private returns (uint256 output) {
        (uint256 profit,,) = executor.quote(plan.encode());
        return profit + plan.loans[0].amount;
    }

    function test_everyVenue_losingTrade_cannotHideBehindBalanceOfExecutor() public {
        _give(address(usd), address(executor), 100e18);
        _give(address(btc), address(executor), 100e18);
        vm.deal(address(executor), 100 ether);
        for (uint256 i; i < 5; ++i) {
            // The wrong way round: what V2_A has more of is sold there.
            PlanSpec memory plan =
                _planOf(address(usd), _legOver(_newKinds()[i], address(btc)), _leg(V2_A, address(usd)));
            plan.minProfit = 0;
            _assertRevertsWith(plan, ErrorsLib.LoanNotCovered.selector);
        }
        assertEq(usd.balanceOf(address(executor)), 100e18);
        assertEq(btc.balanceOf(address(executor)), 100e18);
        assertEq(address(executor).balance, 100 ether);
    }

    /* WHAT A LEG MAY NAME */

    function test_everyVenue_parametersOfAnotherLength_revert() public {
        uint256[8] memory lengths = [uint256(2), 5, 5, 2, 6, 32, 4, 0];
        for (uint256 kind; kind < 8; ++kind) {
            for (uint256 length; length < 34; ++length) {
                if (length == lengths[kind] || (kind == 4 && length == 26)) continue;
                PlanSpec memory plan = _planBack(_legOver(VenueKind(kind), address(usd)));
                plan.legs[1].params = new bytes(length);
                _assertRevertsWith(plan, ErrorsLib.WrongParameters.selector);
            }
        }
    }

    function test_everyListedKind_namedAsAnother_reverts() public {
        uint16[7] memory ids = [V2_A, V3, PANCAKE, ALGEBRA, CURVE, OLD_CURVE, ETHER_CURVE];
        VenueKind[5] memory kinds = [
            VenueKind.UniswapV2,
            VenueKind.UniswapV3,
            VenueKind.PancakeV3,
            VenueKind.Algebra,
            VenueKind.CurveStable
        ];
        for (uint256 i; i < ids.length; ++i) {
            VenueKind listed = executor.venueAt(ids[i]).kind;
            for (uint256 j; j < kinds.length; ++j) {
                if (kinds[j] == listed) continue;
                PlanSpec memory plan = _planBack(_legOver(kinds[j], address(usd)));
                bytes memory params = plan.legs[1].params;
                (params[0], params[1]) = (0, bytes1(uint8(ids[i])));
                _assertReverts(
                    plan, abi.encodeWithSelector(ErrorsLib.WrongVenueKind.selector, ids[i], listed)
                );
            }
        }
    }

    function test_everyListedKind_afterDelisting_reverts() public {
        VenueKind[3] memory kinds = [VenueKind.PancakeV3, VenueKind.Algebra, VenueKind.CurveStable];
        for (uint16 i; i < 3; ++i) {
            vm.prank(owner);
            executor.delistVenue(PANCAKE + i);
            PlanSpec memory plan = _planBack(_legOver(kinds[i], address(usd)));
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, PANCAKE + i));
        }
    }

    /// @dev A tier or a pair that the factory has not deployed.
    function test_everyFactory_withoutSuchPool_reverts() public {
        VenueKind[2] memory kinds = [VenueKind.PancakeV3, VenueKind.Algebra];
        for (uint16 i; i < 2; ++i) {
            PlanSpec memory plan = _planBack(_legOver(kinds[i], address(weth)));
            address pool = executor.poolFor(PANCAKE + i, address(btc), address(weth), i == 0 ? TIER : 0);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.PoolNotFound.selector, PANCAKE + i, pool));
        }
        PlanSpec memory otherTier = _planBack(_legOver(VenueKind.PancakeV3, address(usd)));
        otherTier.legs[1].params = abi.encodePacked(PANCAKE, uint24(501));
        _assertRevertsWith(otherTier, ErrorsLib.PoolNotFound.selector);
    }

    function test_etherAtListedFactories_findsNoPool() public {
        VenueKind[4] memory kinds =
            [VenueKind.UniswapV2, VenueKind.UniswapV3, VenueKind.PancakeV3, VenueKind.Algebra];
        for (uint256 i; i < 4; ++i) {
            _assertRevertsWith(_planBack(_legOver(kinds[i], address(0))), ErrorsLib.PoolNotFound.selector);
        }
    }

    function test_constantVenues_whereDeploymentHasNone_revert() public {
        delete manager;
        executor = _deployExecutor(treasury, _withoutBalancer());
        _configure(executor);
        VenueKind[2] memory kinds = [VenueKind.UniswapV4, VenueKind.BalancerV2];
        for (uint256 i; i < 2; ++i) {
            PlanSpec memory plan = _planBack(_legOver(kinds[i], address(usd)));
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.VenueNotAvailable.selector, kinds[i]));
        }
    }

    /* LISTING */

    function test_listVenue_ofConstantKind_reverts() public {
        VenueKind[3] memory kinds = [VenueKind.UniswapV4, VenueKind.BalancerV2, VenueKind.WrappedEther];
        for (uint256 i; i < 3; ++i) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.KindNotListable.selector, kinds[i]));
            executor.listVenue(Venue(kinds[i], 0, address(curve), bytes32(uint256(1))));
        }
    }

    function test_listVenue_checksFeeAndCodeHashByKind() public {
        VenueKind[4] memory kinds =
            [VenueKind.UniswapV3, VenueKind.PancakeV3, VenueKind.Algebra, VenueKind.CurveStable];
        for (uint256 i; i < 4; ++i) {
            bool isPool = kinds[i] == VenueKind.CurveStable;
            bytes32 right = isPool ? bytes32(0) : bytes32(uint256(1));
            bytes32 wrong = isPool ? bytes32(uint256(1)) : bytes32(0);
            _refuse(
                Venue(kinds[i], 1, address(curve), right),
                abi.encodeWithSelector(ErrorsLib.InvalidVenueFee.selector, 1)
            );
            _refuse(
                Venue(kinds[i], 0, address(curve), wrong),
                abi.encodeWithSelector(ErrorsLib.InvalidInitCodeHash.selector)
            );
            _refuse(
                Venue(kinds[i], 0, keeper, right),
                abi.encodeWithSelector(ErrorsLib.InvalidFactory.selector, keeper)
            );
            vm.prank(owner);
            executor.listVenue(Venue(kinds[i], 0, address(curve), right));
        }
    }

    function _refuse(Venue memory venue, bytes memory reason) private {
        vm.prank(owner);
        vm.expectRevert(reason);
        executor.listVenue(venue);
    }

    function test_poolFor_curve_isThePoolItself() public view {
        assertEq(executor.poolFor(CURVE, address(usd), address(btc), 0), address(curve));
        assertEq(executor.poolFor(CURVE, address(btc), address(usd), 7), address(curve));
    }

    function _withoutBalancer() private view returns (Lenders memory lenders) {
        lenders = _lenders();
        lenders.balancerV2Vault = address(0);
    }
}
