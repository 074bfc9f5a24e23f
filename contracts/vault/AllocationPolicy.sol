// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {BufferCurve, IAllocationPolicy, RebalanceLimits} from "../interfaces/IAllocationPolicy.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {WeightModel} from "./WeightModel.sol";

/// @title AllocationPolicy: the mathematics of a vault's targets, and the numbers that it is done with.
/// @notice Nobody can change it, and it remembers nothing. The vault names it, and another one takes the vault's delay.
contract AllocationPolicy is IAllocationPolicy {
    /* CONSTANTS */

    uint256 private constant _BPS = 10_000;
    uint256 private constant _WAD = 1e18;

    /* IMMUTABLES */

    address public immutable override asset;
    address public immutable override priceSource;
    uint256 private immutable _UNIT;

    /* STORAGE (written by the constructor alone) */

    WeightModel private _model;
    BufferCurve private _curve;
    RebalanceLimits private _limits;

    /* CONSTRUCTOR */

    /// @param asset_ The vault's asset.
    /// @param priceSource_ Where prices come from; must know the asset's.
    /// @param model_ How scores become weights.
    /// @param curve_ How much stays uninvested.
    /// @param limits_ What holds a keeper.
    constructor(
        address asset_,
        address priceSource_,
        WeightModel memory model_,
        BufferCurve memory curve_,
        RebalanceLimits memory limits_
    ) {
        model_.validate();
        _requireCurve(curve_);
        _requireLimits(limits_);
        (asset, priceSource) = (asset_, priceSource_);
        _UNIT = 10 ** IERC20Metadata(asset_).decimals();
        (_model, _curve, _limits) = (model_, curve_, limits_);
        // A source without the asset's price would stop every rebalance.
        IPriceSource(priceSource_).priceWad(asset_);
    }

    /* VIEWS */

    /// @inheritdoc IAllocationPolicy
    function model() external view override returns (WeightModel memory) {
        return _model;
    }

    /// @inheritdoc IAllocationPolicy
    function curve() external view override returns (BufferCurve memory) {
        return _curve;
    }

    /// @inheritdoc IAllocationPolicy
    function limits() external view override returns (RebalanceLimits memory) {
        return _limits;
    }

    /// @inheritdoc IAllocationPolicy
    function defaultCScore() external view override returns (uint16) {
        return _model.defaultCScore;
    }

    /// @inheritdoc IAllocationPolicy
    function usdWad(uint256 assets) public view override returns (uint256) {
        return FixedPointMathLib.fullMulDiv(assets, IPriceSource(priceSource).priceWad(asset), _UNIT);
    }

    /// @inheritdoc IAllocationPolicy
    function liquidityRatioBps(uint256 assets) public view override returns (uint256) {
        BufferCurve memory bounds = _curve;
        uint256 pivotWad = bounds.pivotUsd * _WAD;
        uint256 spread = uint256(bounds.maxBps) - bounds.minBps;
        return bounds.minBps + FixedPointMathLib.fullMulDivUp(spread, pivotWad, pivotWad + usdWad(assets));
    }

    /// @inheritdoc IAllocationPolicy
    function weightsWad(uint16[] calldata cScores) external view override returns (uint256[] memory weights) {
        (weights,) = _model.targetAllocations(cScores, _WAD);
    }

    /// @inheritdoc IAllocationPolicy
    function allocate(uint16[] calldata cScores, uint256 assets, uint256 awaited, uint256 held)
        external
        view
        override
        returns (uint256[] memory targets, uint256 idleTarget)
    {
        // Up: the buffer comes first.
        uint256 buffer = FixedPointMathLib.fullMulDivUp(assets, liquidityRatioBps(assets), _BPS);
        uint256 bound =
            FixedPointMathLib.saturatingAdd(FixedPointMathLib.saturatingAdd(buffer, awaited), held);
        uint256 investable = FixedPointMathLib.zeroFloorSub(assets, bound);
        uint256 rest;
        (targets, rest) = _model.targetAllocations(cScores, investable);
        idleTarget = FixedPointMathLib.zeroFloorSub(assets, held) - investable + rest;
    }

    /* INTERNAL: WHAT CAN BE A POLICY */

    function _requireCurve(BufferCurve memory bounds) private pure {
        _require(bounds.minBps <= bounds.maxBps && bounds.maxBps <= _BPS, "curve");
        _require(bounds.pivotUsd != 0, "pivotUsd");
    }

    function _requireLimits(RebalanceLimits memory bounds) private pure {
        _require(bounds.maxStepBps != 0 && bounds.maxStepBps <= _BPS, "maxStepBps");
        _require(bounds.thresholdBps <= _BPS, "thresholdBps");
        _require(bounds.maxMoveLossBps <= _BPS, "maxMoveLossBps");
        _require(bounds.maxLossBps <= _BPS, "maxLossBps");
        _require(bounds.lossPeriodSeconds != 0, "lossPeriodSeconds");
    }

    function _require(bool holds, bytes32 what) private pure {
        if (!holds) revert VaultErrors.InvalidSetting(what);
    }
}
