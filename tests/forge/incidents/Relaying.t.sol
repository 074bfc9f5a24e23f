// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {RelayIncidentFixture} from "../support/RelayIncidentFixture.sol";
import {RequestCodec, RequestSpec} from "../support/RequestCodec.sol";

/// @title Incidents of forwarders: whose call it is, how often, for how much.
contract RelayingIncidents is RelayIncidentFixture {
    using RequestCodec for RequestSpec;

    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /* WHAT IS SIGNED */

    /// @dev Whoever relays puts other calldata under the signature.
    function test_PartlySigned_dataIsReplaced() public {
        _face("PartlySigned");
        RequestSpec memory request = _visit(1);
        _signed(request);
        request.data = abi.encodeCall(desk.visit, (666));
        _executeAs(attacker, request.encode());
        _conclude(desk.lastTag() == 666 ? 1 : 0, RelayErrors.RequestRefused.selector);
    }

    /* REPLAY */

    function test_ReusableNonce_requestIsRepeated() public {
        _face("ReusableNonce");
        bytes memory wire = _signed(_visit(1));
        assertTrue(_executeAs(attacker, wire));
        _executeAs(attacker, wire);
        _conclude(desk.visits() - 1, RelayErrors.RequestRefused.selector);
    }

    function test_UnboundRelayChain_requestOfAnotherChainIsRun() public {
        _face("UnboundRelayChain");
        bytes memory wire = _signed(_visit(1));
        vm.chainId(137);
        _executeAs(attacker, wire);
        _conclude(desk.visits(), RelayErrors.RequestRefused.selector);
    }

    /// @dev What was cancelled at one relayer is brought to a second, which the same target trusts.
    function test_UnboundForwarder_requestForAnotherRelayerIsRun() public {
        _face("UnboundForwarder");
        bytes4 selector = 0x12345678;
        _allow(address(moody), selector);
        bytes memory wire = _signed(_request(address(moody), 0, abi.encodePacked(selector)));
        vm.prank(signer);
        relayer.cancelNonces(0, 1);
        relayer = _deployAnother();
        _allow(address(moody), selector);
        _executeAs(attacker, wire);
        _conclude(relayer.nonceWord(signer, 0), RelayErrors.RequestRefused.selector);
    }

    /// @dev Where signatures are what is used up, the other signature that anybody can make of one is another request.
    function test_MalleableSignature_requestIsRepeated() public {
        _face("MalleableSignature");
        RequestSpec memory request = _visit(1);
        bytes memory wire = _signed(request);
        assertTrue(_executeAs(attacker, wire));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, _idOf(request, attacker));
        request.signature = abi.encodePacked(r, N - uint256(s), v == 27 ? uint8(28) : uint8(27));
        _executeAs(attacker, request.encode());
        _conclude(desk.visits() - 1, RelayErrors.RequestRefused.selector);
    }

    /* WHO RELAYS, AND FOR WHAT */

    /// @dev Seen on its way, sent first: the fee goes to whoever was faster.
    function test_FrontRun_feeIsTakenBySomebodyElse() public {
        _face("FrontRun");
        _fund(signer, ALLOWED);
        RequestSpec memory request = _visit(1);
        (request.isBound, request.feeToken) = (true, address(usd));
        (request.maxFee, request.fee) = (5e6, 5e6);
        _executeAs(attacker, _signed(request));
        _conclude(usd.balanceOf(attacker), RelayErrors.RequestRefused.selector);
    }

    function test_NoFeeCap_relayerTakesAllThatIsAllowed() public {
        _face("NoFeeCap");
        _fund(signer, ALLOWED);
        RequestSpec memory request = _visit(1);
        (request.feeToken, request.maxFee, request.fee) = (address(usd), 1e6, uint128(ALLOWED));
        _executeAs(attacker, _signed(request));
        _conclude(usd.balanceOf(attacker), RelayErrors.RequestRefused.selector);
    }

    /* GAS */

    /// @dev A relayer brings just so much that the target cannot do its work and the nonce is burnt all the same.
    function test_StarvedCall_burnsTheNonce_withoutTheWork() public {
        _face("StarvedCall");
        RequestSpec memory request =
            _request(address(desk), 0, abi.encodeCall(desk.serveIfPossible, (1_500_000)));
        request.gas = 2_000_000;
        bytes memory wire = _signed(request);
        bytes memory call_ = abi.encodeCall(relayer.executeEach, (wire, attacker));
        bool isBurnt;
        for (uint256 gas_ = 200_000; gas_ < 2_000_000 && !isBurnt; gas_ += 50_000) {
            vm.prank(attacker);
            (bool done, bytes memory answer) = address(relayer).call{gas: gas_}(call_);
            if (!done) _refusal = bytes4(answer);
            isBurnt = relayer.isNonceUsed(signer, 0) && !desk.served();
        }
        _conclude(isBurnt ? 1 : 0, RelayErrors.GasTooLow.selector);
    }

    /// @dev A call that reverts with a megabyte, of which the relayer pays for every copy.
    function test_ReturnBomb_makesTheRelayerPay() public {
        _face("ReturnBomb");
        RequestSpec memory request = _request(address(desk), 0, abi.encodeCall(desk.flood, (1_000_000, true)));
        request.gas = 4_000_000;
        bytes memory wire = _signed(request);
        uint256 before = gasleft();
        assertTrue(_attack(operator, address(relayer), abi.encodeCall(relayer.executeEach, (wire, operator))));
        uint256 used = before - gasleft();
        uint256 bound_ = request.gas + 300_000;
        _conclude(used > bound_ ? used - bound_ : 0, 0);
    }

    /* VALUE */

    /// @dev The attacker signs for more ether than it brings, and relays that itself.
    function test_ValueMismatch_spendsWhatLiesHere() public {
        _face("ValueMismatch");
        vm.deal(address(relayer), 5 ether);
        RequestSpec memory request = _visit(1);
        (request.signer, request.value) = (attacker, 5 ether);
        bytes memory wire = _signed(request, ATTACKER_KEY, attacker);
        _attack(attacker, address(relayer), abi.encodeCall(relayer.executeEach, (wire, attacker)));
        _conclude(5 ether - address(relayer).balance, RelayErrors.ValueMismatch.selector);
    }

    /* WHAT IS CALLED */

    /// @dev Signers allow fees; whoever may call the token as the relayer has them all.
    function test_AnyTarget_tokenIsCalledAsTheRelayer() public {
        _face("AnyTarget");
        _fund(signer, ALLOWED);
        _executeAs(attacker, _robbery());
        _conclude(usd.balanceOf(attacker), RelayErrors.RequestRefused.selector);
    }

    /// @dev The same, with an owner who was talked into listing the token.
    function test_TokenTarget_isListedByMistake() public {
        _face("TokenTarget");
        _fund(signer, ALLOWED);
        bytes memory listing = abi.encodeCall(relayer.allowCall, (address(usd), usd.transferFrom.selector));
        if (_attack(owner, address(relayer), listing)) _executeAs(attacker, _robbery());
        _conclude(usd.balanceOf(attacker), RelayErrors.SelectorForbidden.selector);
    }

    /// @dev The relayer called by itself takes "fees" from whom, in what and for whom the attacker says.
    function test_OwnTarget_isListedByMistake() public {
        _face("OwnTarget");
        _fund(signer, ALLOWED);
        bytes memory listing = abi.encodeCall(relayer.allowCall, (address(relayer), relayer.claim.selector));
        if (_attack(owner, address(relayer), listing)) {
            bytes memory data = abi.encodeCall(relayer.claim, (signer, 0, address(usd), ALLOWED, attacker));
            _executeAs(attacker, _byAttacker(address(relayer), data));
        }
        _conclude(usd.balanceOf(attacker), RelayErrors.TargetNotTrusting.selector);
    }

    function _robbery() private returns (bytes memory) {
        return _byAttacker(address(usd), abi.encodeCall(usd.transferFrom, (signer, attacker, ALLOWED)));
    }

    function _byAttacker(address target, bytes memory data) private returns (bytes memory) {
        RequestSpec memory request = _request(target, 0, data);
        request.signer = attacker;
        return _signed(request, ATTACKER_KEY, attacker);
    }
}
