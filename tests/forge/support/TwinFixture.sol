// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

/// @title Attacks that must come to nothing here, and must succeed against a twin of the contract without one guard.
/// @notice Each test names its twin (`_face`), attacks, and says what the attack was worth (`_conclude`). `forge test` faces
/// the contract itself. With STEELYARD_TWIN (`all`, or a name), as set by `python -m gate.twins`, which also writes and
/// builds the twins, it faces the twin, and an attack that yields nothing there is a failure.
abstract contract TwinFixture is Test {
    string private constant _VARIABLE = "STEELYARD_TWIN";

    /// @dev Empty while the contract itself is faced.
    string private _twin;
    bytes4 internal _refusal;

    /* WHOM THE ATTACK IS AIMED AT */

    function _face(string memory twin) internal {
        string memory asked = vm.envOr(_VARIABLE, string(""));
        if (bytes(asked).length == 0) return;
        vm.skip(!_same(asked, "all") && !_same(asked, twin));
        _twin = twin;
        _deployFaced();
    }

    /// @dev Deploys what is faced once more, ready to be attacked.
    function _deployFaced() internal virtual;

    function _facesTwin() internal view returns (bool) {
        return bytes(_twin).length != 0;
    }

    /// @dev The faced twin's code, by the file of the contract that it is the twin of.
    function _twinArtifact(string memory file) internal view returns (string memory) {
        return string.concat(file, ":", _twin, "Twin");
    }

    function _same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    /* ATTACKING */

    /// @dev Calls as `who`; a refusal is noted, not thrown on.
    function _attack(address who, address target, bytes memory call_) internal returns (bool success) {
        return _attack(who, target, 0, call_);
    }

    /// @dev The same, with `value` wei of `who`'s.
    function _attack(address who, address target, uint256 value, bytes memory call_)
        internal
        returns (bool success)
    {
        bytes memory answer;
        vm.prank(who);
        (success, answer) = target.call{value: value}(call_);
        if (!success) _refusal = bytes4(answer);
    }

    /* WHAT CAME OF IT */

    /// @param loot What the attack was worth: stolen, lost, or diverted, in base units of whatever it was.
    /// @param refusal Error of the guard that the twin lacks.
    function _conclude(uint256 loot, bytes4 refusal) internal view {
        if (_facesTwin()) {
            assertGt(loot, 0, "the attack fails even without the guard: it proves nothing");
        } else {
            assertEq(loot, 0, "the attack was worth something");
            assertEq(_refusal, refusal, "refused by another guard than the one meant");
        }
    }
}
