"""What is built from the checkout itself: contracts and the replica's state."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bootstrap import stamps
from bootstrap.console import run
from bootstrap.layout import LOG, NODE_LOCK, PYTHON_LOCK, REPLICA_LOCK, ROOT, STATE, VENV_BIN, files_under

BUILD = ROOT / ".build"
FOUNDRY_LOG = LOG.with_name("setup-foundry.log")
CONTRACTS_STAMP = BUILD / ".steelyard-contracts"
REPLICA = STATE / "replica"
REPLICA_STAMP = REPLICA / ".steelyard-replica"
REPLICA_SOURCES = ROOT / "python" / "steelyard" / "sandbox"


def contracts_are_current() -> bool:
    """True if Ape's build is of these sources and this setting."""
    return stamps.is_current(CONTRACTS_STAMP, _contracts_key()) and (BUILD / "__local__.json").is_file()


def build_contracts() -> str:
    """Compile the contracts with Ape, whose build the scripts and the keeper read, and with Foundry.

    Side by side, and Foundry its contracts beside their tests: a compiler is busy on one processor.

    Raises:
        SetupError: they do not compile.
    """
    with ThreadPoolExecutor(max_workers=1) as aside:
        foundry = aside.submit(_compile, ["forge", "build"], FOUNDRY_LOG)
        # All of them: Ape by itself compiles the files that changed, and not those that import them.
        _compile(["ape", "compile", "--force"], LOG)
        foundry.result()
    stamps.remember(CONTRACTS_STAMP, _contracts_key())
    return "compiled"


def _compile(command: list[str], log: Path) -> None:
    program, *arguments = command
    run(
        [str(VENV_BIN / program), *arguments],
        log=log,
        cwd=ROOT,
        environment=_activated(),
        remedy="mend the source that the compiler names",
    )


def replica_is_current() -> bool:
    """True if a replica's state was built of these packages by this code, and is there.

    Whoever serves it checks its hash; what is damaged is built again then.
    """
    return stamps.is_current(REPLICA_STAMP, _replica_key()) and any(REPLICA.glob("*/state.json"))


def build_replica() -> str:
    """Build the replica's state, or find it in its cache.

    Raises:
        SetupError: it cannot be built.
    """
    run(
        [str(VENV_BIN / "steelyard"), "replica", "build"],
        log=LOG,
        cwd=ROOT,
        environment=_activated(),
        remedy=f"see {LOG.relative_to(ROOT)}; `make clean` removes a damaged state",
    )
    stamps.remember(REPLICA_STAMP, _replica_key())
    return "built"


def _activated() -> dict[str, str]:
    path = os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV_BIN.parent)}


def _contracts_key() -> str:
    return stamps.key_of(
        [
            *files_under(ROOT / "contracts"),
            ROOT / "ape-config.yaml",
            ROOT / "foundry.toml",
            PYTHON_LOCK,
            NODE_LOCK,
        ]
    )


def _replica_key() -> str:
    sources = files_under(REPLICA_SOURCES, ROOT / "contracts" / "mocks" / "replica")
    return stamps.key_of([*sources, ROOT / "foundry.toml", NODE_LOCK, REPLICA_LOCK])
