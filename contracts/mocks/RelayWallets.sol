// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A wallet that signs by ERC-1271, as its holder's key does; also what an account delegates to (EIP-7702).
contract RelayWallet is IERC1271 {
    address private immutable _HOLDER;

    constructor(address holder) {
        _HOLDER = holder;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        override
        returns (bytes4)
    {
        (address recovered,,) = ECDSA.tryRecover(hash, signature);
        return recovered == _HOLDER ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @title A wallet that answers what it was told to, of any length, or burns what it is given.
contract RelayOddWallet {
    bytes private _answer;
    bool private _burns;
    bool private _reverts;

    /// @notice What to answer.
    function set(bytes calldata answer, bool burns, bool reverts) external {
        (_answer, _burns, _reverts) = (answer, burns, reverts);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        while (_burns) {}
        require(!_reverts);
        return _answer;
    }
}
