// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that burns a share of every transfer, once its switch is on: tests only.
/// @notice The switch lets a pool be filled evenly first.
contract FeeOnTransferToken is ERC20 {
    uint256 private constant _BPS = 10_000;

    uint256 public feeBps;

    constructor() ERC20("Fee on transfer", "FEE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFeeBps(uint256 newFeeBps) external {
        feeBps = newFeeBps;
    }

    function _update(address from, address to, uint256 value) internal override {
        bool isTransfer = from != address(0) && to != address(0);
        // Rounds up: one unit at least is kept of every transfer.
        uint256 fee = isTransfer ? (value * feeBps + _BPS - 1) / _BPS : 0;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, value - fee);
    }
}
