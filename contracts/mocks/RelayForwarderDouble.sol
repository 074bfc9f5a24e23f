// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRelayContext} from "../interfaces/IRelayContext.sol";

/// @title A forwarder for recipients' tests: calls for whomever the test names, with no signature at all.
contract RelayForwarderDouble is IRelayContext {
    /// @inheritdoc IRelayContext
    address public transient activeSender;

    /// @notice Calls `target` as `signer`, as the relayer would: appended to the calldata, and on request.
    function forward(address target, address signer, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        activeSender = signer;
        (bool done, bytes memory answer) = target.call{value: msg.value}(abi.encodePacked(data, signer));
        activeSender = address(0);
        if (!done) {
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}
