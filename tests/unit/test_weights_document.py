"""docs/weights.md says what the code does: its figures are looked for where they come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from steelyard.decide.allocation.metrics import concentration
from steelyard.decide.allocation.weights import AGGRESSIVE, CONSERVATIVE, DEFAULT, WeightModel

pytestmark = pytest.mark.unit

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
GAS_TEST: Final = (ROOT / "tests" / "forge" / "WeightModelGas.t.sol").read_text(encoding="utf-8")
EXAMPLE: Final = (8_000, 6_000, 4_000, 2_000)
PERCENT: Final = 10**16


def row(beginning: str) -> list[str]:
    """The cells of the one row of a table that begins so."""
    (line,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"| {beginning} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def held(number: str) -> str:
    return f"{int(number.replace('_', '')):,}"


def test_gas_figures_are_those_held_by_the_gas_test() -> None:
    figures = {
        exponent: [held(number) for number in re.findall(r"[\d_]+", numbers)]
        for exponent, numbers in re.findall(
            r"_holds\(([\d_]+), \[uint256\(([\d_]+\), [\d_]+, [\d_]+)\]", GAS_TEST
        )
    }
    for place, pools in enumerate(("4", "8", "32")):
        cells = row(pools)
        exponents = {"10_000": cells[1], "15_000": cells[3], "20_000": cells[5], "13_000": cells[6]}
        assert exponents == {exponent: numbers[place] for exponent, numbers in figures.items()}
    capped = re.findall(r"assertEq\(used\[\d\], ([\d_]+)\)", GAS_TEST)
    cells = row("20, half of them capped one after the other")
    assert [cells[3], cells[6]] == [held(number) for number in capped]


@pytest.mark.parametrize("place", range(4))
def test_worked_example_is_what_comes_out(place: int) -> None:
    weight = DEFAULT.target_weights(EXAMPLE).weights_wad[place]
    cents = DEFAULT.target_allocations(EXAMPLE, 100_000_000).amounts[place]
    power, percent, amount = row(f"{EXAMPLE[place]:,}")[1:]
    assert power == f"{EXAMPLE[place] ** 1.5:,.2f}"
    assert percent == f"{weight / PERCENT:.4f} %"
    assert amount == f"{cents // 100:,}.{cents % 100:02}"


def test_herfindahl_index_of_the_example_is_what_comes_out() -> None:
    found = concentration(DEFAULT.target_weights(EXAMPLE).weights_wad)
    assert f"Herfindahl index {found.herfindahl_wad / 10**18:.4f}" in DOCUMENT
    assert f"as concentrated as {found.effective_pools_wad / 10**18:.1f} equal pools" in " ".join(
        DOCUMENT.split()
    )


@pytest.mark.parametrize(("column", "model"), [(1, DEFAULT), (2, CONSERVATIVE), (3, AGGRESSIVE)])
def test_table_of_models_is_what_they_are(column: int, model: WeightModel) -> None:
    fields = {
        "`defaultCScore`": model.default_c_score,
        "`scoreAmplifierBp`": model.score_amplifier_bps,
        "`minMaxBp`": model.min_max_bps,
        "`maxBp`": model.max_bps,
        "`diversificationFactorBp`": model.diversification_factor_bps,
    }
    assert {name: row(name)[column] for name in fields} == {
        name: f"{value:,}" for name, value in fields.items()
    }
    weights = ", ".join(f"{weight / PERCENT:.1f}" for weight in model.target_weights(EXAMPLE).weights_wad)
    assert row("the example above")[column] == f"{weights} %"
    for pools in ((1, 2, 4), (8, 16, 32)):
        name = f"cap for {pools[0]}, {pools[1]}, {pools[2]} pools"
        caps = ", ".join(f"{model.max_weight_wad(count) / PERCENT:.1f}" for count in pools)
        assert row(name)[column] == f"{caps} %"
