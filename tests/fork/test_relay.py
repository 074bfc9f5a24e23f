"""The relayer on the fork: USDC as the fee, digests and refusals held against Python, the script's way."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ape
import pytest
from eth_abi.abi import encode
from eth_typing import Hash32
from hypothesis import given
from hypothesis import strategies as st

import scripts.relay
from scripts._executor import DeploymentRefused
from scripts._steps import connected_chain
from steelyard.connect.chain import CallReverted
from steelyard.connect.relay_calls import (
    REQUEST_ID,
    Refusal,
    encode_batch,
    encode_one,
    read_refusal,
    results_of,
)
from steelyard.connect.relay_files import signed_as_json
from steelyard.connect.relay_requests import NOBODY, SignedRequest, pack, pack_all, request_digest
from steelyard.sandbox.funding import allow, fund
from steelyard.units import Address
from tests.support.drawn_requests import requests
from tests.support.effort import is_deep, reading
from tests.support.fork_market import USDC
from tests.support.relay import RelayScene, deploy_scene, key

if TYPE_CHECKING:
    from pathlib import Path

    from eth_account.signers.local import LocalAccount

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

SIGNER, OTHER = key("signer"), key("other signer")
SIGN, SUBMIT, SHOW = (getattr(scripts.relay, name).callback for name in ("sign", "submit", "show"))
TAMPERED = 10_000 if is_deep() else 600
only_calls = reading(max_examples=60)


@pytest.fixture(scope="module")
def scene(owner: Any) -> RelayScene:
    return deploy_scene(owner)


def pay(chain: ForkChain, scene: RelayScene, who: str, amount: int) -> None:
    """Who pays fees: USDC, and the relayer's allowance over it."""
    fund(chain.rpc, Address(who), Address(USDC), amount)
    allow(chain.rpc, Address(who), scene.forwarder, Address(USDC), amount)


def sign_hash(account: LocalAccount, digest: bytes) -> bytes:
    return bytes(account.unsafe_sign_hash(Hash32(digest)).signature)


# --- against the contract's own reading ------------------------------------------------------------------


@only_calls
@given(requests(), st.booleans())
def test_digest__of_any_request__is_the_contracts(scene: RelayScene, request: Any, is_long: bool) -> None:
    signed = SignedRequest(
        request=request, chain_id=1, forwarder=scene.forwarder, signature=bytes(65 if is_long else 64)
    )
    arguments = encode(["bytes", "address"], [pack(signed), request.relayer or NOBODY])
    answer = connected_chain().eth_call(scene.forwarder, REQUEST_ID + arguments)
    assert answer == request_digest(request, 1, scene.forwarder)


def test_tampering__with_any_byte__is_refused(chain: ForkChain, scene: RelayScene, keeper: Any) -> None:
    pay(chain, scene, SIGNER.address, 10**9)
    request = scene.visit(SIGNER.address, 1, 7, fee_token=USDC, max_fee=5 * 10**6, value_wei=3)
    signed = scene.sign(replace(request, relayer=keeper.address, valid_after_seconds=5), SIGNER)
    wire = pack(signed, fee=10**6)
    fee_at = 58 + 16 + 5 + 20 + 16
    node = connected_chain()
    asked = {"sender": keeper.address, "value_wei": 3}
    node.eth_call(scene.forwarder, execute(wire), **asked)  # as it is, it goes through
    draw = random.Random(7)
    places = [at for at in range(len(wire)) if not fee_at <= at < fee_at + 16]  # the fee is not signed
    # Every byte first, then any.
    drawn = [*places, *draw.choices(places, k=max(0, TAMPERED - len(places)))]
    for at in drawn:
        bent = bytearray(wire)
        bent[at] ^= draw.randrange(1, 256)
        with pytest.raises(CallReverted):
            node.eth_call(scene.forwarder, execute(bytes(bent)), **asked)


def execute(wire: bytes) -> bytes:
    return bytes.fromhex("09c5eabe") + encode(["bytes"], [wire])


def test_calldata__of_one_and_of_many__is_the_abis(scene: RelayScene, keeper: Any) -> None:
    batch = [scene.sign(scene.visit(SIGNER.address, tag, tag), SIGNER) for tag in range(3)]
    one = scene.relayer.execute.encode_input(pack(batch[0]))
    many = scene.relayer.executeEach.encode_input(pack_all(batch), keeper.address)
    assert encode_one(batch[0]) == bytes(one)
    assert encode_batch(batch, [0, 0, 0], keeper.address) == bytes(many)


def test_refusals__are_numbered_as_the_contracts() -> None:
    source = (ape.project.path / "contracts/interfaces/IGaslessTransactionRelayer.sol").read_text()
    body = source.split("enum Refusal {")[1].split("}")[0]
    names = [name.strip() for name in body.split(",")]
    assert [one.name.replace("_", "").lower() for one in Refusal] == [name.lower() for name in names]


# --- what happens ----------------------------------------------------------------------------------------


def test_batch__with_a_fee_in_usdc__pays_the_relayer_exactly(
    chain: ForkChain, scene: RelayScene, keeper: Any
) -> None:
    pay(chain, scene, SIGNER.address, 10 * 10**6)
    paying = scene.visit(SIGNER.address, 1, 1, fee_token=USDC, max_fee=4 * 10**6, value_wei=10)
    failing = replace(paying, data=bytes(scene.desk.refuse.encode_input(b"no")), nonce=2)
    poor = replace(scene.visit(OTHER.address, 3, 1, fee_token=USDC, max_fee=10**6), value_wei=5)
    batch = [scene.sign(paying, SIGNER), scene.sign(failing, SIGNER), scene.sign(poor, OTHER)]
    before = chain.balance(USDC, keeper.address)
    data = encode_batch(batch, [3 * 10**6, 2 * 10**6, 10**6], keeper.address)
    receipt = keeper.transfer(scene.forwarder, 25, data=data, gas_limit=3_000_000)
    assert chain.balance(USDC, keeper.address) - before == 5 * 10**6
    assert chain.balance(USDC, SIGNER.address) == 5 * 10**6
    assert scene.desk.lastSender() == SIGNER.address
    assert (chain.ether(scene.desk.address), chain.ether(scene.forwarder)) == (10, 0)
    mined = connected_chain().receipt(receipt.txn_hash)
    assert mined is not None
    done, failed, skipped = results_of(mined.logs, scene.forwarder, [one.id for one in batch])
    assert done.done
    assert "its call failed" in failed.reason
    assert skipped.reason == Refusal.FEE_NOT_TAKEN.words


def test_delegated_account__signs_by_key_and_by_code(
    chain: ForkChain, scene: RelayScene, owner: Any, keeper: Any
) -> None:
    """EIP-7702: the account's code is the designator that Prague's EVM follows."""
    guest = key("session key")
    wallet = owner.deploy(ape.project.RelayWallet, guest.address)
    chain.rpc.call("anvil_setCode", SIGNER.address, "0xef0100" + wallet.address[2:])
    request = scene.visit(SIGNER.address, 5, 40)
    by_guest = replace(scene.sign(replace(request, signer=Address(guest.address)), guest), request=request)
    digest = request_digest(request, 1, scene.forwarder)
    by_guest = replace(by_guest, signature=sign_hash(guest, digest))
    node = connected_chain()
    assert read_refusal(node, by_guest, 0, keeper.address) is Refusal.NONE
    assert read_refusal(node, scene.sign(request, SIGNER), 0, keeper.address) is Refusal.NONE
    by_stranger = replace(by_guest, signature=sign_hash(OTHER, digest))
    assert read_refusal(node, by_stranger, 0, keeper.address) is Refusal.SIGNATURE_INVALID
    keeper.transfer(scene.forwarder, 0, data=encode_one(by_guest), gas_limit=1_000_000)
    assert scene.desk.lastSender() == SIGNER.address


# --- the script ------------------------------------------------------------------------------------------


def write(folder: Path, *batch: SignedRequest) -> Path:
    folder.mkdir(exist_ok=True)
    for at, signed in enumerate(batch):
        (folder / f"{at}.json").write_text(signed_as_json(signed))
    return folder


def submit(account: Any, path: Path, **options: Any) -> None:
    SUBMIT(account=account, requests=path, **{"dry_run": None, "fee_bps": 10_000} | options)


def test_script__signs_shows_and_relays__a_directory(
    chain: ForkChain, scene: RelayScene, keeper: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = ape.accounts.test_accounts[5]
    pay(chain, scene, signer.address, 10**7)
    wanted = {
        "target": scene.desk.address,
        "data": scene.desk.visit.encode_input(77).hex(),
        "gas": "200000",
        "nonce": 3,
        "valid_until_seconds": ape.chain.pending_timestamp + 3_600,
        "fee_token": USDC,
        "max_fee": str(4 * 10**6),
    }
    wanted["data"] = "0x" + wanted["data"].removeprefix("0x")
    (tmp_path / "request.json").write_text(json.dumps(wanted))
    folder = tmp_path / "signed"
    SIGN(
        account=signer,
        request_file=tmp_path / "request.json",
        forwarder=scene.forwarder,
        output=folder / "9.json",
    )
    late = scene.sign(scene.visit(SIGNER.address, 1, 60, valid_until_seconds=5), SIGNER)
    write(folder, late, scene.sign(scene.visit(OTHER.address, 2, 61), OTHER))
    SHOW(requests=folder)
    shown = capsys.readouterr().out
    assert "0.json: its time is over" in shown
    assert "9.json: ready to be relayed" in shown

    nonce = keeper.nonce
    submit(keeper, folder, dry_run=True)
    dry = capsys.readouterr().out
    assert "2 of 2 would be carried out" in dry
    assert f"left out     {late.id}  0.json: its time is over" in dry
    assert "nothing was sent" in dry
    assert keeper.nonce == nonce

    before = chain.balance(USDC, keeper.address)
    submit(keeper, folder, fee_bps=2_500)
    assert capsys.readouterr().out.count("  done  ") == 2
    assert chain.balance(USDC, keeper.address) - before == 10**6
    assert scene.desk.visitsOf(signer.address) == 1
    SHOW(requests=folder)
    assert capsys.readouterr().out.count("its nonce is used or cancelled") == 2


def test_script__on_a_live_network__sends_only_when_asked(
    scene: RelayScene,
    keeper: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = write(tmp_path / "signed", scene.sign(scene.visit(SIGNER.address, 1, 70), SIGNER))
    monkeypatch.setattr(type(ape.networks.provider.network), "is_dev", False)
    nonce = keeper.nonce
    submit(keeper, folder)
    assert ("--send sends it" in capsys.readouterr().out, keeper.nonce) == (True, nonce)


def test_script__with_a_changed_file__says_so(scene: RelayScene, keeper: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "signed", scene.sign(scene.visit(SIGNER.address, 1, 80), SIGNER))
    content = json.loads((folder / "0.json").read_text())
    content["request"]["gas"] = "300000"
    (folder / "0.json").write_text(json.dumps(content))
    with pytest.raises(DeploymentRefused, match="something was changed"):
        submit(keeper, folder)


def test_script__for_another_chain__is_refused(scene: RelayScene, keeper: Any, tmp_path: Path) -> None:
    signed = replace(scene.sign(scene.visit(SIGNER.address, 1, 81), SIGNER), chain_id=137)
    with pytest.raises(DeploymentRefused, match="for chain id 137; the node serves 1"):
        submit(keeper, write(tmp_path / "signed", signed))
