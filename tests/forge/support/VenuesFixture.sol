// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind, Lenders, Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IUniswapV4PoolManager} from "contracts/interfaces/external/IUniswapV4PoolManager.sol";
import {MockBalancerPoolVault} from "contracts/mocks/MockBalancerPools.sol";
import {MockOldStableSwap, MockStableSwap} from "contracts/mocks/MockStableSwap.sol";
import {MockUniswapV4Manager} from "contracts/mocks/MockUniswapV4.sol";
import {MockV3Pool} from "contracts/mocks/MockUniswapV3.sol";
import {MockAlgebraDeployer, MockPancakeV3Deployer} from "contracts/mocks/MockV3Forks.sol";
import {ExecutorFixture} from "./ExecutorFixture.sol";
import {LegSpec, PlanSpec} from "./PlanCodec.sol";

/// @title An executor among pools of every kind of venue.
/// @notice Every new pool holds `usd` and `btc` one for one; the pair at V2_A has 10 % more `btc`. So a plan that borrows
/// `usd` gains by buying at V2_A and selling at the venue (`_planBack`), one that borrows `btc` by buying at the venue
/// and selling at V2_A, whose pair the venue pays (`_planOut`).
abstract contract VenuesFixture is ExecutorFixture {
    uint16 internal constant PANCAKE = 3;
    uint16 internal constant ALGEBRA = 4;
    uint16 internal constant CURVE = 5;
    uint16 internal constant OLD_CURVE = 6;
    uint16 internal constant ETHER_CURVE = 7;
    int24 internal constant SPACING = -10;
    bytes32 internal constant POOL_ID = keccak256("usd-btc");
    bytes32 internal constant WETH_POOL_ID = keccak256("weth-btc");

    MockUniswapV4Manager internal manager;
    MockBalancerPoolVault internal poolVault;
    MockPancakeV3Deployer internal pancake;
    MockAlgebraDeployer internal algebra;
    MockStableSwap internal curve;
    MockOldStableSwap internal oldCurve;
    MockStableSwap internal etherCurve;

    function setUp() public virtual override {
        super.setUp();
        manager = MockUniswapV4Manager(_deploy("MockUniswapV4.sol:MockUniswapV4Manager"));
        bytes memory wethOnly = abi.encode(weth);
        poolVault = MockBalancerPoolVault(
            payable(vm.deployCode("MockBalancerPools.sol:MockBalancerPoolVault", wethOnly))
        );
        pancake = MockPancakeV3Deployer(_deploy("MockV3Forks.sol:MockPancakeV3Deployer"));
        algebra = MockAlgebraDeployer(_deploy("MockV3Forks.sol:MockAlgebraDeployer"));
        curve = _stablePool(address(usd), address(btc));
        etherCurve = _stablePool(address(0), address(btc));
        oldCurve = MockOldStableSwap(_stable("MockOldStableSwap", address(usd), address(btc)));
        executor = _deployExecutor(treasury, _lenders());
        _configure(executor);
        _listNewVenues();
        _fillLenders(address(btc));
        _opportunity(address(usd), address(btc));
        _openPools();
    }

    /* SETTING UP */

    function _lenders() internal view virtual override returns (Lenders memory lenders) {
        lenders = super._lenders();
        if (address(manager) == address(0)) return lenders;
        (lenders.uniswapV4PoolManager, lenders.balancerV2Vault) = (address(manager), address(poolVault));
    }

    function _stablePool(address coin0, address coin1) internal returns (MockStableSwap pool) {
        return MockStableSwap(payable(_stable("MockStableSwap", coin0, coin1)));
    }

    /// @dev With a deep reserve of both coins; the zero address is ether.
    function _stable(string memory name, address coin0, address coin1) internal returns (address pool) {
        address[] memory coins = new address[](2);
        (coins[0], coins[1]) =
        (coin0 == address(0) ? 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE : coin0, coin1);
        pool = vm.deployCode(string.concat("MockStableSwap.sol:", name), abi.encode(coins));
        if (coin0 == address(0)) vm.deal(pool, DEPTH);
        else _give(coin0, pool, DEPTH);
        _give(coin1, pool, DEPTH);
    }

    function _listNewVenues() private {
        vm.startPrank(owner);
        executor.listVenue(Venue(VenueKind.PancakeV3, 0, address(pancake), pancake.initCodeHash()));
        executor.listVenue(Venue(VenueKind.Algebra, 0, address(algebra), algebra.initCodeHash()));
        executor.listVenue(Venue(VenueKind.CurveStable, 0, address(curve), 0));
        executor.listVenue(Venue(VenueKind.CurveStable, 0, address(oldCurve), 0));
        executor.listVenue(Venue(VenueKind.CurveStable, 0, address(etherCurve), 0));
        vm.stopPrank();
    }

    function _openPools() private {
        _fill(pancake.createPool(address(usd), address(btc), TIER), address(usd), address(btc));
        _fill(algebra.createPool(address(usd), address(btc)), address(usd), address(btc));
        _openV4Pool(address(usd), address(btc), address(0));
        _openV4Pool(address(0), address(btc), address(0));
        _openBalancerPool(POOL_ID, address(usd));
        _openBalancerPool(WETH_POOL_ID, address(weth));
        _v2Pair(v2FactoryA, address(weth), DEPTH, address(btc), DEPTH * 11 / 10);
    }

    function _fill(address to, address tokenA, address tokenB) internal {
        _give(tokenA, to, DEPTH);
        _give(tokenB, to, DEPTH);
    }

    function _openV4Pool(address tokenA, address tokenB, address hooks) internal {
        (address currency0, address currency1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        if (currency0 == address(0)) vm.deal(address(manager), address(manager).balance + DEPTH);
        else _give(currency0, address(manager), DEPTH);
        _give(currency1, address(manager), DEPTH);
        manager.initialize(
            IUniswapV4PoolManager.PoolKey(currency0, currency1, TIER, SPACING, hooks), DEPTH, DEPTH
        );
    }

    function _openBalancerPool(bytes32 poolId, address token) private {
        if (token == address(weth)) vm.deal(address(weth), address(weth).balance + DEPTH);
        _fill(address(poolVault), token, address(btc));
        poolVault.register(poolId, token, DEPTH, address(btc), DEPTH);
    }

    /* LEGS */

    /// @dev Over the pool of `usd` and `btc` of a kind, in either direction.
    function _legOver(VenueKind kind, address tokenOut) internal view returns (LegSpec memory leg) {
        (leg.kind, leg.tokenOut, leg.minAmountOut) = (kind, tokenOut, 1);
        leg.params = _paramsOf(kind, tokenOut == address(btc));
    }

    function _paramsOf(VenueKind kind, bool buysBtc) private pure returns (bytes memory) {
        if (kind == VenueKind.UniswapV2) return abi.encodePacked(V2_B);
        if (kind == VenueKind.UniswapV3) return abi.encodePacked(V3, TIER);
        if (kind == VenueKind.PancakeV3) return abi.encodePacked(PANCAKE, TIER);
        if (kind == VenueKind.Algebra) return abi.encodePacked(ALGEBRA);
        if (kind == VenueKind.UniswapV4) return abi.encodePacked(TIER, SPACING);
        if (kind == VenueKind.BalancerV2) return abi.encodePacked(POOL_ID);
        if (kind == VenueKind.WrappedEther) return "";
        return
            buysBtc
                ? abi.encodePacked(CURVE, uint8(0), uint8(1))
                : abi.encodePacked(CURVE, uint8(1), uint8(0));
    }

    function _curveLeg(uint16 venueId, uint8 i, uint8 j, address tokenOut)
        internal
        pure
        returns (LegSpec memory leg)
    {
        (leg.kind, leg.tokenOut, leg.minAmountOut) = (VenueKind.CurveStable, tokenOut, 1);
        leg.params = abi.encodePacked(venueId, i, j);
    }

    function _wrapLeg(address tokenOut) internal pure returns (LegSpec memory leg) {
        (leg.kind, leg.tokenOut, leg.minAmountOut) = (VenueKind.WrappedEther, tokenOut, 1);
    }

    /* PLANS */

    /// @dev Borrows usd, buys btc at V2_A, sells it over `leg`.
    function _planBack(LegSpec memory leg) internal view returns (PlanSpec memory) {
        return _planOf(address(usd), _leg(V2_A, address(btc)), leg);
    }

    /// @dev Borrows btc, buys usd over `leg`, sells it at V2_A, whose pair is paid directly where the venue can.
    function _planOut(LegSpec memory leg) internal view returns (PlanSpec memory) {
        return _planOf(address(btc), leg, _leg(V2_A, address(btc)));
    }

    function _planOf(address asset, LegSpec memory first, LegSpec memory second)
        internal
        view
        returns (PlanSpec memory plan)
    {
        plan = _emptyPlan(LenderKind.MorphoBlue, asset);
        plan.minProfit = 1;
        plan.legs = new LegSpec[](2);
        (plan.legs[0], plan.legs[1]) = (first, second);
    }

    /// @dev The kinds that this fixture adds and that trade two tokens.
    function _newKinds() internal pure returns (VenueKind[5] memory) {
        return [
            VenueKind.PancakeV3,
            VenueKind.Algebra,
            VenueKind.UniswapV4,
            VenueKind.BalancerV2,
            VenueKind.CurveStable
        ];
    }

    function _poolOf(VenueKind kind) internal view returns (address) {
        if (kind == VenueKind.UniswapV4) return address(manager);
        if (kind == VenueKind.BalancerV2) return address(poolVault);
        if (kind == VenueKind.CurveStable) return address(curve);
        if (kind == VenueKind.UniswapV2) return executor.poolFor(V2_B, address(usd), address(btc), 0);
        if (kind == VenueKind.UniswapV3) return executor.poolFor(V3, address(usd), address(btc), TIER);
        if (kind == VenueKind.PancakeV3) return executor.poolFor(PANCAKE, address(usd), address(btc), TIER);
        return executor.poolFor(ALGEBRA, address(usd), address(btc), 0);
    }

    /// @dev Nothing of either token, no ether, no allowance to any pool.
    function _assertClean() internal view {
        address[2] memory tokens = [address(usd), address(btc)];
        for (uint256 i; i < 2; ++i) {
            _assertNothingLeft(tokens[i]);
            _assertNoAllowance(tokens[i], address(curve));
            _assertNoAllowance(tokens[i], address(oldCurve));
            _assertNoAllowance(tokens[i], address(etherCurve));
        }
        _assertNothingLeft(address(weth));
    }

    function _assertNoAllowance(address token, address spender) private view {
        assertEq(IERC20(token).allowance(address(executor), spender), 0, "allowance left to a pool");
    }

    function _pool(uint16 venueId, uint24 feePips) internal view returns (MockV3Pool) {
        return MockV3Pool(executor.poolFor(venueId, address(usd), address(btc), feePips));
    }
}
