"""What `make lint` and `make test` consist of."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV_BIN = ROOT / ".venv" / "bin"


# Tests of whole commands that try harder in a deep run.
DEEP_STORIES = ("tests/e2e/test_mainnet_magnitudes.py", "tests/e2e/test_seeded_blocks.py")


@dataclass(frozen=True)
class Stage:
    """One command; its exit code decides.

    Attributes:
        variables: what is added to the environment, as pairs.
        starts_a_node: a session of pytest that died before its first test is begun once more: Ape gives its
            node a port and twenty seconds, and a busy machine can deny it either.
        is_beside: it is begun, and the stages after it do not wait for its end: worth it for one that waits
            more than it computes, and allowed where neither writes what the other reads.
    """

    name: str
    command: tuple[str, ...]
    meaning: str
    variables: tuple[tuple[str, str], ...] = ()
    starts_a_node: bool = False
    is_beside: bool = False


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(VENV_BIN / name), *arguments)


def _pytest(*arguments: str) -> tuple[str, ...]:
    # Ape's plugin would connect to a chain and snapshot it around each test.
    return _tool("python", "-m", "pytest", "-p", "no:ape_test", *arguments)


# Fast first, but for what runs beside all others. Foundry's programs are the native ones: npm's launchers
# exit 0 whatever happens.
TEST_STAGES = (
    Stage(
        "e2e",
        # Tests of one file share what they start. Most of them wait for blocks, not for a processor.
        _pytest("-n", "3", "--dist", "loadfile", "-m", "e2e", "tests/e2e"),
        "commands as a user types them",
        is_beside=True,
    ),
    Stage(
        "fork",
        _tool("ape", "test", "-m", "fork", "tests/fork"),
        "tests on the mainnet fork, under Ape",
        starts_a_node=True,
        is_beside=True,
    ),
    Stage(
        "fast",
        _pytest("-n", "2", "tests/unit", "tests/property", "tests/invariant"),
        "unit, property and invariant tests in Python",
    ),
    Stage("forge", _tool("python", "-m", "gate.forge_tests"), "fuzz, invariant and unit tests in Solidity"),
    Stage("twins", _tool("python", "-m", "gate.twins"), "every attack succeeds where its guard is missing"),
)

LINT_STAGES = (
    Stage("ruff", _tool("ruff", "check", "."), "Python: style, and what decisions may not call"),
    Stage("format", _tool("ruff", "format", "--check", "--output-format=concise", "."), "Python: layout"),
    Stage("imports", _tool("lint-imports"), "Python: imports go one way"),
    Stage("mypy", _tool("mypy"), "Python: types, strict"),
    Stage("sizes", _tool("python", "-m", "gate.sizes"), "functions and files, short enough to read"),
    Stage("forge-fmt", _tool("forge", "fmt", "--check"), "Solidity: layout"),
    Stage("contract-rules", _tool("python", "-m", "gate.contract_rules"), "Solidity: our own rules"),
    Stage(
        "forge-lint",
        _tool("forge", "lint", "--deny", "notes"),
        "Solidity: style",
        # It compiles without code, and in the build's own folder would leave artifacts without any.
        (("FOUNDRY_OUT", ".build/lint/out"), ("FOUNDRY_CACHE_PATH", ".build/lint/cache")),
    ),
)

_DEEP = (("HYPOTHESIS_PROFILE", "deep"), ("FOUNDRY_PROFILE", "deep"))
# One test of a deep run may take hours; what a file marks otherwise stays as it is.
_HOURS = ("-o", "timeout=21600", "-m")

# Short first. New draws each time: forge prints the seed of a failure, hypothesis the example.
DEEP_STAGES = (
    Stage("coverage", _tool("python", "-m", "gate.coverage"), "what the Solidity tests reach"),
    Stage("prove", _tool("python", "-m", "gate.prove"), "what holds for every value, by halmos"),
    Stage(
        "forge",
        _tool("forge", "test", "--show-progress", "--fuzz-seed", hex(secrets.randbits(128))),
        "10,000 draws a property, 1,024 sequences of 128 actions an invariant",
        _DEEP,
    ),
    Stage(
        "fork",
        _tool("ape", "test", "-v", *_HOURS, "fork", "tests/fork"),
        "10,000 quotes of a kind against byte code",
        _DEEP,
        starts_a_node=True,
    ),
    Stage(
        "fast",
        _pytest("-v", "-n", "2", *_HOURS, "property or invariant", "tests/property", "tests/invariant"),
        "2,000 examples and more of each law in Python",
        _DEEP,
    ),
    Stage(
        "story",
        _pytest("-v", "--log-cli-level=INFO", *_HOURS, "e2e", *DEEP_STORIES),
        "the engine against brute force, for a thousand blocks",
        _DEEP,
    ),
)

SUITES = {"test": TEST_STAGES, "lint": LINT_STAGES, "test-deep": DEEP_STAGES}
