"""Our own rules for contracts, held over the compiler's syntax trees: ``make lint ONLY=contract-rules``.

What a rule finds is red, unless contract-rules.toml says why it is as it should be; an entry there without a
finding is red too. The rules themselves stand in gate.contract_checks.
"""

from __future__ import annotations

import sys
import tomllib

from gate.contract_checks import RULES, Finding
from gate.contract_program import Program
from gate.solidity import contract_files, parse
from gate.stages import ROOT

ACCEPTED = ROOT / "contract-rules.toml"


def main() -> int:
    """Print what is against a rule; return 1 if anything is."""
    table = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    accepted = {(entry["rule"], entry["where"]): entry["reason"] for entry in table["accepted"]}
    troubles = judge(findings_of(contract_files(ROOT)), accepted)
    for trouble in troubles:
        print(trouble)
    return 1 if troubles else 0


def findings_of(files: list[str]) -> list[Finding]:
    """What all rules find in files of the checkout."""
    program = Program(parse(ROOT, files))
    return [finding for rule in RULES for finding in rule(program)]


def judge(findings: list[Finding], accepted: dict[tuple[str, str], str]) -> list[str]:
    """One line for each finding without a reason, and for each reason without a finding."""
    found = {(finding.rule, finding.where) for finding in findings}
    troubles = [str(finding) for finding in findings if (finding.rule, finding.where) not in accepted]
    for rule, where in sorted(accepted.keys() - found):
        troubles.append(f"{ACCEPTED.name} explains {rule} in {where}, which is not found any more")
    for (rule, where), reason in sorted(accepted.items()):
        if not reason.strip():
            troubles.append(f"{ACCEPTED.name} accepts {rule} in {where} without a reason")
    return troubles


if __name__ == "__main__":
    sys.exit(main())
