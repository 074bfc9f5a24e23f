// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that reverts with whatever the test says, of whatever length.
contract ThrowingToken is ERC20 {
    bytes private _thrown;
    uint256 private _length;
    address private _asker;
    bool private _armed;

    constructor() ERC20("Throws", "THROW") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice From now on every transfer (so, a pool's or lender's call), or where `asker` is not zero, every question
    /// by `asker` for a balance, reverts with `data` and zeros up to `length`.
    function throwOn(bytes calldata data, uint256 length, address asker) external {
        (_thrown, _length, _asker, _armed) = (data, length, asker, true);
    }

    function balanceOf(address account) public view override returns (uint256) {
        if (_armed && msg.sender == _asker) _throw();
        return super.balanceOf(account);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_armed && _asker == address(0)) _throw();
        super._update(from, to, value);
    }

    function _throw() private view {
        bytes memory data = bytes.concat(_thrown, new bytes(_length - _thrown.length));
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }
}
