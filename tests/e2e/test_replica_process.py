"""The replica's process: it ends with whoever started it, however that one ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from steelyard.sandbox import anvil
from steelyard.sandbox.anvil import Anvil, AnvilFailed, free_port, native_anvil
from steelyard.sandbox.replica import ensure_replica
from steelyard.sandbox.rpc import SandboxRpc
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
STEELYARD = Path(sys.executable).with_name("steelyard")
STARTER = """
import sys, time
from steelyard.sandbox.replica import ensure_replica
from steelyard.sandbox.rpc import SandboxRpc
replica = ensure_replica()
print(replica.rpc_url, flush=True)
time.sleep(600)
"""


@contextmanager
def started_by_another_process() -> Iterator[tuple[psutil.Process, list[psutil.Process]]]:
    """A Python process that serves a replica, and that process's children: supervisor and anvil."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    starter.stdout.readline()
    process = psutil.Process(starter.pid)
    children = process.children(recursive=True)
    try:
        yield process, children
    finally:
        for each in (process, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        starter.wait()
        starter.stdout.close()


def all_ended(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_replica_ends_with_its_starter(signal_number: int) -> None:
    with started_by_another_process() as (starter, children):
        assert {"anvil"} <= {Path(child.exe()).name for child in children}
        os.kill(starter.pid, signal_number)
        assert all_ended(children)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel kills with the supervisor")
def test_anvil_ends_with_its_supervisor() -> None:
    with started_by_another_process() as (_, children):
        supervisor = next(child for child in children if Path(child.exe()).name != "anvil")
        supervisor.kill()
        assert all_ended([child for child in children if child != supervisor])


def test_stopping_twice_is_fine_and_leaves_nothing() -> None:
    before = set(psutil.Process().children(recursive=True))
    replica = ensure_replica()
    ours = [each for each in psutil.Process().children(recursive=True) if each not in before]
    assert len(ours) == 2
    replica.stop()
    replica.stop()
    assert not replica.running
    assert all_ended(ours)


def test_failure_at_start_carries_anvils_own_words() -> None:
    with pytest.raises(AnvilFailed, match="ended at start with code .*--no-such-option"):
        Anvil(native_anvil(ROOT), ["--no-such-option"])


def test_port_that_another_program_was_quicker_to_take_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with Anvil(native_anvil(ROOT), ["--chain-id", "5"]) as other:
        ports = [other.port]
        monkeypatch.setattr(anvil, "free_port", lambda: ports.pop() if ports else free_port())
        with Anvil(native_anvil(ROOT), ["--chain-id", "7"]) as ours, SandboxRpc(ours.rpc_url) as rpc:
            assert ports == []
            assert rpc.call("eth_chainId") == "0x7", "it talks to its own, not to whoever answers"


def test_terminal_interrupt_reaches_the_starter_only() -> None:
    of_other_tests = {child.pid for child in psutil.Process().children(recursive=True)}
    with ensure_replica() as replica:
        for child in psutil.Process().children(recursive=True):
            if child.pid not in of_other_tests and Path(child.exe()).name != "anvil":
                assert os.getpgid(child.pid) != os.getpgid(0)
        assert replica.running


def test_command_serves_a_trading_market_until_it_is_interrupted() -> None:
    command = [STEELYARD, "replica", "up", "--port", "0", "--activity", "7"]
    serving = subprocess.Popen(
        [*command, "--block-seconds", "0.2"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    blocks = 0
    while blocks < 3:
        line = serving.stdout.readline()
        assert line, "it ended by itself"
        blocks += line.startswith("block ")
    children = psutil.Process(serving.pid).children(recursive=True)
    serving.send_signal(signal.SIGINT)
    said, _ = serving.communicate(timeout=PATIENCE_SECONDS)
    assert said.endswith("stopped\n")
    assert serving.returncode == 0
    assert all_ended(children)
