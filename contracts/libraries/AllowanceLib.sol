// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";

/// @title AllowanceLib: an allowance is exact, and used to the last unit.
/// @notice For lenders that pull what they are owed and pools that pull what they are sold.
library AllowanceLib {
    /// @notice Allows `spender` to pull exactly `amount`. Tokens that only approve from zero are served: no allowance is
    /// ever left over.
    function allow(address token, address spender, uint256 amount) internal {
        SafeTransferLib.safeApproveWithRetry(token, spender, amount);
    }

    /// @notice `spender` must have used its allowance to the last unit.
    function requireUsed(address token, address spender) internal view {
        uint256 left = IERC20(token).allowance(address(this), spender);
        if (left != 0) revert ErrorsLib.AllowanceLeft(token, spender, left);
    }
}
