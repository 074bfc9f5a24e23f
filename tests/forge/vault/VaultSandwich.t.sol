// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {V3Position} from "contracts/vault/strategies/UniswapV3Strategy.sol";
import {VaultV3Fixture} from "../support/VaultV3Fixture.sol";

/// @title Rebalances and deposits between two trades of somebody who saw them coming, at any size: the vault loses what
/// it allows at most, or refuses; the attacker gains nothing.
contract VaultSandwichTest is VaultV3Fixture {
    uint256 internal constant STAKE = 100_000 * 1e6;

    function _where() internal view override returns (V3Position memory where) {
        where = super._where();
        where.slippageBps = 30;
    }

    function setUp() public override {
        super.setUp();
        _deposit(depositor, STAKE);
    }

    /// @dev What the trader has, at the true price.
    function _wealth() internal view returns (uint256) {
        return usd.balanceOf(address(trader)) + eth.balanceOf(address(trader)) * ETHER_USD / 1e12;
    }

    function _trade(bool buysEther, uint256 assets) internal {
        uint256 amount = buysEther ? assets : assets * 1e12 / ETHER_USD;
        if (amount == 0) return;
        bool zeroForOne = buysEther == _assetIsFirst();
        uint160 limit = zeroForOne ? 4_295_128_740 : 1461446703485210103287273052203988822378723970341;
        trader.swap(pool, zeroForOne, amount, limit);
    }

    function _fundTrader() internal {
        usd.mint(address(trader), 1e30);
        eth.mint(address(trader), 1e40);
    }

    /// @dev The pool back to where it was, by whoever finds it worth it: the attacker himself.
    function _undo() internal {
        uint160 wanted = _sqrtPrice(ETHER_USD * WAD);
        (uint160 now_,,,,,,) = pool.slot0();
        if (now_ == wanted) return;
        bool zeroForOne = wanted < now_;
        trader.swap(pool, zeroForOne, 1e30, wanted);
    }

    /// @dev From a thousandth of the depth to a thousand times it, either way, with any share of it in one plan.
    /// forge-config: default.fuzz.runs = 48
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_rebalance_sandwiched_atAnySize(uint256 size, bool buysEther, uint256 part) public {
        size = bound(size, 0, 60);
        // 10^(size / 10) of a thousandth: 0.001x to 1,000x.
        uint256 assets = DEPTH / 1_000 * uint256(FixedPointMathLib.powWad(10e18, int256(size * 1e17))) / WAD;
        _fundTrader();
        uint256 wealth = _wealth();
        uint256 total = vault.totalAssets();
        _trade(buysEther, assets);
        vm.prank(keeper);
        try vault.rebalance(
            _move(address(strategy), true, bound(part, UNIT, STAKE)), type(uint256).max, block.timestamp
        ) returns (
            uint256 loss
        ) {
            assertLe(loss, total * 20 / BPS);
        } catch {}
        _undo();
        assertLe(_wealth(), wealth, "the attacker gained");
        assertGe(vault.totalAssets(), total - total * 20 / BPS, "more lost than allowed");
    }

    /// forge-config: default.fuzz.runs = 48
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_exit_sandwiched_atAnySize(uint256 size, bool buysEther, uint256 part) public {
        _rebalanceToTargets();
        vm.prank(manager);
        vault.setPoolCScore(address(strategy), 0);
        vm.warp(block.timestamp + 1 days);
        size = bound(size, 0, 60);
        uint256 assets = DEPTH / 1_000 * uint256(FixedPointMathLib.powWad(10e18, int256(size * 1e17))) / WAD;
        _fundTrader();
        uint256 wealth = _wealth();
        uint256 total = vault.totalAssets();
        _trade(buysEther, assets);
        vm.prank(keeper);
        try vault.rebalance(
            _move(address(strategy), false, bound(part, UNIT, STAKE)), type(uint256).max, block.timestamp
        ) {}
            catch {}
        _undo();
        assertLe(_wealth(), wealth, "the attacker gained");
        assertGe(vault.totalAssets(), total - total * 20 / BPS, "more lost than allowed");
    }

    /// @dev A depositor cannot be sandwiched: a deposit trades nothing, and its price is the oracle's.
    /// forge-config: default.fuzz.runs = 48
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_deposit_sandwiched_getsTheSameShares_orIsRefused(uint256 size, bool buysEther) public {
        _rebalanceToTargets();
        size = bound(size, 0, 60);
        uint256 assets = DEPTH / 1_000 * uint256(FixedPointMathLib.powWad(10e18, int256(size * 1e17))) / WAD;
        _fundTrader();
        uint256 quoted = vault.previewDeposit(1_000 * UNIT);
        _trade(buysEther, assets);
        usd.mint(neighbour, 1_000 * UNIT);
        vm.startPrank(neighbour);
        usd.approve(address(vault), 1_000 * UNIT);
        try vault.deposit(1_000 * UNIT, neighbour) returns (uint256 shares) {
            // Less by the fees that the attacker paid to the position.
            assertLe(shares, quoted);
            assertApproxEqRel(shares, quoted, 0.0002e18);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), VaultErrors.DepositAboveLimit.selector);
        }
        vm.stopPrank();
    }

    /// @dev Bend, deposit or leave, bend back: no price of ours moves with it.
    /// forge-config: default.fuzz.runs = 48
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_sharePrice_throughAFlashLoan_isNotBent(uint256 price) public {
        _rebalanceToTargets();
        price = bound(price, 100, 90_000);
        uint256 before = vault.convertToAssets(1e15);
        _pushTo(price * WAD);
        uint256 bent = vault.convertToAssets(1e15);
        assertGe(bent, before);
        assertApproxEqRel(bent, before, 0.001e18);
    }

    /// @dev What the draws above would not say: small ones do go through, and cost the attacker.
    function test_smallSandwich_goesThrough_andCostsTheAttacker() public {
        _fundTrader();
        uint256 wealth = _wealth();
        _trade(true, DEPTH / 1_000);
        _rebalance(_move(address(strategy), true, STAKE));
        _undo();
        assertLt(_wealth(), wealth);
        assertGt(_value(), STAKE / 2);
    }

    function test_swap_thatWouldBeWorthSurrounding_isRefused() public {
        _deposit(depositor, 10_000_000 * UNIT);
        vm.prank(keeper);
        vm.expectPartialRevert(VaultErrors.SwapTooLarge.selector);
        vault.rebalance(_move(address(strategy), true, type(uint256).max), type(uint256).max, block.timestamp);
        // In steps, over time, it goes.
        _rebalance(_move(address(strategy), true, 500_000 * UNIT));
    }
}

/// @title The same, the asset second.
contract VaultSandwichSecondTest is VaultSandwichTest {
    function _assetIsFirst() internal pure override returns (bool) {
        return false;
    }
}
