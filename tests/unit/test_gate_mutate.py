"""The mutator: which faults it makes and where, and what it remembers of those that survive."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate import mutate
from gate.mutate_ledger import BEGIN, END, SCORES, NoMarkers, entries_of, rewritten
from gate.mutate_operators import Mutant, mutants_of
from gate.mutate_trial import Trial, Verdict, score
from gate.solidity import Sources, parse
from gate.stages import ROOT

pytestmark = pytest.mark.unit

PATH = "contracts/Purse.sol"
SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Purse {
    address public immutable OWNER = msg.sender;
    uint256 public held;
    bool public open = true;
    event Paid(address to);
    error Refused(uint256 held, uint256 amount);

    modifier onlyOwner() {
        require(msg.sender == OWNER);
        _;
    }

    // if (held > 1) revert; a comment is not code
    function pay(address to, uint256 amount) external onlyOwner {
        if (held < amount) revert Refused(held, amount);
        if (open && amount != 7) held -= amount;
        else held = amount > 3 ? amount * 2 : 0;
        emit Paid(to);
        string memory text = "held == 1";
        assembly {
            if lt(amount, 5) { sstore(0, amount) }
        }
        held = bytes(text).length - uint256(-int256(-1));
    }
}
"""
ROW = "| `contracts/vault` | 9 of 10 | 1 | 8 | 0 | 1 | 0 | 0 | **88.9 %** |"
NEW_ROW = "| `contracts/vault` | 2 of 10 | 7 | 1 | 0 | 1 | 0 | 0 | **50.0 %** |"
EXPECTED = """
5 sender OWNER = tx.origin
7 boolean flipped open = false
12 comparison msg.sender != OWNER
12 sender tx.origin == OWNER
12 statement deleted {}
17 modifier deleted external  {
18 comparison held <= amount
18 comparison held >= amount
18 statement deleted {}
18 arguments swapped Refused(amount, held)
19 condition negated !(open && amount != 7)
19 logic open || amount != 7
19 comparison amount == 7
19 constant amount != (7 + 1)
19 constant amount != (7 - 1)
19 arithmetic held += amount
19 statement deleted ) {}
20 statement deleted {}
20 comparison amount >= 3
20 comparison amount <= 3
20 constant (3 + 1)
20 constant (3 - 1)
20 arithmetic amount / 2
20 constant (2 + 1)
20 constant (2 - 1)
20 constant (0 + 1)
20 branches swapped ? 0 : amount * 2
21 statement deleted {}
24 assembly: condition negated iszero(lt(amount, 5))
24 assembly: operation gt(amount, 5)
24 assembly: constant 0x6
24 assembly: constant 0x4
24 assembly: constant sstore(0x1
24 assembly: statement deleted {  }
26 statement deleted {}
26 arithmetic length + uint256
26 sign dropped uint256(int256(-1))
26 sign dropped -int256(1)
26 constant (1 + 1)
26 constant (1 - 1)
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    root = tmp_path_factory.mktemp("tree")
    for name in (".venv", "node_modules", "foundry.toml"):
        (root / name).symlink_to(ROOT / name)
    (root / "contracts").mkdir()
    (root / PATH).write_text(SOURCE, encoding="utf-8")
    return parse(root, [PATH])


@pytest.fixture(scope="module")
def mutants(sources: Sources) -> list[Mutant]:
    return mutants_of(sources, [PATH])


def test_faults_are_exactly_those_expected(mutants: list[Mutant]) -> None:
    expected = [line.split(" ", 1) for line in EXPECTED.strip().splitlines()]
    remaining = list(mutants)
    for number, rest in expected:
        fitting = [
            mutant
            for mutant in remaining
            if mutant.line == int(number)
            and rest.startswith(mutant.operator)
            and rest.removeprefix(f"{mutant.operator} ") in mutant.after
        ]
        assert fitting, f"no fault on line {number}: {rest}"
        remaining.remove(fitting[0])
    assert [(mutant.line, mutant.operator, mutant.after) for mutant in remaining] == []


def test_fault_changes_its_own_place_and_nothing_else(mutants: list[Mutant]) -> None:
    text = SOURCE.encode()
    for mutant in mutants:
        changed = mutant.apply(text).decode()
        assert changed != SOURCE
        assert changed.replace(mutant.after, mutant.before, 1) == SOURCE
        assert mutant.before in SOURCE


def test_fault_is_named_by_its_lines_not_by_their_number(sources: Sources, mutants: list[Mutant]) -> None:
    names = [mutant.name for mutant in mutants]

    assert len(set(names)) == len(names)
    assert [mutant.name for mutant in mutants_of(sources, [PATH])] == names
    assert {mutant.place for mutant in mutants} == {"Purse", "Purse.onlyOwner", "Purse.pay"}


def test_same_seed_draws_the_same_sample_in_the_order_of_the_sources(mutants: list[Mutant]) -> None:
    drawn = mutate._draw(mutants, 9, 5)

    assert drawn == mutate._draw(mutants, 9, 5) == sorted(drawn, key=mutants.index)
    assert len(drawn) == 9
    assert drawn != mutate._draw(mutants, 9, 6)
    assert mutate._draw(mutants, 0, 5) == mutate._draw(mutants, 10_000, 5) == mutants


def test_only_faults_that_could_be_noticed_are_scored(mutants: list[Mutant]) -> None:
    verdicts = [
        Verdict.KILLED,
        Verdict.TIMED_OUT,
        Verdict.SURVIVED,
        Verdict.NOT_COMPILED,
        Verdict.SAME_CODE,
    ]

    assert score([Trial(mutants[0], verdict, 1.0) for verdict in verdicts]) == (2, 3)


def test_explanation_stays_with_its_survivor(mutants: list[Mutant]) -> None:
    one, other, third = mutants[:3]
    document = f"# Title\n{BEGIN}\n{END}\nBelow.\n"

    listed = rewritten(document, ROW, mutants, {one.name, other.name}, {one.name, other.name})
    explained = listed.replace(f"+{one.after}\n```", f"+{one.after}\n```\n> For a reason.\n> Two lines.")
    again = rewritten(explained, NEW_ROW, mutants, {one.name, third.name}, {one.name, third.name})

    kept = {entry.name: entry.explanation for entry in entries_of(again)}
    # The second run did not draw `other`: it is still among the sources, and still listed.
    assert kept == {one.name: ("> For a reason.", "> Two lines."), other.name: (), third.name: ()}
    assert again.startswith("# Title\n")
    assert again.endswith("\nBelow.\n")
    assert again.count(SCORES) == 1
    assert [line for line in again.splitlines() if line.startswith("| `")] == [NEW_ROW]


def test_scores_of_other_contracts_stay_until_these_are_tried_again(mutants: list[Mutant]) -> None:
    of_swap = ROW.replace("vault", "swap")
    document = f"{BEGIN}\n{END}"
    for row in (ROW, of_swap, NEW_ROW):
        document = rewritten(document, row, mutants, set(), set())

    assert f"{SCORES}\n{NEW_ROW}\n{of_swap}\n{END}" in document


def test_row_names_the_sample_and_scores_what_could_be_noticed(mutants: list[Mutant]) -> None:
    trials = [Trial(mutants[0], verdict, 1.0) for verdict in Verdict]
    options = mutate._options(["--seed", "7", "contracts/swap", "Purse.sol"])

    row = mutate._row(trials, 1_234, options)

    assert row == "| `contracts/swap`, `Purse.sol` | 5 of 1,234 | 7 | 2 | 1 | 1 | 1 | 1 | **66.7 %** |"


def test_survivor_that_is_killed_or_gone_from_the_sources_is_no_longer_listed(mutants: list[Mutant]) -> None:
    one, other, *rest = mutants
    document = f"{BEGIN}\n{END}"
    listed = rewritten(document, ROW, mutants, {one.name, other.name}, {one.name, other.name})

    killed = rewritten(listed, ROW, [one, *rest], set(), {one.name})

    assert entries_of(killed) == []


def test_document_without_markers_is_refused(mutants: list[Mutant]) -> None:
    with pytest.raises(NoMarkers):
        rewritten("# Nothing", ROW, mutants, set(), set())


def test_survivor_without_an_explanation_is_red(
    mutants: list[Mutant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "mutation.md"
    document.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    monkeypatch.setattr(mutate, "DOCUMENT", document)
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    survivor = [Trial(mutants[0], Verdict.SURVIVED, 1.0)]

    assert mutate._conclude(ROW, mutants, survivor) == 1
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace("```\n<!--", "```\n> Cannot be seen.\n<!--"), encoding="utf-8")
    assert mutate._conclude(ROW, mutants, survivor) == 0
