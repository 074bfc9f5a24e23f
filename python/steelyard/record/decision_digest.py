"""One number for a whole decision: equal for equal verdicts and plans, in every process and program version.

The digest is SHA-256 over a canonical text of the values themselves: JSON with sorted keys, each dataclass as
an object of its class's name and its fields, words as they read. A field that holds its default is left out,
so that a field which is added later changes no digest for as long as it says nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, get_type_hints

from steelyard.model import Decision, Words

_CLASS: Final = ""
"""No field has this name."""


def decision_digest(decision: Decision) -> str:
    """Return the digest of a decision as 64 hexadecimal digits. Raises TypeError where it holds a float."""
    text = json.dumps(canonical(decision), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """Return the value in lists, objects, text and whole numbers: different values, different answers.

    Raises:
        TypeError: it holds something that has no exact text, such as a float.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):  # before int and str: ours are both
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, int | str):
        return value
    if isinstance(value, tuple | list):
        return [canonical(one) for one in value]
    if isinstance(value, frozenset | set):
        return sorted((canonical(one) for one in value), key=json.dumps)
    if isinstance(value, Mapping):
        return sorted(([canonical(key), canonical(one)] for key, one in value.items()), key=json.dumps)
    if dataclasses.is_dataclass(value):
        return _fields_of(value)
    raise TypeError(f"a decision cannot hold {value!r}: it has no exact text")


def _fields_of(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {_CLASS: type(value).__name__}
    for name, default, is_sentence in _fields(type(value)):
        part = getattr(value, name)
        if is_sentence:
            part = str(part)
        if part != default:
            found[name] = canonical(part)
    return found


def _fields(type_: Any) -> list[tuple[str, Any, bool]]:
    """Return each field's name, default (``MISSING``, which nothing equals, for none), and if it is words."""
    if type_ not in _FIELDS:
        hints = get_type_hints(type_)
        _FIELDS[type_] = [
            (field.name, _default(field), hints[field.name] is Words)
            for field in dataclasses.fields(type_)
            if field.init
        ]
    return _FIELDS[type_]


_FIELDS: Final[dict[Any, list[tuple[str, Any, bool]]]] = {}


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
