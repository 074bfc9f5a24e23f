"""``steelyard relay`` on a node with the real contract: a folder of requests, and a death at each step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crashing_relay import MOMENTS
from tests.support.keeper_stage import ROOT, run_steelyard
from tests.support.patience import PATIENCE_SECONDS
from tests.support.relay_node import SIGNERS, RelayNode, configure, relay_node, write

pytestmark = pytest.mark.e2e

PAYER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
"""Ape's second test account, and anvil's."""
NOT_SENT = ("intent written down", "about to be signed", "signed and written down", "about to be sent")


@pytest.fixture
def node() -> Iterator[RelayNode]:
    with relay_node() as started:
        yield started


def terms(node: RelayNode, folder: Path) -> list[str]:
    journal = folder / "journal.jsonl"
    return ["--config", str(configure(node, folder)), "--account", "TEST::1", "--journal", str(journal)]


def submit(node: RelayNode, folder: Path, requests: Path, *more: str) -> str:
    done = run_steelyard("relay", "submit", str(requests), *terms(node, folder), *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def entries(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def test_folder_is_sorted_out_fitted_into_transactions_and_told_of_one_by_one(
    node: RelayNode, tmp_path: Path
) -> None:
    visits = [node.sign(nonce) for nonce in range(13)]
    late = node.sign(20, valid_until_seconds=5)
    refused = node.sign(21, "refuse(bytes)")
    forged = node.sign(22)
    requests = write(tmp_path / "signed", *visits, late, refused)
    content = json.loads((write(tmp_path / "other", forged) / "022.json").read_text())

    shown = submit(node, tmp_path, requests)
    assert shown.count("would relay") == 14
    assert "nothing was sent" in shown
    assert node.visits() == 0

    told = submit(node, tmp_path, requests, "--send")

    # Twelve million gas a transaction: six requests of two.
    assert told.count("mined 0x") == 3
    assert told.count("  done  ") == 13
    assert f"left out     {late.id}  020.json: its time is over" in told
    (failed,) = (line for line in told.splitlines() if "not done" in line)
    assert refused.id in failed
    assert "its call failed" in failed
    assert node.visits() == 13
    assert [node.visits_of(signer) for signer in SIGNERS] == [5, 4, 4]
    assert node.sent_by(PAYER) == 3

    again = submit(node, tmp_path, requests, "--send")
    assert "mined" not in again
    assert again.count("its nonce is used") == 14
    state = run_steelyard("relay", "show", str(requests), "--config", str(tmp_path / "steelyard.toml"))
    assert state.stdout.count("its nonce is used or cancelled") == 14

    content["signature"] = content["signature"][:-2] + ("00" if content["signature"][-2:] != "00" else "01")
    (requests / "022.json").write_text(json.dumps(content))
    bent = submit(node, tmp_path, requests, "--send")
    assert "022.json: its signer has not signed it" in bent
    assert node.visits() == 13


def kill_at(node: RelayNode, folder: Path, requests: Path, moment: str) -> None:
    """Submit, and die at that moment."""
    command = [sys.executable, "-m", "tests.support.crashing_relay", moment, str(requests)]
    done = subprocess.run(
        [*command, *terms(node, folder), "--send"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "python")])},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


@pytest.mark.parametrize("moment", MOMENTS)
def test_relaying_killed_at_a_step_goes_on_and_carries_out_each_request_once(
    node: RelayNode, tmp_path: Path, moment: str
) -> None:
    requests = write(tmp_path / "signed", *(node.sign(nonce) for nonce in range(3)))
    kill_at(node, tmp_path, requests, moment)
    assert node.visits() == (0 if moment in NOT_SENT else 3)
    signed = [entry for entry in entries(tmp_path) if entry["state"] == "signed"]
    # Whatever is signed from now on has other fees.
    node.rpc.call("anvil_mine", "0x5")

    told = submit(node, tmp_path, requests, "--send")

    assert node.visits() == 3
    assert [node.visits_of(signer) for signer in SIGNERS] == [1, 1, 1]
    if moment in NOT_SENT:
        assert node.sent_by(PAYER) == 1
        # What had been signed is what was sent, not something signed anew.
        assert all(str(entry["hash"]) in told for entry in signed)
    else:
        assert told.count("its nonce is used") == 3
        assert len(signed) == 1


def test_request_that_joins_after_a_death_does_not_bring_the_others_twice(
    node: RelayNode, tmp_path: Path
) -> None:
    """The folder is another batch then: what was signed for the first one, and never sent, stays unsent."""
    requests = write(tmp_path / "signed", *(node.sign(nonce) for nonce in range(3)))
    kill_at(node, tmp_path, requests, "about to be sent")
    write(requests, node.sign(3))

    told = submit(node, tmp_path, requests, "--send")

    assert told.count("  done  ") == 4
    assert node.visits() == 4
    assert node.sent_by(PAYER) == 1
