// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {IUniswapV4PoolManager} from "../../interfaces/external/IUniswapV4PoolManager.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";
import {UniswapV4Unlock} from "../UniswapV4Unlock.sol";

/// @title Loans from the Uniswap V4 pool manager: free, taken while it is unlocked, settled by a transfer.
/// @notice The manager calls back only the one who unlocked it. Loans inside such a loan, whatever stands between them,
/// are taken in the same unlock.
abstract contract UniswapV4Lender is FlashBorrower, UniswapV4Unlock {
    /// @dev Taking and settling cost nothing; only swaps do.
    uint256 private constant _NO_FEE = 0;

    /// @dev Unlocks the manager, unless a loan of the same plan has done so.
    function _borrowFromUniswapV4(bytes calldata plan, bytes32 planHash) internal {
        if (_unlockedByLoan()) return _onUnlockedForLoan(plan, planHash);
        _expectCallback(_POOL_MANAGER, CallbackKind.UniswapV4Loan, planHash);
        IUniswapV4PoolManager(_POOL_MANAGER).unlock(plan);
        _requireConsumed();
    }

    /// @inheritdoc UniswapV4Unlock
    function _onUnlockedForLoan(bytes calldata plan, bytes32 planHash) internal override {
        uint256 loan = _arriving();
        IUniswapV4PoolManager(_POOL_MANAGER)
            .take(PlanLib.loanAsset(plan, loan), address(this), PlanLib.loanAmount(plan, loan));
        uint256 owed =
            _onLoan(plan, planHash, PlanLib.loanAsset(plan, loan), PlanLib.loanAmount(plan, loan), _NO_FEE);
        _settleUniswapV4(PlanLib.loanAsset(plan, loan), owed);
    }
}

/// @title What a loan from the pool manager costs (nothing), and how much it has.
library UniswapV4Terms {
    /// @notice Terms of any amount of `asset`.
    function terms(address poolManager, address asset) internal view returns (Terms memory) {
        return Terms(0, IERC20(asset).balanceOf(poolManager));
    }
}
