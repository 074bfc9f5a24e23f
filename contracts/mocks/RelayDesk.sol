// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayRecipient} from "../gasless/RelayRecipient.sol";

/// @title A recipient that does what tests of the relayer need done to them.
contract RelayDesk is RelayRecipient {
    address public lastSender;
    uint256 public lastTag;
    uint256 public lastValue;
    uint256 public lastGas;
    uint256 public visits;
    mapping(address sender => uint256 times) public visitsOf;
    bool public served;
    bool public came;
    bytes public answer;

    error Refused(bytes reason);

    constructor(address forwarder) RelayRecipient(forwarder) {}

    receive() external payable {}

    /// @notice Notes who came, with what.
    function visit(uint256 tag) external payable {
        lastGas = gasleft();
        (lastSender, lastTag, lastValue) = (_relayedSender(), tag, msg.value);
        ++visits;
        ++visitsOf[lastSender];
    }

    /// @notice Reverts with `reason`.
    function refuse(bytes calldata reason) external payable {
        revert Refused(reason);
    }

    /// @notice Answers, or reverts, with `size` bytes of nothing.
    function flood(uint256 size, bool asError) external {
        ++visits;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            if asError { revert(mload(0x40), size) }
            return(mload(0x40), size)
        }
    }

    /// @notice Does its work where it has the gas for it, and comes to an end all the same where not.
    function serveIfPossible(uint256 work) external {
        try this.serve(work) {} catch {}
        ++visits;
    }

    /// @notice Work for `work` gas, and some.
    function serve(uint256 work) external {
        uint256 begin = gasleft();
        while (begin - gasleft() < work) {}
        served = true;
    }

    /// @notice Calls somebody in the middle of being called, and notes the answer.
    function turnTo(address who, bytes calldata data) external payable {
        (came, answer) = who.call(data);
    }

    /// @notice A multicall as many contracts have it: each call as if the caller had made it.
    function each(bytes[] calldata calls) external {
        for (uint256 i; i < calls.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool done,) = address(this).delegatecall(calls[i]);
            require(done);
        }
    }

    /// @notice Nothing that lasts: who calls, as this contract sees it.
    function whoCalls() external view returns (address) {
        return _relayedSender();
    }
}

/// @title A target that trusts whom it likes, as it likes.
contract RelayMoodyTarget {
    bytes public said = abi.encode(true);

    /// @notice What it answers from now on, to whatever it is asked.
    function say(bytes calldata answer) external {
        said = answer;
    }

    fallback(bytes calldata) external payable returns (bytes memory) {
        return said;
    }
}

/// @title Somebody who does not take ether.
contract RelayPurist {
    /// @notice Relays, and is paid back what was not used, or not.
    function relay(address relayer, bytes calldata call_) external payable {
        // solhint-disable-next-line avoid-low-level-calls
        (bool done,) = relayer.call{value: msg.value}(call_);
        require(done);
    }
}
