// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A block builder that refuses tips: tests only.
contract RefusingBuilder {
    error NoThanks();

    receive() external payable {
        revert NoThanks();
    }
}

/// @title A block builder that answers a tip with a megabyte: tests only.
contract BombingBuilder {
    receive() external payable {
        assembly ("memory-safe") {
            revert(0, 1000000)
        }
    }
}

/// @title A block builder that calls somebody when it is tipped, and keeps the answer: tests only.
contract ReenteringBuilder {
    address public target;
    bytes public payload;
    bytes4 public lastError;

    function arm(address target_, bytes calldata payload_) external {
        (target, payload) = (target_, payload_);
    }

    receive() external payable {
        (bool success, bytes memory answer) = target.call(payload);
        if (!success && answer.length >= 4) lastError = bytes4(answer);
    }
}
