// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {
    IUniswapV4PoolManager,
    IUniswapV4UnlockCallback
} from "../interfaces/external/IUniswapV4PoolManager.sol";

/// @notice How the manager of the tests misbehaves.
enum ManagerFault {
    None,
    NoCallback,
    CallsBackTwice,
    ChangesData,
    FillsHalf,
    TakesMore,
    PaysNegative,
    SendsLess
}

/// @title What the manager of the tests calls on a pool's hooks.
interface IMockV4Hooks {
    function beforeSwap() external;
}

/// @title Uniswap V4's manager with its lock, its deltas and its settlement, and pools of one wide position (constant
/// product): tests only.
contract MockUniswapV4Manager is IUniswapV4PoolManager {
    using SafeERC20 for IERC20;

    uint256 private constant _PIPS = 1e6;

    ManagerFault public fault;
    bool public unlocked;
    mapping(address account => mapping(address currency => int256)) public deltas;
    mapping(bytes32 id => mapping(address currency => uint256)) public reserves;

    uint256 private _nonzeroDeltas;
    address private _synced;
    uint256 private _syncedBalance;

    error AlreadyUnlocked();
    error ManagerLocked();
    error CurrencyNotSettled();
    error CurrenciesOutOfOrderOrEqual();
    error PoolNotInitialized();
    error NonzeroNativeValue();

    modifier onlyWhenUnlocked() {
        if (!unlocked) revert ManagerLocked();
        _;
    }

    function setFault(ManagerFault newFault) external {
        fault = newFault;
    }

    /// @notice Opens a pool on what the test has sent here before.
    function initialize(PoolKey calldata key, uint256 reserve0, uint256 reserve1) external payable {
        if (key.currency0 >= key.currency1) revert CurrenciesOutOfOrderOrEqual();
        bytes32 id = keccak256(abi.encode(key));
        (reserves[id][key.currency0], reserves[id][key.currency1]) = (reserve0, reserve1);
    }

    function unlock(bytes calldata data) external override {
        if (unlocked) revert AlreadyUnlocked();
        if (fault == ManagerFault.NoCallback) return;
        unlocked = true;
        bytes memory given = data;
        if (fault == ManagerFault.ChangesData) given[given.length - 1] ^= 0x01;
        IUniswapV4UnlockCallback(msg.sender).unlockCallback(given);
        if (fault == ManagerFault.CallsBackTwice) {
            IUniswapV4UnlockCallback(msg.sender).unlockCallback(given);
        }
        if (_nonzeroDeltas != 0) revert CurrencyNotSettled();
        unlocked = false;
    }

    function swap(PoolKey calldata key, SwapParams calldata params, bytes calldata)
        external
        override
        onlyWhenUnlocked
        returns (int256 packed)
    {
        bytes32 id = keccak256(abi.encode(key));
        if (reserves[id][key.currency0] == 0) revert PoolNotInitialized();
        if (key.hooks != address(0)) IMockV4Hooks(key.hooks).beforeSwap();
        (address tokenIn, address tokenOut) =
            params.zeroForOne ? (key.currency0, key.currency1) : (key.currency1, key.currency0);
        uint256 amountIn = uint256(-params.amountSpecified);
        if (fault == ManagerFault.FillsHalf) amountIn /= 2;
        if (fault == ManagerFault.TakesMore) ++amountIn;
        int256 amountOut = int256(_trade(id, tokenIn, tokenOut, key.fee, amountIn));
        if (fault == ManagerFault.PaysNegative) amountOut = -1;
        _account(tokenIn, -int256(amountIn), msg.sender);
        _account(tokenOut, amountOut, msg.sender);
        packed = params.zeroForOne ? _pack(-int256(amountIn), amountOut) : _pack(amountOut, -int256(amountIn));
    }

    function take(address currency, address to, uint256 amount) external override onlyWhenUnlocked {
        _account(currency, -int256(amount), msg.sender);
        if (fault == ManagerFault.SendsLess) --amount;
        if (currency == address(0)) {
            (bool sent,) = to.call{value: amount}("");
            require(sent, "native transfer failed");
        } else {
            IERC20(currency).safeTransfer(to, amount);
        }
    }

    function sync(address currency) external override {
        _synced = currency;
        if (currency != address(0)) _syncedBalance = IERC20(currency).balanceOf(address(this));
    }

    function settle() external payable override onlyWhenUnlocked returns (uint256 paid) {
        if (_synced == address(0)) {
            paid = msg.value;
        } else {
            if (msg.value != 0) revert NonzeroNativeValue();
            paid = IERC20(_synced).balanceOf(address(this)) - _syncedBalance;
        }
        _account(_synced, int256(paid), msg.sender);
        _synced = address(0);
    }

    /// @dev Rounds down, in the pool's favour.
    function _trade(bytes32 id, address tokenIn, address tokenOut, uint24 fee, uint256 amountIn)
        private
        returns (uint256 amountOut)
    {
        uint256 paid = amountIn * (_PIPS - fee);
        amountOut = paid * reserves[id][tokenOut] / (reserves[id][tokenIn] * _PIPS + paid);
        reserves[id][tokenIn] += amountIn;
        reserves[id][tokenOut] -= amountOut;
    }

    function _account(address currency, int256 change, address account) private {
        int256 before = deltas[account][currency];
        int256 current = before + change;
        if (before == 0 && current != 0) ++_nonzeroDeltas;
        if (before != 0 && current == 0) --_nonzeroDeltas;
        deltas[account][currency] = current;
    }

    function _pack(int256 amount0, int256 amount1) private pure returns (int256) {
        return (amount0 << 128) | int256(uint256(uint128(int128(amount1))));
    }
}
