// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";
import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {LenderKind, Lenders, Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {MockAavePool, MockBalancerVault, MockMorphoBlue} from "contracts/mocks/MockLenders.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {MockV2Factory, MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {MockV3Factory, MockV3Pool} from "contracts/mocks/MockUniswapV3.sol";
import {MockWETH} from "contracts/mocks/MockWETH.sol";
import {LegSpec, LoanSpec, PlanCodec, PlanSpec} from "./PlanCodec.sol";

interface IMintable {
    function mint(address to, uint256 amount) external;
}

/// @title An executor among three lenders and three venues, and the opportunities that a test needs.
/// @notice Venue ids: 0 and 1 are V2 factories, 2 is a V3 factory. Actors are named by role.
abstract contract ExecutorFixture is Test {
    using PlanCodec for PlanSpec;

    uint16 internal constant V2_A = 0;
    uint16 internal constant V2_B = 1;
    uint16 internal constant V3 = 2;
    uint24 internal constant TIER = 500;
    uint256 internal constant DEPTH = 1_000e18;
    uint256 internal constant LOAN = 10e18;

    address internal owner = makeAddr("owner");
    address internal treasury = makeAddr("treasury");
    address internal keeper = makeAddr("keeper");
    address internal guardian = makeAddr("guardian");
    address internal attacker = makeAddr("attacker");

    MockBalancerVault internal vault;
    MockAavePool internal aavePool;
    MockMorphoBlue internal morpho;
    MockV2Factory internal v2FactoryA;
    MockV2Factory internal v2FactoryB;
    MockV3Factory internal v3Factory;
    MockWETH internal weth;
    MockToken internal usd;
    MockToken internal btc;
    FlashLoanArbitrage internal executor;

    /// @dev The real build, named by its file; in the profiles that build the executor in their own way, that.
    function _executorArtifact() internal view returns (string memory) {
        bytes32 profile = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", string("default"))));
        bool isOwn = profile == keccak256("quick") || profile == keccak256("coverage")
            || bytes(vm.envOr("STEELYARD_TWIN", string(""))).length != 0;
        return isOwn
            ? "FlashLoanArbitrage.sol:FlashLoanArbitrage"
            : ".build/forge/out/FlashLoanArbitrage.sol/FlashLoanArbitrage.json";
    }

    function setUp() public virtual {
        vault = MockBalancerVault(_deploy("MockLenders.sol:MockBalancerVault"));
        aavePool = MockAavePool(_deploy("MockLenders.sol:MockAavePool"));
        morpho = MockMorphoBlue(_deploy("MockLenders.sol:MockMorphoBlue"));
        v2FactoryA = MockV2Factory(_deploy("MockUniswapV2.sol:MockV2Factory"));
        v2FactoryB = MockV2Factory(_deploy("MockUniswapV2.sol:MockV2Factory"));
        v3Factory = MockV3Factory(_deploy("MockUniswapV3.sol:MockV3Factory"));
        weth = MockWETH(payable(_deploy("MockWETH.sol:MockWETH")));
        usd = _token("USD", 18);
        btc = _token("BTC", 18);
        executor = _deployExecutor(treasury, _lenders());
        _configure(executor);
        _fillLenders(address(weth));
        _fillLenders(address(usd));
    }

    /* SETTING UP */

    /// @dev By artifact: with `new`, every test contract would carry, and compile, all the code that it deploys.
    function _deploy(string memory artifact) internal returns (address) {
        return vm.deployCode(artifact);
    }

    function _token(string memory symbol, uint8 decimals) internal returns (MockToken) {
        return MockToken(vm.deployCode("MockToken.sol:MockToken", abi.encode(symbol, decimals)));
    }

    /// @dev Where the lenders of this fixture stand; by field, so that a lender can be added here alone.
    function _lenders() internal view virtual returns (Lenders memory lenders) {
        lenders.balancerV2Vault = address(vault);
        lenders.aaveV3Pool = address(aavePool);
        lenders.morphoBlue = address(morpho);
    }

    /// @dev Whose signed calls count as their signers'.
    function _forwarder() internal view virtual returns (address) {
        return address(0);
    }

    function _deployExecutor(address treasury_, Lenders memory lenders)
        internal
        returns (FlashLoanArbitrage)
    {
        bytes memory arguments = abi.encode(owner, treasury_, lenders, weth, _forwarder());
        return FlashLoanArbitrage(payable(vm.deployCode(_executorArtifact(), arguments)));
    }

    function _configure(FlashLoanArbitrage target) internal {
        vm.startPrank(owner);
        target.setKeeper(keeper, true);
        target.setGuardian(guardian);
        target.listVenue(Venue(VenueKind.UniswapV2, 3000, address(v2FactoryA), v2FactoryA.initCodeHash()));
        target.listVenue(Venue(VenueKind.UniswapV2, 3000, address(v2FactoryB), v2FactoryB.initCodeHash()));
        target.listVenue(Venue(VenueKind.UniswapV3, 0, address(v3Factory), v3Factory.initCodeHash()));
        vm.stopPrank();
    }

    function _fillLenders(address token) internal {
        _give(token, address(vault), DEPTH);
        _give(token, address(aavePool), DEPTH);
        _give(token, address(morpho), DEPTH);
    }

    function _give(address token, address to, uint256 amount) internal {
        if (token == address(weth)) {
            vm.deal(address(this), amount);
            weth.deposit{value: amount}();
            weth.transfer(to, amount);
        } else {
            IMintable(token).mint(to, amount);
        }
    }

    function _v2Pair(MockV2Factory factory, address tokenA, uint256 amountA, address tokenB, uint256 amountB)
        internal
        returns (MockV2Pair pair)
    {
        pair = MockV2Pair(factory.createPair(tokenA, tokenB));
        _give(tokenA, address(pair), amountA);
        _give(tokenB, address(pair), amountB);
        pair.sync();
    }

    function _v3Pool(address tokenA, uint256 amountA, address tokenB, uint256 amountB)
        internal
        returns (MockV3Pool pool)
    {
        pool = MockV3Pool(v3Factory.createPool(tokenA, tokenB, TIER));
        _give(tokenA, address(pool), amountA);
        _give(tokenB, address(pool), amountB);
    }

    /// @dev Three pools of the pair: 10 % more `other` per `asset` at V2_A than at V2_B and V3.
    function _opportunity(address asset, address other) internal {
        _v2Pair(v2FactoryA, asset, DEPTH, other, DEPTH * 11 / 10);
        _v2Pair(v2FactoryB, asset, DEPTH, other, DEPTH);
        _v3Pool(asset, DEPTH, other, DEPTH);
    }

    /* PLANS */

    /// @dev Over a venue of this fixture's list, selling what the leg before it received, for 1 unit or more.
    function _leg(uint16 venueId, address tokenOut) internal pure returns (LegSpec memory leg) {
        leg.kind = venueId == V3 ? VenueKind.UniswapV3 : VenueKind.UniswapV2;
        leg.tokenOut = tokenOut;
        leg.minAmountOut = 1;
        leg.params = venueId == V3 ? abi.encodePacked(venueId, TIER) : abi.encodePacked(venueId);
    }

    /// @dev The same, but naming its input: `amountIn` of `tokenIn`, 0 for all there is.
    function _legFromPurse(uint16 venueId, address tokenIn, uint256 amountIn, address tokenOut)
        internal
        pure
        returns (LegSpec memory leg)
    {
        leg = _leg(venueId, tokenOut);
        (leg.fromPurse, leg.tokenIn, leg.amountIn) = (true, tokenIn, amountIn);
    }

    function _loan(LenderKind kind, address asset, uint256 amount) internal pure returns (LoanSpec memory) {
        return LoanSpec(kind, asset, amount, 0, "");
    }

    /// @dev Out over `first`, back over `second`.
    function _plan(LenderKind lender, address asset, address other, uint16 first, uint16 second)
        internal
        view
        returns (PlanSpec memory plan)
    {
        plan = _emptyPlan(lender, asset);
        plan.minProfit = 1;
        plan.legs = new LegSpec[](2);
        plan.legs[0] = _leg(first, other);
        plan.legs[1] = _leg(second, asset);
    }

    function _emptyPlan(LenderKind lender, address asset) internal view returns (PlanSpec memory plan) {
        plan.chainId = block.chainid;
        plan.executor = address(executor);
        plan.deadline = block.timestamp + 60;
        plan.loans = new LoanSpec[](1);
        plan.loans[0] = _loan(lender, asset, LOAN);
    }

    function _lender(LenderKind kind) internal view returns (address) {
        return executor.lenderAddress(kind);
    }

    function _execute(PlanSpec memory plan) internal returns (uint256 profit) {
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        return executor.execute(encoded);
    }

    /// @dev What the contract promises after any call, whether it went through or not.
    function _assertNothingLeft(address token) internal view {
        assertEq(IERC20(token).balanceOf(address(executor)), 0, "executor holds tokens");
        assertEq(address(executor).balance, 0, "executor holds ether");
        for (uint256 kind; kind <= uint256(type(LenderKind).max); ++kind) {
            address spender = executor.lenderAddress(LenderKind(kind));
            assertEq(IERC20(token).allowance(address(executor), spender), 0, "allowance left");
        }
    }

    function _assertReverts(PlanSpec memory plan, bytes memory expected) internal {
        address asset = plan.loans[0].asset;
        uint256 treasuryBefore = IERC20(asset).balanceOf(treasury);
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectRevert(expected);
        executor.execute(encoded);
        assertEq(IERC20(asset).balanceOf(treasury), treasuryBefore, "treasury changed");
        _assertNothingLeft(asset);
    }

    /// @dev Where the figures in the error are of no interest.
    function _assertRevertsWith(PlanSpec memory plan, bytes4 selector) internal {
        bytes memory encoded = plan.encode();
        vm.prank(keeper);
        vm.expectPartialRevert(selector);
        executor.execute(encoded);
    }
}
