"""Each rule for contracts: a contract that breaks it turns the gate red, one that keeps it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate import contract_rules
from gate.contract_checks import RULES, Finding
from gate.contract_program import Program
from gate.solidity import NotParsed, contract_files, parse
from gate.stages import ROOT
from tests.support.broken_contracts import GOOD, SAMPLES

pytestmark = pytest.mark.unit

HEADER = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
IMPORTS = (
    'import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";\n'
    'import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";\n'
)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """What is found in each sample, by its name; all are parsed in one go."""
    root = tmp_path_factory.mktemp("tree")
    for name in (".venv", "node_modules", "foundry.toml"):
        (root / name).symlink_to(ROOT / name)
    (root / "contracts").mkdir()
    for name, body in {**{name: body for name, (_, body) in SAMPLES.items()}, **GOOD}.items():
        (root / f"contracts/{name}.sol").write_text(f"{HEADER}{IMPORTS}{body}", encoding="utf-8")
    files = contract_files(root)
    program = Program(parse(root, files))
    found: dict[str, list[Finding]] = {Path(path).stem: [] for path in files}
    for finding in (finding for rule in RULES for finding in rule(program)):
        found[Path(finding.path).stem].append(finding)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_broken_contract_is_found_by_its_rule_and_no_other(
    findings: dict[str, list[Finding]], name: str
) -> None:
    assert [finding.rule for finding in findings[name]] == list(SAMPLES[name][0])


@pytest.mark.parametrize("name", GOOD)
def test_contract_that_keeps_the_rules_is_not_reported(findings: dict[str, list[Finding]], name: str) -> None:
    assert findings[name] == []


def test_every_rule_has_a_broken_contract() -> None:
    reported = {rule for rules, _ in SAMPLES.values() for rule in rules}

    assert reported == {
        "low-level-call",
        "delegatecall",
        "selfdestruct",
        "tx-origin",
        "assembly",
        "returndata",
        "token-call",
        "approve",
        "access",
        "ether",
    }


def test_finding_names_file_line_rule_and_place(findings: dict[str, list[Finding]]) -> None:
    (finding,) = findings["Origin"]

    assert str(finding).startswith("contracts/Origin.sol:7: tx-origin in Origin.act: ")


def test_finding_without_a_reason_is_red_and_one_with_a_reason_is_not() -> None:
    finding = Finding("assembly", "contracts/A.sol", "contracts/A.sol", 3, "assembly")

    assert contract_rules.judge([finding], {}) == [str(finding)]
    assert contract_rules.judge([finding], {("assembly", "contracts/A.sol"): "gas"}) == []


def test_reason_that_is_empty_or_explains_nothing_is_red() -> None:
    finding = Finding("assembly", "contracts/A.sol", "contracts/A.sol", 3, "assembly")

    assert contract_rules.judge([finding], {("assembly", "contracts/A.sol"): " "}) == [
        "contract-rules.toml accepts assembly in contracts/A.sol without a reason"
    ]
    assert contract_rules.judge([], {("ether", "A.receive"): "tips"}) == [
        "contract-rules.toml explains ether in A.receive, which is not found any more"
    ]


def test_source_that_does_not_compile_is_an_error_not_silence(tmp_path: Path) -> None:
    for name in (".venv", "node_modules", "foundry.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/A.sol").write_text(f"{HEADER}contract A {{ nonsense }}", encoding="utf-8")

    with pytest.raises(NotParsed, match=r"A\.sol"):
        parse(tmp_path, contract_files(tmp_path))
