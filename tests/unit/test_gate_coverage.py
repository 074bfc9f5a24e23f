"""What the gate reads from a coverage report, and when it turns red."""

from __future__ import annotations

import pytest

from gate.coverage import judge, read, table, total

pytestmark = pytest.mark.unit

PURSE, SAFE, MOCK = "contracts/Purse.sol", "contracts/Safe.sol", "contracts/mocks/Mock.sol"


def report(*, lines: tuple[int, int] = (3, 4), branch: str = "1", function: int = 2) -> list[str]:
    """Two of our files and a mock in which nothing was run."""
    purse = [f"SF:{PURSE}", f"DA:7,{lines[0]}", f"DA:9,{lines[1]}", f"FNDA:{function},Purse.pay"]
    safe = [f"SF:{SAFE}", "DA:3,1", "BRDA:3,0,0,1", f"BRDA:3,0,1,{branch}", "FNDA:1,Safe.open"]
    mock = [f"SF:{MOCK}", "DA:1,0", "FNDA:0,Mock.act", "BRDA:1,0,0,-"]
    return ["TN:", *purse, "FNF:1", "end_of_record", *safe, "LF:1", "end_of_record", *mock, "end_of_record"]


def test_only_the_contracts_count() -> None:
    files = read(report(), [PURSE, SAFE])

    assert list(files) == [PURSE, SAFE]
    assert {kind: (one.total, one.missed) for kind, one in total(files).items()} == {
        "lines": (3, []),
        "functions": (2, []),
        "branches": (2, []),
    }
    assert judge(files) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"lines": (3, 0)}, f"lines:  66.67 % (2/3), at least 100 %; not reached: {PURSE}:9"),
        ({"function": 0}, f"functions:  50.00 % (1/2), at least 100 %; not reached: {PURSE}:Purse.pay"),
        ({"branch": "-"}, f"branches:  50.00 % (1/2), at least 98 %; not reached: {SAFE}:3"),
        ({"branch": "0"}, f"branches:  50.00 % (1/2), at least 98 %; not reached: {SAFE}:3"),
    ],
)
def test_what_is_not_reached_is_named_and_red(changed: dict, expected: str) -> None:
    assert judge(read(report(**changed), [PURSE, SAFE])) == [expected]


def test_branches_may_miss_two_in_a_hundred_and_not_more() -> None:
    def missing(count: int) -> list[str]:
        branches = [f"BRDA:{line},0,0,{'-' if line < count else 1}" for line in range(100)]
        return judge(read([f"SF:{PURSE}", *branches, "end_of_record"], [PURSE]))

    assert missing(2) == []
    assert len(missing(3)) == 1


def test_report_without_any_contract_is_red() -> None:
    assert judge(read([], [PURSE])) == ["the report names no contract"]
    assert judge(read(report(), ["contracts/Other.sol"])) == ["the report names no contract"]


def test_table_has_a_row_for_each_file_and_one_for_all() -> None:
    rows = table(read(report(lines=(1, 0)), [PURSE, SAFE]))

    assert [row.split()[0] for row in rows] == ["lines", "Purse.sol", "Safe.sol", "all"]
    assert "50.00 % (1/2)" in rows[1]
    assert "66.67 % (2/3)" in rows[3]
