// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ErrorsLib} from "../libraries/ErrorsLib.sol";

/// @title EtherGate: ether is taken only from the one contract that is just now to pay it out.
/// @notice Shut unless a leg buys ether or a tip is unwrapped; so neither strangers nor refunds can leave ether here.
abstract contract EtherGate {
    /// @dev Who may send ether; nobody at zero, which no caller is. Reading it fits WETH's 2,300 gas.
    address private transient _etherSource;

    /// @notice Ether from the awaited contract.
    receive() external payable {
        if (msg.sender != _etherSource) revert ErrorsLib.EtherRefused(msg.sender);
    }

    /// @dev Lets `source` pay ether in until the next call; the zero address shuts the gate.
    function _admitEther(address source) internal {
        _etherSource = source;
    }
}
