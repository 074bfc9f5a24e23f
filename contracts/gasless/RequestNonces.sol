// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGaslessTransactionRelayer} from "../interfaces/IGaslessTransactionRelayer.sol";

/// @title RequestNonces: each signer's nonces, in any order, each usable once.
/// @notice A nonce is a word (its upper 56 bits) and a bit in it (its lower eight). A bit that is set is never cleared.
abstract contract RequestNonces is IGaslessTransactionRelayer {
    /* STORAGE */

    /// @dev 256 nonces, a bit each. A struct, so that its place is worked out once to read and write it.
    struct Word {
        uint256 used;
    }

    /// @dev By signer and index in one: a single hash to find it.
    mapping(uint256 signerAndIndex => Word word) private _words;

    /* SIGNERS */

    /// @inheritdoc IGaslessTransactionRelayer
    function cancelNonces(uint56 word, uint256 mask) external override {
        _word(msg.sender, word).used |= mask;
        emit NoncesCancelled(msg.sender, word, mask);
    }

    /* VIEWS */

    /// @inheritdoc IGaslessTransactionRelayer
    function isNonceUsed(address signer, uint64 nonce) external view override returns (bool) {
        return _isUsed(signer, nonce);
    }

    /// @inheritdoc IGaslessTransactionRelayer
    function nonceWord(address signer, uint56 word) external view override returns (uint256) {
        return _word(signer, word).used;
    }

    /* INTERNAL */

    function _isUsed(address signer, uint256 nonce) internal view returns (bool) {
        return _word(signer, nonce >> 8).used & _bit(nonce) != 0;
    }

    /// @dev Uses the nonce up.
    /// @return fresh False, and nothing done, where it was used up before.
    function _useNonce(address signer, uint256 nonce) internal returns (bool fresh) {
        Word storage word = _word(signer, nonce >> 8);
        uint256 used = word.used;
        uint256 bit = _bit(nonce);
        fresh = used & bit == 0;
        if (fresh) word.used = used | bit;
    }

    /// @dev A word's index has 56 bits.
    function _word(address signer, uint256 index) private view returns (Word storage) {
        uint256 key;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            key := or(shl(96, signer), index)
        }
        return _words[key];
    }

    function _bit(uint256 nonce) private pure returns (uint256) {
        // One, moved up.
        // forge-lint: disable-next-line(incorrect-shift)
        return 1 << (nonce & 0xff);
    }
}
