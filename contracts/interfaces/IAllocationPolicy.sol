// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightModel} from "../vault/WeightModel.sol";

/// @notice How much stays uninvested: `minBps + (maxBps - minBps) * pivot / (pivot + TVL)`, rounded up.
/// @param minBps Never less, however large the vault.
/// @param maxBps Of an empty vault.
/// @param pivotUsd TVL (whole US dollars) at which the ratio is halfway between the two.
struct BufferCurve {
    uint16 minBps;
    uint16 maxBps;
    uint64 pivotUsd;
}

/// @notice What holds a keeper.
/// @param thresholdBps Least distance of anything from its target, in parts of total assets.
/// @param maxStepBps Most that one rebalance moves, in parts of total assets.
/// @param maxMoveLossBps Most that one move may lose, in parts of what it moves.
/// @param maxLossBps Most that all losses of a period come to, in parts of total assets.
/// @param minIntervalSeconds Least time between two rebalances.
/// @param lossPeriodSeconds In which the allowance for losses grows back.
struct RebalanceLimits {
    uint16 thresholdBps;
    uint16 maxStepBps;
    uint16 maxMoveLossBps;
    uint16 maxLossBps;
    uint32 minIntervalSeconds;
    uint32 lossPeriodSeconds;
}

/// @title Where a vault's assets are to be, and what holds its keeper: fixed at deployment, so that a change of policy is a
/// change of address, seen and delayed as a whole.
/// @notice Amounts are base units of the vault's asset.
interface IAllocationPolicy {
    /// @notice The asset that it was made for.
    function asset() external view returns (address);
    /// @notice Where prices come from.
    function priceSource() external view returns (address);
    /// @notice How scores become weights.
    function model() external view returns (WeightModel memory);
    /// @notice How much stays uninvested.
    function curve() external view returns (BufferCurve memory);
    /// @notice What holds a keeper.
    function limits() external view returns (RebalanceLimits memory);
    /// @notice Score of a pool that nobody has scored yet, in basis points.
    function defaultCScore() external view returns (uint16);

    /// @notice Worth in US dollars (WAD), rounded down.
    function usdWad(uint256 assets) external view returns (uint256);
    /// @notice The part of `assets`, as total assets, that is to stay uninvested; rounded up, in favour of liquidity.
    function liquidityRatioBps(uint256 assets) external view returns (uint256);
    /// @notice Weights by scores (WAD); what they lack to one is kept idle.
    function weightsWad(uint16[] calldata cScores) external view returns (uint256[] memory);

    /// @notice What each pool is to hold.
    /// @param cScores Of each pool; zero for one that is to be given nothing.
    /// @param assets Total assets.
    /// @param awaited Of that, what the queue waits for: kept idle beside the buffer.
    /// @param held Of that, what lies in pools that are left alone.
    /// @return targets By weight, of what remains.
    /// @return idleTarget What is to be idle: with `held` and all targets, exactly `assets`, unless those left alone hold
    /// more than there is to invest.
    function allocate(uint16[] calldata cScores, uint256 assets, uint256 awaited, uint256 held)
        external
        view
        returns (uint256[] memory targets, uint256 idleTarget);
}
