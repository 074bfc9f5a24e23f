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

/// @title CallbackGuard: nobody enters twice, and a callback is accepted once, from the one contract we called, with the
/// data we gave it.
/// @notice Before an external call that may call back, `_expectCallback` writes down who may, which callback, and the
/// hash of the data it must return. The callback consumes that entry first of all (`_consumeCallback`). After the
/// call, `_requireConsumed` checks that it was. Everything is transient (EIP-1153): nothing survives the transaction.
/// @dev Calls nest without a stack: a callback is only awaited where none is pending, and whenever a level returns to the
/// one around it, that one's entry has been consumed. Were one awaited over another, the other's would be refused.
abstract contract CallbackGuard {
    /* CONSTANTS */

    uint256 private constant _KIND_OFFSET = 160;
    uint256 private constant _AT_OFFSET = 168;
    /// @dev Expected caller and kind.
    uint256 private constant _WHO = 2 ** _AT_OFFSET - 1;

    /// @dev Nothing runs.
    uint256 private constant _IDLE = 0;
    /// @dev A plan runs, or the owner moves tokens, and no callback is awaited. No awaited word is so small: kinds are not 0.
    uint256 private constant _BUSY = 1;

    /* TRANSIENT STORAGE */

    /// @dev `_IDLE`, `_BUSY`, or what is awaited: where in the plan (88 bits) | kind (8) | expected caller (160).
    uint256 private transient _state;

    /// @dev Hash of the data that the awaited callback must bring back; means nothing while none is awaited.
    bytes32 private transient _dataHash;

    /* NOBODY ENTERS TWICE */

    /// @dev For what calls out at once.
    modifier nonReentrant() {
        _requireIdle();
        _state = _BUSY;
        _;
        _state = _IDLE;
    }

    /// @dev For what changes nothing and calls nobody who could change anything before it awaits its first callback, which
    /// shuts the door as well.
    modifier nonReentrantFromFirstCallback() {
        _requireIdle();
        _;
        _state = _IDLE;
    }

    function _requireIdle() private view {
        if (_state != _IDLE) revert ErrorsLib.Reentered();
    }

    /* CALLBACKS */

    /// @dev Awaits one callback of `kind` from `callee`.
    /// @param at Where in the plan the callback is to go on.
    function _expectCallback(address callee, CallbackKind kind, uint256 at, bytes32 dataHash) internal {
        _state = (at << _AT_OFFSET) | _word(callee, kind);
        _dataHash = dataHash;
    }

    /// @dev First thing in every callback: caller, kind and data must be the awaited ones; then nothing is awaited.
    /// @return hash keccak256 of `data`, now known to be ours.
    /// @return at Where in the plan to go on.
    function _consumeCallback(CallbackKind kind, bytes calldata data)
        internal
        returns (bytes32 hash, uint256 at)
    {
        return _consume(_state, kind, data);
    }

    /// @dev The same for a callback that serves two kinds: whichever is awaited.
    function _consumeEither(CallbackKind one, CallbackKind other, bytes calldata data)
        internal
        returns (CallbackKind kind, bytes32 hash, uint256 at)
    {
        uint256 state = _state;
        // The kind, cut out.
        // forge-lint: disable-next-line(unsafe-typecast)
        kind = uint8(state >> _KIND_OFFSET) == uint8(one) ? one : other;
        (hash, at) = _consume(state, kind, data);
    }

    function _consume(uint256 state, CallbackKind kind, bytes calldata data)
        private
        returns (bytes32 hash, uint256 at)
    {
        // No kind is zero, so neither idle nor busy matches any caller.
        if (state & _WHO != _word(msg.sender, kind)) revert ErrorsLib.UnexpectedCallback(msg.sender, kind);
        hash = EfficientHashLib.hashCalldata(data);
        bytes32 awaited = _dataHash;
        if (hash != awaited) revert ErrorsLib.CallbackDataChanged(awaited, hash);
        _state = _BUSY;
        at = state >> _AT_OFFSET;
    }

    /// @dev After the call: the callback must have been made and consumed.
    function _requireConsumed() internal view {
        uint256 state = _state;
        // Cutting off what is not the address is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (state != _BUSY) revert ErrorsLib.CallbackNotMade(address(uint160(state)));
    }

    function _word(address callee, CallbackKind kind) private pure returns (uint256) {
        return (uint256(kind) << _KIND_OFFSET) | uint256(uint160(callee));
    }
}
