// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {VenueKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockV3Pool, PoolFault} from "contracts/mocks/MockUniswapV3.sol";
import {PlanSpec} from "./support/PlanCodec.sol";
import {VenuesFixture} from "./support/VenuesFixture.sol";

/// @title PancakeSwap V3 and Algebra: Uniswap V3's swap, each with a callback that passes for no other's.
contract VenuesV3ForksTest is VenuesFixture {
    VenueKind[3] internal families = [VenueKind.UniswapV3, VenueKind.PancakeV3, VenueKind.Algebra];
    CallbackKind[3] internal callbacks =
        [CallbackKind.UniswapV3Swap, CallbackKind.PancakeV3Swap, CallbackKind.AlgebraSwap];

    function test_addresses_followFromTheDeployers() public view {
        bytes32 salt = keccak256(abi.encode(_token0(), _token1(), TIER));
        assertEq(address(_pool(PANCAKE, TIER)), _child(address(pancake), salt, pancake.initCodeHash()));
        salt = keccak256(abi.encode(_token0(), _token1()));
        assertEq(address(_pool(ALGEBRA, 0)), _child(address(algebra), salt, algebra.initCodeHash()));
        assertEq(address(_pool(ALGEBRA, TIER)), address(_pool(ALGEBRA, 0)), "no tier");
    }

    /* A CALLBACK OF ONE FAMILY */

    function test_callbackOfAnotherFamily_fromTheAwaitedPool_reverts() public {
        uint8[3] memory called = [1, 2, 0];
        for (uint256 i; i < 3; ++i) {
            PlanSpec memory plan = _planBack(_legOver(families[i], address(usd)));
            MockV3Pool(_poolOf(families[i])).setFault(PoolFault.CallsAsAnotherFork);
            _assertReverts(plan, _unexpected(_poolOf(families[i]), callbacks[called[i]]));
        }
    }

    function test_callbacks_whileIdle_refuseEverybody() public {
        _give(address(usd), address(executor), 100e18);
        address[4] memory callers =
            [attacker, keeper, _poolOf(VenueKind.PancakeV3), _poolOf(VenueKind.Algebra)];
        for (uint256 i; i < callers.length; ++i) {
            for (uint256 j; j < 3; ++j) {
                vm.prank(callers[i]);
                (bool success, bytes memory answer) = address(executor).call(_forgery(j));
                assertFalse(success);
                assertEq(answer, _unexpected(callers[i], callbacks[j]));
            }
        }
        assertEq(usd.balanceOf(address(executor)), 100e18);
    }

    /// @dev A token of the route gets control while the pool's callback is awaited, and while none is.
    function test_callbacks_fromTokenInsideOpenPlan_areRefusedAndPlanIsUnharmed() public {
        for (uint256 i; i < 3; ++i) {
            for (uint256 j; j < 3; ++j) {
                for (uint256 skips; skips < 3; ++skips) {
                    uint256 snapshot = vm.snapshotState();
                    _attackFromToken(families[i], j, skips);
                    vm.revertToState(snapshot);
                }
            }
        }
    }

    function _attackFromToken(VenueKind family, uint256 forged, uint256 skips) private {
        HookToken hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _openHookPools(family, address(hook));
        PlanSpec memory plan =
            _planOf(address(usd), _leg(V2_A, address(hook)), _legOver(family, address(usd)));
        hook.arm(address(executor), address(executor), _forgery(forged), false);
        hook.skip(skips);
        assertGt(_execute(plan), 0);
        if (skips < 2) assertEq(hook.lastAnswer(), _unexpected(address(hook), callbacks[forged]));
    }

    function _openHookPools(VenueKind family, address hook) private {
        _v2Pair(v2FactoryA, address(usd), DEPTH, hook, DEPTH * 11 / 10);
        if (family == VenueKind.UniswapV3) {
            _v3Pool(address(usd), DEPTH, hook, DEPTH);
        } else if (family == VenueKind.Algebra) {
            _fill(algebra.createPool(address(usd), hook), address(usd), hook);
        } else {
            _fill(pancake.createPool(address(usd), hook, TIER), address(usd), hook);
        }
    }

    /* POOLS THAT BREAK THEIR WORD (a listed factory gone bad) */

    function test_pool_breakingItsWord_revertsWithTypedError() public {
        for (uint256 i = 1; i < 3; ++i) {
            PlanSpec memory plan = _planBack(_legOver(families[i], address(usd)));
            MockV3Pool pool = MockV3Pool(_poolOf(families[i]));
            pool.setFault(PoolFault.NoCallback);
            _assertReverts(plan, abi.encodeWithSelector(ErrorsLib.CallbackNotMade.selector, pool));
            pool.setFault(PoolFault.CallsBackTwice);
            _assertReverts(plan, _unexpected(address(pool), callbacks[i]));
            _assertFault(plan, pool, PoolFault.ChangesData, ErrorsLib.CallbackDataChanged.selector);
            _assertFault(plan, pool, PoolFault.FillsHalf, ErrorsLib.SwapNotFilled.selector);
            _assertFault(plan, pool, PoolFault.AsksForMore, ErrorsLib.SwapNotFilled.selector);
            _assertFault(plan, pool, PoolFault.SendsLess, ErrorsLib.TransferShort.selector);
        }
    }

    function _assertFault(PlanSpec memory plan, MockV3Pool pool, PoolFault fault, bytes4 selector) private {
        pool.setFault(fault);
        _assertRevertsWith(plan, selector);
        _assertClean();
    }

    /* HELP */

    function _forgery(uint256 family) private view returns (bytes memory) {
        bytes memory data = abi.encode(address(usd), 1e18);
        if (family == 0) return abi.encodeCall(executor.uniswapV3SwapCallback, (int256(1e18), -1, data));
        if (family == 1) return abi.encodeCall(executor.pancakeV3SwapCallback, (int256(1e18), -1, data));
        return abi.encodeCall(executor.algebraSwapCallback, (int256(1e18), -1, data));
    }

    function _unexpected(address caller, CallbackKind kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ErrorsLib.UnexpectedCallback.selector, caller, kind);
    }

    function _child(address deployer, bytes32 salt, bytes32 codeHash) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), deployer, salt, codeHash)))));
    }

    function _token0() private view returns (address) {
        return address(usd) < address(btc) ? address(usd) : address(btc);
    }

    function _token1() private view returns (address) {
        return address(usd) < address(btc) ? address(btc) : address(usd);
    }
}
