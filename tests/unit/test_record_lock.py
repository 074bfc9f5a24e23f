"""Two keepers on one database or key are refused; a dead keeper's lock is no obstacle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from steelyard.exceptions import AlreadyRunning, StoreUnavailable
from steelyard.record.lock import ProcessLock, database_lock_path, key_lock_path
from tests.support.patience import PATIENCE_SECONDS
from tests.support.plans import KEEPER

pytestmark = pytest.mark.unit

_HOLD = """
import sys, time
from pathlib import Path
from steelyard.record.lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]), "the database")
print("held", flush=True)
time.sleep(600)
"""


def test_second_keeper_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    path = database_lock_path(tmp_path / "keeper.sqlite")
    with (
        ProcessLock(path, "the database keeper.sqlite"),
        pytest.raises(
            AlreadyRunning, match=rf"process {os.getpid()}\) uses the database keeper.sqlite; stop it"
        ),
    ):
        ProcessLock(path, "the database keeper.sqlite")


def test_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    path = key_lock_path(tmp_path / "locks", 1, KEEPER)
    ProcessLock(path, "the key").release()
    with ProcessLock(path, "the key"):
        assert path.read_text() == f"{os.getpid()}\n"


def test_lock_of_a_killed_keeper_is_free_without_cleaning_up(tmp_path: Path) -> None:
    path = tmp_path / "keeper.lock"
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(AlreadyRunning, match=rf"process {process.pid}\)"):
        ProcessLock(path, "the database")
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_SECONDS)
    process.stdout.close()
    ProcessLock(path, "the database").release()


def test_different_keys_and_chains_do_not_meet(tmp_path: Path) -> None:
    other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    paths = {
        key_lock_path(tmp_path, 1, KEEPER),
        key_lock_path(tmp_path, 137, KEEPER),
        key_lock_path(tmp_path, 1, other),
    }
    assert len(paths) == 3


def test_place_without_rights_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        ProcessLock(tmp_path / "file" / "keeper.lock", "the database")
