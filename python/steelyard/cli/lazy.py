"""A click group that imports a command only when it is asked for, so that ``--help`` is quick."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from steelyard.exceptions import RetryError, SteelyardError

EXIT_STOP = 2
EXIT_RETRY = 75
"""sysexits' EX_TEMPFAIL: a supervisor may start the command again."""


class LazyGroup(click.Group):
    """Commands named as ``{name: (module, attribute, one-line help)}``."""

    def __init__(
        self,
        *args: Any,
        commands_by_name: dict[str, tuple[str, str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._by_name = commands_by_name

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._by_name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._by_name:
            return None
        module, attribute, _ = self._by_name[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self._by_name.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours ends in its message and an exit code, not in a traceback."""
        try:
            return super().invoke(ctx)
        except SteelyardError as error:
            click.secho(f"steelyard: {error}", fg="red", err=True)
            sys.exit(EXIT_RETRY if isinstance(error, RetryError) else EXIT_STOP)
