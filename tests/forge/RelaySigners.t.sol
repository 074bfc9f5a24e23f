// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Refusal} from "contracts/interfaces/IGaslessTransactionRelayer.sol";
import {RelayOddWallet, RelayWallet} from "contracts/mocks/RelayWallets.sol";
import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";
import {RequestCodec, RequestSpec} from "./support/RequestCodec.sol";

/// @title Who counts as having signed: keys in two canonical forms, contracts, accounts with delegated code.
contract RelaySignersTest is RelayDeskFixture {
    using RequestCodec for RequestSpec;

    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /* KEYS */

    function test_signatureOf65Bytes_isAsGoodAsTheCompactOne() public {
        _relay(_signed(_visitWith(1, 1)));
        (bytes32 r, bytes32 s, uint8 v) = _sign(_visitWith(2, 2));
        _relay(_with(_visitWith(2, 2), abi.encodePacked(r, s, v)));
        assertEq(desk.visits(), 2);
    }

    /// @dev The other signature that anybody can make of one.
    function test_malleableSignatures_areRefused_inBothForms() public {
        RequestSpec memory request = _visit(1);
        (bytes32 r, bytes32 s, uint8 v) = _sign(request);
        bytes32 otherS = bytes32(N - uint256(s));
        _assertRefused(
            _with(request, abi.encodePacked(r, otherS, v == 27 ? 28 : 27)), Refusal.SignatureInvalid
        );
        _assertRefused(_with(request, abi.encodePacked(r, otherS, v)), Refusal.SignatureInvalid);
        uint256 vs = uint256(otherS) | (uint256(v == 27 ? 1 : 0) << 255);
        _assertRefused(_with(request, abi.encodePacked(r, vs)), Refusal.SignatureInvalid);
    }

    function test_otherV_isRefused() public {
        RequestSpec memory request = _visit(1);
        (bytes32 r, bytes32 s, uint8 v) = _sign(request);
        uint8[4] memory others = [v == 27 ? 28 : 27, v - 27, 29, 255];
        for (uint256 i; i < others.length; ++i) {
            _assertRefused(_with(request, abi.encodePacked(r, s, others[i])), Refusal.SignatureInvalid);
        }
    }

    /// @dev The greatest `s` of the lower half, and the least of the upper: neither recovers the signer, but only one is
    /// even asked of the curve. That both ways of counting agree is what is held here.
    function test_compactSignature_withSAboveTheHalf_isRefused() public {
        RequestSpec memory request = _visit(1);
        (bytes32 r,, uint8 v) = _sign(request);
        uint256 vs = (N / 2 + 1) | (uint256(v - 27) << 255);
        _assertRefused(_with(request, abi.encodePacked(r, vs)), Refusal.SignatureInvalid);
    }

    function test_signaturesOfOtherLengths_areNoKeys() public {
        RequestSpec memory request = _visit(1);
        bytes memory signature = _compact(signerKey, _idOf(request, operator));
        _assertRefused(_with(request, ""), Refusal.SignatureInvalid);
        _assertRefused(_with(request, _cut(signature, 63)), Refusal.SignatureInvalid);
        _assertRefused(_with(request, bytes.concat(signature, hex"0000")), Refusal.SignatureInvalid);
    }

    /// @dev `ecrecover` answers nothing for what is no signature.
    function test_zeroSigner_signsNothing() public {
        RequestSpec memory request = _visit(1);
        request.signer = address(0);
        _assertRefused(_with(request, new bytes(64)), Refusal.SignatureInvalid);
        _assertRefused(_with(request, new bytes(65)), Refusal.SignatureInvalid);
        bytes memory long = new bytes(65);
        long[64] = 0x1b;
        _assertRefused(_with(request, long), Refusal.SignatureInvalid);
    }

    /* CONTRACTS: ERC-1271 */

    function test_wallet_signsByItsCode() public {
        address wallet = _wallet(signer);
        RequestSpec memory request = _visit(1);
        request.signer = wallet;
        (bytes32 r, bytes32 s, uint8 v) = _sign(request);
        _relay(_with(request, abi.encodePacked(r, s, v)));
        assertEq(desk.lastSender(), wallet);
    }

    function test_wallet_ofAnotherHolder_isRefused() public {
        RequestSpec memory request = _visit(1);
        request.signer = _wallet(attacker);
        (bytes32 r, bytes32 s, uint8 v) = _sign(request);
        _assertRefused(_with(request, abi.encodePacked(r, s, v)), Refusal.SignatureInvalid);
    }

    /// @dev Approved in its storage beforehand, say: no bytes at all, or any 64.
    function test_wallet_mayAnswerForAnyBytes() public {
        RelayOddWallet wallet = _oddWallet(abi.encode(IERC1271.isValidSignature.selector), false, false);
        RequestSpec memory request = _visit(1);
        request.signer = address(wallet);
        _relay(_with(request, ""));
        request.nonce = 1;
        _relay(_with(request, new bytes(64)));
        request.nonce = 2;
        _relay(_with(request, new bytes(1000)));
        assertEq(desk.visitsOf(address(wallet)), 3);
    }

    function test_wallet_withAnotherAnswer_isRefused() public {
        bytes4 magic = IERC1271.isValidSignature.selector;
        bytes[5] memory answers = [
            abi.encode(uint256(1)),
            abi.encode(bytes4(magic) ^ bytes4(uint32(1))),
            bytes(""),
            abi.encodePacked(magic),
            abi.encode(uint256(uint32(magic)))
        ];
        for (uint256 i; i < answers.length; ++i) {
            _assertWalletRefused(_oddWallet(answers[i], false, false));
        }
        _assertWalletRefused(_oddWallet(abi.encode(magic), false, true));
    }

    /// @dev It wastes no more than its share of the relayer's gas.
    function test_wallet_thatBurnsItsGas_orFloods_isRefused_atABoundedPrice() public {
        bytes memory flood = new bytes(10_000);
        for (uint256 burns; burns < 2; ++burns) {
            RequestSpec memory request = _visit(1);
            request.signer = address(_oddWallet(flood, burns == 1, false));
            bytes memory wire = bytes.concat(_with(request, ""), _signed(_visitWith(2, uint64(burns))));
            uint256 before = gasleft();
            vm.prank(operator);
            assertEq(relayer.executeEach(wire, operator), 2);
            assertLt(before - gasleft(), 900_000);
        }
    }

    /* ACCOUNTS WITH DELEGATED CODE: EIP-7702 */

    function test_delegatedAccount_signsByItsKey_andByItsCode() public {
        (address guest, uint256 guestKey) = makeAddrAndKey("session key");
        _delegate(signer, _wallet(guest));
        _relay(_signed(_visitWith(1, 1)));
        RequestSpec memory request = _visitWith(2, 2);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(guestKey, _idOf(request, operator));
        _relay(_with(request, abi.encodePacked(r, s, v)));
        assertEq(desk.visitsOf(signer), 2);
        (v, r, s) = vm.sign(0xbad, _idOf(_visitWith(3, 3), operator));
        _assertRefused(_with(_visitWith(3, 3), abi.encodePacked(r, s, v)), Refusal.SignatureInvalid);
    }

    /// @dev What EIP-7702 writes into an account: the designator, which forge follows from Prague on; here by its effect.
    function _delegate(address account, address code) private {
        vm.etch(account, code.code);
    }

    /* WHAT IS SIGNED */

    /// @dev Written out as the standard says, apart from the contract's own way.
    function test_digest_isThatOfTheStandard() public view {
        RequestSpec memory request = _fullRequest();
        assertEq(_idOf(request, operator), _standardDigest(request, operator));
        assertEq(_idOf(_visit(1), operator), _standardDigest(_visit(1), operator));
    }

    function testFuzz_digest_isThatOfTheStandard(RequestSpec memory request, address sender, uint64 chain)
        public
    {
        vm.chainId(uint256(chain) % type(uint32).max + 1);
        vm.assume(request.data.length <= type(uint16).max && request.signature.length <= type(uint16).max);
        assertEq(_idOf(request, sender), _standardDigest(request, sender));
    }

    function _standardDigest(RequestSpec memory request, address sender) private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chain, address at,,) = relayer.eip712Domain();
        assertEq(name, "GaslessTransactionRelayer");
        assertEq(version, "1");
        assertEq(chain, block.chainid);
        assertEq(at, address(relayer));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chain,
                at
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, _hashStruct(request, sender)));
    }

    function _hashStruct(RequestSpec memory request, address sender) private pure returns (bytes32) {
        bytes memory first = abi.encode(
            keccak256(
                "RelayRequest(address signer,address target,uint128 value,uint32 gas,uint64 nonce,uint40 validAfter,uint40 validUntil,address relayer,address feeToken,uint128 maxFee,bytes data)"
            ),
            request.signer,
            request.target,
            request.value,
            request.gas,
            request.nonce
        );
        return keccak256(
            bytes.concat(
                first,
                abi.encode(
                    request.validAfter,
                    request.validUntil,
                    request.isBound ? sender : address(0),
                    request.feeToken,
                    request.maxFee,
                    keccak256(request.data)
                )
            )
        );
    }

    /* TOOLS */

    function _sign(RequestSpec memory request) private view returns (bytes32 r, bytes32 s, uint8 v) {
        (v, r, s) = vm.sign(signerKey, _idOf(request, operator));
    }

    function _with(RequestSpec memory request, bytes memory signature) private pure returns (bytes memory) {
        request.signature = signature;
        return request.encode();
    }

    function _wallet(address holder) private returns (address) {
        return vm.deployCode("RelayWallets.sol:RelayWallet", abi.encode(holder));
    }

    function _oddWallet(bytes memory answer, bool burns, bool reverts)
        private
        returns (RelayOddWallet wallet)
    {
        wallet = RelayOddWallet(vm.deployCode("RelayWallets.sol:RelayOddWallet"));
        wallet.set(answer, burns, reverts);
    }

    function _assertWalletRefused(RelayOddWallet wallet) private {
        RequestSpec memory request = _visit(1);
        request.signer = address(wallet);
        _assertRefused(_with(request, "any"), Refusal.SignatureInvalid);
    }
}
