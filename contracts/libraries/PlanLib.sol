// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Plan} from "../interfaces/IFlashLoanArbitrage.sol";

/// @title PlanLib: a plan as bytes and back.
library PlanLib {
    /// @dev Reads the plan in place instead of decoding it into memory.
    /// @param data Exactly what `abi.encode(plan)` gave: the caller has compared its hash with the one this contract
    /// computed over its own encoding, so the head (one offset, then the struct) is canonical and in bounds.
    function fromCalldata(bytes calldata data) internal pure returns (Plan calldata plan) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            plan := add(data.offset, calldataload(data.offset))
        }
    }
}
