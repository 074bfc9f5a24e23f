"""The gate's stage ``forge``: ``forge test``, on builds that hold code.

Whatever compiles without code into the build's folder (``forge lint`` by itself does) leaves artifacts
without bytecode, and forge's cache then takes them for the build. Tests that deploy an artifact by its file
would fail without a word about why, so it is looked for first and last.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gate.stages import ROOT, VENV_BIN

OUT = Path(".build") / "forge" / "out"
_DEPLOYABLE = re.compile(r"^contract (\w+)", re.MULTILINE)


def main() -> int:
    """Run the tests; return their exit code, or 1 where a build is empty."""
    if _says_what_is_empty():
        return 1
    done = subprocess.run([str(VENV_BIN / "forge"), "test"], cwd=ROOT, check=False)
    return 1 if _says_what_is_empty() else done.returncode


def empty_builds(root: Path) -> list[str]:
    """Return the contracts under ``root`` whose artifact is there and has no bytecode.

    Interfaces, libraries and abstract contracts are not asked for any.
    """
    return sorted(
        name
        for path, name in _deployable(root / "contracts")
        if _is_empty(root / OUT / path / f"{name}.json")
    )


def _says_what_is_empty() -> bool:
    empty = empty_builds(ROOT)
    if empty:
        print(
            f"no bytecode in the build of {', '.join(empty)}, in {OUT}: what the tests would say of it means "
            "nothing.\n  Remedy: forge build --force",
            file=sys.stderr,
            flush=True,
        )
    return bool(empty)


def _deployable(contracts: Path) -> Iterator[tuple[str, str]]:
    """What can be deployed: the name of its source, which is that of its build's folder, and its own."""
    for source in sorted(contracts.rglob("*.sol")):
        for name in _DEPLOYABLE.findall(source.read_text(encoding="utf-8")):
            yield source.name, name


def _is_empty(artifact: Path) -> bool:
    if not artifact.is_file():
        return False  # forge builds it
    # What was compiled for its syntax tree alone does not even name a bytecode.
    code = json.loads(artifact.read_text(encoding="utf-8")).get("bytecode", {}).get("object", "")
    return code in ("", "0x")


if __name__ == "__main__":
    sys.exit(main())
