// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRelayContext} from "./IRelayContext.sol";

/// @notice Why a request is not carried out. Append only: tools know the numbers.
enum Refusal {
    None,
    TooEarly,
    Expired,
    CallNotAllowed,
    Paused,
    FeeAboveCap,
    SignatureInvalid,
    NonceUsed,
    FeeNotTaken
}

/// @notice One function of one contract that requests may call.
struct AllowedCall {
    address target;
    bytes4 selector;
}

/// @title GaslessTransactionRelayer: carries out calls that somebody signed and somebody else pays the gas for.
/// @notice An ERC-2771 forwarder that also holds policy. Holds nothing between transactions and is replaced, not upgraded.
///
/// ROLES
/// - The owner (two-step) says which function of which contract may be called, names the guardian, pauses, unpauses.
/// - The guardian may only pause.
/// - A signer needs neither ether nor a role here. What it may do at a target is the target's business.
/// - Anybody relays what is not bound to one relayer.
///
/// THE REQUEST
/// What is signed (EIP-712; name `GaslessTransactionRelayer`, version `1`, chain, this contract):
///   RelayRequest(address signer,address target,uint128 value,uint32 gas,uint64 nonce,uint40 validAfter,
///                uint40 validUntil,address relayer,address feeToken,uint128 maxFee,bytes data)
/// What is sent is packed, big-endian (docs/gasless.md draws it), so that a request costs half the calldata:
///   flags (1 byte), signer (20), target (20), gas (4), nonce (8), validUntil (5), then, where a flag says so,
///   value (16; flag 1), validAfter (5; flag 2), feeToken (20) and maxFee (16) and fee (16; all three flag 8),
///   then length (2) and bytes of data, and the signature: 64 bytes, or with flag 16 a length (2) and as many.
/// Flag 4 says that `relayer` is whoever sends the transaction; without it `relayer` is zero: anybody.
/// Everything but `fee` is signed. The fee is the relayer's to name, up to `maxFee`.
///
/// WHAT HOLDS
/// - A nonce is one bit of 256 in a word; any order, each once. Cancelled or used, it is never free again.
/// - The call gets exactly `gas`; a relayer that brings less makes the whole transaction revert, and burns no nonce.
/// - The ether sent along is exactly what the requests carry, or the whole reverts.
/// - The fee is pulled from the signer, by its allowance, to who sends the transaction, before the call; both
///   balances must move by exactly the fee, or the request is refused.
/// - Signatures by a key are 64 bytes (ERC-2098) or 65 with `s` in the lower half and `v` 27 or 28: one of each kind. A
///   contract, or an account with delegated code (EIP-7702), may answer by ERC-1271 instead.
/// - Only listed pairs of target and function are called, with the signer appended to the calldata (ERC-2771), and
///   `activeSender` naming it while the call runs.
///
/// ASSUMPTIONS
/// - The owner lists no function that calls anything its caller names: a multicall, a router. (The common ones are refused.)
/// - A signer approves this contract for what it would pay in fees, not more than it likes to.
interface IGaslessTransactionRelayer is IRelayContext {
    /* ERRORS: ours stand in RelayErrors and ErrorsLib; this one comes from the token library, named here so that tools can read it */

    /// @notice Neither the refund's receiver nor the caller took the refund.
    error ETHTransferFailed();

    /* EVENTS */

    /// @notice A request was carried out, alone.
    /// @param requestId Its EIP-712 digest.
    event RequestRelayed(bytes32 indexed requestId);
    /// @notice Requests of a batch were carried out: one event for all, since one for each would cost 800 gas a request.
    event RequestsRelayed(bytes32[] requestIds);
    /// @notice A request of a batch was carried out, and its call reverted: its nonce is used, its fee paid, its value
    /// refunded.
    /// @param reason What the call reverted with, at most 256 bytes of it.
    event RequestFailed(bytes32 indexed requestId, bytes reason);
    /// @notice A request of a batch was refused: nothing of it happened, its value was refunded.
    event RequestSkipped(bytes32 indexed requestId, Refusal reason);
    /// @notice A signer made nonces of one word unusable.
    /// @param word Which 256 nonces: those from `word * 256` on.
    /// @param mask One bit for each of them, the lowest for the first.
    event NoncesCancelled(address indexed signer, uint56 indexed word, uint256 mask);

    /// @notice A function of a target may be called from now on.
    event CallAllowed(address indexed target, bytes4 indexed selector);
    /// @notice A function of a target may no longer be called.
    event CallDisallowed(address indexed target, bytes4 indexed selector);
    /// @notice The guardian was replaced.
    event GuardianSet(address indexed previousGuardian, address indexed newGuardian);
    /// @notice Relaying was stopped.
    event Paused(address indexed account);
    /// @notice Relaying was allowed again.
    event Unpaused(address indexed account);
    /// @notice Ether that had been forced in here was sent to the owner, in wei.
    event EtherSwept(address indexed to, uint256 amountWei);
    /// @notice Tokens that had strayed in here were sent to the owner, in base units.
    event TokenSwept(address indexed token, address indexed to, uint256 amount);

    /* ANYBODY: RELAYING */

    /// @notice Carries out one request, or reverts.
    /// @dev Errors: RequestRefused, CallFailed, ValueMismatch, GasTooLow, RequestCutShort, BytesLeft, UnknownFlags,
    /// RelayInProgress. What the target answers is not passed on.
    /// @param request The packed request; its value, to the wei, must be sent along.
    function execute(bytes calldata request) external payable;

    /// @notice Carries out many requests, one after the other.
    /// @dev Errors: those of `execute`, and TooManyRequests above 256. With a receiver, RequestRefused and CallFailed
    /// become the events RequestSkipped and RequestFailed, and the rest goes on.
    /// @param requests The packed requests, end to end; the sum of their values, to the wei, must be sent along.
    /// @param refundReceiver Who is sent the value of requests that were refused or failed; zero: one that is refused or
    /// fails makes the whole revert. If it does not take ether, the caller is sent it.
    /// @return done A bit for each request, the lowest for the first: set where its call was made and succeeded.
    function executeEach(bytes calldata requests, address refundReceiver)
        external
        payable
        returns (uint256 done);

    /// @notice For this contract itself: uses a nonce and takes a fee, both or neither.
    /// @dev Errors: NotSelf, RequestRefused (nonce), FeeNotExact, and the token's.
    function claim(address signer, uint64 nonce, address token, uint256 fee, address relayer) external;

    /* SIGNERS */

    /// @notice Makes nonces of the caller unusable, whether or not anything was signed with them.
    /// @param word Which 256 nonces: those from `word * 256` on.
    /// @param mask One bit for each nonce to cancel, the lowest for the first.
    function cancelNonces(uint56 word, uint256 mask) external;

    /* ANYBODY: POLICY */

    /// @notice Takes a function off the list whose target no longer trusts this contract.
    /// @dev Errors: TargetTrusts where it still does, CallNotListed.
    function dropCall(address target, bytes4 selector) external;

    /* GUARDIAN */

    /// @notice Refuses every request from now on; also the owner's to call.
    function pause() external;

    /* OWNER */

    /// @notice Carries out requests again.
    function unpause() external;

    /// @notice Names who may pause besides the owner; zero for nobody.
    function setGuardian(address newGuardian) external;

    /// @notice Lets requests call a function of a target.
    /// @dev Errors: TargetNotTrusting (so never this contract, a plain token or a lender), SelectorForbidden (functions
    /// that move or approve tokens, multicalls), CallAlreadyListed, CallListFull.
    function allowCall(address target, bytes4 selector) external;

    /// @notice Takes a function off the list.
    /// @dev Error: CallNotListed.
    function disallowCall(address target, bytes4 selector) external;

    /// @notice Sends what strayed in here to the owner: all of a token, or all ether for zero.
    function sweep(address token) external;

    /* VIEWS */

    /// @notice The EIP-712 digest of a packed request: what is signed, and the request's identity.
    /// @param relayer Who would send it.
    function requestId(bytes calldata request, address relayer) external view returns (bytes32);

    /// @notice Why a packed request would be refused just now, as far as can be seen without taking its fee.
    /// @param relayer Who would send it.
    function refusalOf(bytes calldata request, address relayer) external view returns (Refusal);

    /// @notice Whether a nonce of a signer is used or cancelled.
    function isNonceUsed(address signer, uint64 nonce) external view returns (bool);

    /// @notice 256 nonces of a signer at once: a bit is set where one is used or cancelled.
    function nonceWord(address signer, uint56 word) external view returns (uint256);

    /// @notice Whether requests may call a function of a target, while nothing is paused.
    function isCallAllowed(address target, bytes4 selector) external view returns (bool);

    /// @notice Whether a target says now that it trusts this contract.
    function isTrustedBy(address target) external view returns (bool);

    /// @notice All that requests may call.
    function allowedCalls() external view returns (AllowedCall[] memory);

    /// @notice Who may pause besides the owner.
    function guardian() external view returns (address);

    /// @notice Whether every request is refused.
    function paused() external view returns (bool);
}
