"""What the gate reads from the runners' closing lines."""

from __future__ import annotations

import pytest

from gate.counting import Counts, counts_in

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("===== 2 failed, 41 passed, 3 skipped, 1 warning in 1.52s =====", Counts(41, 2, 3)),
        (
            "\x1b[32m====== \x1b[32m\x1b[1m7 passed\x1b[0m\x1b[32m in 65.10s (0:01:05)\x1b[0m ======",
            Counts(7),
        ),
        ("3 passed, 2 errors in 0.11s", Counts(3, 2)),
        ("==== 1 xfailed, 1 xpassed in 0.01s ====", Counts(1, 1)),
        (
            "Ran 2 test suites in 3.78ms (1.30ms CPU): 5 tests passed, 1 failed, 2 skipped (8 total tests)",
            Counts(5, 1, 2),
        ),
        (
            "Ran 1 test suite in 3.78ms (1ms CPU): 1 tests passed, 0 failed, 0 skipped (1 total tests)",
            Counts(1),
        ),
    ],
)
def test_closing_line_yields_its_numbers(line: str, expected: Counts) -> None:
    assert counts_in(line) == expected


@pytest.mark.parametrize(
    "line",
    ["", "tests/unit/test_x.py ....... [100%]", "Ran 1 test for tests/forge/B.t.sol:BTest", "I waited in 3s"],
)
def test_other_lines_yield_nothing(line: str) -> None:
    assert counts_in(line) is None


def test_tests_that_died_before_running_count_as_failed() -> None:
    assert counts_in("==== 4 errors in 0.40s ====") == Counts(failed=4)
