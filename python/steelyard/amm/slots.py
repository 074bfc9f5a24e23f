"""Writing frozen, slotted values without ``__init__``, where a block brings hundreds of new states.

``dataclasses.replace`` reads every field by name, checks what cannot have changed, and takes four times as
long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any


def setters(kind: type[Any]) -> tuple[Callable[[object, object], None], ...]:
    """Return what writes each field of a slotted dataclass, in the fields' order, past its being frozen.

    For a value that its maker has just created with ``object.__new__`` and shown to nobody yet.
    """
    return tuple(kind.__dict__[field.name].__set__ for field in fields(kind))
