// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice What Uniswap V3's pools and those that follow them have in common, as far as routers need it.
interface ITickPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @title What the models of routers for pools with ticks share, for the offline replica of mainnet
/// @notice Swaps straight at one pool and pays from the caller's allowance when the pool calls back. It takes any pool
/// that the caller names and checks no factory, so nobody but the replica's market should give it an allowance: the
/// caller's tokens are only ever within reach of the pool that the caller chose, and only during the call.
abstract contract TickPoolRouterModel {
    using SafeERC20 for IERC20;

    /// @dev The pool of the open call: nobody else may call back.
    address private transient _pool;
    /// @dev Who pays for the open call.
    address private transient _payer;

    error AnotherCallIsOpen();
    error NotTheOpenPool(address caller);

    modifier opens(address pool) {
        require(_pool == address(0), AnotherCallIsOpen());
        _pool = pool;
        _payer = msg.sender;
        _;
        _pool = address(0);
        _payer = address(0);
    }

    /// @notice Swaps `amountIn` at `pool`, or less if the price limit comes first; returns what came out.
    function swap(address pool, bool zeroIn, uint256 amountIn, uint160 sqrtPriceLimitX96, address recipient)
        external
        opens(pool)
        returns (uint256 amountOut)
    {
        (int256 amount0, int256 amount1) =
            ITickPool(pool).swap(recipient, zeroIn, int256(amountIn), sqrtPriceLimitX96, "");
        amountOut = uint256(-(zeroIn ? amount1 : amount0));
    }

    /// @dev Pays the open pool what it is owed; negative amounts are what it paid out.
    function _pay(int256 owed0, int256 owed1) internal {
        require(msg.sender == _pool, NotTheOpenPool(msg.sender));
        if (owed0 > 0) _pull(ITickPool(_pool).token0(), uint256(owed0));
        if (owed1 > 0) _pull(ITickPool(_pool).token1(), uint256(owed1));
    }

    function _pull(address token, uint256 amount) private {
        IERC20(token).safeTransferFrom(_payer, _pool, amount);
    }
}
