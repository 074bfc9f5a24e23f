// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind} from "../../interfaces/IFlashLoanArbitrage.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {IUniswapV4PoolManager} from "../../interfaces/external/IUniswapV4PoolManager.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";
import {UniswapV4Unlock} from "../UniswapV4Unlock.sol";

/// @title Loans from the Uniswap V4 pool manager: free, taken while it is unlocked, settled by a transfer.
/// @notice The manager calls back only the one who unlocked it. Loans inside such a loan, whatever stands between them,
/// are taken in the same unlock. Taking and settling cost nothing; only swaps do.
abstract contract UniswapV4Lender is FlashBorrower, UniswapV4Unlock {
    /// @dev Unlocks the manager, unless a loan of the same plan has done so.
    function _borrowFromUniswapV4(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        if (PlanLib.hasLoanBefore(plan, LenderKind.UniswapV4, loan)) {
            return _onUnlockedForLoan(plan, planHash, loan);
        }
        _expectCallback(_POOL_MANAGER, CallbackKind.UniswapV4Loan, loan, planHash);
        IUniswapV4PoolManager(_POOL_MANAGER).unlock(plan);
        _requireConsumed();
    }

    /// @inheritdoc UniswapV4Unlock
    function _onUnlockedForLoan(bytes calldata plan, bytes32 planHash, uint256 loan) internal override {
        address asset = PlanLib.loanAsset(plan, loan);
        _takeUniswapV4(asset, address(this), PlanLib.loanAmount(plan, loan));
        _settleUniswapV4(asset, _onFreeLoan(plan, planHash, loan));
    }
}

/// @title What a loan from the pool manager costs (nothing), and how much it has.
library UniswapV4Terms {
    /// @notice Terms of any amount of `asset`.
    function terms(address poolManager, address asset) internal view returns (Terms memory) {
        return Terms(0, IERC20(asset).balanceOf(poolManager));
    }
}
