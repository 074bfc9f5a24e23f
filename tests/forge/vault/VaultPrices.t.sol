// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {BufferCurve, RebalanceLimits} from "contracts/interfaces/IAllocationPolicy.sol";
import {IPriceFeed} from "contracts/interfaces/external/IPriceFeed.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {VaultFeed} from "contracts/mocks/VaultFeed.sol";
import {AllocationPolicy} from "contracts/vault/AllocationPolicy.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {WeightModel} from "contracts/vault/WeightModel.sol";
import {Feed} from "contracts/vault/prices/FeedPriceSource.sol";
import {VaultFixture} from "../support/VaultFixture.sol";

/// @title Prices: what is believed; and the policy that is made of them.
contract VaultPricesTest is VaultFixture {
    address internal eth = makeAddr("eth");
    VaultFeed internal ethFeed;

    function setUp() public override {
        super.setUp();
        ethFeed = _listFeed(eth, 8, 3_000e8);
    }

    function _refused(bytes memory reason) internal {
        vm.expectRevert(reason);
        prices.priceWad(eth);
    }

    function _set(Feed memory feed) internal {
        vm.prank(admin);
        prices.setFeed(eth, feed);
    }

    /* FEEDS */

    function test_price_isScaledToWad() public {
        assertEq(prices.priceWad(eth), 3_000 * WAD);
        ethFeed.post(1_234.56789012e8);
        assertEq(prices.priceWad(eth), 1_234.56789012e18);
    }

    function test_stale_answer_isRefused_atTheSecond() public {
        ethFeed.freeze(block.timestamp);
        vm.warp(block.timestamp + 3_600);
        assertEq(prices.priceWad(eth), 3_000 * WAD);
        vm.warp(block.timestamp + 1);
        _refused(abi.encodeWithSelector(VaultErrors.PriceStale.selector, eth, block.timestamp - 3_601, 3_600));
        ethFeed.freeze(block.timestamp + 1);
        _refused(abi.encodeWithSelector(VaultErrors.PriceStale.selector, eth, block.timestamp + 1, 3_600));
        ethFeed.freeze(0);
        _refused(abi.encodeWithSelector(VaultErrors.PriceStale.selector, eth, 0, 3_600));
    }

    function test_zeroNegativeAndFarAnswers_areRefused() public {
        int256[6] memory answers = [int256(0), -1, type(int256).min, type(int256).max, 299e8, 30_001e8];
        for (uint256 i; i < 6; ++i) {
            ethFeed.post(answers[i]);
            _refused(abi.encodeWithSelector(VaultErrors.PriceOutOfBand.selector, eth, answers[i]));
        }
        ethFeed.post(300e8);
        assertEq(prices.priceWad(eth), 300 * WAD);
        ethFeed.post(30_000e8);
        assertEq(prices.priceWad(eth), 30_000 * WAD);
    }

    function test_otherDecimals_thanAgreed_areRefused() public {
        ethFeed.setDecimals(18);
        ethFeed.post(3_000e18);
        _refused(abi.encodeWithSelector(VaultErrors.WrongFeedDecimals.selector, eth, 18, 8));
    }

    function test_swappedFeed_isOutOfItsBand() public {
        Feed memory feed = prices.feedOf(eth);
        feed.feed = IPriceFeed(address(usdFeed));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.PriceOutOfBand.selector, eth, int256(1e8)));
        prices.setFeed(eth, feed);
    }

    /// @dev Frozen, but signing the present time: only a second opinion tells.
    function test_frozenFeed_isToldByTheSecond() public {
        VaultFeed second =
            VaultFeed(vm.deployCode("VaultFeed.sol:VaultFeed", abi.encode(uint8(8), int256(3_000e8))));
        Feed memory feed = prices.feedOf(eth);
        (feed.second, feed.maxDeviationBps) = (IPriceFeed(address(second)), 200);
        _set(feed);
        second.post(3_060e8);
        assertEq(prices.priceWad(eth), 3_000 * WAD);
        second.post(3_060e8 + 1);
        _refused(
            abi.encodeWithSelector(VaultErrors.PricesDisagree.selector, eth, 3_000 * WAD, 3_060 * WAD + 1e10)
        );
        second.post(2_941e8);
        _refused(abi.encodeWithSelector(VaultErrors.PricesDisagree.selector, eth, 3_000 * WAD, 2_941 * WAD));
        second.freeze(1);
        _refused(abi.encodeWithSelector(VaultErrors.PriceStale.selector, eth, 1, 3_600));
    }

    function test_feed_isListedByTheAdministration_checkedAndRemoved() public {
        Feed memory feed = prices.feedOf(eth);
        vm.prank(attacker);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, attacker));
        prices.setFeed(eth, feed);
        feed.minPriceWad = 0;
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("band")));
        prices.setFeed(eth, feed);
        (feed.minPriceWad, feed.maxPriceWad) = (2, 1);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("band")));
        prices.setFeed(eth, feed);
        (feed.minPriceWad, feed.maxPriceWad, feed.feedDecimals) = (1, 2, 19);
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, bytes32("feedDecimals")));
        prices.setFeed(eth, feed);
        feed.feed = IPriceFeed(address(0));
        prices.setFeed(eth, feed);
        vm.stopPrank();
        _refused(abi.encodeWithSelector(VaultErrors.NoFeed.selector, eth));
    }

    /* THE POLICY */

    function test_buffer_shrinksAsTheVaultGrows_betweenItsBounds() public view {
        assertEq(policy.liquidityRatioBps(0), 2_000);
        assertEq(policy.liquidityRatioBps(1_000_000 * UNIT), 1_250);
        assertEq(policy.liquidityRatioBps(2_000_000 * UNIT), 1_000);
        assertEq(policy.liquidityRatioBps(1e12 * UNIT), 501);
    }

    function testFuzz_buffer_ratioFalls_amountRises(uint256 less, uint256 more) public view {
        less = bound(less, 0, 1e15 * UNIT);
        more = bound(more, less, 1e15 * UNIT);
        uint256 high = policy.liquidityRatioBps(less);
        uint256 low = policy.liquidityRatioBps(more);
        assertGe(high, low);
        assertLe(high, 2_000);
        assertGe(low, 500);
        // Rounded up to a basis point: that much the smaller one can have more.
        assertGe(more * low + less + BPS, less * high);
    }

    function testFuzz_allocation_addsUp(uint16[8] memory drawn, uint256 assets, uint256 awaited, uint256 held)
        public
        view
    {
        uint16[] memory scores = new uint16[](8);
        for (uint256 i; i < 8; ++i) {
            scores[i] = drawn[i] % 10_001;
        }
        assets = bound(assets, 0, 1e15 * UNIT);
        held = bound(held, 0, assets);
        (uint256[] memory wanted, uint256 idle) = policy.allocate(scores, assets, awaited, held);
        uint256 sum = idle + held;
        for (uint256 i; i < 8; ++i) {
            sum += wanted[i];
        }
        assertEq(sum, assets);
        uint256 buffer = assets * policy.liquidityRatioBps(assets) / BPS;
        if (held + buffer <= assets) assertGe(idle, buffer);
    }

    function test_policy_thatCannotBe_isRefused() public {
        WeightModel memory model = policy.model();
        RebalanceLimits memory limits = _limits();
        BufferCurve memory curve = _curve();
        assertEq(policy.defaultCScore(), model.defaultCScore);
        assertEq(policy.curve().pivotUsd, curve.pivotUsd);
        curve.pivotUsd = 0;
        _policyRefused(model, curve, limits, "pivotUsd");
        curve = BufferCurve(3, 2, 1);
        _policyRefused(model, curve, limits, "curve");
        curve = BufferCurve(3, 10_001, 1);
        _policyRefused(model, curve, limits, "curve");
        curve = _curve();
        limits.maxStepBps = 0;
        _policyRefused(model, curve, limits, "maxStepBps");
        limits.maxStepBps = 10_001;
        _policyRefused(model, curve, limits, "maxStepBps");
        limits = _limits();
        limits.thresholdBps = 10_001;
        _policyRefused(model, curve, limits, "thresholdBps");
        limits = _limits();
        limits.maxLossBps = 10_001;
        _policyRefused(model, curve, limits, "maxLossBps");
        limits = _limits();
        limits.maxMoveLossBps = 10_001;
        _policyRefused(model, curve, limits, "maxMoveLossBps");
        limits = _limits();
        limits.lossPeriodSeconds = 0;
        _policyRefused(model, curve, limits, "lossPeriodSeconds");
        model.maxBp = 0;
        vm.expectPartialRevert(ErrorsLib.InvalidMaxWeight.selector);
        this.policyOf(model, curve, _limits());
        usd = _token("UNPRICED", 6);
        model = policy.model();
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.NoFeed.selector, usd));
        this.policyOf(model, curve, _limits());
    }

    function _policyRefused(
        WeightModel memory model,
        BufferCurve memory curve,
        RebalanceLimits memory limits,
        bytes32 what
    ) private {
        vm.expectRevert(abi.encodeWithSelector(VaultErrors.InvalidSetting.selector, what));
        this.policyOf(model, curve, limits);
    }

    function policyOf(WeightModel memory model, BufferCurve memory curve, RebalanceLimits memory limits)
        external
        returns (AllocationPolicy)
    {
        return new AllocationPolicy(address(usd), address(prices), model, curve, limits);
    }
}
