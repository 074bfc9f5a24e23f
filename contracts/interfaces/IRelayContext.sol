// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IRelayContext: for whom a forwarder is calling just now.
interface IRelayContext {
    /// @notice Whose signed call the forwarder is making at this moment.
    /// @dev An answer means something only to the contract that the forwarder itself is calling. Named so that its selector
    /// comes first among the relayer's, which are compared one by one: every recipient asks this.
    /// @return sender The signer; zero while the forwarder makes no signed call.
    function activeSender() external view returns (address sender);
}
