// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title RawCallLib: calls that were encoded by hand, because the compiler's own way of writing them costs more.
/// @notice For fixed selectors at contracts that the deployment names; what they return is not read.
library RawCallLib {
    /// @dev More of a refusal than this is not passed on.
    uint256 private constant _REASON_BYTES = 1_024;

    /// @notice Makes the call that lies in memory from `from` to `to`; what it reverts with is passed on.
    /// @dev A target without code answers as if all were well: the caller must have another way to know.
    function makeCall(address target, uint256 from, uint256 to) internal {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            if iszero(call(gas(), target, 0, from, sub(to, from), 0, 0)) {
                let size := returndatasize()
                if gt(size, _REASON_BYTES) { size := _REASON_BYTES }
                let reason := mload(0x40)
                returndatacopy(reason, 0, size)
                revert(reason, size)
            }
        }
    }
}
