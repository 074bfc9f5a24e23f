// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAlgebraSwapCallback} from "../interfaces/external/IAlgebraSwapCallback.sol";
import {IPancakeV3SwapCallback} from "../interfaces/external/IPancakeV3SwapCallback.sol";
import {IUniswapV3SwapCallback} from "../interfaces/external/IUniswapV3Pool.sol";
import {MockV3Pool, PoolFault} from "./MockUniswapV3.sol";

/// @title A pool that calls back by PancakeSwap's name, or with a fault by Algebra's: tests only.
contract MockPancakeV3Pool is MockV3Pool {
    function _callBack(int256 amount0, int256 amount1, bytes memory data) internal override {
        if (fault == PoolFault.CallsAsAnotherFork) {
            IAlgebraSwapCallback(msg.sender).algebraSwapCallback(amount0, amount1, data);
        } else {
            IPancakeV3SwapCallback(msg.sender).pancakeV3SwapCallback(amount0, amount1, data);
        }
    }
}

/// @title A pool that calls back by Algebra's name, or with a fault by Uniswap's: tests only.
contract MockAlgebraPool is MockV3Pool {
    function _callBack(int256 amount0, int256 amount1, bytes memory data) internal override {
        if (fault == PoolFault.CallsAsAnotherFork) {
            IUniswapV3SwapCallback(msg.sender).uniswapV3SwapCallback(amount0, amount1, data);
        } else {
            IAlgebraSwapCallback(msg.sender).algebraSwapCallback(amount0, amount1, data);
        }
    }
}

/// @title What the two deployers share: the parameters that a pool asks for while it is being built.
abstract contract MockForkDeployer {
    struct Parameters {
        address token0;
        address token1;
        uint24 fee;
    }

    Parameters public parameters;

    function _sort(address tokenA, address tokenB) internal pure returns (address, address) {
        return tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
    }
}

/// @title Deploys pools where PancakeSwap V3's deployer would: tests only.
contract MockPancakeV3Deployer is MockForkDeployer {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address pool) {
        (address token0, address token1) = _sort(tokenA, tokenB);
        parameters = Parameters(token0, token1, fee);
        pool = address(new MockPancakeV3Pool{salt: keccak256(abi.encode(token0, token1, fee))}());
        delete parameters;
    }

    function initCodeHash() external pure returns (bytes32) {
        return keccak256(type(MockPancakeV3Pool).creationCode);
    }
}

/// @title Deploys pools where Algebra's deployer would, one a pair, at 0.05 %: tests only.
contract MockAlgebraDeployer is MockForkDeployer {
    uint24 private constant _FEE_PIPS = 500;

    function createPool(address tokenA, address tokenB) external returns (address pool) {
        (address token0, address token1) = _sort(tokenA, tokenB);
        parameters = Parameters(token0, token1, _FEE_PIPS);
        pool = address(new MockAlgebraPool{salt: keccak256(abi.encode(token0, token1))}());
        delete parameters;
    }

    function initCodeHash() external pure returns (bytes32) {
        return keccak256(type(MockAlgebraPool).creationCode);
    }
}
