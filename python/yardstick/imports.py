"""What it costs to import the pieces, each in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from yardstick.environments import ALPHA, METHODS, Environment
from yardstick.figures import Figure, Table
from yardstick.processes import PYTHON_FOLDER
from yardstick.sides import DEGENBOT, DEGENBOT_ALPHA, Sides

LIMIT_SECONDS = 60
_TIMED = "import time; start = time.perf_counter_ns(); import {module}; print(time.perf_counter_ns() - start)"


@dataclass(frozen=True)
class Piece:
    """A module to import, where, and what it is."""

    module: str
    meaning: str
    environment: Environment | None = None
    side: str = ""


PIECES = (
    Piece("steelyard", "the package's root: names are loaded when they are used"),
    Piece("steelyard.amm", "the pools' mathematics"),
    Piece("steelyard.decide.arbitrage", "the engine, numpy included"),
    Piece("steelyard.observe.index", "following a chain by its raw logs"),
    Piece("steelyard.cli", "the command before it knows what is wanted"),
    Piece("numpy", "for comparison"),
    Piece("web3", "for comparison"),
    Piece("ccxt", "for comparison"),
    Piece("degenbot", DEGENBOT, METHODS, DEGENBOT),
    Piece("degenbot", DEGENBOT_ALPHA, ALPHA, DEGENBOT_ALPHA),
)


def imports(sides: Sides, *, repeats: int) -> Table:
    """Import every piece in turns, ``repeats`` times."""
    present = [
        piece
        for piece in PIECES
        if piece.side not in sides.absent and (piece.environment is None or piece.environment.python.exists())
    ]
    samples: dict[Piece, list[float]] = {piece: [] for piece in present}
    for _ in range(repeats):
        for piece in present:
            samples[piece].append(_import(piece))
    cells = [(f"`{piece.module}`", piece.meaning, str(Figure.of(taken))) for piece, taken in samples.items()]
    return Table(
        key="imports",
        title=f"Import, the least of {repeats} fresh interpreters",
        head=("module", "what", "time"),
        cells=tuple(cells),
    )


def _import(piece: Piece) -> float:
    environment = {**os.environ, "PYTHONPATH": str(PYTHON_FOLDER)}
    python = Path(sys.executable)
    if piece.environment is not None:
        python = piece.environment.python
        environment["HOME"] = str(piece.environment.home)
    done = subprocess.run(
        [str(python), "-c", _TIMED.format(module=piece.module)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])
