// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {
    IUniswapV4PoolManager,
    IUniswapV4UnlockCallback
} from "../interfaces/external/IUniswapV4PoolManager.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {RawCallLib} from "../libraries/RawCallLib.sol";
import {CallbackGuard, CallbackKind} from "./CallbackGuard.sol";

/// @title UniswapV4Unlock: the one callback of the Uniswap V4 pool manager, shared by its loans and its swaps.
/// @notice The manager cannot be unlocked twice, so what happens inside a loan's unlock works without another one: further
/// loans, and the legs of a route over V4's pools. Whether there is such a loan, the plan says. The awaiting of the callback (kind
/// `UniswapV4Loan` or `UniswapV4Swap`) and the call of `unlock` are the loan's and the leg's own.
abstract contract UniswapV4Unlock is CallbackGuard, IUniswapV4UnlockCallback {
    /// @dev The pool manager; zero where the chain has none.
    address internal immutable _POOL_MANAGER;

    constructor(address poolManager) {
        _POOL_MANAGER = poolManager;
    }

    /* HOOKS */

    /// @dev The manager is unlocked for the loan at `loan`.
    function _onUnlockedForLoan(bytes calldata plan, bytes32 planHash, uint256 loan) internal virtual;

    /// @dev The manager is unlocked for a route that has legs over it and begins at `route`.
    function _onUnlockedForSwap(bytes calldata plan, uint256 route) internal virtual;

    /* UNLOCKING */

    /// @inheritdoc IUniswapV4UnlockCallback
    function unlockCallback(bytes calldata data) external override returns (bytes memory) {
        (CallbackKind kind, bytes32 dataHash, uint256 at) =
            _consumeEither(CallbackKind.UniswapV4Loan, CallbackKind.UniswapV4Swap, data);
        if (kind == CallbackKind.UniswapV4Loan) _onUnlockedForLoan(data, dataHash, at);
        else _onUnlockedForSwap(data, at);
        return "";
    }

    /* INSIDE THE UNLOCK */

    /// @dev Has the manager pay `recipient`. Encoded by hand: the compiler would ask first whether the manager, in whose call
    /// we are, is a contract.
    function _takeUniswapV4(address token, address recipient, uint256 amount) internal {
        bytes4 selector = IUniswapV4PoolManager.take.selector;
        uint256 from;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            from := mload(0x40)
            mstore(from, selector)
            mstore(add(from, 0x04), token)
            mstore(add(from, 0x24), recipient)
            mstore(add(from, 0x44), amount)
        }
        RawCallLib.makeCall(_POOL_MANAGER, from, from + 0x64);
    }

    /// @dev Pays the manager what we owe it; the zero address is ether. What came in is what it counted: a token that
    /// keeps a fee, or lets somebody else settle our payment, reverts here.
    function _settleUniswapV4(address token, uint256 amount) internal {
        IUniswapV4PoolManager manager = IUniswapV4PoolManager(_POOL_MANAGER);
        manager.sync(token);
        uint256 value = amount;
        if (token != address(0)) {
            SafeTransferLib.safeTransfer(token, _POOL_MANAGER, amount);
            value = 0;
        }
        uint256 paid = manager.settle{value: value}();
        if (paid != amount) revert ErrorsLib.TransferShort(token, amount, paid);
    }
}
