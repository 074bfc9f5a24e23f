// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {RequestLib} from "./RequestLib.sol";

/// @title RequestSignatures: what is signed, and whether its signer signed it.
abstract contract RequestSignatures is EIP712 {
    /* CONSTANTS */

    /// @dev Enough for the verification of a passkey in plain code; a signer's contract can waste no more than this.
    uint256 private constant _SIGNER_GAS = 500_000;

    /* INTERNAL */

    /// @dev Before the first request is read: their digests are bound to this chain and this contract.
    function _open() internal view {
        RequestLib.open(_domainSeparator());
    }

    /// @dev What is not a compact signature by a key: 65 bytes by one, or what the signer's code says (ERC-1271). A key is
    /// tried first, since that needs no look at the signer's account, which would be cold. An account with delegated code
    /// (EIP-7702) still has its key, and may answer by its code besides.
    function _isSignedOtherwise(bytes32 digest) internal view returns (bool) {
        address signer = RequestLib.signer();
        bytes calldata signature = RequestLib.signature();
        // Of the two signatures that can be made of one, only that with the lower `s` counts.
        if (signature.length == 65 && _sOf(signature) < RequestLib.END_OF_S) {
            // `v` other than 27 and 28 recovers nobody.
            address recovered = ECDSA.tryRecoverCalldata(digest, signature);
            if (recovered == signer && recovered != address(0)) return true;
        }
        return signer.code.length != 0 && _answersFor(signer, digest, signature);
    }

    function _sOf(bytes calldata signature) private pure returns (uint256) {
        return uint256(bytes32(signature[32:64]));
    }

    /// @dev ERC-1271.
    function _answersFor(address signer, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        (bool answered,, bytes memory answer) = LibCall.tryStaticCall(signer, _SIGNER_GAS, 32, question);
        if (!answered || answer.length != 32) return false;
        // One word, no more and no less.
        // forge-lint: disable-next-line(unsafe-typecast)
        return bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }

    /* EIP712 */

    /// @inheritdoc EIP712
    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory name, string memory version)
    {
        return ("GaslessTransactionRelayer", "1");
    }
}
