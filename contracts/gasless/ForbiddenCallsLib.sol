// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ForbiddenCallsLib: functions that the relayer never calls, whatever the owner lists.
/// @notice Signers allow the relayer to take fees in tokens: a call to a token's own functions could reach for those
/// allowances, or move what somebody holds. A multicall could be any call. Zero stands for data too short to name one.
library ForbiddenCallsLib {
    /// @notice Whether the owner cannot list functions of this selector.
    function isForbidden(bytes4 selector) internal pure returns (bool) {
        return
            selector == bytes4(0) || _movesTokens(selector) || _allowsTokens(selector)
                || _isMulticall(selector);
    }

    function _movesTokens(bytes4 selector) private pure returns (bool) {
        return selector == bytes4(keccak256("transfer(address,uint256)"))
            || selector == bytes4(keccak256("transferFrom(address,address,uint256)"))
            || selector == bytes4(keccak256("transferAndCall(address,uint256)"))
            || selector == bytes4(keccak256("transferAndCall(address,uint256,bytes)"))
            || selector == bytes4(keccak256("safeTransferFrom(address,address,uint256)"))
            || selector == bytes4(keccak256("safeTransferFrom(address,address,uint256,bytes)"))
            || selector == bytes4(keccak256("safeTransferFrom(address,address,uint256,uint256,bytes)"));
    }

    function _allowsTokens(bytes4 selector) private pure returns (bool) {
        return selector == bytes4(keccak256("approve(address,uint256)"))
            || selector == bytes4(keccak256("increaseAllowance(address,uint256)"))
            || selector == bytes4(keccak256("decreaseAllowance(address,uint256)"))
            || selector == bytes4(keccak256("setApprovalForAll(address,bool)"))
            || selector == bytes4(keccak256("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"));
    }

    function _isMulticall(bytes4 selector) private pure returns (bool) {
        return selector == bytes4(keccak256("multicall(bytes[])"))
            || selector == bytes4(keccak256("multicall(uint256,bytes[])"))
            || selector == bytes4(keccak256("multicall(bytes32,bytes[])"));
    }
}
