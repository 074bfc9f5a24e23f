// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Erc3156Lender} from "./Erc3156Lender.sol";

/// @title Loans of DAI from Maker's flash mint: an ERC-3156 lender that needs no listing.
/// @notice DAI is minted for the loan, so its size is bounded by Maker's ceiling and by nothing that anyone deposited.
abstract contract MakerLender is Erc3156Lender {
    /// @dev The flash mint module; zero where the chain has none.
    address internal immutable _MAKER_FLASH;

    constructor(address makerFlash) {
        _MAKER_FLASH = makerFlash;
    }
}
