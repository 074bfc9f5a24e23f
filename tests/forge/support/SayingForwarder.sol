// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRelayContext} from "contracts/interfaces/IRelayContext.sol";

/// @title Makes any call and names anybody as its signer: what a forwarder is to those who trust it.
contract SayingForwarder is IRelayContext {
    address public override activeSender;

    function callFor(address signer, address target, bytes calldata data)
        external
        returns (bool ok, bytes memory said)
    {
        activeSender = signer;
        (ok, said) = target.call(data);
        activeSender = address(0);
    }
}
