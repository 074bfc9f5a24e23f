// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ExecutorFixture} from "./ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./PlanCodec.sol";
import {TwinFixture} from "./TwinFixture.sol";

/// @title Attacks on the executor, and on its twins.
abstract contract IncidentFixture is ExecutorFixture, TwinFixture {
    using PlanCodec for PlanSpec;

    uint256 internal constant DONATION = 100e18;

    /* WHOM THE ATTACK IS AIMED AT */

    function _deployFaced() internal override {
        executor = _deployAnother(treasury);
    }

    /// @dev One more of what is attacked.
    function _deployAnother(address treasury_) internal returns (FlashLoanArbitrage another) {
        if (!_facesTwin()) {
            another = _deployExecutor(treasury_, _lenders());
        } else {
            string memory artifact = _twinArtifact("FlashLoanArbitrage.sol");
            bytes memory arguments = abi.encode(owner, treasury_, _lenders(), weth, address(0));
            another = FlashLoanArbitrage(payable(vm.deployCode(artifact, arguments)));
        }
        _configure(another);
    }

    /* ATTACKING */

    function _executeAs(address who, PlanSpec memory plan) internal returns (bool) {
        return _attack(who, address(executor), abi.encodeCall(executor.execute, (plan.encode())));
    }

    /// @dev What a token that called somebody in the middle of a transfer was answered.
    function _noteRefusal(HookToken hook) internal {
        assertEq(hook.callCount(), 1, "the token never had its turn");
        if (!hook.lastSuccess()) _refusal = bytes4(hook.lastAnswer());
    }

    /// @dev Lays down what there would be to steal.
    function _donate(address token) internal {
        _give(token, address(executor), DONATION);
    }

    /// @dev How much of a donation is gone.
    function _missing(address token) internal view returns (uint256) {
        uint256 left = IERC20(token).balanceOf(address(executor));
        return left < DONATION ? DONATION - left : 0;
    }

    /// @dev A trade of somebody else's at one of the pairs.
    function _trade(address who, MockV2Pair pair, address tokenIn, uint256 amount)
        internal
        returns (uint256 out)
    {
        bool zeroForOne = pair.token0() == tokenIn;
        (uint256 reserve0, uint256 reserve1,) = pair.getReserves();
        (uint256 held, uint256 other) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        out = amount * 997 * other / (held * 1000 + amount * 997);
        vm.startPrank(who);
        IERC20(tokenIn).transfer(address(pair), amount);
        pair.swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, who, "");
        vm.stopPrank();
    }

    function _one(uint256 value) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }

    function _one(address value) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = value;
    }

    function _one(LegSpec memory leg) internal pure returns (LegSpec[] memory list) {
        list = new LegSpec[](1);
        list[0] = leg;
    }
}
