// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IAaveV2Borrower} from "../interfaces/external/IAaveV2Pool.sol";
import {LenderFault, MockAavePool, MockLender} from "./MockLenders.sol";

/// @title Aave V2 pool of the tests: several assets, repaid by allowance, any receiver, says who asked.
contract MockAaveV2Pool is MockLender {
    using SafeERC20 for IERC20;

    error BasketRefused();
    error DebtWanted();

    function flashLoan(
        address receiver,
        address[] memory assets,
        uint256[] memory amounts,
        uint256[] memory modes,
        address,
        bytes memory params,
        uint16
    ) external {
        if (fault == LenderFault.NoCallback) return;
        assets[0] = _lentAsset(assets[0]);
        amounts[0] = _lent(amounts[0]);
        for (uint256 i; i < assets.length; ++i) {
            if (modes[i] != 0) revert DebtWanted();
            IERC20(assets[i]).safeTransfer(receiver, amounts[i]);
        }
        _callBack(receiver, assets, amounts, _data(params));
        if (fault == LenderFault.CallsBackTwice) _callBack(receiver, assets, amounts, params);
        for (uint256 i; i < assets.length; ++i) {
            _pull(assets[i], receiver, amounts[i] + fee);
        }
    }

    /// @dev The same fee for each asset, in its base units.
    function _callBack(
        address receiver,
        address[] memory assets,
        uint256[] memory amounts,
        bytes memory params
    ) private {
        uint256[] memory fees = new uint256[](assets.length);
        for (uint256 i; i < fees.length; ++i) {
            fees[i] = fee;
        }
        if (fault == LenderFault.NamesNoToken) assets = new address[](0);
        bool repaid = IAaveV2Borrower(receiver).executeOperation(assets, amounts, fees, _initiator(), params);
        if (!repaid) revert BasketRefused();
    }
}

/// @title Aave V3 pool of the tests with both of its loans.
contract MockAaveV3Pool is MockAavePool, MockAaveV2Pool {}
