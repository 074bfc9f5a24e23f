"""Our own models, compiled by forge with the project's settings."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

from steelyard.sandbox.foundry import native_program
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.packages import Artifact, Origin

SOURCES: Final = Path("contracts/mocks/replica")
_OUTPUT: Final = Path(".build/replica")
_TIMEOUT_SECONDS: Final = 300


class Models:
    """Creation code of the contracts in ``contracts/mocks/replica``.

    They go to a folder of their own, so that a build of the replica and a build of the project never wait
    for, or half see, each other.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._compiled = False

    def artifact(self, name: str) -> Artifact:
        """Creation code of one model, compiling all of them first if need be.

        Raises:
            ReplicaError: forge fails; the message carries its words.
        """
        if not self._compiled:
            self._compile()
            self._compiled = True
        path = self._root / _OUTPUT / "out" / f"{name}.sol" / f"{name}.json"
        if not path.is_file():
            raise ReplicaError(f"forge compiled no {name}; is {SOURCES / name}.sol there?")
        content = json.loads(path.read_text(encoding="utf-8"))
        creation = bytes.fromhex(content["bytecode"]["object"].removeprefix("0x"))
        origin = Origin(package="steelyard", version="", file=f"{SOURCES}/{name}.sol")
        return Artifact(name=name, creation=creation, origin=origin, links={})

    def _compile(self) -> None:
        output = self._root / _OUTPUT
        command = [
            str(native_program(self._root, "forge")),
            "build",
            str(SOURCES),
            "--out",
            str(output / "out"),
            "--cache-path",
            str(output / "cache"),
        ]
        done = subprocess.run(
            command,
            cwd=self._root,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise ReplicaError(f"forge could not compile {SOURCES}: {done.stderr.strip()[-2000:]}")
