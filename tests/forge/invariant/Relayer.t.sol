// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {GaslessTransactionRelayer} from "contracts/gasless/GaslessTransactionRelayer.sol";
import {RelayActors} from "./RelayActors.sol";

/// @title What holds of the relayer after any sequence of calls by anybody.
///
/// INV_RELAY_A  The relayer holds what was forced into it and not swept, and nothing else: no ether, no token.
/// INV_RELAY_B  A nonce is carried out once at most.
/// INV_RELAY_C  Whoever a target sees as its caller signed exactly that call: each signer visited as often as calls of
///              its requests succeeded, and what was tampered with never did.
/// INV_RELAY_D  Only listed pairs of target and function are called.
/// INV_RELAY_E  No relayer ever takes more than a request's cap.
/// INV_RELAY_F  The value of what was not carried out returns, to the wei.
/// INV_RELAY_G  Nothing is relayed while paused.
/// INV_RELAY_H  Between calls it speaks for nobody, and the next request is never blocked by a guard left open.
contract RelayerInvariants is Test {
    RelayActors internal actors;
    GaslessTransactionRelayer internal relayer;

    function setUp() public {
        actors = RelayActors(vm.deployCode("RelayActors.sol:RelayActors"));
        relayer = GaslessTransactionRelayer(actors.relayerAddress());
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), _selectors()));
    }

    function _selectors() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](10);
        selectors[0] = RelayActors.operator_relaysABatch.selector;
        selectors[1] = RelayActors.operator_relaysTwice.selector;
        selectors[2] = RelayActors.operator_namesAFee.selector;
        selectors[3] = RelayActors.signer_cancels.selector;
        selectors[4] = RelayActors.attacker_tampers.selector;
        selectors[5] = RelayActors.attacker_aimsElsewhere.selector;
        selectors[6] = RelayActors.donor_forcesEther.selector;
        selectors[7] = RelayActors.owner_sweeps.selector;
        selectors[8] = RelayActors.owner_pauses.selector;
        selectors[9] = RelayActors.time_passes.selector;
    }

    /// @dev The actors reach what the invariants speak of.
    function test_actors_reachDoneAndSkippedAndFees() public {
        for (uint256 seed; seed < 64; ++seed) {
            uint256 drawn = uint256(keccak256(abi.encode(seed)));
            actors.operator_relaysABatch(drawn, uint8(seed), uint64(drawn));
            actors.operator_namesAFee(drawn, uint64(drawn >> 64), uint128(drawn), uint128(drawn >> 128));
        }
        assertGt(actors.relayed(), 64);
        assertGt(actors.skipped(), 16);
        assertGt(actors.cappedFees(), 8);
    }

    function invariant_INV_RELAY_A_holdsNothing() public view {
        assertEq(address(relayer).balance, actors.donatedWei());
        assertEq(actors.usdOf(address(relayer)), 0);
    }

    function invariant_INV_RELAY_B_nonceOnce() public view {
        assertEq(actors.repeated(), 0);
    }

    function invariant_INV_RELAY_C_callerSigned() public view {
        for (uint256 who; who < 3; ++who) {
            assertEq(actors.visitsOf(who), actors.doneOf(who));
        }
        assertEq(actors.forgeriesDone(), 0);
    }

    function invariant_INV_RELAY_D_onlyListedCalls() public view {
        assertEq(actors.unlistedDone(), 0);
    }

    function invariant_INV_RELAY_E_feeWithinCap() public view {
        assertEq(actors.takenAboveCap(), 0);
    }

    function invariant_INV_RELAY_F_valueReturns() public view {
        assertEq(actors.unpaidBack(), 0);
    }

    function invariant_INV_RELAY_G_pauseStops() public view {
        assertEq(actors.doneWhilePaused(), 0);
    }

    function invariant_INV_RELAY_H_idleBetweenCalls() public {
        assertEq(relayer.activeSender(), address(0));
        actors.owner_pauses(false);
        assertTrue(actors.nextIsRelayed());
    }
}
