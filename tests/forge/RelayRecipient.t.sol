// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayDesk} from "contracts/mocks/RelayDesk.sol";
import {RelayForwarderDouble} from "contracts/mocks/RelayForwarderDouble.sol";
import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";

/// @title Whom a recipient takes a call to be from.
contract RelayRecipientTest is RelayDeskFixture {
    function test_trust_isInTheOneForwarder() public {
        assertTrue(desk.isTrustedForwarder(address(relayer)));
        assertFalse(desk.isTrustedForwarder(attacker));
        assertFalse(desk.isTrustedForwarder(address(0)));
        RelayDesk alone = _desk(address(0));
        assertFalse(alone.isTrustedForwarder(address(0)));
        vm.prank(attacker);
        assertEq(alone.whoCalls(), attacker);
    }

    /// @dev Whatever bytes a caller appends.
    function test_directCaller_isWhoCalls() public {
        bytes memory data = abi.encodePacked(abi.encodeCall(desk.visit, (1)), signer);
        vm.prank(attacker);
        (bool done,) = address(desk).call(data);
        assertTrue(done);
        assertEq(desk.lastSender(), attacker);
    }

    /// @dev December 2023: the inner calls carry a victim's address where the signer's would be appended.
    function test_multicall_cannotNameAnotherSigner() public {
        address victim = makeAddr("victim");
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodePacked(abi.encodeCall(desk.visit, (1)), victim);
        calls[1] = abi.encodeCall(desk.visit, (2));
        _relay(_signed(_request(address(desk), 0, abi.encodeCall(desk.each, (calls)))));
        assertEq(desk.visitsOf(victim), 0);
        assertEq(desk.visitsOf(signer), 2);
    }

    /// @dev The forwarder outside of a signed call speaks for nobody.
    function test_forwarderOnItsOwn_isNobody() public {
        vm.prank(address(relayer));
        assertEq(desk.whoCalls(), address(0));
    }

    /// @dev Calldata shorter than an address, by a forwarder that appends nothing.
    function test_shortCalldata_isNoTrap() public {
        RelayForwarderDouble double = RelayForwarderDouble(vm.deployCode("RelayForwarderDouble.sol"));
        RelayDesk other = _desk(address(double));
        bytes memory answer = double.forward(address(other), signer, abi.encodeCall(desk.whoCalls, ()));
        assertEq(abi.decode(answer, (address)), signer);
        vm.prank(address(double));
        (bool done, bytes memory word) = address(other).call(abi.encodeCall(desk.whoCalls, ()));
        assertTrue(done);
        assertEq(abi.decode(word, (address)), address(0));
    }

    /// @dev A forwarder that cannot say for whom it calls: reverts, says nothing, or too little.
    function test_forwarderThatCannotSay_isNobody() public {
        RelayDesk other = _desk(address(usd));
        vm.prank(address(usd));
        assertEq(other.whoCalls(), address(0));
        address account = makeAddr("no code");
        other = _desk(account);
        vm.prank(account);
        assertEq(other.whoCalls(), address(0));
        moody.say(abi.encodePacked(uint248(1)));
        other = _desk(address(moody));
        vm.prank(address(moody));
        assertEq(other.whoCalls(), address(0));
    }

    function _desk(address forwarder) private returns (RelayDesk) {
        return RelayDesk(payable(vm.deployCode("RelayDesk.sol:RelayDesk", abi.encode(forwarder))));
    }
}
