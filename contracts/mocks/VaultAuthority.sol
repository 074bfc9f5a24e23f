// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title OpenZeppelin's AccessManager under a name that Ape knows: tests only.
contract VaultAuthority is AccessManager {
    /// @param admin First administrator.
    constructor(address admin) AccessManager(admin) {}
}
