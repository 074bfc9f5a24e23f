// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that is honest until it is told to be otherwise: tests only.
/// @notice The switch lets a pool be filled first. Each vice is one that real tokens have been seen with.
contract ViceToken is ERC20 {
    enum Vice {
        None,
        AnswersFalse,
        CannotBeSold,
        DebitsMore,
        Rebases,
        TaxesSales,
        BurnsGas,
        CallsBack,
        ShunsOrigin
    }

    Vice public vice;
    /// @notice Whom the vice concerns: a pool, or with `ShunsOrigin` an account.
    address public whom;

    constructor() ERC20("Vice", "VICE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function turn(Vice to, address whom_) external {
        (vice, whom) = (to, whom_);
    }

    /// @dev Moves what it is asked to, and denies it, in the manner of tokens that never return true.
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        return vice != Vice.AnswersFalse;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (vice == Vice.CannotBeSold) require(to != whom, "not for sale");
        if (vice == Vice.ShunsOrigin) require(tx.origin != whom, "not for you");
        if (vice == Vice.BurnsGas) {
            while (true) {}
        }
        super._update(from, to, value);
        if (vice == Vice.DebitsMore && from == whom) super._update(from, address(0), 1);
        if (vice == Vice.Rebases && from == whom) super._update(address(0), to, balanceOf(to));
        if (vice == Vice.TaxesSales && to == whom) super._update(to, address(0), 1);
        if (vice == Vice.CallsBack) _callBack();
    }

    function _callBack() private {
        (bool success, bytes memory answer) = whom.call("");
        require(success && answer.length == 0, "the pool does something");
    }
}
