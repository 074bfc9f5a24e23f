// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Names a pool of Uniswap V4; the zero address among the currencies is ether itself.
struct V4PoolKey {
    address currency0;
    address currency1;
    uint24 fee;
    int24 tickSpacing;
    address hooks;
}

/// @notice What a swap at Uniswap V4 asks for; a negative amount is what goes in.
struct V4SwapParameters {
    bool zeroForOne;
    int256 amountSpecified;
    uint160 sqrtPriceLimitX96;
}

/// @notice Uniswap V4's PoolManager, as far as this router needs it.
interface IV4PoolManager {
    function unlock(bytes calldata data) external returns (bytes memory);
    function swap(V4PoolKey calldata key, V4SwapParameters calldata parameters, bytes calldata hookData)
        external
        returns (int256 delta);
    function sync(address currency) external;
    function settle() external payable returns (uint256 paid);
    function take(address currency, address to, uint256 amount) external;
}

/// @title A model of a Uniswap V4 router, for the offline replica of mainnet
/// @notice Swaps at one pool, paying with the ether sent along or from the caller's allowance. Left out of what the
/// Universal Router does: paths, exact output, least outputs, deadlines, Permit2.
contract V4RouterModel {
    using SafeERC20 for IERC20;

    IV4PoolManager public immutable manager;

    error NotTheManager(address caller);
    error EtherNotReturned();

    constructor(IV4PoolManager manager_) {
        manager = manager_;
    }

    /// @notice Swaps `amountIn`, or less if the price limit comes first; returns what came out. Ether that was sent and
    /// not used goes back.
    function swap(
        V4PoolKey calldata key,
        bool zeroIn,
        uint256 amountIn,
        uint160 sqrtPriceLimitX96,
        address recipient
    ) external payable returns (uint256 amountOut) {
        V4SwapParameters memory parameters = V4SwapParameters(zeroIn, -int256(amountIn), sqrtPriceLimitX96);
        amountOut = abi.decode(manager.unlock(abi.encode(key, parameters, msg.sender, recipient)), (uint256));
        if (address(this).balance > 0) {
            (bool returned,) = msg.sender.call{value: address(this).balance}("");
            require(returned, EtherNotReturned());
        }
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        require(msg.sender == address(manager), NotTheManager(msg.sender));
        (V4PoolKey memory key, V4SwapParameters memory parameters, address payer, address recipient) =
            abi.decode(data, (V4PoolKey, V4SwapParameters, address, address));
        int256 delta = manager.swap(key, parameters, "");
        // The upper half is what currency0 changed by, the lower half what currency1 did; negative is owed.
        int128 delta0 = int128(delta >> 128);
        int128 delta1 = int128(delta);
        bool zeroIn = parameters.zeroForOne;
        _pay(zeroIn ? key.currency0 : key.currency1, payer, uint256(-int256(zeroIn ? delta0 : delta1)));
        uint256 amountOut = uint256(int256(zeroIn ? delta1 : delta0));
        manager.take(zeroIn ? key.currency1 : key.currency0, recipient, amountOut);
        return abi.encode(amountOut);
    }

    function _pay(address currency, address payer, uint256 amount) private {
        manager.sync(currency);
        if (currency == address(0)) {
            manager.settle{value: amount}();
        } else {
            IERC20(currency).safeTransferFrom(payer, address(manager), amount);
            manager.settle();
        }
    }
}
