"""The relayer's twins, and one of a recipient."""

from __future__ import annotations

from gate.twin import Patch, Twin

_RELAYER = "gasless/GaslessTransactionRelayer.sol"
_RECIPIENT = "mocks/RelayMulticall.sol"
_LIB = "gasless/RequestLib.sol"
_POLICY = "gasless/RelayPolicy.sol"
_SIGNATURES = "gasless/RequestSignatures.sol"

_TRUST = Patch(_POLICY, "        if (!isTrustedBy(target)) revert RelayErrors.TargetNotTrusting(target);\n")
_FORBIDDEN = Patch(
    _POLICY,
    "        if (ForbiddenCallsLib.isForbidden(selector)) revert RelayErrors.SelectorForbidden(selector);\n",
)


def _domain(value: str) -> Patch:
    return Patch(_SIGNATURES, "RequestLib.open(_domainSeparator())", f"RequestLib.open({value})")


def _twin(name: str, lacks: str, *patches: Patch) -> Twin:
    return Twin(name, lacks, patches, _RELAYER)


RELAYER = (
    Twin(
        "MulticallSpoof",
        "the recipient reads the signer from the end of its calldata",
        (
            Patch(
                "gasless/RelayRecipient.sol",
                "sender := mul(mload(0x00), said)",
                "pop(said)\n                sender := shr(96, calldataload(sub(calldatasize(), 20)))",
            ),
        ),
        _RECIPIENT,
    ),
    _twin(
        "PartlySigned",
        "the signature does not cover the data",
        Patch(_LIB, "_SIGNED_BYTES = 0x180;", "_SIGNED_BYTES = 0x160;"),
    ),
    _twin(
        "ReusableNonce",
        "nonces are looked at and never used up",
        Patch("gasless/RequestNonces.sol", "        if (fresh) word.used = used | bit;\n"),
    ),
    _twin(
        "UnboundRelayChain",
        "requests are for this address on any chain",
        _domain("bytes32(uint256(uint160(address(this))))"),
    ),
    _twin(
        "UnboundForwarder", "requests are for any relayer of this chain", _domain("bytes32(block.chainid)")
    ),
    _twin(
        "MalleableSignature",
        "signatures are used up instead of nonces, and either half of the curve will do",
        Patch(_SIGNATURES, " && _sOf(signature) < RequestLib.END_OF_S", ""),
        Patch(
            _RELAYER,
            "_useNonce(RequestLib.signer(), RequestLib.nonce())",
            "_useNonce(RequestLib.signer(), uint256(keccak256(RequestLib.signature())) >> 192)",
        ),
    ),
    _twin(
        "FrontRun",
        "a request is never bound to who relays it",
        Patch(_LIB, "            if and(flags, _IS_BOUND) { mstore(_RELAYER, sender) }\n"),
    ),
    _twin(
        "NoFeeCap",
        "the relayer's fee has no limit but the allowance",
        Patch(_LIB, "isOutside := or(or(early, late), dear)", "isOutside := or(early, late)"),
    ),
    _twin(
        "StarvedCall",
        "nobody looks whether the call can get its gas",
        Patch(_RELAYER, "        _requireGas(RequestLib.gas());\n"),
    ),
    _twin(
        "ReturnBomb",
        "a failed call's reason is copied whole",
        Patch(_RELAYER, "_REASON_BYTES = 256;", "_REASON_BYTES = 0xffffffff;"),
    ),
    _twin(
        "ValueMismatch",
        "the ether sent along need not be what a batch carries",
        Patch(_RELAYER, "        _requireValue(RequestLib.sumOfValues());\n"),
    ),
    _twin(
        "AnyTarget",
        "calls need not be on the list",
        Patch(_POLICY, "        if (place == 0) refusal = uint256(Refusal.CallNotAllowed);\n"),
    ),
    _twin("TokenTarget", "whatever the owner lists is listed, tokens' functions too", _FORBIDDEN, _TRUST),
    _twin("OwnTarget", "whatever the owner lists is listed, the relayer itself too", _TRUST),
)
