// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IAaveV3Borrower, IAaveV3Pool} from "contracts/interfaces/external/IAaveV3Pool.sol";
import {IBalancerV2Borrower, IBalancerV2Vault} from "contracts/interfaces/external/IBalancerV2Vault.sol";
import {IMorphoBlue, IMorphoBlueBorrower} from "contracts/interfaces/external/IMorphoBlue.sol";

/// @title The yardstick: takes a loan and gives it back, with no check of anything.
contract BareBorrower is IBalancerV2Borrower, IAaveV3Borrower, IMorphoBlueBorrower {
    address private immutable _LENDER;
    address private immutable _TOKEN;

    constructor(address lender, address token) {
        (_LENDER, _TOKEN) = (lender, token);
    }

    function borrow(LenderKind kind, uint256 amount) external {
        if (kind == LenderKind.BalancerV2) {
            address[] memory tokens = new address[](1);
            uint256[] memory amounts = new uint256[](1);
            (tokens[0], amounts[0]) = (_TOKEN, amount);
            IBalancerV2Vault(_LENDER).flashLoan(address(this), tokens, amounts, "");
        } else if (kind == LenderKind.AaveV3) {
            IAaveV3Pool(_LENDER).flashLoanSimple(address(this), _TOKEN, amount, "", 0);
        } else {
            IMorphoBlue(_LENDER).flashLoan(_TOKEN, amount, "");
        }
    }

    function receiveFlashLoan(
        address[] calldata,
        uint256[] calldata amounts,
        uint256[] calldata,
        bytes calldata
    ) external override {
        IERC20(_TOKEN).transfer(_LENDER, amounts[0]);
    }

    function executeOperation(address, uint256 amount, uint256 premium, address, bytes calldata)
        external
        override
        returns (bool)
    {
        IERC20(_TOKEN).approve(_LENDER, amount + premium);
        return true;
    }

    function onMorphoFlashLoan(uint256 assets, bytes calldata) external override {
        IERC20(_TOKEN).approve(_LENDER, assets);
    }
}
