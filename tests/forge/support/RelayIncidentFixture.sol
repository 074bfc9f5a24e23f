// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GaslessTransactionRelayer} from "contracts/gasless/GaslessTransactionRelayer.sol";
import {RelayDeskFixture} from "./RelayDeskFixture.sol";
import {TwinFixture} from "./TwinFixture.sol";

/// @title Attacks on the relayer, and on its twins. The attacker relays, signs with a key of its own, or both.
abstract contract RelayIncidentFixture is RelayDeskFixture, TwinFixture {
    uint256 internal constant ATTACKER_KEY = 0xa77ac;

    /// @dev What the victim allowed the relayer to take for fees.
    uint256 internal constant ALLOWED = 50e6;

    string private constant _FILE = "GaslessTransactionRelayer.sol";

    function setUp() public virtual override {
        super.setUp();
        attacker = vm.addr(ATTACKER_KEY);
    }

    function _deployFaced() internal virtual override {
        relayer = _deployAnother();
        desk = _deployDesk();
        _allowDesk();
    }

    function _deployAnother() internal returns (GaslessTransactionRelayer) {
        if (!_facesTwin()) return _deployRelayer();
        return GaslessTransactionRelayer(vm.deployCode(_twinArtifact(_FILE), abi.encode(owner)));
    }

    function _executeAs(address who, bytes memory wire) internal returns (bool) {
        return _attack(who, address(relayer), abi.encodeCall(relayer.execute, (wire)));
    }
}
