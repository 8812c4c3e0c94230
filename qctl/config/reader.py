"""Files to frozen dataclasses: the annotations say what a file may hold, and every mistake is answered at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

from qctl.core.errors import ConfigError
from qctl.core.names import ParameterNames
from qctl.core.port import Port
from qctl.core.units import AnyUnit, Unit

from . import scalars
from .document import Document, Steps, content_of
from .guesses import read_guesses
from .mistakes import shown
from .nodes import Listing, Node, Scalar, Table
from .shapes import Shape, derives_unit, entries_of

T = TypeVar("T")

_ABSENT: Any = object()  # what a broken value reads as: the mistake is noted, and nothing is built from it
_PLAIN: dict[Any, Callable[[Scalar], object]] = {
    bool: scalars.boolean,
    int: scalars.integer,
    float: scalars.number,
    str: scalars.text,
    Port: scalars.port,
}


def read(path: Path, kind: type[T]) -> T:
    """Return what a YAML file says, as the dataclass ``kind``.

    Fields are plain (``bool``, ``int``, ``float``, ``str``, ``Port``, enums), quantities
    (``Annotated[float, Unit("Hz")]``), tuples, ``Mapping[str, ...]`` or other dataclasses. A field with a default
    may be left out; a field whose metadata say ``derived`` must be. A ConfigError of ``__post_init__`` gets a place.

    Raises
    ------
    ConfigError
        Lists every mistake of the file as ``file:line:column: what was read; what is allowed; did you mean``.
    """
    document = Document(content_of(path), str(path))
    built = Reader(document).whole(kind)
    document.mistakes.check()
    return cast("T", built)


class Reader:
    """Builds dataclasses from a document; what is wrong is noted there."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._units: dict[Steps, str] = {}  # of quantities that may be in one of several units

    def whole(self, kind: type) -> object:
        """Return the whole document as a dataclass; anything at all when there are mistakes."""
        return None if self.document.root is None else self._value((), self.document.root, Shape(kind))

    def fields(self, kind: type) -> dict[str, Any]:
        """Return those fields of the top level that could be read; broken entries of tables are left out."""
        root = self.document.root
        if root is None or isinstance(root, Table):
            return {} if root is None else self._fields((), root, kind)
        self._fail((), "the file is no table", Shape(kind).words)
        return {}

    def _fail(self, steps: Steps, asked: str, allowed: str, remedy: str = "") -> Any:  # noqa: ANN401
        self.document.wrong(steps, asked, allowed, remedy)
        return _ABSENT

    def _value(self, steps: Steps, node: Node, shape: Shape) -> Any:  # noqa: ANN401
        """Return what ``node`` says in the given shape, or _ABSENT once a mistake is noted."""
        name = steps[-1] if steps else "the file"
        if isinstance(shape.marker, ParameterNames):
            return (
                read_guesses(self.document, node) if isinstance(node, Table) else self._kind(name, steps, node, shape)
            )
        if shape.kind is Mapping and isinstance(node, Table):
            return self._mapping(steps, node, shape.items[0])
        if shape.kind is tuple and isinstance(node, Listing):
            return self._tuple(steps, node, shape)
        if shape.is_table and isinstance(node, Table):
            return self._dataclass(steps, node, cast("type", shape.kind))
        if not isinstance(node, Scalar) or shape.kind in (Mapping, tuple) or shape.is_table:
            return self._kind(name, steps, node, shape)
        try:
            return self._scalar(steps, node, shape)
        except ConfigError as error:
            return self._fail(steps, f"{name}: {error.asked}", error.allowed, error.remedy)

    def _kind(self, name: str, steps: Steps, node: Node, shape: Shape) -> Any:  # noqa: ANN401
        """Refuse a node of the wrong kind."""
        found = "a list" if isinstance(node, Listing) else "a table"
        found = repr(shown(node.text)) if isinstance(node, Scalar) else found
        return self._fail(steps, f"{name} is {found}", shape.words)

    def _scalar(self, steps: Steps, node: Scalar, shape: Shape) -> object:
        if isinstance(shape.marker, Unit | AnyUnit):
            value, self._units[steps] = scalars.quantity(node, shape.marker)
            return value
        if issubclass(shape.kind, Enum):
            return scalars.choice(node, shape.kind)
        return _PLAIN[shape.kind](node)

    def _mapping(self, steps: Steps, node: Table, item: Shape) -> dict[str, Any]:
        read = {key: self._value((*steps, key), child, item) for key, child in node.entries.items()}
        return {key: value for key, value in read.items() if value is not _ABSENT}

    def _tuple(self, steps: Steps, node: Listing, shape: Shape) -> Any:  # noqa: ANN401
        shapes = shape.items * len(node.items) if shape.repeats else shape.items
        if len(shapes) != len(node.items):
            return self._fail(steps, f"{steps[-1]} has {len(node.items)} entries", f"exactly {len(shapes)}")
        pairs = enumerate(zip(node.items, shapes, strict=True))
        read = tuple(self._value((*steps, str(i)), child, one) for i, (child, one) in pairs)
        return _ABSENT if any(value is _ABSENT for value in read) else read

    def _dataclass(self, steps: Steps, node: Table, kind: type) -> Any:  # noqa: ANN401
        before = len(self.document.mistakes)
        read = self._fields(steps, node, kind)
        if len(self.document.mistakes) > before:
            return _ABSENT
        try:
            return kind(**read)
        except ConfigError as error:
            return self._fail(steps, error.asked, error.allowed, error.remedy)

    def _fields(self, steps: Steps, node: Table, kind: type) -> dict[str, Any]:
        """Return the fields that a table gives to a dataclass; note unknown, missing and broken ones."""
        entries = entries_of(kind)
        names = [entry.name for entry in entries]
        inside = f" in {'.'.join(steps)}" if steps else ""
        for key in node.entries.keys() - set(names):
            asked = f"unknown key {shown(key)!r}{inside}"
            self.document.wrong((*steps, key), asked, ", ".join(names), like=(key, names), at=node.keys[key])
        found = {}
        for entry in entries:
            if entry.name in node.entries:
                found[entry.name] = self._value((*steps, entry.name), node.entries[entry.name], entry.shape)
            elif entry.required:
                asked, allowed = f"key {entry.name!r} is missing{inside}", f"{entry.name}: {entry.shape.words}"
                self.document.wrong((*steps, entry.name), asked, allowed)
        read = {name: value for name, value in found.items() if value is not _ABSENT}
        return read | self._unit(steps, list(read)) if derives_unit(kind) else read

    def _unit(self, steps: Steps, names: list[str]) -> dict[str, str]:
        """Return the unit that all quantities of a table have in common, rates without their "per second"."""
        units = {name: self._units[*steps, name].removesuffix("/s") for name in names if (*steps, name) in self._units}
        if not units:
            return {}
        (first, unit), *others = units.items()
        for name, other in others:
            if other != unit:
                self._fail((*steps, name), f"{name} is in {other}, but {first} is in {unit}", "one unit for one output")
        return {"unit": unit}
