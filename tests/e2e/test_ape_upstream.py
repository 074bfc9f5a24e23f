"""Plain Ape, with nothing running: it finds the replica, leaves no orphan, and names it when it is broken."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from steelyard.sandbox.anvil import Anvil, native_anvil
from tests.support.checkout import ROOT, copy_checkout, environment_of, run_in, write
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

SCRIPT = """from ape import chain


def main() -> None:
    print("chain", chain.chain_id, "network", chain.provider.network.name)
"""
FORK_TEST = """import pytest

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]


def test_chain_answers(chain) -> None:
    assert chain.chain_id == 1
"""
WAITING_FORK_TEST = """import pathlib
import time

import pytest

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]


def test_waits(chain) -> None:
    pathlib.Path("waiting").write_text(str(chain.blocks.height))
    time.sleep(600)
"""
UNIT_TEST = """import pytest

pytestmark = pytest.mark.unit


def test_one_is_one() -> None:
    assert 1 == 1
"""


@pytest.fixture
def broken_checkout(tmp_path: Path) -> Path:
    """A copy in which the replica has neither a state nor the packages to build one."""
    return copy_checkout(tmp_path / "checkout")


@pytest.fixture
def checkout(broken_checkout: Path) -> Path:
    """A copy that shares the replica's state with this checkout."""
    (broken_checkout / ".steelyard").symlink_to(ROOT / ".steelyard")
    return broken_checkout


def ape(checkout: Path) -> str:
    return str(checkout / ".venv/bin/ape")


def test_ape_run_forks_from_the_replica_by_itself(checkout: Path) -> None:
    write(checkout / "scripts/probe.py", SCRIPT)

    done = run_in(checkout, ape(checkout), "run", "probe")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "chain 1 network mainnet-fork" in done.stdout


def test_ape_console_forks_from_the_replica_by_itself(checkout: Path) -> None:
    done = run_in(checkout, ape(checkout), "console", text="print('chain', chain.chain_id)\nexit\n")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "chain 1" in done.stdout


def test_ape_test_forks_from_the_replica_by_itself(checkout: Path) -> None:
    write(checkout / "tests/fork/test_probe.py", FORK_TEST)

    done = run_in(checkout, ape(checkout), "test", "tests/fork")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("chain_id", "closing", "said"),
    [
        (
            1,
            "1 passed, 1 skipped",
            "needs the replica; this run forks from the node of STEELYARD_MAINNET_RPC_URL",
        ),
        (5, "2 errors", "the node of STEELYARD_MAINNET_RPC_URL serves chain 5, expected 1"),
    ],
)
def test_configured_node_is_forked_instead_of_the_replica(
    broken_checkout: Path, chain_id: int, closing: str, said: str
) -> None:
    write(broken_checkout / "tests/fork/test_replica_only.py", FORK_TEST)
    write(broken_checkout / "tests/fork/test_any.py", FORK_TEST.replace('"replica"', '"any"'))

    with Anvil(native_anvil(ROOT), ["--chain-id", str(chain_id)]) as node:
        done = run_in(
            broken_checkout,
            ape(broken_checkout),
            "test",
            "tests/fork",
            STEELYARD_MAINNET_RPC_URL=node.rpc_url,
        )

    assert closing in done.stdout, done.stdout + done.stderr
    assert said in done.stdout


def test_killed_ape_leaves_no_orphan(checkout: Path) -> None:
    write(checkout / "tests/fork/test_probe.py", WAITING_FORK_TEST)
    session = subprocess.Popen(
        [ape(checkout), "test", "tests/fork"],
        cwd=checkout,
        env=environment_of(checkout),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until((checkout / "waiting").exists)
    helpers = psutil.Process(session.pid).children(recursive=True)
    nodes = [process for process in helpers if process.name() == "anvil"]

    session.send_signal(signal.SIGKILL)
    session.wait()

    assert len(nodes) == 2, "the replica, and the fork of it"
    wait_until(lambda: not any(is_alive(process) for process in helpers))


def test_broken_replica_is_named_by_fork_tests_while_unit_tests_run(broken_checkout: Path) -> None:
    write(broken_checkout / "tests/fork/test_probe.py", FORK_TEST)
    write(broken_checkout / "tests/unit/test_probe_unit.py", UNIT_TEST)

    done = run_in(broken_checkout, ape(broken_checkout), "test", "tests")

    assert done.returncode != 0
    assert "1 passed, 1 error" in done.stdout
    assert "The mainnet replica" in done.stdout
    assert "STEELYARD_MAINNET_RPC_URL" in done.stdout
    assert "INTERNALERROR" not in done.stdout + done.stderr, "what a wait for a node in vain ends with"


def test_broken_replica_is_named_by_ape_run(broken_checkout: Path) -> None:
    write(broken_checkout / "scripts/probe.py", SCRIPT)

    done = run_in(broken_checkout, ape(broken_checkout), "run", "probe")

    assert done.returncode != 0
    assert "The mainnet replica" in done.stdout + done.stderr
    assert "steelyard replica build" in done.stdout + done.stderr


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited for nothing"
        time.sleep(0.1)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
