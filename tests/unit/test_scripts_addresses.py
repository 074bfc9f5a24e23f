"""Addresses as users type them: in one case or with a right checksum; commands say them as the chain does."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

import scripts.deploy
import scripts.roles
from scripts._executor import ADDRESS, AddressParameter

pytestmark = pytest.mark.unit

RIGHT = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
NAMED = {"address", "new", "old", "treasury", "keeper", "guardian", "owner", "forwarder"}
"""Parameters of commands that are accounts or contracts."""


@pytest.mark.parametrize("typed", [RIGHT, RIGHT.lower(), "0x" + RIGHT[2:].upper()])
def test_an_address__in_one_case_or_with_its_checksum__is_given_on_with_it(typed: str) -> None:
    assert ADDRESS.convert(typed, None, None) == RIGHT


@pytest.mark.parametrize(
    "typed", [RIGHT.replace("C02a", "c02a"), RIGHT[:-1], RIGHT + "0", "keeper", "none", ""]
)
def test_an_address__mistyped__is_refused_before_anything_is_asked(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="is not an address: 0x and 40 hex digits"):
        ADDRESS.convert(typed, None, None)


def test_a_word__where_it_may_stand_for_an_address__is_given_on() -> None:
    assert AddressParameter("none").convert("none", None, None) == "none"


def _commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from _commands(command)
        else:
            yield command


@pytest.mark.parametrize("group", [scripts.deploy.cli, scripts.roles.cli], ids=["deploy", "roles"])
def test_every_command_that_is_given_an_address__reads_it_as_one(group: click.Group) -> None:
    given = [
        (command.name, parameter.name, parameter.type)
        for command in _commands(group)
        for parameter in command.params
        if parameter.name in NAMED
    ]
    assert len(given) >= 7
    assert [one for one in given if not isinstance(one[2], AddressParameter)] == []
