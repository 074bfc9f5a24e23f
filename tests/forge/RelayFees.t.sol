// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Refusal} from "contracts/interfaces/IGaslessTransactionRelayer.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {FeeOnTransferToken} from "contracts/mocks/FeeOnTransferToken.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";
import {RequestCodec, RequestSpec} from "./support/RequestCodec.sol";

/// @title The fee: the relayer's to name, the signer's to cap, taken exactly or not at all.
contract RelayFeesTest is RelayDeskFixture {
    using RequestCodec for RequestSpec;

    uint128 internal constant CAP = 9e6;

    function _paying(uint128 fee, uint64 nonce) internal view returns (RequestSpec memory request) {
        request = _visitWith(1, nonce);
        (request.feeToken, request.maxFee, request.fee) = (address(usd), CAP, fee);
    }

    function test_fee_goesFromSignerToWhoRelays_exactly() public {
        _fund(signer, 10e6);
        _relay(_signed(_paying(8e6, 0)));
        assertEq(usd.balanceOf(operator), 8e6);
        assertEq(usd.balanceOf(signer), 2e6);
        assertEq(usd.balanceOf(address(relayer)), 0);
        assertEq(desk.visits(), 1);
    }

    function test_fee_isBoundedByItsCap_inclusive() public {
        _fund(signer, 100e6);
        _assertRefused(_signed(_paying(CAP + 1, 0)), Refusal.FeeAboveCap);
        _relay(_signed(_paying(CAP, 0)));
        assertEq(usd.balanceOf(operator), CAP);
    }

    /// @dev Named after signing: the signature does not change with it.
    function test_fee_isNotSigned_andMayBeWaived() public {
        _fund(signer, 100e6);
        RequestSpec memory request = _paying(CAP, 0);
        _signed(request);
        request.fee = 0;
        _relay(request.encode());
        assertEq(usd.balanceOf(operator), 0);
        assertEq(desk.visits(), 1);
    }

    function test_fee_withoutToken_isRefused() public {
        RequestSpec memory request = _paying(5, 0);
        request.feeToken = address(0);
        bytes memory wire = _signed(request);
        vm.prank(operator);
        vm.expectPartialRevert(RelayErrors.RequestRefused.selector);
        relayer.execute(wire);
    }

    function test_signerThatCannotPay_isRefused_andItsNonceIsFree() public {
        bytes memory wire = _signed(_paying(8e6, 0));
        _assertFeeNotTaken(wire);
        usd.mint(signer, 8e6);
        _assertFeeNotTaken(wire);
        vm.prank(signer);
        usd.approve(address(relayer), 8e6);
        _relay(wire);
        assertEq(usd.balanceOf(operator), 8e6);
    }

    function test_usedNonce_costsNoFee() public {
        _fund(signer, 100e6);
        _relay(_signed(_paying(1e6, 0)));
        bytes memory again = _signed(_paying(1e6, 0));
        _assertRefused(again, Refusal.NonceUsed);
        assertEq(usd.balanceOf(operator), 1e6);
    }

    function test_tokenThatKeepsAShare_isRefused() public {
        FeeOnTransferToken taxed =
            FeeOnTransferToken(vm.deployCode("FeeOnTransferToken.sol:FeeOnTransferToken"));
        taxed.setFeeBps(100);
        taxed.mint(signer, 100e6);
        vm.prank(signer);
        taxed.approve(address(relayer), type(uint256).max);
        RequestSpec memory request = _paying(5e6, 0);
        request.feeToken = address(taxed);
        _assertFeeNotTaken(_signed(request));
        assertEq(taxed.balanceOf(signer), 100e6, "half taken");
        vm.prank(address(relayer));
        vm.expectRevert(
            abi.encodeWithSelector(RelayErrors.FeeNotExact.selector, taxed, 5e6, 5e6, 5e6 - 5e6 / 100)
        );
        relayer.claim(signer, 0, address(taxed), 5e6, operator);
    }

    function test_feeOfSignerToItself_isRefused() public {
        _fund(signer, 100e6);
        RequestSpec memory request = _paying(5e6, 0);
        bytes memory wire = _signed(request, signerKey, signer);
        vm.prank(signer);
        assertEq(relayer.executeEach(wire, signer), 0);
        assertEq(desk.visits(), 0);
    }

    /// @dev The fee of a call that fails by itself is earned: the relayer did its part. Alone, all is undone.
    function test_failedItemOfABatch_paysItsFee() public {
        _fund(signer, 100e6);
        RequestSpec memory request = _request(address(desk), 0, abi.encodeCall(desk.refuse, ("no")));
        (request.feeToken, request.maxFee, request.fee) = (address(usd), CAP, 3e6);
        bytes memory wire = _signed(request);
        vm.startPrank(operator);
        vm.expectPartialRevert(RelayErrors.CallFailed.selector);
        relayer.execute(wire);
        assertEq(usd.balanceOf(operator), 0);
        assertEq(relayer.executeEach(wire, operator), 0);
        assertEq(usd.balanceOf(operator), 3e6);
    }

    /// @dev A token gets its turn before the call: it can neither relay, nor be taken for the signer.
    function test_tokenThatCallsBack_getsNowhere() public {
        HookToken hook = HookToken(vm.deployCode("HookToken.sol:HookToken"));
        hook.mint(signer, 10);
        vm.prank(signer);
        hook.approve(address(relayer), 10);
        bytes memory other = _signed(_visitWith(9, 9), signerKey, address(hook));
        hook.arm(signer, address(relayer), abi.encodeCall(relayer.execute, (other)), false);
        RequestSpec memory request = _paying(1, 0);
        request.feeToken = address(hook);
        _relay(_signed(request));
        assertEq(bytes4(hook.lastAnswer()), RelayErrors.RelayInProgress.selector);
        assertEq(desk.lastTag(), 1);
        hook.arm(signer, address(relayer), abi.encodeCall(relayer.activeSender, ()), false);
        request.nonce = 1;
        _relay(_signed(request));
        assertEq(abi.decode(hook.lastAnswer(), (address)), address(0));
    }

    function _assertFeeNotTaken(bytes memory wire) private {
        assertEq(uint256(relayer.refusalOf(wire, operator)), 0, "all but the fee is in order");
        bytes32 id = relayer.requestId(wire, operator);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.RequestRefused.selector, id, Refusal.FeeNotTaken));
        relayer.execute(wire);
        assertEq(relayer.executeEach(wire, operator), 0);
        vm.stopPrank();
        assertEq(relayer.nonceWord(signer, 0), 0);
        assertEq(desk.visits(), 0);
    }

    function testFuzz_fee_isExact_orNothingHappens(uint128 fee, uint128 cap, uint128 funds) public {
        _fund(signer, funds);
        RequestSpec memory request = _paying(fee, 0);
        request.maxFee = cap;
        bytes memory wire = _signed(request);
        vm.prank(operator);
        uint256 done = relayer.executeEach(wire, operator);
        bool isPaid = fee <= cap && fee <= funds;
        assertEq(done, isPaid ? 1 : 0);
        assertEq(usd.balanceOf(operator), isPaid ? fee : 0);
        assertEq(usd.balanceOf(signer), isPaid ? funds - fee : funds);
        assertEq(relayer.isNonceUsed(signer, 0), isPaid);
    }
}
