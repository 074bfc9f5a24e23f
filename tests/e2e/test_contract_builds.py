"""Ape's and Foundry's builds of our contracts are the same, and fit on chain."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
RUNTIME_LIMIT_BYTES = 24_576  # EIP-170
CREATION_LIMIT_BYTES = 49_152  # EIP-3860


def run(*command: str, **variables: str) -> None:
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def size_bytes(bytecode: str) -> int:
    return len(bytecode.removeprefix("0x")) // 2


@pytest.fixture(scope="module")
def builds() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """(Ape's, Foundry's) build by name, of everything in contracts/ that can be deployed."""
    run(str(BIN / "ape"), "compile")
    run(str(BIN / "forge"), "build", "--skip", "test")
    ape = json.loads((ROOT / ".build/__local__.json").read_text())["contractTypes"]
    found = {}
    for name, build in ape.items():
        source = build["sourceId"]
        if source.startswith("contracts/") and size_bytes(build["deploymentBytecode"]["bytecode"]) > 0:
            artifact = ROOT / ".build/forge/out" / Path(source).name / f"{name}.json"
            found[name] = (build, json.loads(artifact.read_text()))
    return found


def test_ape_and_forge_produce_identical_bytecode_for_every_contract(
    builds: dict[str, tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    assert "FlashLoanArbitrage" in builds
    differing = [
        name
        for name, (ape, forge) in builds.items()
        if ape["deploymentBytecode"]["bytecode"] != forge["bytecode"]["object"]
        or ape["runtimeBytecode"]["bytecode"] != forge["deployedBytecode"]["object"]
    ]
    assert differing == []


def test_every_contract_for_the_chain_is_within_its_size_limits(
    builds: dict[str, tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    too_large = {
        name: (size_bytes(forge["deployedBytecode"]["object"]), size_bytes(forge["bytecode"]["object"]))
        for name, (ape, forge) in builds.items()
        if not ape["sourceId"].startswith("contracts/mocks/")
        and (
            size_bytes(forge["deployedBytecode"]["object"]) > RUNTIME_LIMIT_BYTES
            or size_bytes(forge["bytecode"]["object"]) > CREATION_LIMIT_BYTES
        )
    }
    assert too_large == {}


def test_both_tools_carry_the_same_settings_and_remappings() -> None:
    ape = yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]

    assert Path(forge["solc"]).name == f"solc-v{ape['version']}"
    assert forge["evm_version"] == ape["evm_version"]
    assert forge["optimizer"] is ape["optimize"]
    assert forge["optimizer_runs"] == ape["optimization_runs"]
    assert forge["via_ir"] is ape["via_ir"]
    assert forge["bytecode_hash"] == "none"
    assert forge["remappings"] == ape["import_remapping"]
