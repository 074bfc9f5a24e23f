// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IBalancerV2Vault} from "../interfaces/external/IBalancerV2Vault.sol";
import {IWETH} from "../interfaces/external/IWETH.sol";
import {MockBalancerVault} from "./MockLenders.sol";

/// @notice How the swapping vault of the tests misbehaves.
enum SwapFault {
    None,
    TakesLess,
    SaysMore,
    PaysNothing,
    Reenters
}

/// @title Balancer's vault of the tests with pools of equal weights (constant product) besides its loans: tests only.
contract MockBalancerPoolVault is MockBalancerVault {
    using SafeERC20 for IERC20;

    address public immutable WETH;
    SwapFault public swapFault;
    mapping(bytes32 poolId => mapping(address token => uint256)) public reserves;

    /// @notice Whom `Reenters` calls, with what, and what that answered.
    address public target;
    bytes public payload;
    bytes public lastAnswer;

    error Deadline();
    error Limit();
    error UnknownPool();
    error InsufficientEther();

    constructor(address weth) {
        WETH = weth;
    }

    receive() external payable {}

    function setSwapFault(SwapFault newFault, address newTarget, bytes calldata newPayload) external {
        (swapFault, target, payload) = (newFault, newTarget, newPayload);
    }

    /// @notice Opens a pool on what the test has sent here before.
    function register(bytes32 poolId, address tokenA, uint256 reserveA, address tokenB, uint256 reserveB)
        external
    {
        (reserves[poolId][tokenA], reserves[poolId][tokenB]) = (reserveA, reserveB);
    }

    function swap(
        IBalancerV2Vault.SingleSwap calldata single,
        IBalancerV2Vault.FundManagement calldata funds,
        uint256 limit,
        uint256 deadline
    ) external payable returns (uint256 amountOut) {
        if (deadline < block.timestamp) revert Deadline();
        require(funds.sender == msg.sender && !funds.fromInternalBalance && !funds.toInternalBalance);
        require(single.kind == IBalancerV2Vault.SwapKind.GivenIn);
        if (swapFault == SwapFault.Reenters) (, lastAnswer) = target.call(payload);
        uint256 taken = swapFault == SwapFault.TakesLess ? single.amount - 1 : single.amount;
        amountOut = _trade(single, taken);
        if (amountOut < limit) revert Limit();
        _pull(single.assetIn, taken);
        if (swapFault != SwapFault.PaysNothing) _pay(single.assetOut, funds.recipient, amountOut);
        else amountOut = 0;
        if (swapFault == SwapFault.SaysMore) ++amountOut;
    }

    /// @dev Rounds down, in the pool's favour; ether is kept as WETH, as by the vault.
    function _trade(IBalancerV2Vault.SingleSwap calldata single, uint256 amountIn)
        private
        returns (uint256 amountOut)
    {
        address tokenOut = single.assetOut == address(0) ? WETH : single.assetOut;
        mapping(address token => uint256) storage pool = reserves[single.poolId];
        address tokenIn = single.assetIn == address(0) ? WETH : single.assetIn;
        if (pool[tokenIn] == 0 || pool[tokenOut] == 0) revert UnknownPool();
        amountOut = amountIn * pool[tokenOut] / (pool[tokenIn] + amountIn);
        pool[tokenIn] += amountIn;
        pool[tokenOut] -= amountOut;
    }

    function _pull(address asset, uint256 amount) private {
        if (asset == address(0)) {
            if (msg.value != amount) revert InsufficientEther();
            IWETH(WETH).deposit{value: amount}();
        } else {
            IERC20(asset).safeTransferFrom(msg.sender, address(this), amount);
        }
    }

    function _pay(address asset, address to, uint256 amount) private {
        if (asset != address(0)) return IERC20(asset).safeTransfer(to, amount);
        IWETH(WETH).withdraw(amount);
        (bool sent,) = to.call{value: amount}("");
        require(sent, "native transfer failed");
    }
}
