"""Where two decisions on the same block part: the first verdict that differs, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any, Final

from steelyard.model import Verdict

_ABSENT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first verdict that differs.

    Attributes:
        place: of the verdict in its decision, counted from 1.
        verdicts: how many verdicts the recorded and the new decision have.
        recorded, replayed: the verdict; None where that decision has fewer.
        fields: name, recorded value and new value of each field that differs, as text.
    """

    place: int
    verdicts: tuple[int, int]
    recorded: Verdict | None
    replayed: Verdict | None
    fields: tuple[tuple[str, str, str], ...]


def first_difference(recorded: Sequence[Verdict], replayed: Sequence[Verdict]) -> Difference | None:
    """Return where two decisions part, or None where their verdicts read the same."""
    for place, (before, after) in enumerate(zip_longest(recorded, replayed), start=1):
        differing = tuple(_differing("", before, after))
        if differing:
            return Difference(
                place=place,
                verdicts=(len(recorded), len(replayed)),
                recorded=before,
                replayed=after,
                fields=differing,
            )
    return None


def _differing(name: str, before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """Go down to the fields and items that differ; words are compared as they read."""
    if type(before) is type(after) and is_dataclass(before) and not isinstance(before, type):
        for field in fields(before):
            yield from _differing(_below(name, field.name), *_parts(field.name, before, after))
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True), start=1):
            yield from _differing(f"{name} {at}", old, new)
    elif before != after:
        yield name or "verdict", _text(before), _text(after)


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
