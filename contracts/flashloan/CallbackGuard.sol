// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ErrorsLib} from "../libraries/ErrorsLib.sol";

/// @notice Which callback is awaited; `None` so that an empty guard matches no callback at all.
enum CallbackKind {
    None,
    BalancerV2Loan,
    AaveV3Loan,
    MorphoBlueLoan,
    UniswapV3Swap,
    AaveBasketLoan,
    Erc3156Loan,
    UniswapV2Loan,
    UniswapV3Loan,
    UniswapV4Loan,
    UniswapV4Swap,
    PancakeV3Swap,
    AlgebraSwap
}

/// @title CallbackGuard: a callback is accepted once, from the one contract we called, with the data we gave it.
/// @notice Before an external call that may call back, `_expectCallback` writes down who may, which callback, and the
/// hash of the data it must return. The callback consumes that entry first of all (`_consumeCallback`). After the
/// call, `_requireConsumed` checks that it was, and puts the outer level's word back. Everything is transient
/// (EIP-1153): nothing survives the transaction, and at depth 0 nothing is awaited.
abstract contract CallbackGuard {
    /* CONSTANTS */

    uint256 private constant _KIND_OFFSET = 160;
    uint256 private constant _DEPTH_OFFSET = 168;
    uint256 private constant _DEPTH_ONE = 2 ** _DEPTH_OFFSET;

    /* TRANSIENT STORAGE */

    /// @dev depth (88 bits) | kind (8) | expected caller (160). Caller and kind are zero while nothing is awaited:
    /// outside of any call (the word is 0), or inside a callback that has been consumed (only the depth is left).
    uint256 private transient _expectation;

    /// @dev Hash of the data that the awaited callback must bring back; means nothing while none is awaited.
    bytes32 private transient _dataHash;

    /* GUARD */

    /// @dev Awaits one callback of `kind` from `callee`.
    /// @return outer The outer level's word, to be handed to `_requireConsumed` after the call.
    function _expectCallback(address callee, CallbackKind kind, bytes32 dataHash)
        internal
        returns (uint256 outer)
    {
        outer = _expectation;
        if (_callee(outer) != address(0)) revert ErrorsLib.CallbackPending(_callee(outer));
        // The outer word holds nothing but its depth here, so the sum cannot disturb other fields.
        _expectation = outer + _DEPTH_ONE + _word(callee, kind);
        _dataHash = dataHash;
    }

    /// @dev Whether the awaited callback is of `kind`: for a callback that serves two of them. Proves nothing of the
    /// caller.
    function _awaits(CallbackKind kind) internal view returns (bool) {
        return uint8(_expectation >> _KIND_OFFSET) == uint8(kind);
    }

    /// @dev First thing in every callback: caller, kind and data must be the awaited ones; then nothing is awaited.
    /// @return hash keccak256 of `data`, now known to be ours.
    function _consumeCallback(CallbackKind kind, bytes calldata data) internal returns (bytes32 hash) {
        uint256 awaited = _expectation;
        uint256 depth = (awaited >> _DEPTH_OFFSET) << _DEPTH_OFFSET;
        if (awaited != depth + _word(msg.sender, kind)) {
            revert ErrorsLib.UnexpectedCallback(msg.sender, kind);
        }
        hash = keccak256(data);
        if (hash != _dataHash) revert ErrorsLib.CallbackDataChanged(_dataHash, hash);
        _expectation = depth;
    }

    /// @dev After the call: the callback must have been made and consumed; restores the outer level.
    function _requireConsumed(uint256 outer) internal {
        uint256 current = _expectation;
        if (current != outer + _DEPTH_ONE) revert ErrorsLib.CallbackNotMade(_callee(current));
        _expectation = outer;
    }

    function _word(address callee, CallbackKind kind) private pure returns (uint256) {
        return (uint256(kind) << _KIND_OFFSET) | uint256(uint160(callee));
    }

    function _callee(uint256 word) private pure returns (address) {
        // Cutting off kind and depth is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(word));
    }
}
