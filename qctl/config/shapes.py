"""Annotations of a dataclass, taken apart: what a field holds, and how to say so to a person."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from qctl.core.names import ParameterNames
from qctl.core.port import Port
from qctl.core.units import AnyUnit, Unit

_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Port: "a port such as awg1.3 or awg1.marker.1",
    Mapping: "names, each with its value",
}


@dataclass(frozen=True)
class Shape:
    """What one value of a file may be.

    Parameters
    ----------
    kind : ``bool``, ``int``, ``float``, ``str``, ``Port``, an Enum, a dataclass, ``tuple`` or ``Mapping``
    marker : unit of a quantity, or the mark of a table of first guesses
    items : of a tuple or Mapping: the shapes of what it holds
    repeats : a tuple of any length
    """

    kind: Any
    marker: Unit | AnyUnit | ParameterNames | None = None
    items: tuple[Shape, ...] = ()
    repeats: bool = False

    @property
    def is_table(self) -> bool:
        """Say whether a dataclass is written here; a port is one, but a file writes it as text."""
        return is_dataclass(self.kind) and self.kind is not Port

    @property
    def words(self) -> str:
        """Return in words what is allowed here."""
        if isinstance(self.marker, Unit | AnyUnit):
            return f"a number, a space and one of {', '.join(self.marker.spellings)}"
        if self.kind is tuple:
            return f"a list of {self.items[0].words}" if self.repeats else f"a list of {len(self.items)}"
        if self.is_table:
            return f"a table with the keys {', '.join(entry.name for entry in entries_of(self.kind))}"
        if isinstance(self.kind, type) and issubclass(self.kind, Enum):
            return f"one of {', '.join(str(member.value) for member in self.kind)}"
        return _WORDS[self.kind]


@dataclass(frozen=True)
class Entry:
    """One key that a file may write."""

    name: str
    shape: Shape
    required: bool
    default: Any = None


@cache
def entries_of(kind: type) -> tuple[Entry, ...]:
    """Return what a file writes of a dataclass: its fields without those that are derived."""
    hints = get_type_hints(kind, include_extras=True)
    written = [field for field in fields(kind) if not field.metadata.get("derived")]
    return tuple(Entry(field.name, shape_of(hints[field.name]), *_default(field)) for field in written)


@cache
def derives_unit(kind: type) -> bool:
    """Say whether a dataclass wants to know the unit that its quantities have in common."""
    return any(field.name == "unit" and field.metadata.get("derived") for field in fields(kind))


def shape_of(annotation: Any) -> Shape:  # noqa: ANN401
    """Return the shape of an annotation; raise TypeError for one that no file can hold."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marker = next((m for m in arguments[1:] if isinstance(m, Unit | AnyUnit | ParameterNames)), None)
        shape = shape_of(arguments[0])
        return Shape(shape.kind, marker, shape.items, shape.repeats)
    if origin in (Union, types.UnionType):
        (only,) = (argument for argument in arguments if argument is not type(None))
        return shape_of(only)
    if origin is tuple:
        repeats = arguments[-1] is Ellipsis
        return Shape(tuple, items=tuple(shape_of(a) for a in arguments if a is not Ellipsis), repeats=repeats)
    if origin in (Mapping, dict) and arguments[0] is str:
        return Shape(Mapping, items=(shape_of(arguments[1]),))
    if (
        annotation in _WORDS
        or is_dataclass(annotation)
        or (isinstance(annotation, type) and issubclass(annotation, Enum))
    ):
        return Shape(annotation)
    raise TypeError(f"{annotation} is no type that a file can hold")


def _default(field: Field[Any]) -> tuple[bool, Any]:
    if field.default is not MISSING:
        return False, field.default
    if field.default_factory is not MISSING:
        return False, field.default_factory()
    return True, None
