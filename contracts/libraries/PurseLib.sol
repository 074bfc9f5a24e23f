// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ErrorsLib} from "./ErrorsLib.sol";

/// @notice What a route has in hand of each token, apart from what lay here before. In memory, for one route.
struct Purse {
    address[] tokens;
    uint256[] amounts;
    uint256 count;
}

/// @title PurseLib: the bookkeeping of routes that split, join, or start from several loans.
/// @notice A leg can only spend what loans and earlier legs brought in; so a losing trade cannot hide behind tokens that
/// lay here before, in any token.
library PurseLib {
    /// @notice More different tokens than this are no route.
    uint256 internal constant SIZE = 16;

    /// @notice An empty purse.
    function open() internal pure returns (Purse memory purse) {
        (purse.tokens, purse.amounts) = (new address[](SIZE), new uint256[](SIZE));
    }

    /// @notice Whether `open` made it.
    function isOpen(Purse memory purse) internal pure returns (bool) {
        return purse.tokens.length != 0;
    }

    /// @notice Puts `amount` of `token` in.
    function put(Purse memory purse, address token, uint256 amount) internal pure {
        uint256 at = _find(purse, token);
        if (at == purse.count) {
            if (at == SIZE) revert ErrorsLib.TooManyTokens(SIZE);
            purse.tokens[at] = token;
            purse.count = at + 1;
        }
        purse.amounts[at] += amount;
    }

    /// @notice Takes `amount` of `token` out; 0 takes all there is.
    function take(Purse memory purse, address token, uint256 amount) internal pure returns (uint256 taken) {
        uint256 at = _find(purse, token);
        uint256 held = at == purse.count ? 0 : purse.amounts[at];
        taken = amount == 0 ? held : amount;
        if (taken > held || held == 0) revert ErrorsLib.PurseTooSmall(token, held, taken);
        purse.amounts[at] = held - taken;
    }

    function _find(Purse memory purse, address token) private pure returns (uint256 at) {
        while (at < purse.count && purse.tokens[at] != token) ++at;
    }
}
