// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayDesk} from "contracts/mocks/RelayDesk.sol";
import {RelayDeskFixture} from "../support/RelayDeskFixture.sol";
import {RequestCodec, RequestSpec} from "../support/RequestCodec.sol";

/// @title Who acts on a relayer: three signers, two relayers, an attacker, a donor, the owner.
/// @notice What was done is counted apart from the relayer: by nonce, by signer, in tokens and wei.
contract RelayActors is RelayDeskFixture {
    using RequestCodec for RequestSpec;

    uint256 internal constant SIGNERS = 3;

    /// @dev Of a signer's nonce: how often a call of it was seen to succeed.
    mapping(uint256 who => mapping(uint64 nonce => uint256 times)) private _timesDone;
    uint256 public repeated;
    mapping(uint256 who => uint256 times) public doneOf;
    uint256 public donatedWei;
    uint256 public cappedFees;
    uint256 public takenAboveCap;
    uint256 public forgeriesDone;
    uint256 public unlistedDone;
    uint256 public doneWhilePaused;
    uint256 public unpaidBack;
    uint256 public relayed;
    uint256 public skipped;

    uint64 private _lastNonce;
    address[SIGNERS] private _signers;
    uint256[SIGNERS] private _keys;

    constructor() {
        setUp();
        for (uint256 i; i < SIGNERS; ++i) {
            (_signers[i], _keys[i]) = makeAddrAndKey(string.concat("signer ", vm.toString(i)));
            _fund(_signers[i], 1e12);
        }
        vm.deal(operator, 1_000 ether);
        vm.deal(attacker, 1_000 ether);
    }

    function signerAt(uint256 i) public view returns (address who, uint256 key) {
        return (_signers[i % SIGNERS], _keys[i % SIGNERS]);
    }

    function relayerAddress() external view returns (address) {
        return address(relayer);
    }

    function visitsOf(uint256 i) external view returns (uint256) {
        (address who,) = signerAt(i);
        return desk.visitsOf(who);
    }

    function usdOf(address who) external view returns (uint256) {
        return usd.balanceOf(who);
    }

    /* SIGNERS AND RELAYERS */

    /// @dev A batch of requests of all kinds by all signers; what is done must be what was in order.
    function operator_relaysABatch(uint256 drawn, uint8 count, uint64 nonceSeed) external {
        count = uint8(count % 6 + 1);
        nonceSeed %= 512;
        bytes memory wire;
        uint256 sentWei;
        for (uint256 i; i < count; ++i) {
            RequestSpec memory request =
                _drawn(uint256(keccak256(abi.encode(drawn, i))), nonceSeed + uint64(i));
            (, uint256 key) = signerAt(drawn >> i);
            (request.signer,) = signerAt(drawn >> i);
            wire = bytes.concat(wire, _signed(request, key, operator));
            sentWei += request.value;
        }
        _relayAndCount(wire, sentWei, drawn, count, nonceSeed);
    }

    function _relayAndCount(bytes memory wire, uint256 sentWei, uint256 drawn, uint8 count, uint64 nonceSeed)
        private
    {
        if (operator.balance < sentWei) return;
        uint256 wasPaused = relayer.paused() ? 1 : 0;
        uint256 deskHad = address(desk).balance;
        uint256 operatorHad = operator.balance;
        vm.prank(operator);
        uint256 done = relayer.executeEach{value: sentWei}(wire, operator);
        for (uint256 i; i < count; ++i) {
            if (done & (1 << i) == 0) {
                ++skipped;
                continue;
            }
            _note(drawn >> i, nonceSeed + uint64(i));
            doneWhilePaused += wasPaused;
        }
        if (operatorHad - operator.balance != address(desk).balance - deskHad) ++unpaidBack;
    }

    function _note(uint256 who, uint64 nonce) private {
        if (++_timesDone[who % SIGNERS][nonce % 512] > 1) ++repeated;
        ++doneOf[who % SIGNERS];
        ++relayed;
    }

    /// @dev Mostly in order; some expired, some to what is not listed, some failing, some with a fee.
    function _drawn(uint256 drawn, uint64 nonce) private view returns (RequestSpec memory request) {
        request = _visitWith(drawn, nonce % 512);
        if (drawn % 7 == 0) request.validUntil = uint40(block.timestamp - 1);
        if (drawn % 11 == 0) request.data = abi.encodeCall(desk.refuse, ("no"));
        if (drawn % 13 == 0) request.data = abi.encodeCall(desk.serve, (1));
        if (drawn % 3 == 0) request.value = uint128(drawn % 1e15);
        if (drawn % 5 == 0) {
            (request.feeToken, request.maxFee) = (address(usd), uint128(drawn % 1e6 + 1));
            request.fee = request.maxFee - uint128(drawn % 2);
        }
    }

    /// @dev One request again and again, by two relayers.
    function operator_relaysTwice(uint256 drawn, uint64 nonce) external {
        (address who, uint256 key) = signerAt(drawn);
        RequestSpec memory request = _visitWith(drawn, nonce % 512);
        request.signer = who;
        bytes memory wire = _signed(request, key, operator);
        address[2] memory relayers = [operator, attacker];
        for (uint256 i; i < 2; ++i) {
            vm.prank(relayers[i]);
            if (relayer.executeEach(bytes.concat(wire, wire), operator) != 0) {
                _note(drawn, nonce);
                if (relayer.paused()) ++doneWhilePaused;
            }
        }
    }

    /// @dev Names a fee, above its cap or not, and takes what it gets.
    function operator_namesAFee(uint256 drawn, uint64 nonce, uint128 fee, uint128 cap) external {
        (address who, uint256 key) = signerAt(drawn);
        RequestSpec memory request = _visitWith(drawn, nonce % 512);
        (request.signer, request.feeToken) = (who, address(usd));
        (request.maxFee, request.fee) = (cap % 1e7, fee % 2e7);
        bytes memory wire = _signed(request, key, operator);
        uint256 before = usd.balanceOf(operator);
        vm.prank(operator);
        if (relayer.executeEach(wire, operator) != 0) {
            _note(drawn, nonce);
        }
        uint256 taken = usd.balanceOf(operator) - before;
        if (taken > request.maxFee) ++takenAboveCap;
        if (taken != 0) ++cappedFees;
    }

    function signer_cancels(uint256 drawn, uint8 word, uint256 mask) external {
        (address who,) = signerAt(drawn);
        vm.prank(who);
        relayer.cancelNonces(word % 2, mask & (drawn >> 7) & (drawn >> 31));
    }

    /* THE ATTACKER */

    /// @dev A signed request with one thing changed, relayed as if nothing were.
    function attacker_tampers(uint256 drawn, uint64 nonce, bytes32 noise) external {
        (address who, uint256 key) = signerAt(drawn);
        RequestSpec memory request = _visitWith(drawn, nonce % 512);
        request.signer = who;
        _signed(request, key, attacker);
        if (drawn % 6 == 0) (request.signer,) = signerAt(drawn + 1);
        if (drawn % 6 == 1) request.data = abi.encodeCall(desk.visit, (uint256(noise)));
        if (drawn % 6 == 2) request.gas += uint32(uint256(noise) % 1e6 + 1);
        if (drawn % 6 == 3) request.nonce += uint64(uint256(noise) % 255 + 1);
        if (drawn % 6 == 4) request.validUntil += uint40(uint256(noise) % 1e6 + 1);
        if (drawn % 6 == 5) request.isBound = true;
        if (drawn % 6 == 1 && uint256(noise) == drawn) return;
        vm.prank(attacker);
        forgeriesDone += relayer.executeEach(request.encode(), attacker);
    }

    /// @dev Signs for itself: the token's functions, the relayer's own, what is not listed.
    function attacker_aimsElsewhere(uint256 drawn) external {
        (address who, uint256 key) = makeAddrAndKey("attacker who signs");
        (address victim,) = signerAt(drawn);
        bytes[3] memory calls = [
            abi.encodeCall(usd.transferFrom, (victim, attacker, 1)),
            abi.encodeCall(relayer.claim, (victim, 0, address(usd), 1, attacker)),
            abi.encodeCall(desk.serve, (1))
        ];
        address[3] memory targets = [address(usd), address(relayer), address(desk)];
        RequestSpec memory request = _request(targets[drawn % 3], uint64(drawn), calls[drawn % 3]);
        request.signer = who;
        bytes memory wire = _signed(request, key, attacker);
        vm.prank(attacker);
        unlistedDone += relayer.executeEach(wire, attacker);
    }

    /* OTHERS */

    function donor_forcesEther(uint64 amount) external {
        vm.deal(address(relayer), address(relayer).balance + amount);
        donatedWei += amount;
    }

    function owner_sweeps() external {
        vm.prank(owner);
        relayer.sweep(address(0));
        donatedWei = 0;
    }

    function owner_pauses(bool isPaused) external {
        vm.startPrank(owner);
        if (isPaused) relayer.pause();
        else relayer.unpause();
        vm.stopPrank();
    }

    function time_passes(uint16 seconds_) external {
        vm.warp(block.timestamp + seconds_);
    }

    /// @dev A fresh nonce of the first signer: nothing left behind by others can be in its way.
    function nextIsRelayed() external returns (bool) {
        (address who, uint256 key) = signerAt(0);
        RequestSpec memory request = _visitWith(1, 1_000 + _lastNonce++);
        request.signer = who;
        bytes memory wire = _signed(request, key, operator);
        vm.prank(operator);
        if (relayer.executeEach(wire, operator) != 1) return false;
        ++doneOf[0];
        return true;
    }
}
