// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {RequestLib} from "contracts/gasless/RequestLib.sol";

/// @title Takes memory before it opens the place for requests, or not.
contract RequestPlace {
    function open(uint256 taken) external pure returns (uint256 free) {
        bytes memory before = new bytes(0);
        if (taken != 0) before = new bytes(taken);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            if iszero(taken) { mstore(0x40, 0x80) }
        }
        RequestLib.open(bytes32(0));
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }
}

/// @title Requests are read to one place in memory, which must be free.
contract RequestPlaceTest is Test {
    RequestPlace internal place = new RequestPlace();

    function test_placeThatIsFree_isTaken() public view {
        assertGt(place.open(0), 0x80);
    }

    function testFuzz_placeThatIsTaken_isNotWrittenOver(uint256 taken) public {
        taken = bound(taken, 1, 10_000);
        vm.expectPartialRevert(RelayErrors.MemoryTaken.selector);
        place.open(taken);
    }
}
