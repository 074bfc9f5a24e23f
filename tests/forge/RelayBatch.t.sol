// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {IGaslessTransactionRelayer, Refusal} from "contracts/interfaces/IGaslessTransactionRelayer.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {RelayDesk, RelayPurist} from "contracts/mocks/RelayDesk.sol";
import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";
import {RequestCodec, RequestSpec} from "./support/RequestCodec.sol";

/// @title Many requests at once: what is skipped, what fails, what is paid back.
contract RelayBatchTest is RelayDeskFixture {
    using RequestCodec for RequestSpec;

    event RequestsRelayed(bytes32[] requestIds);
    event RequestSkipped(bytes32 indexed requestId, Refusal reason);
    event RequestFailed(bytes32 indexed requestId, bytes reason);

    /// @dev A visit with value, a used nonce with value, a failing call with value, a visit.
    function _mixed() internal returns (bytes memory wire, bytes32[4] memory ids) {
        RequestSpec[4] memory requests = [
            _visitWith(1, 1),
            _visitWith(2, 2),
            _request(address(desk), 3, abi.encodeCall(desk.refuse, ("no"))),
            _visitWith(4, 4)
        ];
        (requests[0].value, requests[1].value, requests[2].value) = (1 ether, 2 ether, 4 ether);
        for (uint256 i; i < 4; ++i) {
            bytes memory one = _signed(requests[i]);
            ids[i] = relayer.requestId(one, operator);
            wire = bytes.concat(wire, one);
        }
        vm.prank(signer);
        relayer.cancelNonces(0, 1 << 2);
        vm.deal(operator, 7 ether);
    }

    /* SKIPPING */

    function test_refusedAndFailedItems_areSkipped_andTheirValueComesBack() public {
        (bytes memory wire, bytes32[4] memory ids) = _mixed();
        bytes32[] memory relayed = new bytes32[](2);
        (relayed[0], relayed[1]) = (ids[0], ids[3]);
        address receiver = makeAddr("receiver of refunds");
        vm.expectEmit(address(relayer));
        emit RequestSkipped(ids[1], Refusal.NonceUsed);
        vm.expectEmit(address(relayer));
        emit RequestFailed(ids[2], abi.encodeWithSelector(RelayDesk.Refused.selector, bytes("no")));
        vm.expectEmit(address(relayer));
        emit RequestsRelayed(relayed);
        vm.prank(operator);
        uint256 done = relayer.executeEach{value: 7 ether}(wire, receiver);
        assertEq(done, 9);
        assertEq(receiver.balance, 6 ether);
        assertEq(address(desk).balance, 1 ether);
        assertEq(address(relayer).balance, 0);
        assertTrue(relayer.isNonceUsed(signer, 3), "a call that failed by itself has had its turn");
    }

    function test_withoutReceiver_oneThatIsRefused_revertsAll() public {
        (bytes memory wire, bytes32[4] memory ids) = _mixed();
        bytes memory refused =
            abi.encodeWithSelector(RelayErrors.RequestRefused.selector, ids[1], Refusal.NonceUsed);
        vm.prank(operator);
        vm.expectRevert(refused);
        relayer.executeEach{value: 7 ether}(wire, address(0));
        assertEq(desk.visits(), 0);
        assertFalse(relayer.isNonceUsed(signer, 1));
    }

    function test_withoutReceiver_oneThatFails_revertsAll() public {
        bytes memory failing = _signed(_request(address(desk), 3, abi.encodeCall(desk.refuse, ("no"))));
        bytes memory wire = bytes.concat(_signed(_visitWith(1, 1)), failing);
        vm.prank(operator);
        vm.expectPartialRevert(RelayErrors.CallFailed.selector);
        relayer.executeEach(wire, address(0));
        assertEq(desk.visits(), 0);
    }

    function test_eachKindOfRefusal_isSkippedByItsName() public {
        RequestSpec memory late = _visitWith(1, 1);
        late.validUntil = uint40(block.timestamp - 1);
        _assertSkipped(_signed(late), Refusal.Expired);
        RequestSpec memory early = _visitWith(1, 1);
        early.validAfter = uint40(block.timestamp + 1);
        _assertSkipped(_signed(early), Refusal.TooEarly);
        _assertSkipped(
            _signed(_request(address(usd), 1, abi.encodeCall(usd.transfer, (attacker, 1)))),
            Refusal.CallNotAllowed
        );
        RequestSpec memory forged = _visitWith(1, 1);
        _assertSkipped(_signed(forged, 0xbad, operator), Refusal.SignatureInvalid);
        vm.prank(owner);
        relayer.pause();
        _assertSkipped(_signed(_visitWith(1, 1)), Refusal.Paused);
        assertEq(relayer.nonceWord(signer, 0), 0);
    }

    function _assertSkipped(bytes memory wire, Refusal refusal) internal {
        _assertRefused(wire, refusal);
        bytes32 id = relayer.requestId(wire, operator);
        vm.expectEmit(address(relayer));
        emit RequestSkipped(id, refusal);
        vm.prank(operator);
        assertEq(relayer.executeEach(wire, operator), 0);
    }

    function test_sameRequestTwice_isSkippedTheSecondTime() public {
        bytes memory one = _signed(_visit(1));
        vm.prank(operator);
        assertEq(relayer.executeEach(bytes.concat(one, one), operator), 1);
        assertEq(desk.visits(), 1);
    }

    function test_nothing_isNothing() public {
        vm.recordLogs();
        assertEq(relayer.executeEach("", operator), 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 0);
        vm.deal(operator, 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.ValueMismatch.selector, 1, 0));
        relayer.executeEach{value: 1}("", operator);
    }

    function test_reasonOfAFailedItem_isCut_howeverLong() public {
        bytes memory wire = _signed(_request(address(desk), 0, abi.encodeCall(desk.flood, (1_000_000, true))));
        RequestSpec memory visit = _visitWith(5, 1);
        uint32 gas_ = 5_000_000;
        RequestSpec memory flood = _request(address(desk), 2, abi.encodeCall(desk.flood, (1_000_000, true)));
        flood.gas = gas_;
        wire = bytes.concat(_signed(flood), _signed(visit));
        vm.recordLogs();
        vm.prank(operator);
        uint256 before = gasleft();
        uint256 done = relayer.executeEach(wire, operator);
        uint256 used = before - gasleft();
        assertEq(done, 2);
        assertLt(used, gas_ + 300_000, "the relayer pays for what the target floods it with");
        assertEq(vm.getRecordedLogs()[0].data.length, 32 + 32 + 256);
    }

    function test_moreThan256_areRefused() public {
        bytes memory wire;
        RequestSpec memory first = _visitWith(1, 0);
        wire = _signed(first);
        for (uint64 i = 1; i < 257; ++i) {
            RequestSpec memory request = _visitWith(1, i);
            _signed(request);
            wire = bytes.concat(wire, request.encodeAfter(first));
        }
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.TooManyRequests.selector, 257));
        relayer.executeEach(wire, operator);
        vm.prank(operator);
        assertEq(relayer.executeEach(_cut(wire, _lengthOf(wire, 256)), operator), type(uint256).max);
        assertEq(desk.visits(), 256);
    }

    /// @dev Of the first `count` requests of one kind: the first names signer and target, the others do not.
    function _lengthOf(bytes memory wire, uint256 count) private pure returns (uint256) {
        return 40 + (wire.length - 40) / 257 * count;
    }

    /* SHARING WITH THE ONE BEFORE */

    function test_signerAndTarget_areThoseOfTheOneBefore_whereSaid() public {
        RequestSpec memory first = _visitWith(1, 1);
        RequestSpec memory second = _visitWith(2, 2);
        (address other, uint256 key) = makeAddrAndKey("other signer");
        RequestSpec memory third = _visitWith(3, 3);
        third.signer = other;
        bytes memory wire = _signed(first);
        _signed(second);
        wire = bytes.concat(wire, second.encodeAfter(first));
        _signed(third, key, operator);
        wire = bytes.concat(wire, third.encodeAfter(second));
        vm.prank(operator);
        assertEq(relayer.executeEach(wire, address(0)), 7);
        assertEq(desk.visitsOf(signer), 2);
        assertEq(desk.visitsOf(other), 1);
    }

    /// @dev Also after one that was skipped, whose signer and target nobody checked.
    function test_sharingWithASkippedOne_isNoWayAroundTheSignature() public {
        RequestSpec memory first = _visitWith(1, 1);
        RequestSpec memory second = _visitWith(2, 2);
        bytes memory wire = _signed(first, 0xbad, operator);
        _signed(second, 0xbad, operator);
        vm.prank(operator);
        assertEq(relayer.executeEach(bytes.concat(wire, second.encodeAfter(first)), operator), 0);
        assertEq(desk.visits(), 0);
    }

    function test_firstOne_hasNobodyBeforeIt() public {
        RequestSpec memory request = _visitWith(1, 1);
        _signed(request);
        bytes memory wire = request.encodeAfter(request);
        vm.prank(operator);
        vm.expectPartialRevert(RelayErrors.RequestRefused.selector);
        relayer.execute(wire);
    }

    /* WHO IS PAID BACK */

    function test_receiverThatDoesNotTakeEther_losesNothing_theCallerGetsIt() public {
        (bytes memory wire,) = _mixed();
        vm.prank(operator);
        relayer.executeEach{value: 7 ether}(wire, address(moodyPurist()));
        assertEq(operator.balance, 6 ether);
        assertEq(address(relayer).balance, 0);
    }

    function test_whereNobodyTakesTheRefund_nothingHappens() public {
        (bytes memory wire,) = _mixed();
        RelayPurist purist = moodyPurist();
        bytes memory call_ = abi.encodeCall(relayer.executeEach, (wire, address(purist)));
        vm.prank(operator);
        vm.expectRevert();
        purist.relay{value: 7 ether}(address(relayer), call_);
        assertEq(desk.visits(), 0);
        assertEq(operator.balance, 7 ether);
    }

    function moodyPurist() internal returns (RelayPurist) {
        return RelayPurist(vm.deployCode("RelayDesk.sol:RelayPurist"));
    }

    /// @dev The receiver is called in the middle of relaying.
    function test_receiverOfRefunds_cannotRelay() public {
        (bytes memory wire,) = _mixed();
        bytes memory other = _signed(_visitWith(1, 77));
        moody.say(other);
        ReentrantReceiver receiver = new ReentrantReceiver(relayer, other);
        vm.prank(operator);
        relayer.executeEach{value: 7 ether}(wire, address(receiver));
        assertEq(operator.balance, 6 ether, "who calls back in is not paid");
        assertEq(desk.visits(), 2);
    }
}

/// @title Relays a request whenever it is sent ether.
contract ReentrantReceiver {
    IGaslessTransactionRelayer private immutable _RELAYER;
    bytes private _request;

    constructor(IGaslessTransactionRelayer relayer, bytes memory request) {
        (_RELAYER, _request) = (relayer, request);
    }

    receive() external payable {
        _RELAYER.execute(_request);
    }
}
