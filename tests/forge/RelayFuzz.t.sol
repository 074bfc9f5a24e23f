// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";
import {RequestCodec, RequestSpec} from "./support/RequestCodec.sol";

/// @title Laws over drawn requests and batches.
contract RelayFuzzTest is RelayDeskFixture {
    using RequestCodec for RequestSpec;

    /* TAMPERING */

    /// @dev One bit of a signed request, anywhere but in the fee, which is the relayer's to name.
    function testFuzz_requestWithABitChanged_isRefused(uint256 drawn, bool isLong) public {
        RequestSpec memory request = _fullRequest();
        _fund(signer, 100e6);
        vm.deal(operator, 10 ether);
        bytes memory wire = _signed(request);
        if (isLong) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, _idOf(request, operator));
            request.signature = abi.encodePacked(r, s, v);
            wire = request.encode();
        }
        uint256 at = drawn % wire.length;
        // Behind head, value, validAfter, token and cap.
        vm.assume(at < 58 + 16 + 5 + 36 || at >= 58 + 16 + 5 + 52);
        wire[at] ^= bytes1(uint8(1 << ((drawn >> 128) % 8)));
        vm.prank(operator);
        (bool done,) = address(relayer).call{value: 1 ether}(abi.encodeCall(relayer.execute, (wire)));
        assertFalse(done, "tampered with, and carried out");
        assertEq(relayer.nonceWord(signer, uint56(request.nonce >> 8)), 0);
        assertEq(usd.balanceOf(operator), 0);
    }

    function testFuzz_bytesOfAnybody_areRefused(bytes calldata wire) public {
        vm.assume(wire.length != 0);
        vm.prank(operator);
        (bool done,) = address(relayer).call(abi.encodeCall(relayer.execute, (wire)));
        assertFalse(done);
    }

    /* BATCHES */

    /// @dev Some with their nonce used, some expired, some failing, some forged: what is done is told, what is not is paid
    /// back, and who signed what was done visited.
    function testFuzz_batch_doesWhatItSays_andPaysTheRestBack(uint256 drawn) public {
        uint256 count = drawn % 12 + 1;
        bytes memory wire;
        RequestSpec memory before;
        uint256 expected;
        uint256 sentWei;
        uint256 usedWei;
        for (uint64 i; i < count; ++i) {
            uint256 kind = (drawn >> (8 + 4 * i)) % 8;
            RequestSpec memory request = _ofKind(kind, i);
            request.value = uint128(uint256(keccak256(abi.encode(drawn, i))) % 1 ether);
            _signed(request, kind == 1 ? 0xbad : signerKey, operator);
            wire =
                bytes.concat(wire, i != 0 && kind % 2 == 0 ? request.encodeAfter(before) : request.encode());
            before = request;
            sentWei += request.value;
            if (kind > 3) (expected, usedWei) = (expected | 1 << i, usedWei + request.value);
        }
        vm.deal(operator, sentWei);
        vm.prank(operator);
        assertEq(relayer.executeEach{value: sentWei}(wire, operator), expected);
        assertEq(operator.balance, sentWei - usedWei);
        assertEq(address(desk).balance, usedWei);
        assertEq(address(relayer).balance, 0);
    }

    /// @dev 0 fails, 1 is forged, 2 is expired, 3 is cancelled, the others are in order.
    function _ofKind(uint256 kind, uint64 nonce) private returns (RequestSpec memory request) {
        request = _visitWith(nonce, nonce);
        if (kind == 0) request.data = abi.encodeCall(desk.refuse, ("no"));
        if (kind == 2) request.validUntil = uint40(block.timestamp - 1);
        if (kind == 3) {
            vm.prank(signer);
            relayer.cancelNonces(0, uint256(1) << nonce);
        }
    }

    /* NONCES */

    function testFuzz_nonce_isUsableOnce_andAlone(uint64 nonce, uint64 other) public {
        vm.assume(nonce != other);
        _relay(_signed(_visitWith(1, nonce)));
        assertTrue(relayer.isNonceUsed(signer, nonce));
        assertFalse(relayer.isNonceUsed(signer, other));
        assertFalse(relayer.isNonceUsed(operator, nonce));
        bytes memory again = _signed(_visitWith(2, nonce));
        vm.prank(operator);
        assertEq(relayer.executeEach(again, operator), 0);
        _relay(_signed(_visitWith(3, other)));
        assertEq(desk.visits(), 2);
    }

    /* GAS */

    /// @dev Whatever gas a relayer brings: the call gets what was signed for it, or nothing happens.
    function testFuzz_callGetsItsGas_orNothingHappens(uint32 brought, uint24 signed) public {
        RequestSpec memory request = _visit(1);
        request.gas = uint32(bound(signed, 150_000, 4_000_000));
        bytes memory wire = _signed(request);
        uint256 gas_ = bound(brought, 30_000, 6_000_000);
        vm.prank(operator);
        (bool done,) = address(relayer).call{gas: gas_}(abi.encodeCall(relayer.executeEach, (wire, operator)));
        assertEq(relayer.isNonceUsed(signer, 0), done);
        if (done) assertGt(desk.lastGas(), request.gas - 1_000);
        else assertEq(desk.visits(), 0);
    }

    /* THE WINDOW */

    function testFuzz_window_isClosedOutside(uint40 validAfter, uint40 validUntil, uint40 second) public {
        RequestSpec memory request = _visit(1);
        (request.validAfter, request.validUntil) = (validAfter, validUntil);
        bytes memory wire = _signed(request);
        vm.warp(second);
        vm.prank(operator);
        uint256 done = relayer.executeEach(wire, operator);
        assertEq(done == 1, validAfter <= second && second <= validUntil);
    }
}
