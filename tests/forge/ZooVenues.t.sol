// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Habit} from "contracts/mocks/zoo/ZooToken.sol";
import {LenderKind, Lenders, Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";
import {LegSpec, PlanSpec} from "./support/PlanCodec.sol";
import {ZooFixture} from "./support/ZooFixture.sol";

/// @title Every hostile token between two pools of every kind.
contract ZooVenuesTest is VenuesFixture, ZooFixture {
    uint256 private constant _KINDS = 7;
    uint16 private constant _ZOO_CURVE = 8;
    bytes32 private constant _ZOO_POOL_ID = keccak256("usd-zoo");

    /// @dev Which of the three tests is running.
    uint256 private _way;

    function setUp() public override(ExecutorFixture, VenuesFixture) {
        VenuesFixture.setUp();
        _openZoo();
        address token = address(zoo);
        _opportunity(address(usd), token);
        MockV2Pair dear = MockV2Pair(executor.poolFor(V2_B, address(usd), token, 0));
        usd.mint(address(dear), DEPTH / 10);
        dear.sync();
        _fill(pancake.createPool(address(usd), token, TIER), address(usd), token);
        _fill(algebra.createPool(address(usd), token), address(usd), token);
        _openV4Pool(address(usd), token, address(0));
        _fill(address(poolVault), address(usd), token);
        poolVault.register(_ZOO_POOL_ID, address(usd), DEPTH, token, DEPTH);
        address pool = address(_stablePool(address(usd), token));
        vm.prank(owner);
        executor.listVenue(Venue(VenueKind.CurveStable, 0, pool, 0));
        _layDown();
    }

    function _lenders() internal view override(ExecutorFixture, VenuesFixture) returns (Lenders memory) {
        return VenuesFixture._lenders();
    }

    /* Columns: Uniswap V2, Uniswap V3, PancakeSwap V3, Algebra, Uniswap V4, Balancer, Curve */

    /// @dev Bought at the cheap pair, sold over each venue; the pair (the first column) is paid directly.
    function test_zoo_boughtAtThePair_soldOverEveryVenue() public {
        _way = 0;
        _expect(Habit.None, ".......");
        _expect(Habit.FeeOnWayIn, ".TTTTTT");
        _expect(Habit.FeeOnWayOut, ".UUUT..");
        _expect(Habit.FeeForTreasury, ".......");
        _expect(Habit.RebasesUp, ".++++++");
        _expect(Habit.RoundsDown, "TTTTTTT");
        _expect(Habit.NoReturn, ".......");
        _expect(Habit.FalseOnTransfer, "PPPPPPP");
        _expect(Habit.FalseOnTransferFrom, ".....PP");
        _expect(Habit.FalseOnApprove, ".....AA");
        _expect(Habit.HooksBefore, ".......");
        _expect(Habit.HooksAfter, ".......");
        _expect(Habit.BlocksExecutor, ".NNNNNN");
        _expect(Habit.BlocksTreasury, ".......");
        _expect(Habit.PausesMidway, ".FFFFNN");
        _expect(Habit.InflatesBalance, ".DDDDDD");
        _expect(Habit.DeflatesBalance, ".TTTTTT");
        _expect(Habit.AlternatesBalance, ".DDDDDD");
        _expect(Habit.MovesNothing, "TTTTTTT");
        _expect(Habit.ApprovesFromZero, ".......");
        _expect(Habit.ApprovesNothing, ".....NN");
        _expect(Habit.MaxMovesAll, ".......");
        _expect(Habit.ReturnBomb, ".......");
        _expect(Habit.RevertsBare, "BBBBBBB");
        _expect(Habit.BurnsGas, "BBBBBBB");
        _expect(Habit.Uint96, ".......");
        _expect(Habit.NoCode, "PPPPPPP");
        _assertWholeTable();
    }

    /// @dev Bought over each venue, which pays the dear pair directly, all but Curve's.
    function test_zoo_boughtOverEveryVenue_whichPaysThePair() public {
        _way = 1;
        _expect(Habit.None, ".......");
        _expect(Habit.FeeOnWayIn, "......-");
        _expect(Habit.FeeOnWayOut, "......U");
        _expect(Habit.FeeForTreasury, ".......");
        _expect(Habit.RebasesUp, "......+");
        _expect(Habit.RoundsDown, "TTTTTTU");
        _expect(Habit.NoReturn, ".......");
        _expect(Habit.FalseOnTransfer, "PPPPPPP");
        _expect(Habit.FalseOnTransferFrom, ".......");
        _expect(Habit.FalseOnApprove, ".......");
        _expect(Habit.HooksBefore, ".......");
        _expect(Habit.HooksAfter, ".......");
        _expect(Habit.BlocksExecutor, "......N");
        _expect(Habit.BlocksTreasury, ".......");
        _expect(Habit.PausesMidway, "......F");
        _expect(Habit.InflatesBalance, "......D");
        _expect(Habit.DeflatesBalance, "......C");
        _expect(Habit.AlternatesBalance, "......D");
        _expect(Habit.MovesNothing, "TTTTTTO");
        _expect(Habit.ApprovesFromZero, ".......");
        _expect(Habit.ApprovesNothing, ".......");
        _expect(Habit.MaxMovesAll, ".......");
        _expect(Habit.ReturnBomb, ".......");
        _expect(Habit.RevertsBare, "BBBBBBB");
        _expect(Habit.BurnsGas, "BBBBBBB");
        _expect(Habit.Uint96, ".......");
        _expect(Habit.NoCode, "PBBBPPP");
        _assertWholeTable();
    }

    /// @dev The same, but paid to the executor: the pair's leg names its input.
    function test_zoo_boughtOverEveryVenue_whichPaysUs() public {
        _way = 2;
        _expect(Habit.None, ".......");
        _expect(Habit.FeeOnWayIn, "TTTTTT-");
        _expect(Habit.FeeOnWayOut, "UUUUUUU");
        _expect(Habit.FeeForTreasury, ".......");
        _expect(Habit.RebasesUp, "+++++++");
        _expect(Habit.RoundsDown, "TTTTTTU");
        _expect(Habit.NoReturn, ".......");
        _expect(Habit.FalseOnTransfer, "PPPPPPP");
        _expect(Habit.FalseOnTransferFrom, ".......");
        _expect(Habit.FalseOnApprove, ".......");
        _expect(Habit.HooksBefore, ".......");
        _expect(Habit.HooksAfter, ".......");
        _expect(Habit.BlocksExecutor, "NNNNNNN");
        _expect(Habit.BlocksTreasury, ".......");
        _expect(Habit.PausesMidway, "FFFFFFF");
        _expect(Habit.InflatesBalance, "DDDDDDD");
        _expect(Habit.DeflatesBalance, "TTTTTTC");
        _expect(Habit.AlternatesBalance, "DDDDDDD");
        _expect(Habit.MovesNothing, "TTTTTTO");
        _expect(Habit.ApprovesFromZero, ".......");
        _expect(Habit.ApprovesNothing, ".......");
        _expect(Habit.MaxMovesAll, ".......");
        _expect(Habit.ReturnBomb, ".......");
        _expect(Habit.RevertsBare, "BBBBBBB");
        _expect(Habit.BurnsGas, "BBBBBBB");
        _expect(Habit.Uint96, ".......");
        _expect(Habit.NoCode, "PBBBPPP");
        _assertWholeTable();
    }

    function _row(Habit habit) internal override returns (string memory) {
        bytes memory row = new bytes(_KINDS);
        for (uint256 i; i < _KINDS; ++i) {
            (PlanSpec memory plan, address spender) = _planThrough(VenueKind(i));
            row[i] = _cell(habit, plan, spender);
        }
        return string(row);
    }

    function _planThrough(VenueKind kind) private view returns (PlanSpec memory plan, address spender) {
        LegSpec memory over = _zooLeg(kind, _way == 0 ? address(usd) : address(zoo));
        plan = _way == 0
            ? _planOf(address(usd), _leg(V2_A, address(zoo)), over)
            : _planOf(address(usd), over, _leg(V2_B, address(usd)));
        if (_way == 2) plan.legs[1] = _legFromPurse(V2_B, address(zoo), 0, address(usd));
        spender = kind == VenueKind.BalancerV2 ? address(poolVault) : executor.venueAt(_ZOO_CURVE).factory;
    }

    function _zooLeg(VenueKind kind, address tokenOut) private view returns (LegSpec memory leg) {
        leg = _legOver(kind, tokenOut);
        bool buys = tokenOut == address(zoo);
        if (kind == VenueKind.BalancerV2) leg.params = abi.encodePacked(_ZOO_POOL_ID);
        if (kind == VenueKind.UniswapV2) leg.params = abi.encodePacked(buys ? V2_A : V2_B);
        if (kind == VenueKind.CurveStable) {
            leg.params = abi.encodePacked(_ZOO_CURVE, uint8(buys ? 0 : 1), uint8(buys ? 1 : 0));
        }
    }
}
