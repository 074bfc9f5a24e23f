// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LenderKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {IAaveV2Borrower, IAaveV2Pool} from "../interfaces/external/IAaveV2Pool.sol";
import {IAaveV3Borrower, IAaveV3Pool} from "../interfaces/external/IAaveV3Pool.sol";
import {IErc3156FlashBorrower, IErc3156FlashLender} from "../interfaces/external/IErc3156.sol";
import {IUniswapV2Callee} from "../interfaces/external/IUniswapV2Callee.sol";
import {IUniswapV2Pair} from "../interfaces/external/IUniswapV2Pair.sol";
import {IUniswapV3FlashCallback, IUniswapV3FlashPool} from "../interfaces/external/IUniswapV3Flash.sol";

/// @title The yardstick for Maker and for lenders that ask a fee: takes a loan and gives it back, with no check.
/// @notice It pays the fee out of what it was given before.
contract BareFeeBorrower is
    IAaveV2Borrower,
    IAaveV3Borrower,
    IErc3156FlashBorrower,
    IUniswapV2Callee,
    IUniswapV3FlashCallback
{
    address private immutable _LENDER;
    address private immutable _TOKEN;
    /// @dev Whether the token is the lending pool's first.
    bool private immutable _FIRST;

    constructor(address lender, address token, bool first) {
        (_LENDER, _TOKEN, _FIRST) = (lender, token, first);
    }

    function borrow(LenderKind kind, uint256 amount) external {
        (uint256 amount0, uint256 amount1) = _FIRST ? (amount, uint256(0)) : (uint256(0), amount);
        if (kind == LenderKind.AaveV3) {
            IAaveV3Pool(_LENDER).flashLoanSimple(address(this), _TOKEN, amount, "", 0);
        } else if (kind == LenderKind.AaveV2) {
            address[] memory assets = new address[](1);
            uint256[] memory amounts = new uint256[](1);
            (assets[0], amounts[0]) = (_TOKEN, amount);
            IAaveV2Pool(_LENDER)
                .flashLoan(address(this), assets, amounts, new uint256[](1), address(0), "", 0);
        } else if (kind == LenderKind.UniswapV2) {
            IUniswapV2Pair(_LENDER).swap(amount0, amount1, address(this), "1");
        } else if (kind == LenderKind.UniswapV3) {
            IUniswapV3FlashPool(_LENDER).flash(address(this), amount0, amount1, abi.encode(amount));
        } else {
            IErc3156FlashLender(_LENDER).flashLoan(address(this), _TOKEN, amount, "");
        }
    }

    function executeOperation(address, uint256 amount, uint256 premium, address, bytes calldata)
        external
        override
        returns (bool)
    {
        IERC20(_TOKEN).approve(_LENDER, amount + premium);
        return true;
    }

    function executeOperation(
        address[] calldata,
        uint256[] calldata amounts,
        uint256[] calldata premiums,
        address,
        bytes calldata
    ) external override returns (bool) {
        IERC20(_TOKEN).approve(_LENDER, amounts[0] + premiums[0]);
        return true;
    }

    function onFlashLoan(address, address, uint256 amount, uint256 fee, bytes calldata)
        external
        override
        returns (bytes32)
    {
        IERC20(_TOKEN).approve(_LENDER, amount + fee);
        return keccak256("ERC3156FlashBorrower.onFlashLoan");
    }

    /// @dev 0.3 % of what is paid, rounded up as the pair's product check wants it.
    function uniswapV2Call(address, uint256 amount0, uint256 amount1, bytes calldata) external override {
        IERC20(_TOKEN).transfer(_LENDER, ((amount0 + amount1) * 1000 + 996) / 997);
    }

    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external override {
        IERC20(_TOKEN).transfer(_LENDER, abi.decode(data, (uint256)) + fee0 + fee1);
    }
}
