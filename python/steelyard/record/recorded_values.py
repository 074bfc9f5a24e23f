"""Any frozen value of ours as JSON and back, whole or as what changed; driven by the types' own fields.

Nothing here names a field, so a field that is added to a snapshot, a pool or the settings is recorded with
it, and a type that cannot be recorded exactly (a float) is refused when the first value of it comes.

Integers beyond what every JSON reader keeps exactly are decimal strings. Addresses, which do not compress,
are written once and then named by their place in an ``AddressBook``.
"""

from __future__ import annotations

import dataclasses
import types
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from steelyard.amm import Pool, UniswapV2Pool, UniswapV3Pool
from steelyard.exceptions import RecordingUnknown
from steelyard.model import Words
from steelyard.units import Address

Json = Any
"""What the ``json`` module reads and writes, without floats."""

SAME: Final = object()
"""A delta that changes nothing, and is not written."""

POOL_KINDS: Final[tuple[type, ...]] = (UniswapV2Pool, UniswapV3Pool)
_EXACT: Final = 1 << 53
"""JSON readers that keep numbers as doubles are exact below this."""
_KIND: Final = "kind"


class AddressBook:
    """The addresses of one session in the order of their first use."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._addresses: list[str] = []
        self._told = 0

    def place(self, address: str) -> int:
        """Return an address's place, a new one where it was never used."""
        place = self._places.setdefault(address, len(self._addresses))
        if place == len(self._addresses):
            self._addresses.append(address)
        return place

    def address(self, place: int) -> str:
        """Return the address at a place. Raises ValueError where there is none."""
        if not 0 <= place < len(self._addresses):
            raise ValueError(f"address {place} of {len(self._addresses)}")
        return self._addresses[place]

    def untold(self) -> list[str]:
        """Return the addresses that came since the last call."""
        fresh, self._told = self._addresses[self._told :], len(self._addresses)
        return fresh

    def learn(self, addresses: list[str]) -> None:
        """Take over what ``untold`` returned where the values were written."""
        for address in addresses:
            self.place(address)


class Kind(ABC):
    """How the values of one type are written and read.

    What cannot be understood raises whatever it comes to; what another version wrote, RecordingUnknown.
    """

    @abstractmethod
    def encode(self, value: Any, book: AddressBook) -> Json: ...

    @abstractmethod
    def decode(self, found: Json, book: AddressBook) -> Any: ...

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        """Return what leads from one value to the other, or ``SAME``; here the whole value."""
        return SAME if before == after else self.encode(after, book)

    def patch(self, before: Any, found: Json, book: AddressBook) -> Any:
        """Return the value that ``delta`` led to; what did not change is shared with ``before``."""
        return self.decode(found, book)


class _Integer(Kind):
    def encode(self, value: Any, book: AddressBook) -> Json:
        if type(value) is not int:
            raise TypeError(f"a recording holds whole numbers, not {value!r}")
        return value if -_EXACT < value < _EXACT else str(value)

    def decode(self, found: Json, book: AddressBook) -> int:
        if type(found) is not int and type(found) is not str:
            raise TypeError(f"a whole number is expected, not {found!r}")
        return int(found)


class _Plain(Kind):
    """Text and truth values, which JSON has itself."""

    def __init__(self, type_: type) -> None:
        self._type = type_

    def encode(self, value: Any, book: AddressBook) -> Json:
        if type(value) is not self._type:
            raise TypeError(f"{self._type.__name__} is expected, not {value!r}")
        return value

    def decode(self, found: Json, book: AddressBook) -> Any:
        return self.encode(found, book)


class _Address(Kind):
    def encode(self, value: Any, book: AddressBook) -> Json:
        return book.place(value)

    def decode(self, found: Json, book: AddressBook) -> Address:
        return Address(book.address(found))


class _Words(Kind):
    """Sentences, as they read: they come back as plain text."""

    def encode(self, value: Any, book: AddressBook) -> Json:
        return str(value)

    def decode(self, found: Json, book: AddressBook) -> str:
        if type(found) is not str:
            raise TypeError(f"a text is expected, not {found!r}")
        return found

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        text = str(after)
        return SAME if str(before) == text else text


class _Enumeration(Kind):
    def __init__(self, type_: type[Enum]) -> None:
        self._type = type_

    def encode(self, value: Any, book: AddressBook) -> Json:
        return str(self._type(value).name)

    def decode(self, found: Json, book: AddressBook) -> Enum:
        return self._type[found]


class _Optional(Kind):
    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def encode(self, value: Any, book: AddressBook) -> Json:
        return None if value is None else self._kind.encode(value, book)

    def decode(self, found: Json, book: AddressBook) -> Any:
        return None if found is None else self._kind.decode(found, book)

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        if before is None or after is None:
            return super().delta(before, after, book)
        return self._kind.delta(before, after, book)

    def patch(self, before: Any, found: Json, book: AddressBook) -> Any:
        if before is None or found is None:
            return self.decode(found, book)
        return self._kind.patch(before, found, book)


class _Sequence(Kind):
    """Tuples of one type. Of equal length, a delta is ``{"at": [[place, delta], ...]}``; else the whole."""

    def __init__(self, item: Kind) -> None:
        self._item = item

    def encode(self, value: Any, book: AddressBook) -> Json:
        return [self._item.encode(one, book) for one in value]

    def decode(self, found: Json, book: AddressBook) -> tuple[Any, ...]:
        return tuple(self._item.decode(one, book) for one in _list(found))

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        if before == after:
            return SAME
        if len(before) != len(after):
            return self.encode(after, book)
        changed = [
            [at, part]
            for at, (old, new) in enumerate(zip(before, after, strict=True))
            if old is not new and (part := self._item.delta(old, new, book)) is not SAME
        ]
        return {"at": changed}

    def patch(self, before: Any, found: Json, book: AddressBook) -> tuple[Any, ...]:
        if isinstance(found, list):
            return self.decode(found, book)
        values = list(before)
        for at, part in found["at"]:
            values[at] = self._item.patch(values[at], part, book)
        return tuple(values)


class _Set(Kind):
    """Frozen sets, in the order of their written items: sets have none of their own."""

    def __init__(self, item: Kind) -> None:
        self._item = item

    def encode(self, value: Any, book: AddressBook) -> Json:
        # First in the order of the values, so that the same set meets the same address book in every process.
        return sorted(self._item.encode(one, book) for one in sorted(value))

    def decode(self, found: Json, book: AddressBook) -> frozenset[Any]:
        return frozenset(self._item.decode(one, book) for one in _list(found))


class _Mapping(Kind):
    """Mappings with their order, which is part of what a decision is given.

    A delta is ``{"set": [[key, whole or delta], ...], "gone": [key, ...]}``: known keys keep their place, new
    ones come last. Where that is not the order, and at the first time, it is the whole as a list of pairs.
    """

    def __init__(self, key: Kind, value: Kind) -> None:
        self._key, self._value = key, value

    def encode(self, value: Any, book: AddressBook) -> Json:
        return [[self._key.encode(key, book), self._value.encode(one, book)] for key, one in value.items()]

    def decode(self, found: Json, book: AddressBook) -> dict[Any, Any]:
        return {self._key.decode(key, book): self._value.decode(one, book) for key, one in _list(found)}

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        if before is after:
            return SAME
        gone = [key for key in before if key not in after]
        if not _in_order(before, after, gone):
            return self.encode(after, book)
        changed = []
        for key, new in after.items():
            if key not in before:
                changed.append([self._key.encode(key, book), self._value.encode(new, book)])
            elif (old := before[key]) is not new and (part := self._value.delta(old, new, book)) is not SAME:
                changed.append([self._key.encode(key, book), part])
        found: dict[str, Json] = {"set": changed} if changed else {}
        if gone:
            found["gone"] = [self._key.encode(key, book) for key in gone]
        return found or SAME

    def patch(self, before: Any, found: Json, book: AddressBook) -> dict[Any, Any]:
        if isinstance(found, list):
            return self._shared(before, self.decode(found, book))
        values = dict(before)
        for key in found.get("gone", ()):
            del values[self._key.decode(key, book)]
        for place, part in found.get("set", ()):
            key = self._key.decode(place, book)
            known = key in values
            values[key] = (
                self._value.patch(values[key], part, book) if known else self._value.decode(part, book)
            )
        return values

    @staticmethod
    def _shared(before: Any, after: dict[Any, Any]) -> dict[Any, Any]:
        """Return ``after`` with the objects of ``before`` where they are equal: they are one state."""
        return {key: before[key] if before.get(key) == value else value for key, value in after.items()}


class _Record(Kind):
    """Frozen dataclasses as objects; a delta holds the fields that changed, an absent one its default."""

    def __init__(self, type_: type) -> None:
        self._type = type_
        hints = get_type_hints(type_)
        fields = [field for field in dataclasses.fields(type_) if field.init]
        self._kinds = {field.name: kind_of(hints[field.name]) for field in fields}

    def encode(self, value: Any, book: AddressBook) -> Json:
        return {name: kind.encode(getattr(value, name), book) for name, kind in self._kinds.items()}

    def decode(self, found: Json, book: AddressBook) -> Any:
        self._check(found)
        return self._type(**{name: self._kinds[name].decode(part, book) for name, part in found.items()})

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        changed = {}
        for name, kind in self._kinds.items():
            old, new = getattr(before, name), getattr(after, name)
            if old is not new and (part := kind.delta(old, new, book)) is not SAME:
                changed[name] = part
        return changed or SAME

    def patch(self, before: Any, found: Json, book: AddressBook) -> Any:
        self._check(found)
        return dataclasses.replace(
            before,
            **{
                name: self._kinds[name].patch(getattr(before, name), part, book)
                for name, part in found.items()
            },
        )

    def _check(self, found: Json) -> None:
        unknown = sorted(found.keys() - self._kinds.keys())
        if unknown:
            raise RecordingUnknown(
                f"this program knows no {unknown[0]} of {self._type.__name__}; another version recorded it"
            )


class _OneOf(Kind):
    """Values of several classes: an object with the class's name, left out in a delta of the same class."""

    def __init__(self, types_: tuple[type, ...]) -> None:
        self._kinds = {type_.__name__: kind_of(type_) for type_ in types_}

    def encode(self, value: Any, book: AddressBook) -> Json:
        name = type(value).__name__
        if name not in self._kinds:
            raise TypeError(f"a recording knows no {name}, only {', '.join(self._kinds)}")
        return {_KIND: name} | self._kinds[name].encode(value, book)

    def decode(self, found: Json, book: AddressBook) -> Any:
        return self._kinds[found[_KIND]].decode(_without_kind(found), book)

    def delta(self, before: Any, after: Any, book: AddressBook) -> Json:
        if type(before) is not type(after):
            return self.encode(after, book)
        return self._kinds[type(after).__name__].delta(before, after, book)

    def patch(self, before: Any, found: Json, book: AddressBook) -> Any:
        if _KIND in found:
            return self.decode(found, book)
        return self._kinds[type(before).__name__].patch(before, found, book)


def kind_of(annotation: Any) -> Kind:
    """Return how values of an annotated type are recorded. Raises TypeError where they cannot be exactly."""
    if annotation not in _KINDS:
        _KINDS[annotation] = _made(annotation)
    return _KINDS[annotation]


_KINDS: Final[dict[Any, Kind]] = {}


def _made(annotation: Any) -> Kind:
    if annotation is int:
        return _Integer()
    if annotation is str or annotation is bool:
        return _Plain(annotation)
    if annotation is Address:
        return _Address()
    if annotation is Words:
        return _Words()
    if annotation is Pool:
        return _OneOf(POOL_KINDS)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _Enumeration(annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _Record(annotation)
    return _generic(annotation)


def _generic(annotation: Any) -> Kind:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return _Sequence(kind_of(arguments[0]))
    if origin is frozenset:
        return _Set(kind_of(arguments[0]))
    if origin is Mapping:
        return _Mapping(kind_of(arguments[0]), kind_of(arguments[1]))
    if origin in (types.UnionType, Union) and len(arguments) == 2 and arguments[1] is types.NoneType:
        return _Optional(kind_of(arguments[0]))
    raise TypeError(f"a recording cannot hold {annotation} exactly")


def _in_order(before: Mapping[Any, Any], after: Mapping[Any, Any], gone: list[Any]) -> bool:
    """Tell whether known keys keep their order and new ones come last."""
    if not gone and len(before) == len(after):
        return list(before) == list(after)
    new = [key for key in after if key not in before]
    return [key for key in before if key in after] + new == list(after)


def _list(found: Json) -> list[Json]:
    if not isinstance(found, list):
        raise TypeError(f"a list is expected, not {found!r:.40}")
    return found


def _without_kind(found: Json) -> Json:
    return {name: part for name, part in found.items() if name != _KIND}
