// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {WeightModelHarness} from "contracts/mocks/WeightModelHarness.sol";
import {WeightModel} from "contracts/vault/WeightModel.sol";

/// @title WeightModelLib from outside, and scores and models to ask it about.
abstract contract WeightModelFixture is Test {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant WAD_PER_BP = 1e14;
    uint256 internal constant MOST_POOLS = 64;

    WeightModelHarness internal harness;

    function setUp() public virtual {
        harness = WeightModelHarness(vm.deployCode(_harnessArtifact()));
    }

    /// @dev The real build, named by its file; in the profiles that build in their own way, that.
    function _harnessArtifact() internal view returns (string memory) {
        bytes32 profile = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", string("default"))));
        return profile == keccak256("quick") || profile == keccak256("coverage")
            ? "WeightModelHarness.sol:WeightModelHarness"
            : ".build/forge/out/WeightModelHarness.sol/WeightModelHarness.json";
    }

    /* DRAWING */

    /// @dev Of one of four kinds, 1 to 64 pools: any, alike, a cascade in which each capped pool leaves the next above
    /// the cap, the ends of the range.
    function _drawScores(uint256 seed) internal pure returns (uint16[] memory scores) {
        uint256 kind = seed % 4;
        uint256 length = 1 + (seed >> 8) % (seed & 4 == 0 ? MOST_POOLS : 8);
        uint16[5] memory ends = [uint16(0), 1, 2, 9_999, 10_000];
        scores = new uint16[](length);
        for (uint256 i; i < length; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(seed, i)));
            if (kind == 0) scores[i] = uint16(drawn % (BPS + 1));
            else if (kind == 1) scores[i] = uint16(1 + (seed >> 16) % BPS);
            else if (kind == 2) scores[i] = uint16(1 + (BPS - 1) * 7 ** (drawn % 16) / 10 ** (drawn % 16));
            else scores[i] = ends[drawn % 5];
        }
    }

    /// @dev One that `validate` accepts.
    function _drawModel(uint256 seed) internal pure returns (WeightModel memory model) {
        uint16[3] memory shortCuts = [uint16(10_000), 15_000, 20_000];
        seed = uint256(keccak256(abi.encode(seed)));
        model.defaultCScore = uint16(seed % (BPS + 1));
        model.scoreAmplifierBp =
            seed & 1 == 0 ? shortCuts[(seed >> 16) % 3] : uint16(1 + (seed >> 16) % 65_535);
        model.maxBp = seed & 2 == 0 ? uint16(BPS) : uint16(1 + (seed >> 32) % BPS);
        model.minMaxBp = seed & 4 == 0 ? uint16((seed >> 48) % 800) : uint16((seed >> 48) % BPS);
        if (model.minMaxBp > model.maxBp) model.minMaxBp = model.maxBp;
        model.diversificationFactorBp = seed & 8 == 0 ? uint16((seed >> 64) % 10_000) : uint16(seed >> 64);
    }

    /* READING */

    function _scored(uint16[] memory scores) internal pure returns (uint256 count) {
        for (uint256 i; i < scores.length; ++i) {
            if (scores[i] != 0) ++count;
        }
    }

    /// @dev Beyond 2^256 for no honest list.
    function _sum(uint256[] memory values) internal pure returns (uint256 sum) {
        for (uint256 i; i < values.length; ++i) {
            sum += values[i];
        }
    }

    function _list(uint16 a, uint16 b) internal pure returns (uint16[] memory scores) {
        scores = new uint16[](2);
        (scores[0], scores[1]) = (a, b);
    }

    function _list(uint16 a, uint16 b, uint16 c) internal pure returns (uint16[] memory scores) {
        scores = new uint16[](3);
        (scores[0], scores[1], scores[2]) = (a, b, c);
    }

    function _list(uint16 a, uint16 b, uint16 c, uint16 d) internal pure returns (uint16[] memory scores) {
        scores = new uint16[](4);
        (scores[0], scores[1], scores[2], scores[3]) = (a, b, c, d);
    }

    /// @dev Twice 1, then 2, 4, ... 10,000: by a steep exponent each is over the cap only once all better ones are at it.
    function _cascade() internal pure returns (uint16[] memory scores) {
        scores = new uint16[](15);
        scores[0] = 1;
        for (uint256 i = 1; i < 15; ++i) {
            scores[i] = uint16(BPS >> (14 - i));
        }
    }

    /// @dev Exponent 6.5535, cap 7.5 %.
    function _steepModel() internal pure returns (WeightModel memory) {
        return WeightModel(5_000, type(uint16).max, 750, 10_000, type(uint16).max);
    }
}
