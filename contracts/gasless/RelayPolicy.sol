// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {AllowedCall, IGaslessTransactionRelayer, Refusal} from "../interfaces/IGaslessTransactionRelayer.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {RelayErrors} from "./RelayErrors.sol";
import {ForbiddenCallsLib} from "./ForbiddenCallsLib.sol";
import {RelayRecipient} from "./RelayRecipient.sol";

/// @title RelayPolicy: who may do what, and what may be called.
/// @dev A pause marks every call of the list instead of setting a flag beside it: a request then reads one cold slot,
/// not two. The list is short enough for that (`MAX_CALLS`).
abstract contract RelayPolicy is IGaslessTransactionRelayer, Ownable2Step {
    /* CONSTANTS */

    /// @notice Calls that the list holds at most.
    uint256 public constant MAX_CALLS = 64;

    /// @dev Marks a listed call while relaying is paused.
    uint256 private constant _PAUSED = 1 << 255;

    /// @dev Plenty for a comparison with an immutable or a stored address.
    uint256 private constant _TRUST_GAS = 50_000;

    /* STORAGE */

    /// @dev Place in `_calls` from 1, and `_PAUSED`; zero where a call is not listed.
    mapping(bytes32 call => uint256 place) private _places;

    AllowedCall[] private _calls;
    address private _guardian;
    bool private _isPaused;

    /* CONSTRUCTOR */

    constructor(address owner_) Ownable(owner_) {}

    /* GUARDIAN FUNCTIONS */

    /// @inheritdoc IGaslessTransactionRelayer
    function pause() external override {
        if (msg.sender != _guardian && msg.sender != owner()) revert ErrorsLib.NotGuardian(msg.sender);
        _setPaused(true);
        emit Paused(msg.sender);
    }

    /* OWNER FUNCTIONS */

    /// @inheritdoc IGaslessTransactionRelayer
    function unpause() external override onlyOwner {
        _setPaused(false);
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function setGuardian(address newGuardian) external override onlyOwner {
        address previous = _guardian;
        _guardian = newGuardian;
        emit GuardianSet(previous, newGuardian);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function allowCall(address target, bytes4 selector) external override onlyOwner {
        if (ForbiddenCallsLib.isForbidden(selector)) revert RelayErrors.SelectorForbidden(selector);
        if (!isTrustedBy(target)) revert RelayErrors.TargetNotTrusting(target);
        bytes32 key = _key(target, selector);
        if (_places[key] != 0) revert RelayErrors.CallAlreadyListed(target, selector);
        if (_calls.length == MAX_CALLS) revert RelayErrors.CallListFull(MAX_CALLS);
        _calls.push(AllowedCall(target, selector));
        _places[key] = _calls.length | (_isPaused ? _PAUSED : 0);
        emit CallAllowed(target, selector);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function disallowCall(address target, bytes4 selector) external override onlyOwner {
        _remove(target, selector);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function sweep(address token) external override onlyOwner {
        _requireIdle();
        address to = msg.sender;
        if (token == address(0)) {
            uint256 amountWei = address(this).balance;
            SafeTransferLib.safeTransferETH(to, amountWei);
            emit EtherSwept(to, amountWei);
        } else {
            uint256 amount = SafeTransferLib.safeTransferAll(token, to);
            emit TokenSwept(token, to, amount);
        }
    }

    /// @notice Refused: a relayer without an owner could be neither unpaused nor told what may be called.
    function renounceOwnership() public view override onlyOwner {
        revert ErrorsLib.OwnershipNotRenounceable();
    }

    /* ANYBODY */

    /// @inheritdoc IGaslessTransactionRelayer
    function dropCall(address target, bytes4 selector) external override {
        if (isTrustedBy(target)) revert RelayErrors.TargetTrusts(target);
        _remove(target, selector);
    }

    /* VIEWS */

    /// @inheritdoc IGaslessTransactionRelayer
    function isCallAllowed(address target, bytes4 selector) external view override returns (bool) {
        return _places[_key(target, selector)] != 0;
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function isTrustedBy(address target) public view override returns (bool) {
        bytes memory question = abi.encodeCall(RelayRecipient.isTrustedForwarder, (address(this)));
        (bool answered,, bytes memory answer) = LibCall.tryStaticCall(target, _TRUST_GAS, 32, question);
        // One word, no more and no less.
        // forge-lint: disable-next-line(unsafe-typecast)
        return answered && answer.length == 32 && uint256(bytes32(answer)) == 1;
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function allowedCalls() external view override returns (AllowedCall[] memory) {
        return _calls;
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function guardian() external view override returns (address) {
        return _guardian;
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function paused() external view override returns (bool) {
        return _isPaused;
    }

    /* INTERNAL */

    /// @dev Why a call may not be made, as the number of a Refusal: for one that may, 0.
    function _refusalOfCall(bytes32 key) internal view returns (uint256 refusal) {
        uint256 place = _places[key];
        if (place == 0) refusal = uint256(Refusal.CallNotAllowed);
        if (place >= _PAUSED) refusal = uint256(Refusal.Paused);
    }

    /// @dev Reverts in the middle of a relayed call.
    function _requireIdle() internal view virtual;

    function _setPaused(bool isPaused) private {
        _isPaused = isPaused;
        uint256 count = _calls.length;
        for (uint256 i; i < count; ++i) {
            AllowedCall memory call_ = _calls[i];
            _places[_key(call_.target, call_.selector)] = (i + 1) | (isPaused ? _PAUSED : 0);
        }
    }

    /// @dev The last of the list takes the place that becomes free.
    function _remove(address target, bytes4 selector) private {
        bytes32 key = _key(target, selector);
        uint256 place = _places[key];
        if (place == 0) revert RelayErrors.CallNotListed(target, selector);
        AllowedCall memory last = _calls[_calls.length - 1];
        _calls[(place & ~_PAUSED) - 1] = last;
        _calls.pop();
        _places[_key(last.target, last.selector)] = place;
        delete _places[key];
        emit CallDisallowed(target, selector);
    }

    /// @dev As RequestLib's `callKey`.
    function _key(address target, bytes4 selector) private pure returns (bytes32) {
        return bytes32(bytes20(target)) | (bytes32(selector) >> 160);
    }
}
