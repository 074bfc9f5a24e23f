"""An error of ours ends a command with its message and the exit code that its type stands for."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from steelyard.cli import main
from steelyard.cli.lazy import LazyGroup
from steelyard.exceptions import (
    ConfigError,
    RpcInconsistent,
    RpcUnavailable,
    SteelyardError,
    StoreBusy,
    StoreUnavailable,
    TokenUnusable,
)

pytestmark = pytest.mark.unit


def run_and_raise(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Result:
    module = ModuleType("raising_command")

    @click.command()
    def raising() -> None:
        raise error

    module.raising = raising  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    group = LazyGroup(commands_by_name={"raise": (module.__name__, "raising", "raises")})
    return CliRunner(mix_stderr=False).invoke(group, ["raise"])


@pytest.mark.parametrize("kind", [RpcUnavailable, RpcInconsistent, StoreBusy])
def test_passing_trouble_tells_a_supervisor_to_start_again(
    monkeypatch: pytest.MonkeyPatch, kind: type[SteelyardError]
) -> None:
    result = run_and_raise(monkeypatch, kind("the node is away"))
    assert result.exit_code == 75
    assert result.stderr == "steelyard: the node is away\n"


@pytest.mark.parametrize("kind", [ConfigError, StoreUnavailable, TokenUnusable])
def test_what_a_person_must_look_at_is_no_reason_to_start_again(
    monkeypatch: pytest.MonkeyPatch, kind: type[SteelyardError]
) -> None:
    result = run_and_raise(monkeypatch, kind("look at this"))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == "steelyard: look at this\n"


def test_error_that_is_not_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(run_and_raise(monkeypatch, ZeroDivisionError()).exception, ZeroDivisionError)


def test_help_names_every_command_and_imports_none() -> None:
    asked = "from steelyard.cli import main; main(['--help'], standalone_mode=False); import sys; "
    asked += "print([name for name in ('web3', 'ape', 'rich', 'sqlalchemy') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    names = ("demo", "run", "plan", "status", "report", "replay", "resume", "replica", "bench", "bench-start")
    for name in names:
        assert f"\n  {name} " in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"


def test_unknown_command_is_named() -> None:
    result = CliRunner(mix_stderr=False).invoke(main, ["trade"])
    assert result.exit_code == 2
    assert "No such command 'trade'" in result.stderr
