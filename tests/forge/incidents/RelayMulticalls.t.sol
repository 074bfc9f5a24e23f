// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayMulticall} from "contracts/mocks/RelayMulticall.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {RelayIncidentFixture} from "../support/RelayIncidentFixture.sol";
import {RequestSpec} from "../support/RequestCodec.sol";

/// @title December 2023: a multicall behind a forwarder. The twin is of the recipient, not of the relayer.
contract RelayMulticallIncidents is RelayIncidentFixture {
    RelayMulticall internal points;

    function setUp() public override {
        super.setUp();
        _deployFaced();
    }

    function _deployFaced() internal override {
        string memory artifact =
            _facesTwin() ? _twinArtifact("RelayMulticall.sol") : "RelayMulticall.sol:RelayMulticall";
        points = RelayMulticall(vm.deployCode(artifact, abi.encode(relayer, signer)));
        _allow(address(points), points.each.selector);
    }

    /// @dev The attacker signs a multicall, whose calls end with the victim's address.
    function test_MulticallSpoof_callsEndWithTheVictimsAddress() public {
        _face("MulticallSpoof");
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodePacked(abi.encodeCall(points.give, (attacker, 100)), signer);
        RequestSpec memory request = _request(address(points), 0, abi.encodeCall(points.each, (calls)));
        request.signer = attacker;
        _executeAs(attacker, _signed(request, ATTACKER_KEY, attacker));
        _conclude(points.pointsOf(attacker), RelayErrors.CallFailed.selector);
    }
}
