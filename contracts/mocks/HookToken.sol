// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that calls somebody in the middle of a transfer: tests only.
/// @notice Once armed, a transfer from or to `trigger` makes one call. The answer is kept for the test to read, or
/// thrown on, as the test chose.
contract HookToken is ERC20 {
    address public trigger;
    address public target;
    bytes public payload;
    bool public rethrows;
    uint256 public skips;

    uint256 public callCount;
    bool public lastSuccess;
    bytes public lastAnswer;

    constructor() ERC20("Hook", "HOOK") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address trigger_, address target_, bytes calldata payload_, bool rethrows_) external {
        (trigger, target, payload, rethrows) = (trigger_, target_, payload_, rethrows_);
    }

    /// @notice Lets the next `count` matching transfers pass.
    function skip(uint256 count) external {
        skips = count;
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (trigger == address(0) || (from != trigger && to != trigger)) return;
        if (skips != 0) {
            --skips;
            return;
        }
        trigger = address(0);
        (bool success, bytes memory answer) = target.call(payload);
        ++callCount;
        (lastSuccess, lastAnswer) = (success, answer);
        if (!success && rethrows) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
