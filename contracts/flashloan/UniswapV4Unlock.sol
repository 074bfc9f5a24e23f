// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {
    IUniswapV4PoolManager,
    IUniswapV4UnlockCallback
} from "../interfaces/external/IUniswapV4PoolManager.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {CallbackGuard, CallbackKind} from "./CallbackGuard.sol";

/// @title UniswapV4Unlock: the one callback of the Uniswap V4 pool manager, shared by its loans and its swaps.
/// @notice The manager cannot be unlocked twice, so what happens inside a loan's unlock asks `_unlockedByLoan` and works
/// without another one: further loans, and the legs of a route over V4's pools. The awaiting of the callback (kind
/// `UniswapV4Loan` or `UniswapV4Swap`) and the call of `unlock` are the loan's and the leg's own.
abstract contract UniswapV4Unlock is CallbackGuard, IUniswapV4UnlockCallback {
    /// @dev The pool manager; zero where the chain has none.
    address internal immutable _POOL_MANAGER;

    /// @dev Whether we are inside the unlock of a loan of ours.
    bool private transient _unlocked;

    constructor(address poolManager) {
        _POOL_MANAGER = poolManager;
    }

    /* HOOKS */

    /// @dev The manager is unlocked for a loan; `data` is the plan.
    function _onUnlockedForLoan(bytes calldata data, bytes32 dataHash) internal virtual;

    /// @dev The manager is unlocked for a route that has legs over it; `data` is the plan.
    function _onUnlockedForSwap(bytes calldata data) internal virtual;

    /* UNLOCKING */

    /// @inheritdoc IUniswapV4UnlockCallback
    function unlockCallback(bytes calldata data) external override returns (bytes memory) {
        if (_awaits(CallbackKind.UniswapV4Loan)) {
            bytes32 dataHash = _consumeCallback(CallbackKind.UniswapV4Loan, data);
            _unlocked = true;
            _onUnlockedForLoan(data, dataHash);
            _unlocked = false;
        } else {
            _consumeCallback(CallbackKind.UniswapV4Swap, data);
            _onUnlockedForSwap(data);
        }
        return "";
    }

    /// @dev Whether the manager is unlocked by a loan of ours, so that nothing may unlock it again.
    function _unlockedByLoan() internal view returns (bool) {
        return _unlocked;
    }

    /* INSIDE THE UNLOCK */

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
