// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IAaveV3Borrower} from "../interfaces/external/IAaveV3Pool.sol";
import {IBalancerV2Borrower} from "../interfaces/external/IBalancerV2Vault.sol";
import {IMorphoBlueBorrower} from "../interfaces/external/IMorphoBlue.sol";

/// @notice How a lender of the tests misbehaves.
enum LenderFault {
    None,
    NoCallback,
    CallsBackTwice,
    ChangesData,
    LendsLess,
    LendsOtherAsset,
    LeavesAllowance,
    NamesTwoTokens,
    NamesNoToken,
    NamesStranger
}

/// @title What the lenders of the tests share: a fee, and a fault on demand.
abstract contract MockLender {
    using SafeERC20 for IERC20;

    error NotRepaid(uint256 held, uint256 owed);

    uint256 public fee;
    LenderFault public fault;
    address public otherAsset;

    function setFee(uint256 newFee) external {
        fee = newFee;
    }

    function setFault(LenderFault newFault, address newOtherAsset) external {
        (fault, otherAsset) = (newFault, newOtherAsset);
    }

    function _lent(uint256 amount) internal view returns (uint256) {
        return fault == LenderFault.LendsLess ? amount - 1 : amount;
    }

    function _lentAsset(address asset) internal view returns (address) {
        return fault == LenderFault.LendsOtherAsset ? otherAsset : asset;
    }

    function _data(bytes memory data) internal view returns (bytes memory) {
        if (fault == LenderFault.ChangesData) data[data.length - 1] ^= 0x01;
        return data;
    }

    /// @dev Who is said to have asked.
    function _initiator() internal view returns (address) {
        return fault == LenderFault.NamesStranger ? address(this) : msg.sender;
    }

    function _pull(address asset, address from, uint256 owed) internal {
        uint256 less = fault == LenderFault.LeavesAllowance ? 1 : 0;
        IERC20(asset).safeTransferFrom(from, address(this), owed - less);
    }

    function _requireRepaid(address asset, uint256 owed) internal view {
        uint256 held = IERC20(asset).balanceOf(address(this));
        if (held < owed) revert NotRepaid(held, owed);
    }
}

/// @title Balancer V2 vault of the tests: repaid by transfer, any receiver, no initiator.
contract MockBalancerVault is MockLender {
    using SafeERC20 for IERC20;

    error UnsortedTokens();

    function flashLoan(
        address recipient,
        address[] memory tokens,
        uint256[] memory amounts,
        bytes memory data
    ) external {
        if (fault == LenderFault.NoCallback) return;
        tokens[0] = _lentAsset(tokens[0]);
        amounts[0] = _lent(amounts[0]);
        uint256[] memory held = new uint256[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            if (i != 0 && tokens[i] <= tokens[i - 1]) revert UnsortedTokens();
            held[i] = IERC20(tokens[i]).balanceOf(address(this));
            IERC20(tokens[i]).safeTransfer(recipient, amounts[i]);
        }
        _callBack(recipient, tokens, amounts, _data(data));
        if (fault == LenderFault.CallsBackTwice) _callBack(recipient, tokens, amounts, data);
        for (uint256 i; i < tokens.length; ++i) {
            _requireRepaid(tokens[i], held[i] + fee);
        }
    }

    /// @dev The same fee for each token, in its base units.
    function _callBack(
        address recipient,
        address[] memory tokens,
        uint256[] memory amounts,
        bytes memory data
    ) private {
        uint256[] memory fees = new uint256[](tokens.length);
        for (uint256 i; i < fees.length; ++i) {
            fees[i] = fee;
        }
        if (fault == LenderFault.NamesTwoTokens) tokens = new address[](2);
        if (fault == LenderFault.NamesNoToken) tokens = new address[](0);
        IBalancerV2Borrower(recipient).receiveFlashLoan(tokens, amounts, fees, data);
    }
}

/// @title Aave V3 pool of the tests: repaid by allowance, any receiver, says who asked.
contract MockAavePool is MockLender {
    using SafeERC20 for IERC20;

    error CallbackRefused();

    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes memory params, uint16)
        external
    {
        if (fault == LenderFault.NoCallback) return;
        address lentAsset = _lentAsset(asset);
        uint256 lent = _lent(amount);
        IERC20(lentAsset).safeTransfer(receiver, lent);
        _callBack(receiver, lentAsset, lent, _data(params));
        if (fault == LenderFault.CallsBackTwice) _callBack(receiver, lentAsset, lent, params);
        _pull(lentAsset, receiver, lent + fee);
    }

    function _callBack(address receiver, address asset, uint256 amount, bytes memory params) private {
        bool repaid = IAaveV3Borrower(receiver).executeOperation(asset, amount, fee, _initiator(), params);
        if (!repaid) revert CallbackRefused();
    }
}

/// @title Morpho Blue of the tests: repaid by allowance, lends to the caller only, free.
contract MockMorphoBlue is MockLender {
    using SafeERC20 for IERC20;

    function flashLoan(address token, uint256 assets, bytes memory data) external {
        if (fault == LenderFault.NoCallback) return;
        uint256 lent = _lent(assets);
        IERC20(token).safeTransfer(msg.sender, lent);
        IMorphoBlueBorrower(msg.sender).onMorphoFlashLoan(lent, _data(data));
        if (fault == LenderFault.CallsBackTwice) {
            IMorphoBlueBorrower(msg.sender).onMorphoFlashLoan(lent, data);
        }
        _pull(token, msg.sender, lent);
    }
}
