"""Every error that OpenZeppelin's AccessManager can revert with; a test holds the table against its ABI."""

from __future__ import annotations

from typing import Final

from steelyard.connect.reverts import error_table

AUTHORITY_ERRORS: Final = error_table(
    # roles
    "AccessManagerBadConfirmation()",
    "AccessManagerInvalidInitialAdmin(address initialAdmin)",
    "AccessManagerLockedFunction(bytes4 selector)",
    "AccessManagerLockedRole(uint64 roleId)",
    "AccessManagerUnauthorizedAccount(address msgsender,uint64 roleId)",
    "AccessManagerUnauthorizedCall(address caller,address target,bytes4 selector)",
    # what is scheduled
    "AccessManagerAlreadyScheduled(bytes32 operationId)",
    "AccessManagerExpired(bytes32 operationId)",
    "AccessManagerNotReady(bytes32 operationId)",
    "AccessManagerNotScheduled(bytes32 operationId)",
    "AccessManagerUnauthorizedCancel(address msgsender,address caller,address target,bytes4 selector)",
    "AccessManagerUnauthorizedConsume(address target)",
    # from the libraries that it stands on
    "AddressEmptyCode(address target)",
    "FailedCall()",
    "InsufficientBalance(uint256 balance,uint256 needed)",
    "SafeCastOverflowedUintDowncast(uint8 bits,uint256 value)",
)
