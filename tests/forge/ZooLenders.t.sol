// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Habit} from "contracts/mocks/zoo/ZooToken.sol";
import {Lenders} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";
import {PlanSpec} from "./support/PlanCodec.sol";
import {ZooFixture} from "./support/ZooFixture.sol";

/// @title Every hostile token as the asset borrowed, from every lender.
contract ZooLendersTest is LendersFixture, ZooFixture {
    function setUp() public override(ExecutorFixture, LendersFixture) {
        LendersFixture.setUp();
        _openZoo();
        _fillLenders(address(zoo));
        _openLending(address(zoo));
        _opportunity(address(zoo), address(btc));
        _layDown();
    }

    function _lenders() internal view override(ExecutorFixture, LendersFixture) returns (Lenders memory) {
        return LendersFixture._lenders();
    }

    /// @dev Columns: Balancer, Aave V3, Morpho, Aave V2, Maker, Uniswap V4, ERC-3156, pairs of Uniswap and PancakeSwap, pools
    /// of Uniswap V3, PancakeSwap V3 and Algebra. The route: out over one pair, back over another.
    function test_zoo_borrowedFromEveryLender() public {
        _expect(Habit.None, "............");
        _expect(Habit.FeeOnWayIn, "TTTTTTTTTTTT");
        _expect(Habit.FeeOnWayOut, "UUUUUUUUUUUU");
        _expect(Habit.FeeForTreasury, "TTTTTTTTTTTT");
        _expect(Habit.RebasesUp, "++++++++++++");
        _expect(Habit.RoundsDown, "TTTTTTTTTTTT");
        _expect(Habit.NoReturn, "............");
        _expect(Habit.FalseOnTransfer, "PPPPPPPPPPPP");
        _expect(Habit.FalseOnTransferFrom, ".PPPP.P.....");
        _expect(Habit.FalseOnApprove, ".AAAA.A.....");
        _expect(Habit.HooksBefore, "............");
        _expect(Habit.HooksAfter, "............");
        _expect(Habit.BlocksExecutor, "NNNNNNNNNNNN");
        _expect(Habit.BlocksTreasury, "FFFFFFFFFFFF");
        _expect(Habit.PausesMidway, "FFFFFFFFFFFF");
        _expect(Habit.InflatesBalance, "DDDDDDDDDDDD");
        _expect(Habit.DeflatesBalance, "TTTTTTTTTTTT");
        _expect(Habit.AlternatesBalance, "............");
        _expect(Habit.MovesNothing, "TTTTTTTTTTTT");
        _expect(Habit.ApprovesFromZero, "............");
        _expect(Habit.ApprovesNothing, ".NNNN.N.....");
        _expect(Habit.MaxMovesAll, "............");
        _expect(Habit.ReturnBomb, "............");
        _expect(Habit.RevertsBare, "BBBBBBBBBBBB");
        _expect(Habit.BurnsGas, "BBBBBBBBBBBB");
        _expect(Habit.Uint96, "............");
        _expect(Habit.NoCode, "BPPPPPPBBBBB");
        _assertWholeTable();
    }

    function _row(Habit habit) internal override returns (string memory) {
        bytes memory row = new bytes(LANES);
        for (uint256 i; i < LANES; ++i) {
            Lane memory lane = _lane(i, address(zoo));
            PlanSpec memory plan = _plan(lane.kind, address(zoo), address(btc), V2_A, V2_B);
            plan.loans[0] = _loanOf(lane, address(zoo), LOAN);
            row[i] = _cell(habit, plan, lane.lender);
        }
        return string(row);
    }
}
