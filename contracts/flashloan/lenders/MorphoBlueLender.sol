// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {IMorphoBlue, IMorphoBlueBorrower} from "../../interfaces/external/IMorphoBlue.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans from Morpho Blue: free, lent to the caller only, repaid by an exact allowance that Morpho pulls.
abstract contract MorphoBlueLender is FlashBorrower, IMorphoBlueBorrower {
    /// @dev Morpho Blue charges nothing for a flash loan.
    uint256 private constant _NO_FEE = 0;

    /// @dev Morpho Blue; zero where the chain has none.
    address internal immutable _MORPHO;

    constructor(address morpho) {
        _MORPHO = morpho;
    }

    /// @dev Borrows one asset; checks afterwards that Morpho pulled all it was allowed to.
    function _borrowFromMorphoBlue(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        _expectCallback(_MORPHO, CallbackKind.MorphoBlueLoan, loan, planHash);
        IMorphoBlue(_MORPHO).flashLoan(PlanLib.loanAsset(plan, loan), PlanLib.loanAmount(plan, loan), plan);
        _requireConsumed();
        AllowanceLib.requireUsed(PlanLib.loanAsset(plan, loan), _MORPHO);
    }

    /// @inheritdoc IMorphoBlueBorrower
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external override {
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.MorphoBlueLoan, data);
        // Morpho does not name the token; the plan, whose hash the guard has just checked, does.
        address asset = PlanLib.loanAsset(data, loan);
        uint256 owed = _onLoan(asset, assets, _NO_FEE, data, planHash, loan);
        AllowanceLib.allow(asset, msg.sender, owed);
    }
}

/// @title What a loan from Morpho Blue costs (nothing), and how much it has.
library MorphoBlueTerms {
    /// @notice Terms of any amount of `asset`.
    function terms(address morpho, address asset) internal view returns (Terms memory) {
        return Terms(0, IERC20(asset).balanceOf(morpho));
    }
}
