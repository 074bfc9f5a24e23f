// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
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
    AlgebraSwap,
    UniswapV3Mint
}

/// @title CallbackGuard: a callback is accepted once, from the one contract we called, with the data we gave it.
/// @notice Before an external call that may call back, `_expectCallback` writes down who may, which callback, and the
/// hash of the data it must return. The callback consumes that entry first of all (`_consumeCallback`). After the
/// call, `_requireConsumed` checks that it was. Everything is transient (EIP-1153): nothing survives the transaction.
/// @dev Calls nest without a stack: a callback can only be awaited while none is pending, so whenever a level returns to
/// the one around it, that one's entry has been consumed and the word is zero, as it was.
abstract contract CallbackGuard {
    /* CONSTANTS */

    uint256 private constant _KIND_OFFSET = 160;

    /* TRANSIENT STORAGE */

    /// @dev kind (8 bits) | expected caller (160). Zero while nothing is awaited: outside of any call, and inside a
    /// callback that has been consumed.
    uint256 private transient _expectation;

    /// @dev Hash of the data that the awaited callback must bring back; means nothing while none is awaited.
    bytes32 private transient _dataHash;

    /* GUARD */

    /// @dev Awaits one callback of `kind` from `callee`; none may be pending.
    function _expectCallback(address callee, CallbackKind kind, bytes32 dataHash) internal {
        uint256 pending = _expectation;
        if (pending != 0) revert ErrorsLib.CallbackPending(_callee(pending));
        _expectation = _word(callee, kind);
        _dataHash = dataHash;
    }

    /// @dev Whether the awaited callback is of `kind`: for a callback that serves two of them. Proves nothing of the
    /// caller.
    function _awaits(CallbackKind kind) internal view returns (bool) {
        return _expectation >> _KIND_OFFSET == uint256(kind);
    }

    /// @dev First thing in every callback: caller, kind and data must be the awaited ones; then nothing is awaited.
    /// @return hash keccak256 of `data`, now known to be ours.
    function _consumeCallback(CallbackKind kind, bytes calldata data) internal returns (bytes32 hash) {
        // No kind is zero, so an empty word matches no caller.
        if (_expectation != _word(msg.sender, kind)) revert ErrorsLib.UnexpectedCallback(msg.sender, kind);
        hash = EfficientHashLib.hashCalldata(data);
        if (hash != _dataHash) revert ErrorsLib.CallbackDataChanged(_dataHash, hash);
        _expectation = 0;
    }

    /// @dev After the call: the callback must have been made and consumed.
    function _requireConsumed() internal view {
        uint256 pending = _expectation;
        if (pending != 0) revert ErrorsLib.CallbackNotMade(_callee(pending));
    }

    function _word(address callee, CallbackKind kind) private pure returns (uint256) {
        return (uint256(kind) << _KIND_OFFSET) | uint256(uint160(callee));
    }

    function _callee(uint256 word) private pure returns (address) {
        // Cutting off the kind is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(word));
    }
}
