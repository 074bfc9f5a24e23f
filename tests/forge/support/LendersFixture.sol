// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {LenderKind, Lenders, Venue, VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {MockAaveV2Pool, MockAaveV3Pool} from "contracts/mocks/MockAaveBaskets.sol";
import {MockErc3156Lender} from "contracts/mocks/MockErc3156Lender.sol";
import {LenderFault, MockLender} from "contracts/mocks/MockLenders.sol";
import {Fork, MockLendingFactory} from "contracts/mocks/MockLendingPools.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {ManagerFault, MockUniswapV4Manager} from "contracts/mocks/MockUniswapV4.sol";
import {ExecutorFixture} from "./ExecutorFixture.sol";
import {LoanSpec, PlanSpec} from "./PlanCodec.sol";

/// @notice One way to borrow, and what its lender is known to say and do.
/// @param lender Who lends the asset that the lane was made for.
/// @param params The loan's own parameters.
/// @param callback What the guard awaits.
/// @param fee Of `LOAN`.
/// @param pulls Repaid by allowance.
/// @param saysWho The callback names who asked.
/// @param saysAmount The callback names the amount.
/// @param saysAsset The callback names the asset.
struct Lane {
    string name;
    LenderKind kind;
    address lender;
    bytes params;
    CallbackKind callback;
    uint256 fee;
    bool pulls;
    bool saysWho;
    bool saysAmount;
    bool saysAsset;
}

/// @title An executor among every lender there is, each with a flat fee or its own formula.
/// @notice Lending pools pair each asset with `gold`, which no route trades, and are of venues 3 to 7.
abstract contract LendersFixture is ExecutorFixture {
    uint256 internal constant LANES = 12;
    uint256 internal constant FLAT_FEE = 0.009e18;
    uint24 internal constant PAIR_FEE = 3000;
    uint24 internal constant PANCAKE_PAIR_FEE = 2500;
    uint16 internal constant LENDING_V2 = 3;
    uint16 internal constant LENDING_PANCAKE_V2 = 4;
    uint16 internal constant LENDING_V3 = 5;
    uint16 internal constant LENDING_PANCAKE_V3 = 6;
    uint16 internal constant LENDING_ALGEBRA = 7;
    uint16 internal constant LISTED_LENDER = 0;

    MockAaveV2Pool internal aaveV2Pool;
    MockAaveV3Pool internal aaveV3Pool;
    MockErc3156Lender internal maker;
    MockErc3156Lender internal listed;
    MockUniswapV4Manager internal manager;
    MockLendingFactory internal uniswapPools;
    MockLendingFactory internal pancakePools;
    MockLendingFactory internal algebraPools;
    MockToken internal gold;

    function setUp() public virtual override {
        aaveV2Pool = MockAaveV2Pool(_deploy("MockAaveBaskets.sol:MockAaveV2Pool"));
        aaveV3Pool = MockAaveV3Pool(_deploy("MockAaveBaskets.sol:MockAaveV3Pool"));
        maker = MockErc3156Lender(_deploy("MockErc3156Lender.sol:MockErc3156Lender"));
        listed = MockErc3156Lender(_deploy("MockErc3156Lender.sol:MockErc3156Lender"));
        manager = MockUniswapV4Manager(_deploy("MockUniswapV4.sol:MockUniswapV4Manager"));
        uniswapPools = MockLendingFactory(_deploy("MockLendingPools.sol:MockLendingFactory"));
        pancakePools = MockLendingFactory(_deploy("MockLendingPools.sol:MockLendingFactory"));
        algebraPools = MockLendingFactory(_deploy("MockLendingPools.sol:MockLendingFactory"));
        gold = _token("GLD", 18);
        super.setUp();
        _listLending();
        _openLending(address(usd));
        _openLending(address(weth));
        vault.setFee(FLAT_FEE);
        aaveV3Pool.setFee(FLAT_FEE);
        aaveV2Pool.setFee(FLAT_FEE);
        maker.setFee(FLAT_FEE);
        listed.setFee(FLAT_FEE);
    }

    /* SETTING UP */

    function _lenders() internal view virtual override returns (Lenders memory lenders) {
        lenders = super._lenders();
        lenders.aaveV3Pool = address(aaveV3Pool);
        lenders.aaveV2Pool = address(aaveV2Pool);
        lenders.makerFlash = address(maker);
        lenders.uniswapV4PoolManager = address(manager);
    }

    function _listLending() private {
        bytes32 pairHash = uniswapPools.pairHash();
        bytes32 poolHash = uniswapPools.poolHash();
        (address uni, address cake) = (address(uniswapPools), address(pancakePools));
        vm.startPrank(owner);
        executor.listVenue(Venue(VenueKind.UniswapV2, PAIR_FEE, uni, pairHash));
        executor.listVenue(Venue(VenueKind.UniswapV2, PANCAKE_PAIR_FEE, cake, pairHash));
        executor.listVenue(Venue(VenueKind.UniswapV3, 0, uni, poolHash));
        executor.listVenue(Venue(VenueKind.PancakeV3, 0, cake, poolHash));
        executor.listVenue(Venue(VenueKind.Algebra, 0, address(algebraPools), poolHash));
        executor.listLender(address(listed));
        vm.stopPrank();
    }

    /// @dev Fills every lender with `asset`.
    function _openLending(address asset) internal {
        address[5] memory pools = [
            uniswapPools.createPair(asset, address(gold), PAIR_FEE, Fork.Uniswap),
            pancakePools.createPair(asset, address(gold), PANCAKE_PAIR_FEE, Fork.Pancake),
            uniswapPools.createPool(asset, address(gold), TIER, Fork.Uniswap),
            pancakePools.createPool(asset, address(gold), TIER, Fork.Pancake),
            algebraPools.createPool(asset, address(gold), TIER, Fork.Algebra)
        ];
        for (uint256 i; i < pools.length; ++i) {
            _give(asset, pools[i], DEPTH);
            _give(address(gold), pools[i], DEPTH);
        }
        _give(asset, address(aaveV2Pool), DEPTH);
        _give(asset, address(aaveV3Pool), DEPTH);
        _give(asset, address(maker), DEPTH);
        _give(asset, address(listed), DEPTH);
        _give(asset, address(manager), DEPTH);
    }

    /* LANES */

    /// @dev The lanes for `asset`, by number.
    function _lane(uint256 index, address asset) internal view returns (Lane memory lane) {
        if (index < 6) return _fixedLane(index);
        if (index == 6) {
            lane = Lane(
                "ERC-3156",
                LenderKind.Erc3156,
                address(listed),
                abi.encodePacked(LISTED_LENDER),
                CallbackKind.Erc3156Loan,
                FLAT_FEE,
                true,
                true,
                true,
                true
            );
        } else {
            lane = _poolLane(index, asset);
        }
    }

    function _fixedLane(uint256 index) private view returns (Lane memory lane) {
        lane.kind = [
            LenderKind.BalancerV2,
            LenderKind.AaveV3,
            LenderKind.MorphoBlue,
            LenderKind.AaveV2,
            LenderKind.Maker,
            LenderKind.UniswapV4
        ][index];
        lane.name = ["Balancer", "Aave V3", "Morpho", "Aave V2", "Maker", "Uniswap V4"][index];
        lane.callback = [
            CallbackKind.BalancerV2Loan,
            CallbackKind.AaveV3Loan,
            CallbackKind.MorphoBlueLoan,
            CallbackKind.AaveBasketLoan,
            CallbackKind.Erc3156Loan,
            CallbackKind.UniswapV4Loan
        ][index];
        lane.lender = executor.lenderAddress(lane.kind);
        bool isFree = lane.kind == LenderKind.MorphoBlue || lane.kind == LenderKind.UniswapV4;
        lane.fee = isFree ? 0 : FLAT_FEE;
        lane.pulls = index != 0 && index != 5;
        lane.saysWho = lane.pulls && lane.kind != LenderKind.MorphoBlue;
        lane.saysAmount = lane.kind != LenderKind.UniswapV4;
        lane.saysAsset = !isFree;
    }

    function _poolLane(uint256 index, address asset) private view returns (Lane memory lane) {
        uint16 venueId = uint16(index - 7) + LENDING_V2;
        bool isPair = venueId <= LENDING_PANCAKE_V2;
        lane.name = ["Uniswap V2", "PancakeSwap V2", "Uniswap V3", "PancakeSwap V3", "Algebra"][index - 7];
        lane.kind = isPair ? LenderKind.UniswapV2 : LenderKind.UniswapV3;
        lane.callback = isPair ? CallbackKind.UniswapV2Loan : CallbackKind.UniswapV3Loan;
        uint24 tier = isPair ? 0 : TIER;
        lane.lender = executor.poolFor(venueId, asset, address(gold), tier);
        lane.params = isPair
            ? abi.encodePacked(venueId, address(gold))
            : abi.encodePacked(venueId, address(gold), tier);
        if (venueId == LENDING_V2) lane.fee = 0.030090270812437312e18;
        else if (venueId == LENDING_PANCAKE_V2) lane.fee = 0.025062656641604011e18;
        else lane.fee = 0.005e18;
        (lane.saysWho, lane.saysAmount, lane.saysAsset) = (isPair, isPair, isPair);
    }

    function _loanOf(Lane memory lane, address asset, uint256 amount)
        internal
        pure
        returns (LoanSpec memory)
    {
        return LoanSpec(lane.kind, asset, amount, lane.fee, lane.params);
    }

    /// @dev `LOAN` of usd from the lane, out over one pair and back over the other.
    function _planOf(Lane memory lane) internal view returns (PlanSpec memory plan) {
        plan = _plan(lane.kind, address(usd), address(btc), V2_A, V2_B);
        plan.loans[0] = _loanOf(lane, address(usd), LOAN);
    }

    function _isManager(Lane memory lane) internal pure returns (bool) {
        return lane.kind == LenderKind.UniswapV4;
    }

    /// @dev The fault, in the manager's words where it is the manager.
    function _spoil(Lane memory lane, LenderFault fault) internal {
        if (!_isManager(lane)) {
            MockLender(lane.lender).setFault(fault, address(weth));
            return;
        }
        ManagerFault same = ManagerFault.None;
        if (fault == LenderFault.NoCallback) same = ManagerFault.NoCallback;
        if (fault == LenderFault.CallsBackTwice) same = ManagerFault.CallsBackTwice;
        if (fault == LenderFault.ChangesData) same = ManagerFault.ChangesData;
        if (fault == LenderFault.LendsLess) same = ManagerFault.SendsLess;
        manager.setFault(same);
    }
}
