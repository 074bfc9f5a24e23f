// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IGaslessTransactionRelayer, Refusal} from "../interfaces/IGaslessTransactionRelayer.sol";
import {IRelayContext} from "../interfaces/IRelayContext.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {RelayErrors} from "./RelayErrors.sol";
import {IdList, IdListLib} from "./IdListLib.sol";
import {RelayPolicy} from "./RelayPolicy.sol";
import {RequestLib} from "./RequestLib.sol";
import {RequestNonces} from "./RequestNonces.sol";
import {RequestSignatures} from "./RequestSignatures.sol";

/// @title GaslessTransactionRelayer
/// @notice Start reading at `execute`: read the request, refuse it or not, use its nonce and take the fee, call. Roles,
/// assumptions and the full documentation stand on IGaslessTransactionRelayer.
contract GaslessTransactionRelayer is RelayPolicy, RequestNonces, RequestSignatures {
    /* CONSTANTS */

    uint256 private constant _MAX_REQUESTS = 256;

    /// @dev What CALL itself costs at most before 63/64 of the rest go to the callee: a cold account (2,600), value (9,000),
    /// and what is between the check and the call.
    uint256 private constant _CALL_GAS = 12_000;

    /// @dev A failed call's reason is cut here: a target cannot make the relayer pay for a long one.
    uint256 private constant _REASON_BYTES = 256;

    /// @dev Enough for a contract that logs or forwards, too little to be worth griefing.
    uint256 private constant _REFUND_GAS = 50_000;

    /// @dev While relaying, but not in a signed call. Above the bits of an address: read as one, it is zero.
    uint256 private constant _BUSY = 1 << 160;

    /* TRANSIENT STORAGE */

    /// @dev The guard against being entered twice, and for whom the target is called: a signer, `_BUSY`, or zero where
    /// nothing is being relayed. Set anew before every call to somebody else, cleared at the end. A whole word, since a
    /// shorter one is read before it is written.
    uint256 private transient _context;

    /* CONSTRUCTOR */

    /// @param owner_ Holder of the owner role.
    constructor(address owner_) RelayPolicy(owner_) {}

    /* ANYBODY: RELAYING */

    /// @inheritdoc IGaslessTransactionRelayer
    function execute(bytes calldata request) external payable override {
        _requireIdle();
        _open();
        (uint256 begin, uint256 end) = RequestLib.bounds(request);
        (uint256 next, bytes32 id) = RequestLib.read(begin, end, msg.sender);
        if (next != end) revert RelayErrors.BytesLeft(end - begin, next - begin);
        _requireValue(RequestLib.value());
        _attempt(id, true);
        _context = 0;
        emit RequestRelayed(id);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function executeEach(bytes calldata requests, address refundReceiver)
        external
        payable
        override
        returns (uint256 done)
    {
        _requireIdle();
        _open();
        (uint256 next, uint256 end) = RequestLib.bounds(requests);
        IdList empty = IdListLib.open((end - next) / RequestLib.SHORTEST);
        IdList ids = empty;
        bool mustSucceed = refundReceiver == address(0);
        uint256 refundWei;
        // A request's value has 128 bits, and there are no more of them than 256.
        unchecked {
            uint256 i;
            for (; next < end; ++i) {
                bytes32 id;
                (next, id) = RequestLib.read(next, end, msg.sender);
                if (_attempt(id, mustSucceed)) {
                    // One, moved up.
                    // forge-lint: disable-next-line(incorrect-shift)
                    done |= 1 << i;
                    ids = ids.with(id);
                } else {
                    refundWei += RequestLib.value();
                }
            }
            if (i > _MAX_REQUESTS) revert RelayErrors.TooManyRequests(i);
        }
        _requireValue(RequestLib.sumOfValues());
        if (done != 0) emit RequestsRelayed(ids.since(empty));
        if (refundWei != 0) _refund(refundReceiver, refundWei);
        _context = 0;
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function claim(address signer, uint64 nonce, address token, uint256 fee, address relayer)
        external
        override
    {
        if (msg.sender != address(this)) revert ErrorsLib.NotSelf(msg.sender);
        if (!_useNonce(signer, nonce)) revert RelayErrors.NonceAlreadyUsed(signer, nonce);
        _takeFee(token, signer, relayer, fee);
    }

    /* VIEWS */

    /// @inheritdoc IRelayContext
    function activeSender() external view override returns (address) {
        // Cutting off `_BUSY` is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(_context));
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function requestId(bytes calldata request, address relayer) external view override returns (bytes32) {
        return _read(request, relayer);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function refusalOf(bytes calldata request, address relayer) external view override returns (Refusal) {
        bytes32 id = _read(request, relayer);
        uint256 refusal = _refusalUnsigned();
        if (refusal != 0) return Refusal(refusal);
        if (!RequestLib.isSignedByKey(id) && !_isSignedOtherwise(id)) return Refusal.SignatureInvalid;
        return _isUsed(RequestLib.signer(), RequestLib.nonce()) ? Refusal.NonceUsed : Refusal.None;
    }

    function _read(bytes calldata request, address relayer) private view returns (bytes32 id) {
        _open();
        (uint256 begin, uint256 end) = RequestLib.bounds(request);
        (, id) = RequestLib.read(begin, end, relayer);
    }

    /* INTERNAL: ONE REQUEST, the one read last */

    // No return in the middle of what every request goes through: the compiler writes out a function that is needed once or
    // twice, but calls one that returns early.

    /// @return done Whether its call was made and succeeded; it reverts where that must be and is not.
    function _attempt(bytes32 id, bool mustSucceed) private returns (bool done) {
        uint256 refusal = _admit(id);
        if (refusal != 0) {
            if (mustSucceed) revert RelayErrors.RequestRefused(id, Refusal(refusal));
            emit RequestSkipped(id, Refusal(refusal));
        } else {
            done = _call();
            if (!done) {
                if (mustSucceed) revert RelayErrors.CallFailed(id, _reason());
                emit RequestFailed(id, _reason());
            }
        }
    }

    /// @dev Either refuses, and nothing has happened; or the nonce is used and the fee is taken.
    /// @return refusal Number of a Refusal: an enum would be checked wherever it is looked at.
    function _admit(bytes32 id) private returns (uint256 refusal) {
        refusal = _refusalUnsigned();
        if (refusal == 0) {
            if (!RequestLib.isSignedByKey(id)) refusal = _refusalOfSigner(id);
            if (refusal == 0) {
                if (RequestLib.fee() != 0) {
                    refusal = _admitWithFee();
                } else if (!_useNonce(RequestLib.signer(), RequestLib.nonce())) {
                    refusal = uint256(Refusal.NonceUsed);
                }
            }
        }
    }

    function _refusalOfSigner(bytes32 id) private returns (uint256) {
        // Somebody else is asked now.
        _context = _BUSY;
        return _isSignedOtherwise(id) ? 0 : uint256(Refusal.SignatureInvalid);
    }

    /// @dev Through a call, so that a token that refuses undoes the nonce too.
    function _admitWithFee() private returns (uint256 refusal) {
        (address signer, uint256 nonce) = (RequestLib.signer(), RequestLib.nonce());
        if (_isUsed(signer, nonce)) return uint256(Refusal.NonceUsed);
        _context = _BUSY;
        // A nonce has 64 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        try this.claim(signer, uint64(nonce), RequestLib.feeToken(), RequestLib.fee(), msg.sender) {}
        catch {
            refusal = uint256(Refusal.FeeNotTaken);
        }
    }

    /// @dev Why it would be refused, whoever signed it.
    function _refusalUnsigned() private view returns (uint256 refusal) {
        // A window is minutes; a validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (RequestLib.isOutsideTerms(block.timestamp)) refusal = _refusalOfTerms();
        else refusal = _refusalOfCall(RequestLib.callKey());
    }

    function _refusalOfTerms() private view returns (uint256) {
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < RequestLib.validAfter()) return uint256(Refusal.TooEarly);
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp > RequestLib.validUntil()) return uint256(Refusal.Expired);
        return uint256(Refusal.FeeAboveCap);
    }

    /// @dev What the signer lost and the relayer gained is the fee, to the unit: anything else undoes the claim.
    function _takeFee(address token, address signer, address relayer, uint256 fee) private {
        uint256 signerHad = SafeTransferLib.balanceOf(token, signer);
        uint256 relayerHad = SafeTransferLib.balanceOf(token, relayer);
        SafeTransferLib.safeTransferFrom(token, signer, relayer, fee);
        uint256 paid = signerHad - SafeTransferLib.balanceOf(token, signer);
        uint256 received = SafeTransferLib.balanceOf(token, relayer) - relayerHad;
        if (paid != fee || received != fee) revert RelayErrors.FeeNotExact(token, fee, paid, received);
    }

    /* INTERNAL: THE CALL */

    function _call() private returns (bool success) {
        _context = RequestLib.signerWord();
        _requireGas(RequestLib.gas());
        success = RequestLib.send();
    }

    /// @dev CALL forwards 63/64 of what is left after its own cost, without a word where that is less than it was told.
    function _requireGas(uint256 gas_) private view {
        // Rounds up, against the relayer: a 63rd more than the call gets, and one. Fits: a request says its gas in 32 bits.
        unchecked {
            uint256 needed = gas_ + gas_ / 63 + (1 + _CALL_GAS);
            uint256 available = gasleft();
            if (available < needed) revert RelayErrors.GasTooLow(available, needed);
        }
    }

    /// @dev The beginning of what the call just made reverted with.
    function _reason() private pure returns (bytes memory reason) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let length := returndatasize()
            if gt(length, _REASON_BYTES) { length := _REASON_BYTES }
            reason := mload(0x40)
            mstore(reason, length)
            returndatacopy(add(reason, 0x20), 0, length)
            mstore(0x40, and(add(add(reason, length), 0x3f), not(0x1f)))
        }
    }

    /* INTERNAL: ETHER */

    function _requireValue(uint256 signedWei) private view {
        if (signedWei != msg.value) revert RelayErrors.ValueMismatch(msg.value, signedWei);
    }

    /// @dev Whoever brought the ether gets it back where the receiver does not take it; nobody loses it.
    function _refund(address receiver, uint256 amountWei) private {
        _context = _BUSY;
        if (!SafeTransferLib.trySafeTransferETH(receiver, amountWei, _REFUND_GAS)) {
            SafeTransferLib.safeTransferETH(msg.sender, amountWei);
        }
    }

    /* INTERNAL: THE GUARD */

    /// @inheritdoc RelayPolicy
    function _requireIdle() internal view override {
        if (_context != 0) revert RelayErrors.RelayInProgress();
    }
}
