// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pool, Stop, VaultSettings} from "../interfaces/IAllocationVault.sol";

/// @title VaultStorage: everything the vault remembers beside shares, in one place of its own (ERC-7201).
/// @notice New fields go to the end: `tests/forge/VaultLayout.t.sol` holds where each stands.
/// @dev Shares, allowances and nonces are Solady's, at slots derived from its own constants; version and implementation
/// are OpenZeppelin's, at theirs. Nothing of this contract stands at slot 0 and on.
abstract contract VaultStorage {
    /* STRUCTS */

    /// @dev A request: shares that wait, assets that may be claimed.
    struct Request {
        address controller;
        uint128 shares;
        uint128 assets;
    }

    /// @custom:storage-location erc7201:steelyard.storage.AllocationVault
    struct Layout {
        // One slot: read by every entry and exit.
        address asset;
        uint8 assetDecimals;
        Stop stop;
        uint40 lastAccrual;
        // What is uninvested, and what of the balance belongs to fulfilled requests.
        uint128 idle;
        uint128 claimable;
        uint128 highWaterMarkWad;
        uint128 pendingShares;
        uint64 head;
        uint64 tail;
        uint40 lastRebalance;
        uint40 lossUpdatedAt;
        uint128 lossUsed;
        VaultSettings settings;
        address authority;
        address[] strategies;
        mapping(address strategy => Pool) pools;
        mapping(uint256 requestId => Request) requests;
        mapping(address controller => mapping(address operator => bool)) operators;
        mapping(address account => uint256 bits) roles;
        // At most 31 characters each.
        bytes32 name;
        bytes32 symbol;
    }

    /* CONSTANTS */

    uint256 internal constant _BPS = 10_000;
    uint256 internal constant _WAD = 1e18;

    /// @dev More pools would make a deposit dear: each is asked for its value.
    uint256 internal constant _MAX_POOLS = 32;

    /// @dev keccak256(abi.encode(uint256(keccak256("steelyard.storage.AllocationVault")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant _LAYOUT_SLOT = keccak256(
        abi.encode(uint256(keccak256("steelyard.storage.AllocationVault")) - 1)
    ) & ~bytes32(uint256(0xff));

    /* INTERNAL */

    function _layout() internal pure returns (Layout storage layout) {
        bytes32 slot = _LAYOUT_SLOT;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            layout.slot := slot
        }
    }
}
