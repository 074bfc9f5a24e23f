// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BalancerV2Vault} from "../flashloan/BalancerV2Vault.sol";
import {IBalancerV2Vault} from "../interfaces/external/IBalancerV2Vault.sol";

/// @title BalancerV2Swap: exact-in swaps with the vault's pools; the vault pulls the input and pays the output.
/// @notice Any kind of pool (weighted, stable, ...): the pool id is all that a swap needs. Anyone can register a pool of
/// any behaviour; it gets nothing but what the vault pulls for it, which is the input, and the leg's least output holds.
/// The vault wraps and unwraps ether by itself. It holds one lock over loans and swaps: inside a loan from it this
/// reverts with its own `BAL#400`.
abstract contract BalancerV2Swap is BalancerV2Vault {
    /// @dev Sells all of `amountIn`, which the vault is allowed to pull, or which goes along as `value`.
    /// @param recipient Who is paid: this contract, or the next leg's pair.
    /// @return amountOut What the vault says it sent, in base units of `tokenOut`.
    function _swapOnBalancerV2(
        bytes32 poolId,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 value,
        address recipient
    ) internal returns (uint256 amountOut) {
        IBalancerV2Vault.SingleSwap memory singleSwap = IBalancerV2Vault.SingleSwap({
            poolId: poolId,
            kind: IBalancerV2Vault.SwapKind.GivenIn,
            assetIn: tokenIn,
            assetOut: tokenOut,
            amount: amountIn,
            userData: ""
        });
        IBalancerV2Vault.FundManagement memory funds = IBalancerV2Vault.FundManagement({
            sender: address(this), fromInternalBalance: false, recipient: recipient, toInternalBalance: false
        });
        // No limit here: what arrives is measured against the leg's least output.
        return IBalancerV2Vault(_BALANCER_VAULT).swap{value: value}(singleSwap, funds, 0, block.timestamp);
    }
}
