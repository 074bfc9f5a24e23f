// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {GaslessTransactionRelayer} from "contracts/gasless/GaslessTransactionRelayer.sol";
import {Refusal} from "contracts/interfaces/IGaslessTransactionRelayer.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {RequestCodec, RequestSpec} from "./RequestCodec.sol";

/// @title A relayer, who signs and who relays. Actors are named by role.
abstract contract RelayFixture is Test {
    using RequestCodec for RequestSpec;

    uint32 internal constant CALL_GAS = 200_000;

    address internal owner = makeAddr("owner");
    address internal guardian = makeAddr("guardian");
    address internal operator = makeAddr("operator");
    address internal attacker = makeAddr("attacker");
    address internal signer;
    uint256 internal signerKey;

    GaslessTransactionRelayer internal relayer;

    function setUp() public virtual {
        (signer, signerKey) = makeAddrAndKey("signer");
        vm.warp(1_800_000_000);
        relayer = _deployRelayer();
    }

    /* SETTING UP */

    /// @dev The real build, named by its file; in the profiles that build contracts in their own way, that.
    function _artifact(string memory name) internal view returns (string memory) {
        bytes32 profile = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", string("default"))));
        bool isOwn = profile == keccak256("quick") || profile == keccak256("coverage")
            || bytes(vm.envOr("STEELYARD_TWIN", string(""))).length != 0;
        return isOwn
            ? string.concat(name, ".sol:", name)
            : string.concat(".build/forge/out/", name, ".sol/", name, ".json");
    }

    function _deployRelayer() internal returns (GaslessTransactionRelayer) {
        return
            GaslessTransactionRelayer(
                vm.deployCode(_artifact("GaslessTransactionRelayer"), abi.encode(owner))
            );
    }

    function _allow(address target, bytes4 selector) internal {
        vm.prank(owner);
        relayer.allowCall(target, selector);
    }

    /* REQUESTS */

    /// @dev Of `signer`, with the lowest nonces first, for an hour.
    function _request(address target, uint64 nonce, bytes memory data)
        internal
        view
        returns (RequestSpec memory request)
    {
        request.signer = signer;
        request.target = target;
        request.gas = CALL_GAS;
        request.nonce = nonce;
        request.validUntil = uint40(block.timestamp + 3_600);
        request.data = data;
    }

    function _signed(RequestSpec memory request) internal returns (bytes memory) {
        return _signed(request, signerKey, operator);
    }

    /// @dev Signed for `sender` by a key, in the compact form.
    function _signed(RequestSpec memory request, uint256 key, address sender)
        internal
        returns (bytes memory)
    {
        request.signature = _compact(key, _idOf(request, sender));
        return request.encode();
    }

    function _idOf(RequestSpec memory request, address sender) internal view returns (bytes32) {
        return relayer.requestId(request.encode(), sender);
    }

    function _compact(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, digest);
        return abi.encodePacked(r, vs);
    }

    /* RELAYING */

    function _relay(bytes memory request) internal {
        vm.prank(operator);
        relayer.execute(request);
    }

    function _assertRefused(RequestSpec memory request, Refusal refusal) internal {
        _assertRefused(request.encode(), refusal);
    }

    /// @dev By name, in all three ways: asked, alone, and in a batch.
    function _assertRefused(bytes memory request, Refusal refusal) internal {
        bytes32 id = relayer.requestId(request, operator);
        assertEq(uint256(relayer.refusalOf(request, operator)), uint256(refusal), "another refusal");
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.RequestRefused.selector, id, refusal));
        relayer.execute(request);
        assertEq(relayer.executeEach(request, operator), 0, "done all the same");
        vm.stopPrank();
    }
}
