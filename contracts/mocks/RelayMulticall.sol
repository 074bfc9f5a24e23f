// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayRecipient} from "../gasless/RelayRecipient.sol";

/// @title Points that belong to whoever calls, and a multicall as many contracts have it: what a spoof would empty.
contract RelayMulticall is RelayRecipient {
    mapping(address holder => uint256 points) public pointsOf;

    constructor(address forwarder, address holder) RelayRecipient(forwarder) {
        pointsOf[holder] = 100;
    }

    /// @notice Gives the caller's points away.
    function give(address to, uint256 points) external {
        pointsOf[_relayedSender()] -= points;
        pointsOf[to] += points;
    }

    /// @notice Makes each call as if the caller had made it.
    function each(bytes[] calldata calls) external {
        for (uint256 i; i < calls.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool done,) = address(this).delegatecall(calls[i]);
            require(done);
        }
    }
}
