// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IGaslessTransactionRelayer, Refusal} from "../interfaces/IGaslessTransactionRelayer.sol";
import {IRelayContext} from "../interfaces/IRelayContext.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {RelayErrors} from "./RelayErrors.sol";
import {IdList, IdListLib} from "./IdListLib.sol";
import {RelayPolicy} from "./RelayPolicy.sol";
import {Request, RequestLib} from "./RequestLib.sol";
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
        Request read = _room();
        (uint256 begin, uint256 end) = RequestLib.bounds(request);
        uint256 next = read.read(begin, end, msg.sender);
        if (next != end) revert RelayErrors.BytesLeft(end - begin, next - begin);
        _requireValue(read.value());
        bytes32 id = read.digest();
        _attempt(read, id, true);
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
        Request request = _room();
        (uint256 next, uint256 end) = RequestLib.bounds(requests);
        IdList empty = IdListLib.open((end - next) / RequestLib.SHORTEST);
        IdList ids = empty;
        bool mustSucceed = refundReceiver == address(0);
        uint256 valueWei;
        uint256 refundWei;
        // A request's value has 128 bits, and there are no more of them than 256.
        unchecked {
            uint256 i;
            for (; next < end; ++i) {
                next = request.read(next, end, msg.sender);
                bytes32 id = request.digest();
                valueWei += request.value();
                if (_attempt(request, id, mustSucceed)) {
                    // One, moved up.
                    // forge-lint: disable-next-line(incorrect-shift)
                    done |= 1 << i;
                    ids = ids.with(id);
                } else {
                    refundWei += request.value();
                }
            }
            if (i > _MAX_REQUESTS) revert RelayErrors.TooManyRequests(i);
        }
        _requireValue(valueWei);
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
    function onBehalfOf() external view override returns (address) {
        // Cutting off `_BUSY` is what is wanted.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(_context));
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function requestId(bytes calldata request, address relayer) external view override returns (bytes32) {
        return _read(request, relayer).digest();
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function refusalOf(bytes calldata request, address relayer) external view override returns (Refusal) {
        Request read = _read(request, relayer);
        uint256 refusal = _refusalUnsigned(read);
        if (refusal != 0) return Refusal(refusal);
        bytes32 id = read.digest();
        if (!read.isSignedByKey(id) && !_isSignedOtherwise(read, id)) return Refusal.SignatureInvalid;
        return _isUsed(read.signer(), read.nonce()) ? Refusal.NonceUsed : Refusal.None;
    }

    function _read(bytes calldata request, address relayer) private view returns (Request read) {
        read = _room();
        (uint256 begin, uint256 end) = RequestLib.bounds(request);
        read.read(begin, end, relayer);
    }

    /* INTERNAL: ONE REQUEST */

    /// @return done Whether its call was made and succeeded; it reverts where that must be and is not.
    function _attempt(Request request, bytes32 id, bool mustSucceed) private returns (bool done) {
        uint256 refusal = _admit(request, id);
        if (refusal != 0) {
            if (mustSucceed) revert RelayErrors.RequestRefused(id, Refusal(refusal));
            emit RequestSkipped(id, Refusal(refusal));
            return false;
        }
        done = _call(request);
        if (done) return true;
        if (mustSucceed) revert RelayErrors.CallFailed(id, _reason());
        emit RequestFailed(id, _reason());
    }

    /// @dev Either refuses, and nothing has happened; or the nonce is used and the fee is taken.
    /// @return refusal Number of a Refusal: an enum would be checked wherever it is looked at.
    function _admit(Request request, bytes32 id) private returns (uint256 refusal) {
        refusal = _refusalUnsigned(request);
        if (refusal != 0) return refusal;
        if (!request.isSignedByKey(id)) {
            // Somebody else is asked now.
            _context = _BUSY;
            if (!_isSignedOtherwise(request, id)) return uint256(Refusal.SignatureInvalid);
        }
        if (request.fee() != 0) return _admitWithFee(request);
        if (!_useNonce(request.signer(), request.nonce())) return uint256(Refusal.NonceUsed);
    }

    /// @dev Through a call, so that a token that refuses undoes the nonce too.
    function _admitWithFee(Request request) private returns (uint256 refusal) {
        (address signer, uint256 nonce) = (request.signer(), request.nonce());
        if (_isUsed(signer, nonce)) return uint256(Refusal.NonceUsed);
        _context = _BUSY;
        // A nonce has 64 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        try this.claim(signer, uint64(nonce), request.feeToken(), request.fee(), msg.sender) {}
        catch {
            refusal = uint256(Refusal.FeeNotTaken);
        }
    }

    /// @dev Why it would be refused, whoever signed it.
    function _refusalUnsigned(Request request) private view returns (uint256) {
        // A window is minutes; a validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (!request.isWithinTerms(block.timestamp)) return _refusalOfTerms(request);
        return _refusalOfCall(request.callKey());
    }

    function _refusalOfTerms(Request request) private view returns (uint256) {
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < request.validAfter()) return uint256(Refusal.TooEarly);
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp > request.validUntil()) return uint256(Refusal.Expired);
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

    function _call(Request request) private returns (bool success) {
        _context = request.signerWord();
        _requireGas(request.gas());
        success = request.send();
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
