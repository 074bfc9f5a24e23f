// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {StableSwapBase} from "contracts/mocks/replica/StableSwapBase.sol";
import {StableSwapModel} from "contracts/mocks/replica/StableSwapModel.sol";

/// @title The replica's model of a stable pool, where the served replica cannot reach it: hooks, and any balances.
contract ReplicaModelsTest is Test {
    uint256 private constant FEE = 1_000_000;
    uint256 private constant ADMIN_SHARE = 5 * 10 ** 9;
    uint256 private constant DEPTH = 10 ** 24;

    HookToken private first = new HookToken();
    HookToken private second = new HookToken();
    StableSwapModel private pool;

    function setUp() public {
        pool = _pool(100, FEE, DEPTH, DEPTH);
    }

    function _pool(uint256 leverage, uint256 fee, uint256 held0, uint256 held1)
        private
        returns (StableSwapModel made)
    {
        address[] memory coins = new address[](2);
        (coins[0], coins[1]) = (address(first), address(second));
        made = new StableSwapModel(coins, leverage, fee, ADMIN_SHARE);
        uint256[] memory amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (held0, held1);
        for (uint256 k; k < 2; ++k) {
            HookToken(coins[k]).mint(address(this), amounts[k]);
            HookToken(coins[k]).approve(address(made), type(uint256).max);
        }
        made.fill(amounts);
    }

    /// @dev A trade that goes through, unless the pool is locked.
    function tradeBack() external {
        pool.exchange(1, 0, 1 ether, 0);
    }

    function test_TradeInsideATradeIsRefused() public {
        first.mint(address(this), 2 ether);
        second.mint(address(this), 2 ether);
        this.tradeBack();

        first.arm(address(pool), address(this), abi.encodeCall(this.tradeBack, ()), true);
        vm.expectRevert(bytes(""));
        pool.exchange(0, 1, 1 ether, 0);

        first.arm(address(pool), address(this), abi.encodeCall(this.tradeBack, ()), false);
        pool.exchange(0, 1, 1 ether, 0);
        assertEq(first.callCount(), 1);
        assertFalse(first.lastSuccess());
    }

    function test_PoolOfOneOrFiveCoinsIsRefused() public {
        for (uint256 count = 1; count <= 5; count += 4) {
            address[] memory coins = new address[](count);
            vm.expectRevert(abi.encodeWithSelector(StableSwapBase.CoinCount.selector, count));
            new StableSwapModel(coins, 100, FEE, ADMIN_SHARE);
        }
    }

    /// @dev Without a fee, rounding alone must keep a trader from gaining.
    function testFuzz_TradesThereAndBackNeverGain(
        uint256 leverage,
        uint256 held0,
        uint256 held1,
        uint256 amount
    ) public {
        held0 = bound(held0, 10 ** 18, 10 ** 28);
        held1 = bound(held1, held0 / 20, held0 * 20);
        amount = bound(amount, 10 ** 6, held0);
        StableSwapModel free = _pool(bound(leverage, 1, 5000), 0, held0, held1);
        first.mint(address(this), amount);
        uint256 before = first.balanceOf(address(this));
        uint256 quoted = free.get_dy(0, 1, amount);
        uint256 got = free.exchange(0, 1, amount, quoted);
        assertEq(got, quoted);
        if (got == 0) return;
        free.exchange(1, 0, got, 0);
        assertLe(first.balanceOf(address(this)), before);
    }
}
