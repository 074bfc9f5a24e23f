"""``make bench-engine`` as a developer runs it: alone and small; with the peers where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootstrap import apart, stamps
from bootstrap.layout import ROOT
from tests.support.patience import PATIENCE_SECONDS
from yardstick import environments, report
from yardstick.figures import OURS
from yardstick.processes import Failed, TooSlow, Worker
from yardstick.quotes import quotes
from yardstick.sides import DEGENBOT, DEGENBOT_ALPHA, taking_part
from yardstick.workload import quote_work

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

SMALL = ["--pools=60", "--cycles=2", "--blocks=2", "--repeats=1", "--milliseconds=0.1", "--limit=120"]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with Worker(OURS, Path(sys.executable), "yardstick.workers.ours", tmp_path / "ours.log") as ours:
        yield ours


def test_without_peers_every_table_is_measured_shown_kept_and_put_into_the_document(tmp_path: Path) -> None:
    document, result = tmp_path / "page.md", tmp_path / "engine.json"
    shutil.copy(report.DOCUMENT, document)
    command = [sys.executable, "-m", "yardstick", "--alone", *SMALL]
    done = subprocess.run(
        [*command, "--document", str(document), "--result", str(result)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kept = json.loads(result.read_text(encoding="utf-8"))
    keys = {table["key"] for table in kept["tables"]}
    assert {"quotes", "sizing", "sizing-quality", "paths", "decision", "starts", "imports", "targets"} <= keys
    assert "V3 quote, 313 ticks crossed" in done.stdout
    assert "| V3 quote, 313 ticks crossed |" in document.read_text(encoding="utf-8")
    assert kept["conditions"]["processor"]


def test_a_worker_that_takes_too_long_is_ended_and_its_successor_knows_what_it_knew(worker: Worker) -> None:
    worker.load("market", size=40, seed=1)
    with pytest.raises(TooSlow, match="more than 0.05 s"):
        worker.ask("blocks", size=2_000, count=50, seed=1, limit_seconds=0.05)
    answer = worker.ask("graph", milliseconds=0).answer
    assert answer["edges"]


def test_an_error_in_a_worker_is_an_answer_and_it_goes_on(worker: Worker) -> None:
    with pytest.raises(Failed, match="KeyError"):
        worker.ask("quote", pool="nobody", token_in="nothing", amount=1)
    worker.load("market", size=40, seed=1)
    assert worker.ask("graph", milliseconds=0).answer["bases"]


def is_made(environment: environments.Environment) -> bool:
    key = stamps.key_of([environment.lock], str(ROOT))
    return stamps.is_current(environment.folder / apart.STAMP, key)


@pytest.mark.skipif(
    not (is_made(environments.METHODS) and is_made(environments.ALPHA)),
    reason="the peers are not installed here: make bench-engine installs them",
)
def test_peers_quote_the_same_to_the_wei() -> None:
    with taking_part() as sides:
        table = quotes(sides, quote_work(1), repeats=1, milliseconds=0.1)
    for row in table.rows:
        assert {OURS, DEGENBOT, DEGENBOT_ALPHA} <= row.figures.keys()
        assert all(figure.ns for figure in row.figures.values()), row
