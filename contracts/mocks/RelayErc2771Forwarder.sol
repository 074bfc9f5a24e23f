// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC2771Forwarder} from "@openzeppelin/contracts/metatx/ERC2771Forwarder.sol";

/// @title OpenZeppelin's forwarder with a list of allowed calls: what ours is measured against.
contract RelayErc2771Forwarder is ERC2771Forwarder("Forwarder") {
    mapping(bytes32 call => bool allowed) private _calls;

    error CallNotAllowed(address target, bytes4 selector);

    /// @notice Lists a call.
    function allowCall(address target, bytes4 selector) external {
        _calls[_key(target, selector)] = true;
    }

    /// @inheritdoc ERC2771Forwarder
    function _execute(ForwardRequestData calldata request, bool requireValidRequest)
        internal
        override
        returns (bool)
    {
        bytes4 selector = bytes4(request.data);
        if (!_calls[_key(request.to, selector)]) revert CallNotAllowed(request.to, selector);
        return super._execute(request, requireValidRequest);
    }

    function _key(address target, bytes4 selector) private pure returns (bytes32) {
        return bytes32(bytes20(target)) | (bytes32(selector) >> 160);
    }
}
