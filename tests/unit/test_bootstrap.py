"""The set-up: what it takes for done, what it refuses, and what it says then."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from bootstrap import (
    console,
    environment,
    interpreter,
    layout,
    node_packages,
    one_at_a_time,
    prerequisites,
    replica_packages,
    stamps,
    steps,
)
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.unit


def make_program(path: Path, says: str = "", exit_code: int = 0) -> Path:
    """A program that prints a line and ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {exit_code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


class TestStamps:
    def test_finished_step_is_current_until_an_input_changes(self, tmp_path: Path) -> None:
        lock, stamp = tmp_path / "lock", tmp_path / "made" / "stamp"
        lock.write_text("one")
        stamps.remember(stamp, stamps.key_of([lock]))

        assert stamps.is_current(stamp, stamps.key_of([lock]))
        lock.write_text("two")
        assert not stamps.is_current(stamp, stamps.key_of([lock]))

    def test_step_without_stamp_is_not_current(self, tmp_path: Path) -> None:
        assert not stamps.is_current(tmp_path / "none", "key")

    def test_key_tells_files_and_facts_apart(self, tmp_path: Path) -> None:
        first, second = tmp_path / "a", tmp_path / "b"
        first.write_text("x")
        second.write_text("x")

        keys = {stamps.key_of([first]), stamps.key_of([second]), stamps.key_of([first], "fact")}

        assert len(keys) == 3


class TestInterpreter:
    def test_running_supported_python_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(interpreter.VARIABLE, raising=False)

        found = interpreter.find_python()

        assert os.path.realpath(found) == os.path.realpath(sys._base_executable)

    def test_shim_that_leads_nowhere_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shim = make_program(tmp_path / "python3.12", "command not found", exit_code=127)
        monkeypatch.setattr(interpreter, "_candidates", lambda: [str(shim), sys.executable])

        assert interpreter.find_python() == sys.executable

    def test_without_a_supported_version_the_remedy_names_the_packages(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = make_program(tmp_path / "python3", "3 9")
        monkeypatch.setattr(interpreter, "_candidates", lambda: [str(old)])

        with pytest.raises(console.SetupError, match=r"neither Python 3\.11 nor 3\.12") as caught:
            interpreter.find_python()

        assert "apt install python3.11" in caught.value.remedy

    def test_python_without_venv_names_the_package_that_debian_splits_off(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bare = tmp_path / "python3.11"
        bare.write_text('#!/bin/sh\ncase "$3" in *ensurepip*) exit 1;; esac\necho "3 11"\n')
        bare.chmod(0o755)
        monkeypatch.setattr(interpreter, "_candidates", lambda: [str(bare)])

        with pytest.raises(console.SetupError, match="cannot make virtual environments") as caught:
            interpreter.find_python()

        assert "python3.11-venv" in caught.value.remedy


class TestPrerequisites:
    @pytest.fixture(autouse=True)
    def _only_these_programs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path
        monkeypatch.setenv("PATH", str(tmp_path))
        make_program(tmp_path / "node", "v22.1.0")
        make_program(tmp_path / "npm", "11.0.0")

    def test_complete_machine_passes(self) -> None:
        prerequisites.check_for_downloads()

    def test_missing_node_is_named_with_its_remedy(self) -> None:
        (self.folder / "node").unlink()

        with pytest.raises(console.SetupError, match=r"Node\.js \(node\) is not installed") as caught:
            prerequisites.check_for_downloads()

        assert "apt install nodejs npm" in caught.value.remedy

    def test_old_node_is_named_with_its_version(self) -> None:
        make_program(self.folder / "node", "v18.19.0")

        with pytest.raises(console.SetupError, match=r"v18\.19\.0, needed is 20 or newer"):
            prerequisites.check_for_downloads()

    def test_everything_missing_is_named_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (self.folder / "npm").unlink()
        monkeypatch.setattr(prerequisites, "FREE_BYTES_MINIMUM", 10**18)

        with pytest.raises(console.SetupError, match="npm is not installed; only .* GB are free"):
            prerequisites.check_for_downloads()

    def test_platform_without_packaged_foundry_needs_the_users_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prerequisites, "foundry_platform", lambda: "linux-riscv64")

        with pytest.raises(console.SetupError, match="anvil, forge, cast 1.7.1 is not on the path") as caught:
            prerequisites.check_for_downloads()
        assert "foundryup --install v1.7.1" in caught.value.remedy

        for tool in layout.FOUNDRY_TOOLS:
            make_program(self.folder / tool, f"{tool} Version: 1.7.1")
        prerequisites.check_for_downloads()


class TestLockEntry:
    def test_entry_comes_with_all_its_hashes_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock = tmp_path / "requirements.lock"
        lock.write_text(
            "a==1 \\\n    --hash=sha256:aa\nsetuptools==80 \\\n    --hash=x \\\n    --hash=y\nz==2\n"
        )
        monkeypatch.setattr(environment, "PYTHON_LOCK", lock)

        entry = environment._lock_entry("setuptools")

        assert entry == "setuptools==80 \\\n    --hash=x \\\n    --hash=y\n"

    def test_missing_entry_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = tmp_path / "requirements.lock"
        lock.write_text("a==1\n")
        monkeypatch.setattr(environment, "PYTHON_LOCK", lock)

        with pytest.raises(console.SetupError, match="does not name setuptools"):
            environment._lock_entry("setuptools")


class TestSomebodyElses:
    """A checkout may share an environment by a link: the set-up must not empty what the link leads to."""

    @pytest.fixture(autouse=True)
    def _checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.other = tmp_path / "checkout", tmp_path / "other"
        (self.root / ".venv").mkdir(parents=True)
        self.other.mkdir()
        for name, path in (("ROOT", ""), ("VENV", ".venv"), ("NODE_MODULES", "node_modules")):
            monkeypatch.setattr(environment, name, self.root / path)
        self.made: list[str] = []

        def make() -> str:
            self.made.append("made")
            return "done"

        monkeypatch.setattr(steps, "TASKS", (steps.Task("a step", lambda: False, make),))
        monkeypatch.setattr(steps, "DOWNLOADING", ())
        monkeypatch.setattr(steps, "ROOT", self.root)
        monkeypatch.setattr(steps, "LOG", self.root / "setup.log")
        monkeypatch.setattr(one_at_a_time, "STATE", self.root / ".steelyard")

    @pytest.mark.parametrize("link", [".venv", ".venv/bin", ".venv/lib", ".venv/pyvenv.cfg", "node_modules"])
    def test_setup_stops_at_the_link_and_makes_nothing(self, link: str) -> None:
        path = self.root / link
        if path.is_dir():
            path.rmdir()
        path.symlink_to(self.other)

        with pytest.raises(console.SetupError, match=f"^{link} is a link to {self.other}: ") as stopped:
            steps.set_up()

        assert stopped.value.remedy.startswith(f"remove the link (rm {link})")
        assert self.made == []

    def test_setup_with_everything_done_needs_nothing_and_says_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (self.root / "node_modules").symlink_to(self.other)
        monkeypatch.setattr(steps, "TASKS", ())

        steps.set_up()


class TestReplicaPackages:
    @pytest.fixture(autouse=True)
    def _lock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path / "packages"
        self.folder.mkdir()
        lock = tmp_path / "replica-packages.lock"
        lock.write_text(f"thing==1 \\\n    --hash=sha256:{hashlib.sha256(b'whole').hexdigest()}\n")
        monkeypatch.setattr(replica_packages, "PACKAGES", self.folder)
        monkeypatch.setattr(replica_packages, "REPLICA_LOCK", lock)

    def test_whole_file_is_current(self) -> None:
        (self.folder / "thing.whl").write_bytes(b"whole")

        assert replica_packages.are_current()

    def test_damaged_file_is_fetched_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (self.folder / "thing.whl").write_bytes(b"half")
        assert not replica_packages.are_current()
        monkeypatch.setattr(
            environment, "pip", lambda *_: (self.folder / "thing.whl").write_bytes(b"whole") and None
        )

        replica_packages.download()

        assert replica_packages.are_current()

    def test_file_that_stays_wrong_stops_the_setup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environment, "pip", lambda *_: None)

        with pytest.raises(console.SetupError, match="has the sha256"):
            replica_packages.download()


class TestRunning:
    def test_failing_command_is_told_with_its_last_words(self, tmp_path: Path) -> None:
        program = make_program(tmp_path / "npm", "registry is on fire", exit_code=3)

        with pytest.raises(console.SetupError, match="registry is on fire") as caught:
            console.run([str(program), "ci"], log=tmp_path / "log", remedy="put it out")

        assert "npm ci failed with exit code 3" in caught.value.what
        assert caught.value.remedy == "put it out"

    def test_missing_program_is_told_without_traceback(self, tmp_path: Path) -> None:
        with pytest.raises(console.SetupError, match="cannot be started"):
            console.run([str(tmp_path / "none")], log=tmp_path / "log", remedy="install it")


class TestSteps:
    @pytest.fixture(autouse=True)
    def _own_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("VENV", "NODE_MODULES"):  # that of the tests may be shared
            monkeypatch.setattr(environment, name, tmp_path / "own")

    def test_only_what_is_not_current_is_made_and_in_order(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[str] = []

        def task(name: str, is_current: bool) -> steps.Task:
            return steps.Task(name, lambda: is_current or name in made, lambda: made.append(name) or "made")

        monkeypatch.setattr(steps, "TASKS", (task("a", False), task("b", True), task("c", False)))
        monkeypatch.setattr(steps, "DOWNLOADING", ())
        monkeypatch.setattr(one_at_a_time, "STATE", tmp_path)

        steps.set_up()
        steps.set_up()

        assert made == ["a", "c"]

    def test_step_that_fails_stops_the_setup(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[str] = []

        def fail() -> str:
            raise console.SetupError("broken", "mend it")

        monkeypatch.setattr(
            steps,
            "TASKS",
            (
                steps.Task("a", lambda: False, fail),
                steps.Task("b", lambda: False, lambda: made.append("b") or "made"),
            ),
        )
        monkeypatch.setattr(steps, "DOWNLOADING", ())
        monkeypatch.setattr(one_at_a_time, "STATE", tmp_path)

        with pytest.raises(console.SetupError, match="broken"):
            steps.set_up()
        assert made == []


def test_second_setup_waits_for_the_first_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_at_a_time, "STATE", tmp_path)
    told: list[str] = []
    has_spoken = threading.Event()
    order: list[str] = []

    def hear(text: str) -> None:
        told.append(text)
        has_spoken.set()

    monkeypatch.setattr(one_at_a_time, "say", hear)

    def second() -> None:
        with one_at_a_time.only_one_setup():
            order.append("second")

    with one_at_a_time.only_one_setup():
        waiting = threading.Thread(target=second)
        waiting.start()
        assert has_spoken.wait(PATIENCE_SECONDS)
        waiting.join(timeout=0.1)
        assert waiting.is_alive()
        order.append("first")
    waiting.join(PATIENCE_SECONDS)

    assert order == ["first", "second"]
    assert f"process {os.getpid()}" in told[0]


def test_missing_native_program_makes_npm_packages_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = tmp_path / "stamp"
    stamps.remember(stamp, node_packages._key())
    monkeypatch.setattr(node_packages, "STAMP", stamp)
    monkeypatch.setattr(node_packages, "_is_packaged", lambda: True)
    monkeypatch.setattr(node_packages, "packaged_foundry", lambda tool: layout.ROOT / "nowhere" / tool)

    assert not node_packages.are_current()


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def _environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.packages = tmp_path / ".venv/lib/python3.11/site-packages"
        (self.packages / "rich-14.dist-info").mkdir(parents=True)
        monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
        monkeypatch.setattr(environment, "PACKAGES_STAMP", tmp_path / ".venv/stamp")
        monkeypatch.setattr(environment, "_runs", lambda: True)
        (tmp_path / ".venv/pyvenv.cfg").write_text(f"command = python -m venv {tmp_path}/.venv\n")
        stamps.remember(environment.PACKAGES_STAMP, environment._packages_key())

    def test_untouched_environment_is_current(self) -> None:
        assert environment.packages_are_current()

    def test_package_that_was_removed_is_noticed(self) -> None:
        (self.packages / "rich-14.dist-info").rmdir()

        assert not environment.packages_are_current()

    def test_environment_of_a_checkout_that_was_moved_is_not_current(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".venv").rename(tmp_path / "moved")
        monkeypatch.setattr(environment, "VENV", tmp_path / "moved")
        monkeypatch.setattr(environment, "PACKAGES_STAMP", tmp_path / "moved/stamp")

        assert not environment.packages_are_current()

    def test_environment_that_does_not_run_is_not_current(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environment, "_runs", lambda: False)

        assert not environment.packages_are_current()


def test_missing_npm_package_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "package-lock.json"
    names = ["", "node_modules/here", "node_modules/gone"]
    packages = {name: {} for name in names} | {"node_modules/fsevents": {"optional": True}}
    lock.write_text(json.dumps({"packages": packages}))
    (tmp_path / "node_modules/here").mkdir(parents=True)
    (tmp_path / "node_modules/here/package.json").write_text("{}")
    monkeypatch.setattr(node_packages, "NODE_LOCK", lock)
    monkeypatch.setattr(node_packages, "ROOT", tmp_path)

    assert node_packages._missing_packages() == ["node_modules/gone"]
