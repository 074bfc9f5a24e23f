"""New scores of pools, from a file or from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steelyard.config.vault_scores import load_scores, parse_score
from steelyard.exceptions import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

TOML = """
[lending]
trust_score = 8_000
liquidity_score = 9_000
performance_score = 6_000
[range]
c_score = 4
"""
HEADINGS = "pool,trust_score,liquidity_score,performance_score,c_score\n"
CSV = HEADINGS + "lending,8000,9000,6000,\nrange,,,,4\n"


@pytest.mark.parametrize(("name", "text"), [("s.toml", TOML), ("s.csv", CSV)])
def test_scores__of_either_kind_of_file__are_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = load_scores(tmp_path / name)
    assert {pool: terms.scores for pool, terms in found.items()} == {
        "lending": (8_000, 9_000, 6_000),
        "range": (4,),
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("s.toml", "", "no pool is given a score"),
        ("s.toml", "[lending]\n", "lending is given no score"),
        ("s.toml", "[lending]\nc_score = 10_001\n", "lending.c_score: .*10000"),
        ("s.toml", "[lending]\ntrust_score = 1\n", "together, or c_score"),
        ("s.toml", "[lending\n", "cannot be read as TOML"),
        ("s.csv", HEADINGS + "lending,,,,\n", "lending is given no score"),
        ("s.csv", HEADINGS + "lending,1,2,3,4\n", "together, or c_score"),
        ("s.csv", HEADINGS + "lending,,,,much\n", "lending.c_score: Input should be a valid integer"),
        ("s.csv", HEADINGS + "lending,,,,1\nlending,,,,2\n", "name each pool once, in a column pool"),
        ("s.csv", "strategy,c_score\nlending,1\n", "name each pool once, in a column pool"),
        ("s.csv", HEADINGS + "lending,1,2,3,4,5\n", "is not a valid list of scores"),
        ("s.txt", TOML, "must end in .toml or .csv"),
    ],
)
def test_scores__that_say_nothing_or_too_much__are_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        load_scores(tmp_path / name)


def test_scores__of_a_file_that_is_not_there__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read as CSV"):
        load_scores(tmp_path / "none.csv")


def test_score__as_it_is_typed__is_three_or_one() -> None:
    assert parse_score("lending=1,2,3")[1].scores == (1, 2, 3)
    pool, terms = parse_score("0xAb=4000")
    assert (pool, terms.scores) == ("0xAb", (4_000,))


@pytest.mark.parametrize(
    "text", ["lending", "lending=", "lending=1,2", "lending=1,2,3,4", "lending=x", "a=10001", "a=-1"]
)
def test_score__typed_wrong__is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is neither POOL=TRUST,LIQUIDITY,PERFORMANCE nor POOL=CSCORE"):
        parse_score(text)
