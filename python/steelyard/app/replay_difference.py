"""Where two decisions on the same block part: the first verdict that differs, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from itertools import zip_longest
from typing import Any, Final

from steelyard.model import Decision, Verdict

_ABSENT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first verdict that differs, or what differs besides the verdicts.

    Attributes:
        place: of the verdict in its decision, counted from 1; None where all verdicts read the same.
        recorded, replayed: the verdict; None where that decision has fewer.
        fields: name, recorded value and new value of each field that differs, as text.
    """

    place: int | None = None
    recorded: Verdict | None = None
    replayed: Verdict | None = None
    fields: tuple[tuple[str, str, str], ...]


def first_difference(recorded: Decision, replayed: Decision) -> Difference | None:
    """Return where two decisions part, or None where they read the same."""
    for place, (before, after) in enumerate(zip_longest(recorded.verdicts, replayed.verdicts), start=1):
        found = tuple(differences(before, after, "" if before and after else "verdict"))
        if found:
            return Difference(place=place, recorded=before, replayed=after, fields=found)
    besides = tuple(differences(replace(recorded, verdicts=()), replace(replayed, verdicts=())))
    return Difference(fields=besides) if besides else None


def differences(before: Any, after: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the name of each field or item that differs, however deep, with both values as text.

    Words are compared as they read. ``name`` is that of the values themselves.
    """
    if type(before) is type(after) and is_dataclass(before) and not isinstance(before, type):
        for field in fields(before):
            old, new = _parts(field.name, before, after)
            yield from differences(old, new, _below(name, field.name))
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True), start=1):
            yield from differences(old, new, f"{name} {at}")
    elif before != after:
        yield name, _text(before), _text(after)


def _parts(name: str, before: Any, after: Any) -> tuple[Any, Any]:
    old, new = getattr(before, name), getattr(after, name)
    return (str(old), str(new)) if name == "words" else (old, new)


def _below(name: str, field: str) -> str:
    return f"{name}.{field}" if name else field


def _text(value: Any) -> str:
    if value is None:
        return _ABSENT
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, tuple):
        return f"{len(value)} of them"
    if is_dataclass(value):
        return "there"
    return str(value)
