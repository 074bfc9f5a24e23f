"""What `make lint` and `make test` consist of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV_BIN = ROOT / ".venv" / "bin"


@dataclass(frozen=True)
class Stage:
    """One command; its exit code decides.

    Attributes:
        starts_a_node: a session of pytest that died before its first test is begun once more: Ape gives its
            node a port and twenty seconds, and a busy machine can deny it either.
    """

    name: str
    command: tuple[str, ...]
    meaning: str
    starts_a_node: bool = False


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(VENV_BIN / name), *arguments)


def _pytest(*arguments: str) -> tuple[str, ...]:
    # Ape's plugin would connect to a chain and snapshot it around each test.
    return _tool("python", "-m", "pytest", "-p", "no:ape_test", *arguments)


# Fast first. Foundry's programs are the native ones: npm's launchers exit 0 whatever happens.
TEST_STAGES = (
    Stage(
        "fast",
        _pytest("-n", "2", "-m", "unit or property or invariant", "tests"),
        "unit, property and invariant tests in Python",
    ),
    Stage("forge", _tool("forge", "test"), "fuzz, invariant and unit tests in Solidity"),
    Stage(
        "fork",
        _tool("ape", "test", "-m", "fork", "tests/fork"),
        "tests on the mainnet fork, under Ape",
        starts_a_node=True,
    ),
    Stage(
        "e2e",
        # Tests of one file share what they start.
        _pytest("-n", "2", "--dist", "loadfile", "-m", "e2e", "tests/e2e"),
        "commands as a user types them",
    ),
)

LINT_STAGES = (
    Stage("ruff", _tool("ruff", "check", "."), "Python: style, and what decisions may not call"),
    Stage("format", _tool("ruff", "format", "--check", "--output-format=concise", "."), "Python: layout"),
    Stage("imports", _tool("lint-imports"), "Python: imports go one way"),
    Stage("mypy", _tool("mypy"), "Python: types, strict"),
    Stage("sizes", _tool("python", "-m", "gate.sizes"), "functions and files, short enough to read"),
    Stage("forge-fmt", _tool("forge", "fmt", "--check"), "Solidity: layout"),
    Stage("contract-rules", _tool("python", "-m", "gate.contract_rules"), "Solidity: our own rules"),
    Stage("forge-lint", _tool("forge", "lint", "--deny", "notes"), "Solidity: style"),
)

SUITES = {"test": TEST_STAGES, "lint": LINT_STAGES}
