"""The gate itself: what must turn `make test` and `make lint` red does, in a copy of the tree."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import copy_checkout, run_in, write

pytestmark = pytest.mark.e2e

SOLIDITY_TEST = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {{Test}} from "forge-std/Test.sol";
contract GateTest is Test {{
    function test_oneIsOne() public pure {{ assertEq(uint256(1), uint256({value})); }}
}}
"""
PYTHON_TEST = """import pytest

pytestmark = pytest.mark.unit


def test_one_is_one() -> None:
    assert {value} == 1
"""
AGAINST_THE_FLOW = {
    "decide/stray_stage.py": "import steelyard.act",
    "observe/stray_stage.py": "import steelyard.decide",
    "decide/stray_connect.py": "import steelyard.connect",
    "model/stray_config.py": "import steelyard.config",
    "sandbox/stray_app.py": "import steelyard.app",
    "sandbox/stray_stage.py": "import steelyard.record",
    "record/stray_root.py": "import steelyard",
    "decide/stray_clock.py": "import time",
    "decide/stray_web.py": "import web3",
    "model/stray_async.py": "import asyncio",
    "amm/stray_entropy.py": "import random",
}
IMPURE = {
    "decide": [
        ("now", "import datetime\n\nNOW = datetime.datetime.now(tz=datetime.UTC)\n", "TID251"),
        ("today", "from datetime import date\n\nTODAY = date.today()\n", "TID251"),
        ("clock", "from time import time\n\nNOW = time()\n", "TID251"),
        ("environment", "import os\n\nHOME = os.environ\n", "TID251"),
        ("entropy", "from uuid import uuid4\n\nTOKEN = uuid4()\n", "TID251"),
        ("opened", 'HANDLE = open("a")\n', "PTH123"),
    ],
    "model": [("chance", "import random\n\nDICE = random.random()\n", "TID251")],
    "amm": [("secret", "import secrets\n\nKEY = secrets.token_hex()\n", "TID251")],
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_checkout(tmp_path / "checkout")


@pytest.fixture
def bare_checkout(checkout: Path) -> Path:
    """Without the replica's contracts, which forge would compile before the test that matters."""
    shutil.rmtree(checkout / "contracts")
    (checkout / "contracts").mkdir()
    return checkout


def make(checkout: Path, target: str, stage: str) -> subprocess.CompletedProcess[str]:
    """Run one stage of a target, without the set-up: the copy shares its environment with the checkout."""
    return run_in(checkout, "make", "--old-file=setup", target, f"ONLY={stage}")


@pytest.mark.parametrize(("value", "is_green"), [(1, True), (2, False)])
def test_solidity_test_decides_over_make_test(bare_checkout: Path, value: int, is_green: bool) -> None:
    write(bare_checkout / "tests/forge/Gate.t.sol", SOLIDITY_TEST.format(value=value))

    done = make(bare_checkout, "test", "forge")

    closing = "1 passed, 0 failed" if is_green else "0 passed, 1 failed"
    assert (done.returncode == 0) is is_green, done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1] == closing


@pytest.mark.parametrize(("value", "is_green"), [(1, True), (2, False)])
def test_pytest_decides_over_make_test(checkout: Path, value: int, is_green: bool) -> None:
    write(checkout / "tests/unit/test_gate_probe.py", PYTHON_TEST.format(value=value))

    done = make(checkout, "test", "fast")

    closing = "1 passed, 0 failed" if is_green else "0 passed, 1 failed"
    assert (done.returncode == 0) is is_green, done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1] == closing


@pytest.mark.parametrize(("value", "is_green"), [(1, True), (2, False)])
def test_ape_test_tells_failure_by_its_exit_code(checkout: Path, value: int, is_green: bool) -> None:
    write(checkout / "tests/unit/test_gate_probe.py", PYTHON_TEST.format(value=value))

    done = run_in(checkout, str(checkout / ".venv/bin/ape"), "test", "tests/unit")

    assert (done.returncode == 0) is is_green, done.stdout + done.stderr
    assert ("1 passed" if is_green else "1 failed") in done.stdout


def test_stage_without_a_single_test_is_red(checkout: Path) -> None:
    done = make(checkout, "test", "fast")

    assert done.returncode != 0
    assert done.stdout.strip().splitlines()[-1] == "0 passed, 1 failed"


def test_solidity_that_does_not_compile_is_red(bare_checkout: Path) -> None:
    write(bare_checkout / "tests/forge/Gate.t.sol", SOLIDITY_TEST.format(value="nonsense"))

    done = make(bare_checkout, "test", "forge")

    assert done.returncode != 0
    assert done.stdout.strip().splitlines()[-1] == "0 passed, 1 failed"


def test_build_without_bytecode_is_refused_before_any_test_and_named(bare_checkout: Path) -> None:
    write(bare_checkout / "tests/forge/Gate.t.sol", SOLIDITY_TEST.format(value=1))
    write(
        bare_checkout / "contracts/Hollow.sol", "abstract contract Shape {}\n\ncontract Hollow is Shape {}\n"
    )
    for name in ("Hollow", "Shape"):
        artifact = bare_checkout / f".build/forge/out/Hollow.sol/{name}.json"
        write(artifact, '{"abi": [], "bytecode": {"object": "0x"}}')

    done = make(bare_checkout, "test", "forge")

    assert done.returncode != 0
    assert "no bytecode in the build of Hollow, in .build/forge/out" in done.stdout
    assert "Remedy: forge build --force" in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "0 passed, 1 failed"


@pytest.mark.parametrize("markers", ["", "pytestmark = [pytest.mark.unit, pytest.mark.fork]\n"])
def test_test_without_exactly_one_kind_is_refused(checkout: Path, markers: str) -> None:
    body = f"import pytest\n\n{markers}\n\ndef test_nothing() -> None:\n    pass\n"
    write(checkout / "tests/unit/test_kindless.py", body)

    done = run_in(
        checkout, str(checkout / ".venv/bin/python"), "-m", "pytest", "-p", "no:ape_test", "tests/unit"
    )

    assert done.returncode != 0
    assert "test_kindless.py::test_nothing: a test carries exactly one of" in done.stdout + done.stderr


def test_test_outside_of_its_kinds_folder_is_refused(checkout: Path) -> None:
    write(checkout / "tests/property/test_astray.py", PYTHON_TEST.format(value=1))

    done = run_in(checkout, str(checkout / ".venv/bin/python"), "-m", "pytest", "-p", "no:ape_test", "tests")

    assert done.returncode != 0
    assert "a test lies in the folder of its kind, tests/unit" in done.stdout + done.stderr


def test_unit_test_cannot_open_a_socket(checkout: Path) -> None:
    body = PYTHON_TEST.format(value="__import__('socket').create_connection(('127.0.0.1', 9)) or 1")
    write(checkout / "tests/unit/test_talkative.py", body)

    done = run_in(
        checkout, str(checkout / ".venv/bin/python"), "-m", "pytest", "-p", "no:ape_test", "tests/unit"
    )

    assert done.returncode != 0
    assert "SocketBlockedError" in done.stdout


def test_imports_against_the_flow_are_red_each(checkout: Path) -> None:
    for name, line in AGAINST_THE_FLOW.items():
        write(checkout / "python/steelyard" / name, f"{line}\n")

    done = make(checkout, "lint", "imports")

    assert done.returncode != 0
    for name, line in AGAINST_THE_FLOW.items():
        if line:
            chain = (
                f"steelyard.{name.removesuffix('.py').replace('/', '.')} -> {line.removeprefix('import ')}"
            )
            assert chain in done.stdout, f"{chain} was not reported:\n{done.stdout}"


def test_module_outside_the_flow_is_red(checkout: Path) -> None:
    write(checkout / "python/steelyard/helpers.py", "")

    done = make(checkout, "lint", "imports")

    assert done.returncode != 0
    assert "helpers" in done.stdout


def test_clock_environment_file_and_entropy_are_red_in_decisions(checkout: Path) -> None:
    cases = [
        (f"python/steelyard/{package}/stray_{name}.py", source, rule)
        for package, found in IMPURE.items()
        for name, source, rule in found
    ]
    for path, source, _ in cases:
        write(checkout / path, f'"""Stray."""\n\n{source}')

    done = make(checkout, "lint", "ruff")

    assert done.returncode != 0
    reported = run_in(
        checkout, str(checkout / ".venv/bin/ruff"), "check", "--output-format=concise", "python/steelyard"
    ).stdout
    for path, _, rule in cases:
        assert any(path in line and rule in line for line in reported.splitlines()), (
            f"{path}: {rule} is missing"
        )
