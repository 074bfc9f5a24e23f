// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, Leg, Plan} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {BareBorrower} from "./support/BareBorrower.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";

/// @title What the executor costs, held to the unit: a change that moves a figure moves it here, on purpose.
/// @notice Each call is its own transaction (isolated); figures are whole transactions, base cost and calldata
/// included, on the second call, when every balance and allowance slot has been written before. The lenders and pools are
/// the tests' own, so only differences mean anything: what ours costs above the same thing done with no check at all.
/// forge-config: default.isolate = true
contract GasTest is ExecutorFixture {
    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
        _v2Pair(v2FactoryB, address(btc), DEPTH, address(weth), DEPTH);
        _v2Pair(v2FactoryA, address(weth), DEPTH, address(usd), DEPTH * 12 / 10);
        usd.mint(treasury, 1);
        // Balances of zero are dearer to leave than others, for the bare loan just so; this is not what is measured.
        usd.mint(address(executor), 1);
        btc.mint(address(executor), 1);
        weth.deposit{value: 1}();
        weth.transfer(address(executor), 1);
    }

    receive() external payable {}

    /* FIGURES */

    function test_gas_emptyRoute_overTheBareLoan() public {
        uint256[3] memory over;
        for (uint256 kind; kind < 3; ++kind) {
            over[kind] = _emptyRoute(LenderKind(kind)) - _bareLoan(LenderKind(kind));
        }
        assertEq(over[0], 0, "Balancer V2");
        assertEq(over[1], 0, "Aave V3");
        assertEq(over[2], 0, "Morpho Blue");
    }

    function test_gas_profitableRoutes() public {
        uint256[5] memory used = [
            _route(_legs(V2_A, V2_B)),
            _route(_legs(V2_A, V3)),
            _route(_legs(V2_A, V2_B, V2_A)),
            _emptyRoute(LenderKind.MorphoBlue),
            0
        ];
        assertEq(used[0], 0, "V2, V2");
        assertEq(used[1], 0, "V2, V3");
        assertEq(used[2], 0, "V2, V2, V2");
    }

    /* MEASURING */

    function _bareLoan(LenderKind kind) private returns (uint256) {
        BareBorrower bare = new BareBorrower(_lender(kind), address(usd));
        usd.mint(address(bare), 1);
        bare.borrow(kind, LOAN);
        bare.borrow(kind, LOAN);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _emptyRoute(LenderKind kind) private returns (uint256) {
        Plan memory plan = _emptyPlan(kind, address(usd));
        _execute(plan);
        _execute(plan);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _route(Leg[] memory legs) private returns (uint256 used) {
        Plan memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.minProfit = 1;
        plan.legs = legs;
        plan.amount = LOAN / 10;
        uint256 snapshot = vm.snapshotState();
        _execute(plan);
        _execute(plan);
        used = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(snapshot);
    }

    function _legs(uint16 first, uint16 second) private view returns (Leg[] memory legs) {
        legs = new Leg[](2);
        (legs[0], legs[1]) = (_leg(first, address(btc)), _leg(second, address(usd)));
    }

    function _legs(uint16 first, uint16 second, uint16 third) private view returns (Leg[] memory legs) {
        legs = new Leg[](3);
        (legs[0], legs[1]) = (_leg(first, address(btc)), _leg(second, address(weth)));
        legs[2] = _leg(third, address(usd));
    }
}
