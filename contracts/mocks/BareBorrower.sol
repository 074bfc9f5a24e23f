// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {IAaveV3Borrower, IAaveV3Pool} from "../interfaces/external/IAaveV3Pool.sol";
import {IBalancerV2Borrower, IBalancerV2Vault} from "../interfaces/external/IBalancerV2Vault.sol";
import {IMorphoBlue, IMorphoBlueBorrower} from "../interfaces/external/IMorphoBlue.sol";
import {
    IUniswapV4PoolManager,
    IUniswapV4UnlockCallback
} from "../interfaces/external/IUniswapV4PoolManager.sol";

/// @title The yardstick: takes a loan and gives it back, with no check of anything.
contract BareBorrower is IBalancerV2Borrower, IAaveV3Borrower, IMorphoBlueBorrower, IUniswapV4UnlockCallback {
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
        } else if (kind == LenderKind.MorphoBlue) {
            IMorphoBlue(_LENDER).flashLoan(_TOKEN, amount, "");
        } else {
            IUniswapV4PoolManager(_LENDER).unlock(abi.encode(amount));
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

    function unlockCallback(bytes calldata data) external override returns (bytes memory) {
        uint256 amount = abi.decode(data, (uint256));
        IUniswapV4PoolManager manager = IUniswapV4PoolManager(_LENDER);
        manager.take(_TOKEN, address(this), amount);
        manager.sync(_TOKEN);
        IERC20(_TOKEN).transfer(_LENDER, amount);
        manager.settle();
        return "";
    }
}
