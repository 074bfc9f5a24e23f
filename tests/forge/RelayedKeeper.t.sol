// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";
import {SayingForwarder} from "./support/SayingForwarder.sol";

/// @title Keepers whose signed calls the forwarder makes.
contract RelayedKeeperTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    SayingForwarder internal forwarder = new SayingForwarder();

    function _forwarder() internal view override returns (address) {
        return address(forwarder);
    }

    function test_execute_relayedForAKeeper_runs() public {
        (bool ok,) = _relay(keeper, abi.encodeCall(executor.execute, (_plan())));
        assertTrue(ok);
    }

    function test_execute_relayedForASecondKeeper_runs() public {
        address second = makeAddr("second keeper");
        vm.prank(owner);
        executor.setKeeper(second, true);
        bytes[] memory plans = new bytes[](2);
        (plans[0], plans[1]) = (_plan(), _plan());
        (bool ok,) = _relay(second, abi.encodeCall(executor.executeBatch, (plans, false)));
        assertTrue(ok);
    }

    function test_execute_relayedForAStranger_namesTheStranger() public {
        (bool ok, bytes memory said) = _relay(attacker, abi.encodeCall(executor.execute, (_plan())));
        assertFalse(ok);
        assertEq(said, abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, attacker));
    }

    function test_execute_forwarderCallingForNobody_isNoKeeper() public {
        (bool ok, bytes memory said) = _relay(address(0), abi.encodeCall(executor.execute, (_plan())));
        assertFalse(ok);
        assertEq(said, abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, address(0)));
    }

    function test_execute_whilePaused_isRefusedToRelayedKeepersToo() public {
        vm.prank(guardian);
        executor.pause();
        (, bytes memory said) = _relay(keeper, abi.encodeCall(executor.execute, (_plan())));
        assertEq(said, abi.encodeWithSelector(ErrorsLib.ExecutionPaused.selector));
    }

    /// @dev What the owner does is never relayed: the forwarder is seen as itself.
    function test_ownersCalls_relayedForTheOwner_areRefused() public {
        bytes memory refusal =
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(forwarder));
        bytes[3] memory calls = [
            abi.encodeCall(executor.setTreasury, (attacker)),
            abi.encodeCall(executor.setKeeper, (attacker, true)),
            abi.encodeCall(executor.sweep, (address(usd), 0))
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory said) = _relay(owner, calls[i]);
            assertFalse(ok);
            assertEq(said, refusal);
        }
    }

    function test_setKeeper_forwarder_reverts() public {
        vm.prank(owner);
        vm.expectRevert(ErrorsLib.InvalidKeeper.selector);
        executor.setKeeper(address(forwarder), true);
    }

    function test_isTrustedForwarder_onlyTheOneOfTheDeployment() public view {
        assertTrue(executor.isTrustedForwarder(address(forwarder)));
        assertFalse(executor.isTrustedForwarder(attacker));
        assertFalse(executor.isTrustedForwarder(address(0)));
    }

    function _plan() private view returns (bytes memory) {
        return _emptyPlan(LenderKind.MorphoBlue, address(usd)).encode();
    }

    function _relay(address signer, bytes memory data) private returns (bool ok, bytes memory said) {
        return forwarder.callFor(signer, address(executor), data);
    }
}
