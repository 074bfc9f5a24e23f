// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {RelayErrors} from "./RelayErrors.sol";

/// @title RequestLib: reads packed requests where they lie in calldata, one at a time, and hashes them.
/// @notice The layout of the bytes stands on IGaslessTransactionRelayer and in docs/gasless.md. In memory a request lies word
/// for word in the order of its EIP-712 encoding, so that its hash is that of the memory; behind it what is not signed, and
/// where the long fields lie. Words instead of a struct: the compiler would first fill that with zeros, and a request is
/// read for every call that is relayed. Always in the same place, that of the first memory that is free: some forty
/// looks at a field are then a constant each, which spares an item of a batch 200 gas.
library RequestLib {
    /* WHAT IS SIGNED */

    /// @notice EIP-712's `typeHash`.
    bytes32 internal constant TYPE_HASH = keccak256(
        "RelayRequest(address signer,address target,uint128 value,uint32 gas,uint64 nonce,uint40 validAfter,uint40 validUntil,address relayer,address feeToken,uint128 maxFee,bytes data)"
    );

    /// @notice The first `s` in the upper half of the curve: half its order, rounded down, plus one.
    uint256 internal constant END_OF_S = ECDSA.N / 2 + 1;

    /* LAYOUT OF THE PACKED BYTES: flags */

    uint256 private constant _HAS_VALUE = 1;
    uint256 private constant _HAS_VALID_AFTER = 2;
    uint256 private constant _IS_BOUND = 4;
    uint256 private constant _HAS_FEE = 8;
    uint256 private constant _HAS_LONG_SIGNATURE = 16;
    uint256 private constant _SAME_SIGNER = 32;
    uint256 private constant _SAME_TARGET = 64;
    uint256 private constant _UNKNOWN_FLAG = 128;
    uint256 private constant _RARE_FLAGS =
        _HAS_VALUE | _HAS_VALID_AFTER | _IS_BOUND | _HAS_FEE | _UNKNOWN_FLAG;

    /* LAYOUT IN MEMORY */

    /// @dev The type's hash, and behind it what is signed.
    uint256 private constant _AT = 0x80;
    uint256 private constant _SIGNER = 0xa0;
    uint256 private constant _TARGET = 0xc0;
    uint256 private constant _VALUE = 0xe0;
    uint256 private constant _GAS = 0x100;
    uint256 private constant _NONCE = 0x120;
    uint256 private constant _VALID_AFTER = 0x140;
    uint256 private constant _VALID_UNTIL = 0x160;
    uint256 private constant _RELAYER = 0x180;
    uint256 private constant _FEE_TOKEN = 0x1a0;
    uint256 private constant _MAX_FEE = 0x1c0;
    uint256 private constant _DATA_HASH = 0x1e0;
    uint256 private constant _SIGNED_BYTES = 0x180;
    uint256 private constant _FEE = 0x200;
    uint256 private constant _INPUT = 0x220;
    uint256 private constant _INPUT_LENGTH = 0x240;
    uint256 private constant _SIGNATURE = 0x260;
    uint256 private constant _SIGNATURE_LENGTH = 0x280;
    /// @dev EIP-712's prefix, two bytes, and what it stands before: the domain and the struct's hash.
    uint256 private constant _PREFIX = 0x2a0;
    uint256 private constant _PREFIXED = 0x2be;
    uint256 private constant _DOMAIN = 0x2c0;
    uint256 private constant _STRUCT_HASH = 0x2e0;
    /// @dev Of all requests read so far.
    uint256 private constant _SUM_OF_VALUES = 0x300;
    uint256 private constant _END = 0x320;

    /// @notice No request is shorter than this: flags, what even a batch does not share, no data, and a contract's
    /// signature of no bytes.
    uint256 internal constant SHORTEST = 22;

    /* READING */

    /// @notice Takes the place where requests are read to, before anything else takes memory. Signer and target are zero, and
    /// stay for the next request.
    /// @param domain EIP-712's domain separator.
    function open(bytes32 domain) internal pure {
        bytes32 typeHash = TYPE_HASH;
        uint256 free;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        if (free != _AT) revert RelayErrors.MemoryTaken(free);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            // What lies behind the calldata is zero.
            calldatacopy(_AT, calldatasize(), sub(_END, _AT))
            mstore(_AT, typeHash)
            mstore(_PREFIX, 0x1901)
            mstore(_DOMAIN, domain)
            mstore(0x40, _END)
        }
    }

    /// @notice Where in calldata `wire` begins, and where it ends.
    function bounds(bytes calldata wire) internal pure returns (uint256 begin, uint256 end) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            begin := wire.offset
            end := add(wire.offset, wire.length)
        }
    }

    /// @notice Reads the request at `at` in calldata.
    /// @param end Where its bytes must end at the latest.
    /// @param sender Who relays: the one that a bound request is then for.
    /// @return next Where it ends, and another may begin.
    /// @return id EIP-712's digest: what is signed, and the request's identity.
    function read(uint256 at, uint256 end, address sender) internal pure returns (uint256 next, bytes32 id) {
        uint256 flags;
        (flags, next) = _readHead(at);
        if (flags & _RARE_FLAGS != 0) next = _readOptional(next, flags, sender);
        next = _readLong(next, flags & _HAS_LONG_SIGNATURE);
        id = _digest();
        // What lies behind the end has been read until here, and means nothing.
        if (next > end) revert RelayErrors.RequestCutShort(end - at, next - at);
    }

    /// @dev What every request has.
    function _readHead(uint256 from) private pure returns (uint256 flags, uint256 next) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            flags := byte(0, calldataload(from))
            next := add(from, 1)
            if iszero(and(flags, _SAME_SIGNER)) {
                mstore(_SIGNER, shr(96, calldataload(next)))
                next := add(next, 20)
            }
            if iszero(and(flags, _SAME_TARGET)) {
                mstore(_TARGET, shr(96, calldataload(next)))
                next := add(next, 20)
            }
            let head := calldataload(next)
            next := add(next, 17)
            // Zero, for the fields that are not there.
            calldatacopy(_VALUE, calldatasize(), sub(_INPUT, _VALUE))
            mstore(_GAS, shr(224, head))
            mstore(_NONCE, and(shr(160, head), 0xffffffffffffffff))
            mstore(_VALID_UNTIL, and(shr(120, head), 0xffffffffff))
        }
    }

    /// @dev What the flags announce.
    function _readOptional(uint256 from, uint256 flags, address sender) private pure returns (uint256 next) {
        if (flags & _UNKNOWN_FLAG != 0) revert RelayErrors.UnknownFlags(flags);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            next := from
            if and(flags, _IS_BOUND) { mstore(_RELAYER, sender) }
            if and(flags, _HAS_VALUE) {
                let carried := shr(128, calldataload(next))
                mstore(_VALUE, carried)
                mstore(_SUM_OF_VALUES, add(mload(_SUM_OF_VALUES), carried))
                next := add(next, 16)
            }
            if and(flags, _HAS_VALID_AFTER) {
                mstore(_VALID_AFTER, shr(216, calldataload(next)))
                next := add(next, 5)
            }
            if and(flags, _HAS_FEE) {
                mstore(_FEE_TOKEN, shr(96, calldataload(next)))
                mstore(_MAX_FEE, shr(128, calldataload(add(next, 20))))
                mstore(_FEE, shr(128, calldataload(add(next, 36))))
                next := add(next, 52)
            }
        }
    }

    /// @dev Data and signature. The data stays in memory, the signer appended: so it is hashed, and so it is sent. The
    /// signature is a compact one, unless it says its length.
    function _readLong(uint256 from, uint256 isLong) private pure returns (uint256 next) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let length := shr(240, calldataload(from))
            let copy := mload(0x40)
            next := add(from, 2)
            calldatacopy(copy, next, length)
            next := add(next, length)
            mstore(_DATA_HASH, keccak256(copy, length))
            mstore(_INPUT, copy)
            mstore(_INPUT_LENGTH, add(length, 20))
            copy := add(copy, length)
            mstore(copy, shl(96, mload(_SIGNER)))
            mstore(0x40, add(copy, 0x20))
            length := 64
            if isLong {
                length := shr(240, calldataload(next))
                next := add(next, 2)
            }
            mstore(_SIGNATURE, next)
            mstore(_SIGNATURE_LENGTH, length)
            next := add(next, length)
        }
    }

    function _digest() private pure returns (bytes32 hash) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(_STRUCT_HASH, keccak256(_AT, _SIGNED_BYTES))
            hash := keccak256(_PREFIXED, 66)
        }
    }

    /* ASKING AND SENDING */

    /// @notice Whether the signature is the signer's compact one (ERC-2098) of `hash`, with `s` in the curve's lower half:
    /// of the two that can be made of one, only that counts.
    /// @dev Most requests are signed this way; written out for its gas.
    function isSignedByKey(bytes32 hash) internal view returns (bool isSigned) {
        uint256 end = END_OF_S;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := mload(_SIGNATURE)
            let vs := calldataload(add(at, 0x20))
            let s := shr(1, shl(1, vs))
            let isCompact := and(lt(s, end), eq(mload(_SIGNATURE_LENGTH), 64))
            let free := mload(0x40)
            mstore(0x00, hash)
            mstore(0x20, add(shr(255, vs), 27))
            mstore(0x40, calldataload(at))
            mstore(0x60, s)
            // Any other signature gets no gas to be recovered with. Where nobody is recovered, nothing is returned: a zero
            // signer is nobody's.
            pop(staticcall(mul(gas(), isCompact), 1, 0x00, 0x80, 0x00, 0x20))
            isSigned := and(eq(mload(0x00), mload(_SIGNER)), eq(returndatasize(), 0x20))
            mstore(0x40, free)
            mstore(0x60, 0)
        }
    }

    /// @notice Makes the call: the data, the signer appended (ERC-2771). Nothing of the answer is copied.
    /// @dev The one call in the project whose data somebody chose: whoever signed it, for a listed target and function.
    function send() internal returns (bool success) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            success := call(
                mload(_GAS),
                mload(_TARGET),
                mload(_VALUE),
                mload(_INPUT),
                mload(_INPUT_LENGTH),
                0,
                0
            )
        }
    }

    /* FIELDS */

    /// @notice Who signed, or is said to have.
    function signer() internal pure returns (address who) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            who := mload(_SIGNER)
        }
    }

    /// @notice The signer as a word.
    function signerWord() internal pure returns (uint256) {
        return _word(_SIGNER);
    }

    /// @notice Wei that the call carries.
    function value() internal pure returns (uint256) {
        return _word(_VALUE);
    }

    /// @notice Wei that all requests carry which were read until now. No overflow: each says its own in 128 bits.
    function sumOfValues() internal pure returns (uint256) {
        return _word(_SUM_OF_VALUES);
    }

    /// @notice Gas that the call gets.
    function gas() internal pure returns (uint256) {
        return _word(_GAS);
    }

    /// @notice Which of the signer's nonces it uses.
    function nonce() internal pure returns (uint256) {
        return _word(_NONCE);
    }

    /// @notice First second at which it is good.
    function validAfter() internal pure returns (uint256) {
        return _word(_VALID_AFTER);
    }

    /// @notice Last second at which it is good.
    function validUntil() internal pure returns (uint256) {
        return _word(_VALID_UNTIL);
    }

    /// @notice Whether it is not good at `second`, or its fee above its cap: three questions at the price of one.
    function isOutsideTerms(uint256 second) internal pure returns (bool isOutside) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let early := lt(second, mload(_VALID_AFTER))
            let late := gt(second, mload(_VALID_UNTIL))
            let dear := gt(mload(_FEE), mload(_MAX_FEE))
            isOutside := or(or(early, late), dear)
        }
    }

    /// @notice Token of the fee.
    function feeToken() internal pure returns (address who) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            who := mload(_FEE_TOKEN)
        }
    }

    /// @notice Fee that its relayer takes, in base units; not signed.
    function fee() internal pure returns (uint256) {
        return _word(_FEE);
    }

    /// @notice Target (20 bytes) and function (4) in one word; no function where there are not four bytes of data.
    function callKey() internal pure returns (bytes32 key) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let selector := shr(224, mload(mload(_INPUT)))
            let hasSelector := gt(mload(_INPUT_LENGTH), 23)
            key := or(shl(96, mload(_TARGET)), shl(64, mul(selector, hasSelector)))
        }
    }

    /// @notice The signature, of any length.
    function signature() internal pure returns (bytes calldata slice) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            slice.offset := mload(_SIGNATURE)
            slice.length := mload(_SIGNATURE_LENGTH)
        }
    }

    function _word(uint256 at) private pure returns (uint256 word) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            word := mload(at)
        }
    }
}
