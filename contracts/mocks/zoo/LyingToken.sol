// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that says yes to one account's transfers and moves nothing: tests only.
contract LyingToken is ERC20 {
    address public deceived;

    constructor() ERC20("Liar", "LIAR") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function deceive(address account) external {
        deceived = account;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (msg.sender == deceived) return true;
        return super.transfer(to, amount);
    }
}
