// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Refusal} from "../interfaces/IGaslessTransactionRelayer.sol";

/// @title The errors of the relayer that the executor has not: named for the fact, carrying the values.
library RelayErrors {
    /* THE LIST OF CALLS */

    /// @notice The target does not say that it trusts this forwarder; so neither a plain token nor a lender is listed.
    error TargetNotTrusting(address target);
    /// @notice The target still trusts this forwarder.
    error TargetTrusts(address target);
    /// @notice Functions of this selector move or allow tokens, or call anything: they are never relayed.
    error SelectorForbidden(bytes4 selector);
    /// @notice The function is on the list already.
    error CallAlreadyListed(address target, bytes4 selector);
    /// @notice The function is not on the list.
    error CallNotListed(address target, bytes4 selector);
    /// @notice The list holds no more.
    error CallListFull(uint256 maximum);

    /* REQUESTS */

    /// @notice The request's bytes end before something that they begin.
    error RequestCutShort(uint256 length, uint256 needed);
    /// @notice Something follows the one request.
    error BytesLeft(uint256 length, uint256 read);
    /// @notice A flag that means nothing is set.
    error UnknownFlags(uint256 flags);
    /// @notice A batch holds no more requests than the answer has bits: 256.
    error TooManyRequests(uint256 count);
    /// @notice The request is not carried out.
    error RequestRefused(bytes32 requestId, Refusal reason);
    /// @notice The request's call reverted; at most 256 bytes of its reason.
    error CallFailed(bytes32 requestId, bytes reason);
    /// @notice Other ether was sent than the requests carry, in wei.
    error ValueMismatch(uint256 sentWei, uint256 signedWei);
    /// @notice The call would get less gas than its signer asked for.
    error GasTooLow(uint256 available, uint256 needed);
    /// @notice The nonce is used or cancelled.
    error NonceAlreadyUsed(address signer, uint256 nonce);
    /// @notice The token moved other amounts than the fee, in base units.
    error FeeNotExact(address token, uint256 fee, uint256 paid, uint256 received);
    /// @notice A relayed call came back here.
    error RelayInProgress();
    /// @notice Something lies where requests are to be read to: first free memory is at `free`. No call leads there.
    error MemoryTaken(uint256 free);
}
