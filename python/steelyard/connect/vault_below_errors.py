"""What a vault below a pool may revert with: OpenZeppelin's ERC-4626, and MetaMorpho's for what it cannot do.

Ours passes such an error on as it came.
"""

from __future__ import annotations

from typing import Final

from steelyard.connect.reverts import error_table

VAULT_BELOW_ERRORS: Final = error_table(
    "ERC20InsufficientAllowance(address spender,uint256 allowance,uint256 needed)",
    "ERC20InsufficientBalance(address sender,uint256 balance,uint256 needed)",
    "ERC20InvalidApprover(address approver)",
    "ERC20InvalidReceiver(address receiver)",
    "ERC20InvalidSender(address sender)",
    "ERC20InvalidSpender(address spender)",
    "ERC4626ExceededMaxDeposit(address receiver,uint256 assets,uint256 max)",
    "ERC4626ExceededMaxMint(address receiver,uint256 shares,uint256 max)",
    "ERC4626ExceededMaxRedeem(address owner,uint256 shares,uint256 max)",
    "ERC4626ExceededMaxWithdraw(address owner,uint256 assets,uint256 max)",
    "SafeERC20FailedOperation(address token)",
    # MetaMorpho
    "AllCapsReached()",
    "NotEnoughLiquidity()",
)
