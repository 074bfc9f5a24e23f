"""Every error that the relayer can revert with, by selector; a test holds the table against the contract."""

from __future__ import annotations

from typing import Final

from steelyard.connect.reverts import error_table

RELAYER_ERRORS: Final = error_table(
    # roles
    "NotGuardian(address caller)",
    "OwnershipNotRenounceable()",
    "NotSelf(address caller)",
    "OwnableUnauthorizedAccount(address account)",
    "OwnableInvalidOwner(address owner)",
    # the list of calls
    "TargetNotTrusting(address target)",
    "TargetTrusts(address target)",
    "SelectorForbidden(bytes4 selector)",
    "CallAlreadyListed(address target,bytes4 selector)",
    "CallNotListed(address target,bytes4 selector)",
    "CallListFull(uint256 maximum)",
    # requests
    "RequestCutShort(uint256 length,uint256 needed)",
    "BytesLeft(uint256 length,uint256 read)",
    "UnknownFlags(uint256 flags)",
    "TooManyRequests(uint256 count)",
    "RequestRefused(bytes32 requestId,uint8 reason)",
    "CallFailed(bytes32 requestId,bytes reason)",
    "ValueMismatch(uint256 sentWei,uint256 signedWei)",
    "GasTooLow(uint256 available,uint256 needed)",
    "NonceAlreadyUsed(address signer,uint256 nonce)",
    "FeeNotExact(address token,uint256 fee,uint256 paid,uint256 received)",
    "RelayInProgress()",
    "MemoryTaken(uint256 free)",
    # tokens and ether
    "TransferFromFailed()",
    "TransferFailed()",
    "ETHTransferFailed()",
)
