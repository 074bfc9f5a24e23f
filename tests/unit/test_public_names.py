"""The documented names are importable from the package, and asking for one loads no heavy library."""

import subprocess
import sys

import pytest

import steelyard

pytestmark = pytest.mark.unit

HEAVY = ("web3", "ccxt", "ape", "matplotlib")


@pytest.mark.parametrize("name", sorted(set(steelyard.__all__) - {"__version__"}))
def test_documented_name_is_importable_by_itself(name: str) -> None:
    assert getattr(steelyard, name).__name__ == name


def test_unknown_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = steelyard.Nonsense


def test_importing_every_documented_name_loads_no_heavy_library() -> None:
    program = (
        "import sys, steelyard\n"
        "for name in steelyard.__all__: getattr(steelyard, name)\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
