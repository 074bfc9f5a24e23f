// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {GaslessTransactionRelayer} from "contracts/gasless/GaslessTransactionRelayer.sol";

/// @title The relayer's nonces, in reach of a proof.
contract NoncesHarness is GaslessTransactionRelayer {
    constructor() GaslessTransactionRelayer(address(1)) {}

    function take(address signer, uint64 nonce) external returns (bool) {
        return _useNonce(signer, nonce);
    }
}

/// @title A nonce is usable once, and no other signer's or number's with it.
contract RequestNoncesProofs is Test {
    NoncesHarness internal nonces;

    function setUp() public {
        nonces = new NoncesHarness();
    }

    /// @dev From any state that using and cancelling lead to: what two further ones did is arbitrary.
    function check_nonce_isUsableOnce(address signer, uint64 nonce, uint56 word, uint256 mask) external {
        vm.prank(signer);
        nonces.cancelNonces(word, mask);
        bool wasUsed = nonces.isNonceUsed(signer, nonce);
        assert(wasUsed == (nonce >> 8 == word && mask & (uint256(1) << (nonce & 0xff)) != 0));
        assert(nonces.take(signer, nonce) == !wasUsed);
        assert(nonces.isNonceUsed(signer, nonce));
        assert(!nonces.take(signer, nonce));
    }

    function check_nonce_isNobodyElses(address signer, uint64 nonce, address other, uint64 another) external {
        vm.assume(signer != other || nonce != another);
        assert(nonces.take(signer, nonce));
        assert(!nonces.isNonceUsed(other, another));
        assert(nonces.take(other, another));
    }
}
