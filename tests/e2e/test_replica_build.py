"""The replica's state: the same from every build, kept in a cache that mends itself."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from steelyard.sandbox.replica import ReplicaError, build, ensure_replica, ensure_state, find_state
from steelyard.sandbox.replica.build import ReplicaState
from steelyard.sandbox.replica.pools.registry import POOL_PLANS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
STEELYARD = Path(sys.executable).with_name("steelyard")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, so that the project's stays as it is."""
    monkeypatch.setattr(build, "CACHE", tmp_path / "replica")
    return tmp_path / "replica"


def test_two_builds_give_the_same_blocks_and_files_in_under_a_minute_of_computing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = processor_seconds()
    states: list[ReplicaState] = []
    for name in ("first", "second"):
        monkeypatch.setattr(build, "CACHE", tmp_path / name)
        states.append(ensure_state(ROOT))
    first, second = states
    assert first.manifest == second.manifest
    assert first.state_file.read_bytes() == second.state_file.read_bytes()
    assert processor_seconds() - begun < 60


def processor_seconds() -> float:
    """Of this process and of those that it has waited for: what else runs on the machine does not count."""
    spent = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def test_half_written_state_is_built_again(cache: Path) -> None:
    whole = ensure_state(ROOT)
    content = whole.state_file.read_bytes()
    whole.state_file.write_bytes(content[: len(content) // 2])
    assert find_state(ROOT) is None
    assert ensure_state(ROOT).state_file.read_bytes() == content
    assert [path.name for path in cache.iterdir()] == [whole.manifest.key]


def test_damaged_manifest_is_built_again(cache: Path) -> None:
    whole = ensure_state(ROOT)
    (whole.state_file.parent / "manifest.json").write_text('{"key": "half a', encoding="utf-8")
    assert find_state(ROOT) is None
    assert ensure_state(ROOT).manifest == whole.manifest


def test_build_that_stops_half_way_leaves_nothing_behind(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_pools(step: str, done: int, total: int) -> None:
        if step == "pools":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_state(ROOT, stop_at_pools)
    assert list(cache.iterdir()) == []


def test_old_builds_are_forgotten_and_the_new_one_kept(cache: Path) -> None:
    for age in range(6):
        old = cache / f"old-{age}"
        old.mkdir(parents=True)
        os.utime(old, (1_000 - age, 1_000 - age))
    built = ensure_state(ROOT)
    assert {path.name for path in cache.iterdir()} == {built.manifest.key, "old-0", "old-1", "old-2"}


def test_build_tells_of_every_step(cache: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    ensure_state(ROOT, lambda *step: steps.append(step))
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert steps[-1][1] == steps[-1][2]


def test_another_source_is_another_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = tmp_path / "packages.lock.json"
    lock.write_text("{}", encoding="utf-8")
    before = build.build_key(ROOT)
    monkeypatch.setattr(build, "LOCK_FILE", lock)
    assert build.build_key(ROOT) != before


def test_cached_replica_serves_after_less_than_three_seconds_of_computing() -> None:
    ensure_state(ROOT)
    begun = processor_seconds()
    with ensure_replica() as replica, replica.connect() as rpc:
        assert rpc.call("eth_chainId") == "0x1"
    assert processor_seconds() - begun < 3


def test_commands_build_and_show_the_replica() -> None:
    built = subprocess.run(
        [STEELYARD, "replica", "build"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"{len(POOL_PLANS)} pools" in built.stdout
    shown = subprocess.run(
        [STEELYARD, "replica", "status"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "220"},
    ).stdout
    for words in ("0xBA12222222228d8Ba445958a75a0704d566BF2C8", "real", "model", "@aave/core-v3@1.19.3"):
        assert words in shown


def test_taken_port_is_named_with_its_remedy() -> None:
    with (
        ensure_replica() as first,
        pytest.raises(ReplicaError, match=r"port \d+ .* cannot be used .*choose another port"),
    ):
        ensure_replica(port=int(first.rpc_url.rpartition(":")[2]))
