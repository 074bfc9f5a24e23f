// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title VaultProxy: the address of a vault, which stays when its code changes.
/// @notice Set up in its constructor: nobody can come between.
contract VaultProxy is ERC1967Proxy {
    /// @param implementation The vault's code.
    /// @param initialization Call of `AllocationVault.initialize`.
    constructor(address implementation, bytes memory initialization)
        payable
        ERC1967Proxy(implementation, initialization)
    {}
}
