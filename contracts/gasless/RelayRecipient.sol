// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRelayContext} from "../interfaces/IRelayContext.sol";

/// @title RelayRecipient: a contract that some functions of can be called through the relayer.
/// @notice A function that asks `_relayedSender()` who calls takes calls by the trusted forwarder as its signer's; any other
/// function sees the forwarder itself, which holds no role anywhere.
/// @dev An ERC-2771 forwarder appends the signer to the calldata, and recipients read the last 20 bytes. In a multicall
/// that delegates to itself those bytes are the caller's choice while `msg.sender` is still the forwarder: anybody could be
/// anybody (December 2023). Calldata shorter than those 20 bytes is a trap of its own. So nothing is read from calldata
/// here: the forwarder is asked for whom it calls. It keeps that in transient storage, one signer at a time, and
/// nobody but itself can make a call that this contract sees as the forwarder's.
abstract contract RelayRecipient {
    /* IMMUTABLES */

    /// @dev Zero: nobody is trusted, and `_relayedSender()` is `msg.sender`.
    address private immutable _FORWARDER;

    /* CONSTRUCTOR */

    /// @param forwarder The relayer whose word is taken for who signed; zero for none.
    constructor(address forwarder) {
        _FORWARDER = forwarder;
    }

    /* VIEWS */

    /// @notice Whether `forwarder` is believed when it says for whom it calls (ERC-2771).
    function isTrustedForwarder(address forwarder) public view returns (bool) {
        return forwarder == _FORWARDER && forwarder != address(0);
    }

    /* INTERNAL */

    /// @dev The signer of a relayed call, else the caller. Zero where the forwarder calls for nobody, or cannot say for
    /// whom: grant zero no role. In assembly, since the executor, which is a recipient, has few bytes left.
    function _relayedSender() internal view returns (address sender) {
        address forwarder = _FORWARDER;
        uint256 question = uint32(IRelayContext.activeSender.selector);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            sender := caller()
            if eq(sender, forwarder) {
                mstore(0x00, question)
                // Read from right to left: the call, whether a whole word came back, the word.
                let said :=
                    and(gt(returndatasize(), 0x1f), staticcall(gas(), forwarder, 0x1c, 0x04, 0x00, 0x20))
                sender := mul(mload(0x00), said)
            }
        }
    }
}
