// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A request before it is packed, field for field. `isBound`: for the one who relays it alone.
struct RequestSpec {
    address signer;
    address target;
    uint128 value;
    uint32 gas;
    uint64 nonce;
    uint40 validAfter;
    uint40 validUntil;
    bool isBound;
    address feeToken;
    uint128 maxFee;
    uint128 fee;
    bytes data;
    bytes signature;
}

/// @title Packs requests, written apart from the contract that reads them.
library RequestCodec {
    function encode(RequestSpec memory request) internal pure returns (bytes memory) {
        return bytes.concat(
            _head(request),
            _optional(request),
            bytes2(uint16(request.data.length)),
            request.data,
            _isLong(request) ? abi.encodePacked(uint16(request.signature.length)) : bytes(""),
            request.signature
        );
    }

    /// @dev Leaves out what it shares with the one before it in a batch.
    function encodeAfter(RequestSpec memory request, RequestSpec memory before)
        internal
        pure
        returns (bytes memory wire)
    {
        bool sameSigner = request.signer == before.signer;
        bool sameTarget = request.target == before.target;
        wire = encode(request);
        uint256 from = 41;
        bytes memory rest = new bytes(wire.length - from);
        for (uint256 i; i < rest.length; ++i) {
            rest[i] = wire[from + i];
        }
        return bytes.concat(
            bytes1(uint8(wire[0]) | (sameSigner ? 32 : 0) | (sameTarget ? 64 : 0)),
            sameSigner ? bytes("") : abi.encodePacked(request.signer),
            sameTarget ? bytes("") : abi.encodePacked(request.target),
            rest
        );
    }

    function _head(RequestSpec memory request) private pure returns (bytes memory) {
        return abi.encodePacked(
            _flags(request), request.signer, request.target, request.gas, request.nonce, request.validUntil
        );
    }

    function _flags(RequestSpec memory request) private pure returns (uint8 flags) {
        if (request.value != 0) flags |= 1;
        if (request.validAfter != 0) flags |= 2;
        if (request.isBound) flags |= 4;
        if (_hasFee(request)) flags |= 8;
        if (_isLong(request)) flags |= 16;
    }

    function _optional(RequestSpec memory request) private pure returns (bytes memory) {
        return bytes.concat(
            request.value == 0 ? bytes("") : abi.encodePacked(request.value),
            request.validAfter == 0 ? bytes("") : abi.encodePacked(request.validAfter),
            _hasFee(request) ? abi.encodePacked(request.feeToken, request.maxFee, request.fee) : bytes("")
        );
    }

    function _isLong(RequestSpec memory request) private pure returns (bool) {
        return request.signature.length != 64;
    }

    function _hasFee(RequestSpec memory request) private pure returns (bool) {
        return request.feeToken != address(0) || request.maxFee != 0 || request.fee != 0;
    }
}
