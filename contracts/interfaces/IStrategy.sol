// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a vault needs of a strategy: one place where its asset works, wholly the vault's.
/// @notice Amounts are base units of the vault's asset. All but the views are for the vault alone. Authors derive from
/// `BaseStrategy`, which turns this into three hooks: deploy, free, report.
interface IStrategy {
    /// @notice The only account that may move what is here.
    function vault() external view returns (address);

    /// @notice The vault's asset.
    function asset() external view returns (address);

    /// @notice What is here, counted without looking at any price that a trade of this block could have moved.
    /// @dev Reverts where it cannot be told: a price that is refused is an unknown value, not a zero.
    /// @return value Worth of everything here.
    /// @return liquid Of that, what `free` pays at once, in full and at no loss.
    /// @return sound Whether the market agrees with that count: while it does not, nobody enters, and nobody is paid out
    /// of this place at a price.
    function report() external view returns (uint256 value, uint256 liquid, bool sound);

    /// @notice Puts `assets`, which the vault has just sent, to work.
    function deploy(uint256 assets) external;

    /// @notice Takes up to `assets` out and sends them to the vault.
    /// @return freed What was sent; exactly `assets` where that was within `liquid`.
    function free(uint256 assets) external returns (uint256 freed);

    /// @notice Sends `shares` parts of `supply` of everything here to `receiver`, as it is, without asking any price.
    /// Rounds down: those who stay keep the odd unit.
    function freeInKind(uint256 shares, uint256 supply, address receiver) external;

    /// @notice Looks after the position as the keeper asks: collects what it earned, moves it. Never pays out.
    /// @param params Of the strategy's own form; empty for the routine.
    function tend(bytes calldata params) external;
}
