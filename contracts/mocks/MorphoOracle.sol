// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A price for one of Morpho Blue's markets, as a test sets it: tests only.
contract MorphoOracle {
    /// @notice Loan token for one unit of collateral, both in base units, times 1e36.
    uint256 public price;

    constructor(uint256 price_) {
        price = price_;
    }

    /// @notice Another price from now on.
    function setPrice(uint256 newPrice) external {
        price = newPrice;
    }
}
