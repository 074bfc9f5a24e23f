"""The gas that docs/contracts.md shows is what the Solidity tests hold."""

from __future__ import annotations

import re

import pytest

from gate.stages import ROOT

pytestmark = pytest.mark.unit

FORGE = ROOT / "tests" / "forge"
PAGE = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
_NUMBER = r"\d+_\d+"


def _held(file: str, pattern: str) -> list[int]:
    """The numbers of what `pattern` finds in a test, in their order."""
    found = re.findall(pattern, (FORGE / file).read_text(encoding="utf-8"))
    return [int(number) for text in found for number in re.findall(_NUMBER, text)]


def _shown(head: str) -> list[int]:
    """The numbers of the last column of the page's table that begins with `head`."""
    (table,) = re.findall(rf"^\| {head} \| gas \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [int(row.split("|")[-2].strip(" +").replace(",", "")) for row in table.splitlines()]


def test_gas_of_loans_and_routes__is_what_the_snapshot_holds() -> None:
    held = _held("Gas.t.sol", rf"constant \w+ = {_NUMBER};")
    assert len(held) == 6
    assert _shown("what") == held


def test_gas_of_each_kind_of_venue__is_what_the_snapshot_holds() -> None:
    held = _held("VenuesGas.t.sol", r"held = \[(.*)\];")
    assert len(held) == 7
    assert _shown("Uniswap V2, then") == held


def test_gas_that_a_credit_between_two_v4_legs_saves__is_about_what_the_page_says() -> None:
    netted, settled = _held("VenuesGas.t.sol", rf"constant (?:NETTED|SETTLED) = {_NUMBER};")
    (said,) = re.findall(r"saves some ([\d,]+) gas", PAGE)
    assert abs(settled - netted - int(said.replace(",", ""))) < 500
