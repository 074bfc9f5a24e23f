// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title A pair with Uniswap V2's product rule at 0.3 %: tests only.
contract MockV2Pair {
    using SafeERC20 for IERC20;

    address public token0;
    address public token1;
    uint112 private _reserve0;
    uint112 private _reserve1;

    error ProductShrank();

    function initialize(address token0_, address token1_) external {
        (token0, token1) = (token0_, token1_);
    }

    /// @notice Takes what lies here as the reserves: how a test fills the pair.
    function sync() public {
        _reserve0 = uint112(IERC20(token0).balanceOf(address(this)));
        _reserve1 = uint112(IERC20(token1).balanceOf(address(this)));
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (_reserve0, _reserve1, 0);
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        if (amount0Out != 0) IERC20(token0).safeTransfer(to, amount0Out);
        if (amount1Out != 0) IERC20(token1).safeTransfer(to, amount1Out);
        uint256 product0 = _netBalance(token0, _reserve0, amount0Out);
        uint256 product1 = _netBalance(token1, _reserve1, amount1Out);
        if (product0 * product1 < uint256(_reserve0) * _reserve1 * 1e6) revert ProductShrank();
        sync();
    }

    /// @dev Balance less 0.3 % of what came in, times 1000.
    function _netBalance(address token, uint256 reserve, uint256 sent) private view returns (uint256) {
        uint256 balance = IERC20(token).balanceOf(address(this));
        uint256 paid = balance > reserve - sent ? balance - (reserve - sent) : 0;
        return balance * 1000 - paid * 3;
    }
}

/// @title Deploys pairs where Uniswap's factory would: tests only.
contract MockV2Factory {
    function createPair(address tokenA, address tokenB) external returns (address pair) {
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        pair = address(new MockV2Pair{salt: keccak256(abi.encodePacked(token0, token1))}());
        MockV2Pair(pair).initialize(token0, token1);
    }

    function initCodeHash() external pure returns (bytes32) {
        return keccak256(type(MockV2Pair).creationCode);
    }
}
