"""The deployment on a chain that is not mainnet, known by its id alone: its book, its lenders, its venues."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.config.address_book import address_book
from steelyard.connect.deployment import load_deployment
from steelyard.connect.rpc import RpcClient
from steelyard.sandbox.anvil import Anvil, native_anvil
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
BOOK = address_book("bnb_chain")
TREASURY = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
KEEPER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture
def url() -> Iterator[str]:
    """A chain of that id, where everything that the book names holds some code."""
    anvil = Anvil(native_anvil(ROOT), ["--chain-id", str(BOOK.chain_id)], None)
    with RpcClient(anvil.rpc_url) as rpc:
        for entry in BOOK.entries.values():
            rpc.call("anvil_setCode", [entry.address, "0x00"])
    yield anvil.rpc_url
    anvil.stop()


def ape(folder: Path, *arguments: str) -> str:
    """Run Ape with a data folder of its own: others that run beside it write into theirs."""
    command = [str(Path(sys.executable).with_name("ape")), "run", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"APE_DATA_FOLDER": str(folder / "ape")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_deploy_and_verify__on_bnb_chain__by_the_nodes_address_alone(url: str, tmp_path: Path) -> None:
    path = tmp_path / "56.json"
    terms = ["--account", "TEST::0", "--treasury", TREASURY, "--keeper", KEEPER, "--confirmations", "0"]
    ape(tmp_path, "deploy", "executor", "--network", url, *terms, "--chain-id", "56", "--output", str(path))
    written = load_deployment(path)
    assert (written.chain_id, written.keeper) == (56, KEEPER)
    assert {kind.name.lower() for kind in written.lenders} == set(BOOK.lenders)
    assert [venue.name for venue in written.venues] == [venue.name for venue in BOOK.venues]
    assert json.loads(path.read_text())["weth"] == BOOK.wrapped_native.address
    assert "DIFFERS" not in ape(tmp_path, "verify", "--network", url, "--deployment", str(path))
