// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {BareTrader} from "./support/BareTrader.sol";
import {LegSpec, PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title What a route of two legs costs above the bare calls of the same two pools, by the kind of the second; held to
/// the unit.
/// @notice Ours is a plan's transaction less that of an empty plan over the same free loan: calldata, all checks and the
/// payment to the treasury remain. The bare calls are one transaction of a contract that owns what it sells, less the
/// 21,000 that any costs. Each is its own transaction (isolated), measured the second time, when every balance slot
/// has been written before. Pools and tokens are the tests' own, so only differences mean anything.
/// forge-config: default.isolate = true
contract VenuesGasTest is VenuesFixture {
    uint256 internal constant SOLD = 1e18;
    uint256 internal constant BASE = 21_000;

    /* THE SNAPSHOT: IR pipeline, 1,000 runs, Cancun */

    /// @dev Two legs above the bare calls, in the order of VenueKind, Uniswap V2 to Curve.
    uint256[7] internal held = [uint256(13_713), 21_495, 20_713, 20_786, 25_788, 20_338, 26_226];

    /// @dev Whole transactions of two legs over Uniswap V4 after one over V2: where the token between stays with the
    /// manager, and where it leaves and comes back.
    uint256 internal constant NETTED = 315_587;
    uint256 internal constant SETTLED = 374_437;

    error GasMoved(uint256[7] measured, uint256[7] held);
    error NettingMoved(uint256 netted, uint256 settled);

    function setUp() public override {
        super.setUp();
        // Balances of zero are dearer to leave than others; this is not what is measured.
        usd.mint(treasury, 1);
        usd.mint(address(executor), 1);
        btc.mint(address(executor), 1);
    }

    function test_gas_twoLegsAboveTheBareCalls() public {
        uint256[7] memory over;
        uint256 empty = _cost(_emptyPlan(LenderKind.MorphoBlue, address(usd)));
        for (uint256 kind; kind < 7; ++kind) {
            PlanSpec memory plan = _planBack(_legOver(VenueKind(kind), address(usd)));
            plan.loans[0].amount = SOLD;
            over[kind] = _cost(plan) - empty - _bareCost(VenueKind(kind));
        }
        for (uint256 kind; kind < 7; ++kind) {
            if (over[kind] != held[kind]) revert GasMoved(over, held);
        }
    }

    function test_gas_secondLegOverUniswapV4_nettedAndSettled() public {
        MockToken between = _token("BETWEEN", 18);
        between.mint(address(executor), 1);
        _openV4Pool(address(btc), address(between), address(0));
        _openV4Pool(address(between), address(usd), address(0));
        PlanSpec memory plan = _emptyPlan(LenderKind.MorphoBlue, address(usd));
        plan.legs = new LegSpec[](3);
        plan.legs[0] = _leg(V2_A, address(btc));
        plan.legs[1] = _legOver(VenueKind.UniswapV4, address(between));
        plan.legs[2] = _legOver(VenueKind.UniswapV4, address(usd));
        plan.loans[0].amount = SOLD;
        uint256 netted = _cost(plan);
        (plan.legs[2].fromPurse, plan.legs[2].tokenIn) = (true, address(between));
        uint256 settled = _cost(plan);
        if (netted != NETTED || settled != SETTLED) revert NettingMoved(netted, settled);
    }

    function _cost(PlanSpec memory plan) private returns (uint256 used) {
        uint256 snapshot = vm.snapshotState();
        _execute(plan);
        _execute(plan);
        used = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(snapshot);
    }

    function _bareCost(VenueKind kind) private returns (uint256 used) {
        uint256 snapshot = vm.snapshotState();
        BareTrader trader = BareTrader(
            vm.deployCode(
                "BareTrader.sol:BareTrader", abi.encode(_poolOf(kind), btc, usd, POOL_ID, TIER, SPACING)
            )
        );
        usd.mint(address(trader), 10 * SOLD);
        btc.mint(address(trader), 1);
        address pair = executor.poolFor(V2_A, address(usd), address(btc), 0);
        trader.trade(pair, kind, SOLD);
        trader.trade(pair, kind, SOLD);
        used = vm.lastCallGas().gasTotalUsed - BASE;
        vm.revertToState(snapshot);
    }
}
