// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IErc3156FlashBorrower} from "../interfaces/external/IErc3156.sol";
import {LenderFault, MockLender} from "./MockLenders.sol";

/// @title An ERC-3156 lender, and Maker's flash mint, of the tests: repaid by allowance, any receiver, says who asked.
contract MockErc3156Lender is MockLender {
    using SafeERC20 for IERC20;

    bytes32 private constant _AGREED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    error BorrowerDisagreed();

    function maxFlashLoan(address token) external view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    function flashFee(address, uint256) external view returns (uint256) {
        return fee;
    }

    function flashLoan(address receiver, address token, uint256 amount, bytes memory data)
        external
        returns (bool)
    {
        if (fault == LenderFault.NoCallback) return true;
        (address lentAsset, uint256 lent) = (_lentAsset(token), _lent(amount));
        IERC20(lentAsset).safeTransfer(receiver, lent);
        _callBack(receiver, lentAsset, lent, _data(data));
        if (fault == LenderFault.CallsBackTwice) _callBack(receiver, lentAsset, lent, data);
        _pull(lentAsset, receiver, lent + fee);
        return true;
    }

    function _callBack(address receiver, address token, uint256 amount, bytes memory data) private {
        bytes32 answer = IErc3156FlashBorrower(receiver).onFlashLoan(_initiator(), token, amount, fee, data);
        if (answer != _AGREED) revert BorrowerDisagreed();
    }
}
