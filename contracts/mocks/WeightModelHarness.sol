// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightModel, WeightModelLib} from "../vault/WeightModel.sol";

/// @title WeightModelHarness: WeightModelLib from outside, by itself, for tests.
contract WeightModelHarness {
    /* THE LIBRARY */

    function models() external pure returns (WeightModel[3] memory) {
        return [WeightModelLib.defaultModel(), WeightModelLib.conservative(), WeightModelLib.aggressive()];
    }

    function validate(WeightModel memory model) external pure {
        model.validate();
    }

    function cScore(uint16 trustScore, uint16 liquidityScore, uint16 performanceScore)
        external
        pure
        returns (uint16)
    {
        return WeightModelLib.cScore(trustScore, liquidityScore, performanceScore);
    }

    function maxWeight(WeightModel memory model, uint256 poolCount) external pure returns (uint256 capWad) {
        return model.maxWeight(poolCount);
    }

    function targetWeights(WeightModel memory model, uint16[] memory cScores)
        external
        pure
        returns (uint256[] memory weightsWad, uint256 idleWad)
    {
        return model.targetWeights(cScores);
    }

    function targetAllocations(WeightModel memory model, uint16[] memory cScores, uint256 totalAmount)
        external
        pure
        returns (uint256[] memory allocations, uint256 idle)
    {
        return model.targetAllocations(cScores, totalAmount);
    }

    function targetAllocations(
        uint16[] memory cScores,
        uint256 totalAmount,
        uint16 maxWeightBp,
        uint16 scoreAmplifierBp
    ) external pure returns (uint256[] memory allocations, uint256 idle) {
        return WeightModelLib.targetAllocations(cScores, totalAmount, maxWeightBp, scoreAmplifierBp);
    }

    /* MANY AT ONCE */

    /// @notice Each call to this contract, answered or refused as it would be by itself; in one `eth_call`, thousands.
    function answers(bytes[] calldata calls)
        external
        view
        returns (bool[] memory served, bytes[] memory data)
    {
        (served, data) = (new bool[](calls.length), new bytes[](calls.length));
        for (uint256 i; i < calls.length; ++i) {
            (served[i], data[i]) = address(this).staticcall(calls[i]);
        }
    }

    /* GAS: of the function alone, its arguments in memory */

    function gasOfTargetAllocations(WeightModel memory model, uint16[] memory cScores, uint256 totalAmount)
        external
        view
        returns (uint256 used)
    {
        used = gasleft();
        (uint256[] memory allocations, uint256 idle) = model.targetAllocations(cScores, totalAmount);
        used -= gasleft();
        // Read, so that nothing of it is left out.
        assert(allocations.length == cScores.length && idle <= totalAmount);
    }
}
