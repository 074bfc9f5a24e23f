// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {BareBorrower} from "contracts/mocks/BareBorrower.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title What the executor costs, held to the unit: a change that moves a figure moves it here, on purpose.
/// @notice Each call is its own transaction (isolated); figures are whole transactions, base cost and calldata
/// included, on the second call, when every balance and allowance slot has been written before. The lenders and pools are
/// the tests' own, so only differences mean anything: what ours costs above the same thing done with no check at all.
/// forge-config: default.isolate = true
contract GasTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    /* THE SNAPSHOT: IR pipeline, 1,000 runs, Cancun; lenders, pools and tokens by the old pipeline */

    /// @dev Ours with an empty route, all guards and the event included, less the bare loan.
    uint256 internal constant EMPTY_OVER_BALANCER_V2 = 9_499;
    uint256 internal constant EMPTY_OVER_AAVE_V3 = 8_848;
    uint256 internal constant EMPTY_OVER_MORPHO_BLUE = 8_529;

    /// @dev Whole transactions over a Morpho loan, profit paid to the treasury.
    uint256 internal constant V2_V2 = 170_107;
    uint256 internal constant V2_V3 = 170_630;
    uint256 internal constant V2_V2_V2 = 213_489;

    error GasMoved(uint256[3] measured, uint256[3] held);

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
        _v2Pair(v2FactoryB, address(btc), DEPTH, address(weth), DEPTH);
        _v2Pair(v2FactoryA, address(weth), DEPTH, address(usd), DEPTH * 12 / 10);
        usd.mint(treasury, 1);
        // Balances of zero are dearer to leave than others, for the bare loan just so; this is not what is measured.
        usd.mint(address(executor), 1);
        btc.mint(address(executor), 1);
        _give(address(weth), address(executor), 1);
    }

    /* FIGURES */

    function test_gas_emptyRoute_overTheBareLoan() public {
        uint256[3] memory over;
        for (uint256 kind; kind < 3; ++kind) {
            over[kind] = _emptyRoute(LenderKind(kind)) - _bareLoan(LenderKind(kind));
        }
        assertEq(over, [EMPTY_OVER_BALANCER_V2, EMPTY_OVER_AAVE_V3, EMPTY_OVER_MORPHO_BLUE]);
    }

    function test_gas_profitableRoutes() public {
        uint256[3] memory used =
            [_route(_legs(V2_A, V2_B)), _route(_legs(V2_A, V3)), _route(_legs(V2_A, V2_B, V2_A))];
        assertEq(used, [V2_V2, V2_V3, V2_V2_V2]);
    }

    /// @dev All figures at once, so that a failure shows every new one.
    function assertEq(uint256[3] memory measured, uint256[3] memory held) private pure {
        for (uint256 i; i < 3; ++i) {
            if (measured[i] != held[i]) revert GasMoved(measured, held);
        }
    }

    /* MEASURING */

    function _bareLoan(LenderKind kind) private returns (uint256) {
        BareBorrower bare =
            BareBorrower(vm.deployCode("BareBorrower.sol:BareBorrower", abi.encode(_lender(kind), usd)));
        usd.mint(address(bare), 1);
        bare.borrow(kind, LOAN);
        bare.borrow(kind, LOAN);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _emptyRoute(LenderKind kind) private returns (uint256) {
        PlanSpec memory plan = _emptyPlan(kind, address(usd));
        _execute(plan);
        _execute(plan);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _route(LegSpec[] memory legs) private returns (uint256 used) {
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.minProfit = 1;
        plan.legs = legs;
        plan.loans[0].amount = LOAN / 10;
        uint256 snapshot = vm.snapshotState();
        _execute(plan);
        _execute(plan);
        used = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(snapshot);
    }

    function _legs(uint16 first, uint16 second) private view returns (LegSpec[] memory legs) {
        legs = new LegSpec[](2);
        (legs[0], legs[1]) = (_leg(first, address(btc)), _leg(second, address(usd)));
    }

    function _legs(uint16 first, uint16 second, uint16 third) private view returns (LegSpec[] memory legs) {
        legs = new LegSpec[](3);
        (legs[0], legs[1]) = (_leg(first, address(btc)), _leg(second, address(weth)));
        legs[2] = _leg(third, address(usd));
    }
}
