// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {UniswapV3Strategy, V3Position} from "contracts/vault/strategies/UniswapV3Strategy.sol";
import {VaultV3Fixture} from "../support/VaultV3Fixture.sol";

/// @title A range position on Uniswap V3's own bytecode, the asset first in the pair.
contract UniswapV3StrategyTest is VaultV3Fixture {
    uint256 internal constant STAKE = 100_000 * 1e6;

    function setUp() public virtual override {
        super.setUp();
        _deposit(depositor, STAKE);
        _rebalanceToTargets();
    }

    /* IN */

    function test_deploy_swapsToTheRangesRatio_atTheCostOfTheSwap() public view {
        (uint256[] memory wanted,) = vault.targetAllocations();
        // Half of it swapped at a fee of 5 bps, and a little impact.
        assertApproxEqRel(_value(), wanted[0], 0.0006e18);
        assertLt(_value(), wanted[0]);
        assertLt(usd.balanceOf(address(strategy)), wanted[0] / 500);
        assertTrue(_soundNow());
        (, uint256 liquid,) = strategy.report();
        assertEq(liquid, usd.balanceOf(address(strategy)));
        assertEq(usd.allowance(address(strategy), address(pool)), 0);
    }

    function test_deploy_again_usesWhatWasLoose() public {
        _deposit(neighbour, STAKE);
        vm.warp(block.timestamp + 1 hours);
        uint256 before = _value();
        _rebalanceToTargets();
        assertApproxEqRel(_value(), before * 2, 0.04e18);
        assertLt(usd.balanceOf(address(strategy)), _value() / 500);
    }

    /* VALUE */

    function test_spot_movesNothingButSoundness() public {
        uint256 before = _value();
        uint256 total = vault.totalAssets();
        for (uint256 price = 500; price < 20_000; price += 1_777) {
            _pushTo(price * WAD);
            // What the bent pool owes in fees is all that grows.
            assertGe(_value(), before);
            assertApproxEqRel(_value(), before, 0.003e18);
            assertFalse(_soundNow());
            assertEq(vault.maxDeposit(depositor), 0);
            assertEq(vault.payableNow(), vault.state().idle);
        }
        assertApproxEqRel(vault.totalAssets(), total, 0.003e18);
        _pushTo(1e15 * WAD);
        assertFalse(_soundNow());
        _pushTo(ETHER_USD * WAD);
        assertTrue(_soundNow());
    }

    function test_band_isHeldOnBothSides() public {
        _pushTo(3_029 * WAD);
        assertTrue(_soundNow());
        _pushTo(3_031 * WAD);
        assertFalse(_soundNow());
        _pushTo(2_971 * WAD);
        assertTrue(_soundNow());
        _pushTo(2_969 * WAD);
        assertFalse(_soundNow());
    }

    function test_value_followsTheOracle() public {
        uint256 before = _value();
        _setOracle(2_900);
        uint256 lower = _value();
        assertLt(lower, before);
        // Half of it is ether, a little more of it as the price falls.
        assertApproxEqRel(before - lower, before / 60, 0.25e18);
        _setOracle(3_100);
        assertGt(_value(), before);
    }

    function test_noPrice_noValue() public {
        ethFeed.freeze(block.timestamp - 3_601);
        vm.expectPartialRevert(VaultErrors.PriceStale.selector);
        strategy.report();
        assertEq(vault.maxDeposit(depositor), 0);
        uint256 shares = vault.balanceOf(depositor);
        _redeemInKind(depositor, shares);
        assertGt(eth.balanceOf(depositor), 0);
        assertEq(vault.balanceOf(depositor), 0);
    }

    /* FEES */

    function test_feesOwed_areCountedToTheUnit_beforeTheyAreCollected() public {
        for (uint256 i; i < 4; ++i) {
            _pushTo(3_200 * WAD);
            _pushTo(2_800 * WAD);
        }
        _pushTo(ETHER_USD * WAD);
        uint256 before = _value();
        uint256 loose = usd.balanceOf(address(strategy));
        uint256 looseOther = eth.balanceOf(address(strategy));
        vm.prank(keeper);
        assertEq(vault.tend(address(strategy), ""), 0);
        assertGt(usd.balanceOf(address(strategy)), loose + UNIT);
        assertGt(eth.balanceOf(address(strategy)), looseOther);
        assertEq(_value(), before);
    }

    function testFuzz_feesOwed_areWhatIsCollected_whereverThePriceIs(uint256 first, uint256 last) public {
        _pushTo(bound(first, 1_500, 6_000) * WAD);
        last = bound(last, 1_500, 6_000);
        _pushTo(last * WAD);
        _setOracle(last);
        uint256 before = _value();
        vm.prank(keeper);
        vault.tend(address(strategy), "");
        assertEq(_value(), before);
    }

    /* OUT OF RANGE */

    function test_outOfRange_countsAsOneToken_andIsMoved() public {
        _pushTo(4_000 * WAD);
        _setOracle(4_000);
        assertTrue(_soundNow());
        _provideAround(4_000 * WAD, DEPTH);
        uint256 before = _value();
        (int24 lower, int24 upper) = _rangeAround(4_000 * WAD, WIDTH);
        vm.prank(keeper);
        uint256 loss = vault.tend(address(strategy), abi.encode(lower, upper));
        assertLt(loss, before / 500);
        assertApproxEqAbs(_value(), before - loss, 1);
        (int24 nowLower, int24 nowUpper) = strategy.range();
        assertEq(nowLower, lower);
        assertEq(nowUpper, upper);
        assertLt(usd.balanceOf(address(strategy)), before / 100);
    }

    function test_range_thatCannotBe_isRefused() public {
        int24[2][4] memory ranges = [[int24(10), 10], [int24(20), 10], [int24(5), 10], [int24(-887_280), 0]];
        for (uint256 i; i < 4; ++i) {
            vm.prank(keeper);
            vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("range")));
            vault.tend(address(strategy), abi.encode(ranges[i][0], ranges[i][1]));
        }
    }

    /* OUT */

    function test_partialAndFullExit_costNoMoreThanTheSwap() public {
        vm.prank(manager);
        vault.setPoolCScore(address(strategy), 0);
        uint256 before = _value();
        vm.warp(block.timestamp + 1 hours);
        uint256 loss = _rebalance(_move(address(strategy), false, before / 3));
        assertLt(loss, before / 3 / 1_500);
        assertApproxEqRel(_value(), before * 2 / 3, 0.001e18);
        vm.warp(block.timestamp + 1 hours);
        loss = _rebalance(_move(address(strategy), false, type(uint256).max));
        assertLt(loss, before / 1_500);
        assertLt(_value(), 5);
        assertApproxEqRel(vault.totalAssets(), STAKE, 0.001e18);
        vm.prank(admin);
        vault.removePool(address(strategy), false);
        _redeem(depositor, vault.balanceOf(depositor));
        assertApproxEqRel(usd.balanceOf(depositor), STAKE, 0.001e18);
    }

    function test_inKind_givesBothTokens_atWhateverRatio() public {
        uint256 shares = vault.balanceOf(depositor) / 2;
        _pushTo(3_150 * WAD);
        uint256 before = _value();
        uint256 price = vault.convertToAssets(1e15);
        _redeemInKind(depositor, shares);
        assertApproxEqRel(_value(), before / 2, 1e12);
        assertGe(vault.convertToAssets(1e15), price);
        uint256 got = usd.balanceOf(depositor) + eth.balanceOf(depositor) * ETHER_USD / 1e12;
        // At least what was counted for them: a bent range is worth more at the oracle's price.
        assertGe(got + 3, STAKE * 4_996 / BPS);
    }

    /* WHO */

    function test_callbacks_ofNobodysAsking_areRefused() public {
        vm.startPrank(attacker);
        vm.expectPartialRevert(ErrorsLib.UnexpectedCallback.selector);
        strategy.uniswapV3MintCallback(1, 1, abi.encode(uint128(1)));
        vm.expectPartialRevert(ErrorsLib.UnexpectedCallback.selector);
        strategy.uniswapV3SwapCallback(1, 1, abi.encode(address(usd), 1));
        vm.stopPrank();
        vm.prank(address(pool));
        vm.expectPartialRevert(ErrorsLib.UnexpectedCallback.selector);
        strategy.uniswapV3MintCallback(1, 1, abi.encode(uint128(1)));
    }

    function test_settings_thatCannotBe_areRefused() public {
        V3Position memory where = _where();
        where.bandBps = 0;
        _refused(where, abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("bandBps")));
        (where.bandBps, where.slippageBps) = (1, 10_001);
        _refused(where, abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("slippageBps")));
        where = _where();
        address mine = where.pool;
        usd = _token("OTHER", 6);
        where.pool = address(_createPool());
        _refused(
            where, abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("swapPool"), mine)
        );
        where.swapPool = where.pool;
        _refused(
            where, abi.encodeWithSelector(VaultErrors.InvalidAddress.selector, bytes32("pool"), where.pool)
        );
    }

    function _refused(V3Position memory where, bytes memory reason) private {
        vm.expectRevert(reason);
        this.strategyAt(where);
    }

    function strategyAt(V3Position memory where) external returns (UniswapV3Strategy) {
        return new UniswapV3Strategy(address(vault), where);
    }

    /* WHAT IS LOOSE, WHAT IS EMPTY */

    function test_looseAsset_isPaidAtOnce_atNoLoss() public {
        usd.mint(address(strategy), 50 * UNIT);
        (, uint256 liquid,) = strategy.report();
        assertGe(liquid, 50 * UNIT);
        uint256 before = _value();
        vm.prank(address(vault));
        assertEq(strategy.free(50 * UNIT), 50 * UNIT);
        assertEq(_value(), before - 50 * UNIT);
    }

    function test_tooMuchOfTheOtherToken_isSold() public {
        eth.mint(address(strategy), 30e18);
        uint256 before = _value();
        _deposit(neighbour, STAKE / 10);
        vm.warp(block.timestamp + 1 hours);
        vm.prank(address(vault));
        strategy.deploy(0);
        assertApproxEqRel(_value(), before, 0.0005e18);
        assertLt(eth.balanceOf(address(strategy)), 1e18);
    }

    function test_emptyPosition_isTendedAndLeft() public {
        UniswapV3Strategy empty = _addV3(_where());
        vm.startPrank(keeper);
        assertEq(vault.tend(address(empty), ""), 0);
        (int24 lower, int24 upper) = _rangeAround(3_500 * WAD, WIDTH);
        assertEq(vault.tend(address(empty), abi.encode(lower, upper)), 0);
        vm.stopPrank();
        vm.prank(address(vault));
        empty.freeInKind(1, 2, depositor);
        assertEq(usd.balanceOf(depositor), 0);
    }

    function test_priceThatNoPoolCanHave_isRefused() public {
        vm.mockCall(
            address(prices), abi.encodeCall(prices.priceWad, (address(eth))), abi.encode(uint256(1e58))
        );
        vm.mockCall(address(prices), abi.encodeCall(prices.priceWad, (address(usd))), abi.encode(uint256(1)));
        vm.expectRevert();
        strategy.report();
    }
}

/// @title The same, the asset second.
contract UniswapV3StrategySecondTest is UniswapV3StrategyTest {
    function _assetIsFirst() internal pure override returns (bool) {
        return false;
    }
}
