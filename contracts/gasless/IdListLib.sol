// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where in memory a list of ids ends that grows into room taken for it beforehand.
type IdList is uint256;

using IdListLib for IdList global;

/// @title IdListLib: collects the ids of a batch.
library IdListLib {
    /// @notice An empty list.
    /// @param most Ids that will be put in at most; the one who calls sees to that.
    function open(uint256 most) internal pure returns (IdList ids) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            ids := add(mload(0x40), 0x20)
            mstore(0x40, add(ids, shl(5, most)))
        }
    }

    /// @notice The list with `id` at its end.
    function with(IdList ids, bytes32 id) internal pure returns (IdList longer) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(ids, id)
            longer := add(ids, 0x20)
        }
    }

    /// @notice All that was put into a list since it was `empty`.
    function since(IdList ids, IdList empty) internal pure returns (bytes32[] memory all) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            all := sub(empty, 0x20)
            mstore(all, shr(5, sub(ids, empty)))
        }
    }
}
