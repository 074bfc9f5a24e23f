// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Refusal} from "contracts/interfaces/IGaslessTransactionRelayer.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {RelayDesk} from "contracts/mocks/RelayDesk.sol";
import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";
import {RequestCodec, RequestSpec} from "./support/RequestCodec.sol";

/// @title One request: what it does, and each reason for which it is refused.
contract RelayTest is RelayDeskFixture {
    using RequestCodec for RequestSpec;

    event RequestRelayed(bytes32 indexed requestId);

    /* WHAT IT DOES */

    function test_request_isCarriedOut_asItsSigner() public {
        RequestSpec memory request = _visit(7);
        request.value = 3 ether;
        bytes memory wire = _signed(request);
        bytes32 id = relayer.requestId(wire, operator);
        vm.deal(operator, 3 ether);
        vm.expectEmit(address(relayer));
        emit RequestRelayed(id);
        vm.prank(operator);
        relayer.execute{value: 3 ether}(wire);
        assertEq(desk.lastSender(), signer);
        assertEq(desk.lastTag(), 7);
        assertEq(desk.lastValue(), 3 ether);
        assertTrue(relayer.isNonceUsed(signer, request.nonce));
        assertEq(address(relayer).balance, 0);
        assertEq(relayer.activeSender(), address(0), "still on behalf of somebody");
    }

    function test_target_getsTheGasThatWasSigned_andNoMore() public {
        RequestSpec memory request = _visit(1);
        _relay(_signed(request));
        assertLe(desk.lastGas(), request.gas);
        assertGt(desk.lastGas(), request.gas - 1_000);
    }

    /// @dev ERC-2771: recipients other than ours read the end of their calldata.
    function test_signer_isAppendedToTheCalldata() public {
        _allow(address(moody), bytes4(0x12345678));
        bytes memory data = abi.encodePacked(bytes4(0x12345678), "anything");
        bytes memory wire = _signed(_request(address(moody), 0, data));
        vm.expectCall(address(moody), 0, CALL_GAS, abi.encodePacked(data, signer));
        _relay(wire);
    }

    function test_answerOfTheTarget_isNotRead() public {
        uint256 size = 30_000;
        _relay(_signed(_request(address(desk), 0, abi.encodeCall(desk.flood, (size, false)))));
        assertEq(desk.visits(), 1);
    }

    function test_nonces_areUsableInAnyOrder_eachOnce() public {
        uint64[4] memory nonces = [type(uint64).max, 0, 256, 255];
        for (uint256 i; i < nonces.length; ++i) {
            bytes memory wire = _signed(_visitWith(i, nonces[i]));
            _relay(wire);
            _assertRefused(wire, Refusal.NonceUsed);
        }
        assertEq(desk.visits(), 4);
        assertEq(relayer.nonceWord(signer, 0), 1 | 1 << 255);
        assertEq(relayer.nonceWord(signer, 1), 1);
        assertEq(relayer.nonceWord(signer, type(uint56).max), 1 << 255);
        assertEq(relayer.nonceWord(signer, 2), 0);
    }

    function test_nonces_areEachSignersOwn() public {
        _relay(_signed(_visit(1)));
        (address other, uint256 key) = makeAddrAndKey("other signer");
        RequestSpec memory request = _visit(2);
        request.signer = other;
        _relay(_signed(request, key, operator));
        assertEq(desk.lastSender(), other);
    }

    /* THE WINDOW: both ends belong to it */

    function test_request_isGoodFromItsFirstSecondToItsLast() public {
        RequestSpec memory request = _visit(1);
        request.validAfter = uint40(block.timestamp + 10);
        request.validUntil = uint40(block.timestamp + 20);
        bytes memory wire = _signed(request);
        vm.warp(request.validAfter - 1);
        _assertRefused(wire, Refusal.TooEarly);
        vm.warp(request.validUntil + 1);
        _assertRefused(wire, Refusal.Expired);
        uint256 snapshot = vm.snapshotState();
        vm.warp(request.validAfter);
        _relay(wire);
        vm.revertToState(snapshot);
        vm.warp(request.validUntil);
        _relay(wire);
        assertEq(desk.visits(), 1);
    }

    /* CANCELLING */

    event NoncesCancelled(address indexed signer, uint56 indexed word, uint256 mask);

    function test_cancelledNonce_isRefused_andNotItsNeighbour() public {
        vm.expectEmit(address(relayer));
        emit NoncesCancelled(signer, 0, 0x5);
        vm.prank(signer);
        relayer.cancelNonces(0, 0x5);
        _assertRefused(_signed(_visitWith(1, 0)), Refusal.NonceUsed);
        _assertRefused(_signed(_visitWith(1, 2)), Refusal.NonceUsed);
        _relay(_signed(_visitWith(1, 1)));
        vm.prank(signer);
        relayer.cancelNonces(0, 0x8);
        assertEq(relayer.nonceWord(signer, 0), 0xf, "cancelling frees nothing");
    }

    /// @dev Without ether a signer makes a request worthless by signing another with its nonce.
    function test_anotherRequestWithTheNonce_replacesTheFirst() public {
        bytes memory first = _signed(_visitWith(1, 9));
        _relay(_signed(_visitWith(2, 9)));
        _assertRefused(first, Refusal.NonceUsed);
    }

    /* VALUE */

    function test_otherValueThanSigned_isRefused_toTheWei() public {
        RequestSpec memory request = _visit(1);
        request.value = 5;
        bytes memory wire = _signed(request);
        vm.deal(operator, 10);
        for (uint256 sent = 4; sent <= 6; sent += 2) {
            vm.prank(operator);
            vm.expectRevert(abi.encodeWithSelector(RelayErrors.ValueMismatch.selector, sent, 5));
            relayer.execute{value: sent}(wire);
            vm.prank(operator);
            vm.expectRevert(abi.encodeWithSelector(RelayErrors.ValueMismatch.selector, sent, 5));
            relayer.executeEach{value: sent}(wire, operator);
        }
        vm.prank(operator);
        relayer.execute{value: 5}(wire);
        assertEq(address(desk).balance, 5);
    }

    /// @dev What was forced in here pays nobody's value.
    function test_etherThatLiesHere_isNotSpent() public {
        vm.deal(address(relayer), 5);
        RequestSpec memory request = _visit(1);
        request.value = 5;
        bytes memory wire = _signed(request);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.ValueMismatch.selector, 0, 5));
        relayer.executeEach(wire, address(0));
        assertEq(address(relayer).balance, 5);
    }

    function test_plainEther_isRefused() public {
        vm.deal(operator, 1);
        vm.prank(operator);
        (bool done,) = address(relayer).call{value: 1}("");
        assertFalse(done);
    }

    /* THE LIST */

    function test_callThatIsNotListed_isRefused() public {
        _assertRefused(
            _signed(_request(address(desk), 0, abi.encodeCall(desk.serve, (1)))), Refusal.CallNotAllowed
        );
        _assertRefused(
            _signed(_request(attacker, 0, abi.encodeCall(desk.visit, (1)))), Refusal.CallNotAllowed
        );
    }

    /// @dev Three bytes of a listed selector, which the appended signer would complete.
    function test_dataTooShortForASelector_isRefused() public {
        (address who, uint256 key) = (signer, signerKey);
        bytes4 selector = bytes4(abi.encodePacked("abc", bytes1(uint8(uint160(who) >> 152))));
        _allow(address(moody), selector);
        _assertRefused(_signed(_request(address(moody), 0, "abc"), key, operator), Refusal.CallNotAllowed);
        _assertRefused(_signed(_request(address(moody), 0, ""), key, operator), Refusal.CallNotAllowed);
    }

    /* ITS CALL FAILS */

    function test_failingCall_revertsTheWhole_withTheBeginningOfItsReason() public {
        bytes memory reason = bytes.concat(new bytes(300), "the end");
        bytes memory wire = _signed(_request(address(desk), 0, abi.encodeCall(desk.refuse, (reason))));
        bytes memory whole = abi.encodeWithSelector(RelayDesk.Refused.selector, reason);
        bytes memory cut = new bytes(256);
        for (uint256 i; i < cut.length; ++i) {
            cut[i] = whole[i];
        }
        bytes32 id = relayer.requestId(wire, operator);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.CallFailed.selector, id, cut));
        relayer.execute(wire);
        assertFalse(relayer.isNonceUsed(signer, 0));
    }

    function test_shortReason_isPassedOnWhole() public {
        bytes memory wire = _signed(_request(address(desk), 0, abi.encodeCall(desk.refuse, ("no"))));
        bytes memory reason = abi.encodeWithSelector(RelayDesk.Refused.selector, bytes("no"));
        bytes32 id = relayer.requestId(wire, operator);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.CallFailed.selector, id, reason));
        relayer.execute(wire);
    }

    /* 63/64 */

    function test_relayerThatBringsTooLittleGas_failsWhole() public {
        bytes memory wire =
            _signed(_request(address(desk), 0, abi.encodeCall(desk.serveIfPossible, (150_000))));
        for (uint256 gas_ = 60_000; gas_ < 255_000; gas_ += 2_500) {
            vm.prank(operator);
            try relayer.executeEach{gas: gas_}(wire, operator) returns (uint256 done) {
                assertEq(done, 1);
                assertTrue(desk.served(), "ended without its work, for want of gas");
                return;
            } catch {
                assertFalse(relayer.isNonceUsed(signer, 0), "nonce burnt");
            }
        }
        revert("never enough gas");
    }

    function test_gasTooLow_saysWhatIsNeeded() public {
        RequestSpec memory request = _visit(1);
        bytes memory wire = _signed(request);
        vm.prank(operator);
        (bool done, bytes memory answer) =
            address(relayer).call{gas: 150_000}(abi.encodeCall(relayer.execute, (wire)));
        assertFalse(done);
        assertEq(bytes4(answer), RelayErrors.GasTooLow.selector);
        (uint256 available, uint256 needed) = abi.decode(_behind(answer), (uint256, uint256));
        assertLt(available, 150_000);
        assertEq(needed, uint256(CALL_GAS) + CALL_GAS / 63 + 1 + 12_000);
    }

    /* NOT TWICE AT ONCE */

    function test_relayedCall_cannotRelay() public {
        bytes memory inner = _signed(_visitWith(2, 1), signerKey, address(desk));
        bytes[2] memory calls = [
            abi.encodeCall(relayer.execute, (inner)), abi.encodeCall(relayer.executeEach, (inner, operator))
        ];
        for (uint64 i; i < 2; ++i) {
            _relay(
                _signed(
                    _request(address(desk), 10 + i, abi.encodeCall(desk.turnTo, (address(relayer), calls[i])))
                )
            );
            assertFalse(desk.came());
            assertEq(bytes4(desk.answer()), RelayErrors.RelayInProgress.selector);
        }
        assertEq(desk.visits(), 0);
    }

    /* BYTES */

    function test_bytesThatAreNoRequest_areRefused() public {
        bytes memory wire = _signed(_visit(1));
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.BytesLeft.selector, wire.length + 1, wire.length));
        relayer.execute(bytes.concat(wire, hex"00"));
        vm.expectRevert(
            abi.encodeWithSelector(RelayErrors.RequestCutShort.selector, wire.length - 1, wire.length)
        );
        relayer.execute(_cut(wire, wire.length - 1));
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.RequestCutShort.selector, 0, 124));
        relayer.execute("");
        wire[0] = 0x80;
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.UnknownFlags.selector, 0x80));
        relayer.execute(wire);
        vm.stopPrank();
    }

    function test_noBeginningOfARequest_isOne() public {
        bytes memory wire = _signed(_fullRequest());
        vm.startPrank(operator);
        for (uint256 length; length < wire.length; ++length) {
            (bool done, bytes memory answer) =
                address(relayer).call(abi.encodeCall(relayer.execute, (_cut(wire, length))));
            assertFalse(done);
            assertEq(bytes4(answer), RelayErrors.RequestCutShort.selector);
        }
        vm.stopPrank();
    }

    /* WHO RELAYS */

    function test_boundRequest_isRefusedFromOthers() public {
        RequestSpec memory request = _visit(1);
        request.isBound = true;
        bytes memory wire = _signed(request);
        vm.prank(attacker);
        vm.expectPartialRevert(RelayErrors.RequestRefused.selector);
        relayer.execute(wire);
        assertEq(uint256(relayer.refusalOf(wire, attacker)), uint256(Refusal.SignatureInvalid));
        _relay(wire);
        assertEq(desk.visits(), 1);
    }

    function test_unboundRequest_isAnybodysToRelay() public {
        bytes memory wire = _signed(_visit(1));
        vm.prank(attacker);
        relayer.execute(wire);
        assertEq(desk.lastSender(), signer);
    }

    function test_claim_isForTheRelayerItself() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotSelf.selector, address(this)));
        relayer.claim(signer, 0, address(desk), 1, operator);
        vm.startPrank(address(relayer));
        relayer.claim(signer, 0, address(usd), 0, operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.NonceAlreadyUsed.selector, signer, 0));
        relayer.claim(signer, 0, address(usd), 0, operator);
    }
}
