// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {RelayRecipient} from "../gasless/RelayRecipient.sol";

/// @title The work that is relayed in tests of gas: two cold slots written, wherever the call comes from.
abstract contract RelayWork {
    mapping(uint256 job => uint256 times) public timesDone;
    mapping(uint256 job => address caller) public doneBy;

    function _work(uint256 job, address caller) internal {
        timesDone[job] += 1;
        doneBy[job] = caller;
    }
}

/// @title A recipient of our relayer.
contract RelayWorkRecipient is RelayWork, RelayRecipient {
    constructor(address forwarder) RelayRecipient(forwarder) {}

    /// @notice Does a job for whoever signed for it.
    function work(uint256 job) external {
        _work(job, _relayedSender());
    }
}

/// @title The same for OpenZeppelin's forwarder, or ours taken for any ERC-2771 forwarder.
contract RelayWorkContext is RelayWork, ERC2771Context {
    constructor(address forwarder) ERC2771Context(forwarder) {}

    /// @notice Does a job for whoever signed for it.
    function work(uint256 job) external {
        _work(job, _msgSender());
    }
}
