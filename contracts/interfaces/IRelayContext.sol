// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IRelayContext: for whom a forwarder is calling just now.
interface IRelayContext {
    /// @notice Whose signed call the forwarder is making at this moment.
    /// @dev An answer means something only to the contract that the forwarder itself is calling.
    /// @return sender The signer; zero while the forwarder makes no signed call.
    function onBehalfOf() external view returns (address sender);
}
