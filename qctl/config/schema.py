"""A JSON Schema of what a file may hold, from the same annotations that its reader uses; for editors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from qctl.core.names import UNITS, ParameterNames
from qctl.core.port import Port
from qctl.core.units import AnyUnit, Unit

from .shapes import Entry, Shape, entries_of

_NUMBER = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?"
_PLAIN: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string", "minLength": 1},
    Port: {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_]*\.(marker\.)?[1-9][0-9]{0,3}$"},
}


def json_schema(kind: type) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of files that ``read`` turns into the dataclass ``kind``.

    It knows names, types and units. What only makes sense together (a line that names an instrument) it cannot say.
    """
    definitions: dict[str, Any] = {}
    root = _schema(Shape(kind), definitions)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"qctl {kind.__name__.lower()}"}
    return head | root | {"$defs": dict(sorted(definitions.items()))}


def _schema(shape: Shape, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(shape.marker, ParameterNames):
        return _guesses()
    if isinstance(shape.marker, Unit | AnyUnit):
        return _quantity(shape.marker)
    if shape.kind is Mapping:
        return {"type": "object", "additionalProperties": _schema(shape.items[0], definitions)}
    if shape.kind is tuple:
        items = [_schema(item, definitions) for item in shape.items]
        if shape.repeats:
            return {"type": "array", "items": items[0]}
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if shape.is_table:
        if shape.kind.__name__ not in definitions:
            definitions[shape.kind.__name__] = {}  # a dataclass within itself ends here
            definitions[shape.kind.__name__] = _table(shape.kind, definitions)
        return {"$ref": f"#/$defs/{shape.kind.__name__}"}
    if issubclass(shape.kind, Enum):
        return {"enum": [member.value for member in shape.kind]}
    return dict(_PLAIN[shape.kind])


def _table(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    entries, said = entries_of(kind), _descriptions(kind)
    properties = {entry.name: _property(entry, said.get(entry.name), definitions) for entry in entries}
    table: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [entry.name for entry in entries if entry.required]
    return table | ({"required": required} if required else {}) | ({"description": said[""]} if said[""] else {})


def _property(entry: Entry, description: str | None, definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(entry.shape, definitions)
    return schema | ({"description": description} if description else {})


def _quantity(unit: Unit | AnyUnit) -> dict[str, Any]:
    spellings = "|".join(re.escape(spelling) for spelling in unit.spellings)
    return {"type": "string", "pattern": f"^{_NUMBER} ({spellings})$"}


def _guesses() -> dict[str, Any]:
    quantities: dict[str, Any] = {}
    counted: dict[str, Any] = {}
    for units in UNITS.values():
        for name, unit in units.items():
            schema = _quantity(Unit(unit)) if unit else dict(_PLAIN[float])
            if name.endswith("_N"):
                counted[f"^{re.escape(name[:-1])}[1-9][0-9]?$"] = schema
            else:
                quantities[name] = schema
    target = {"type": "object", "properties": quantities, "patternProperties": counted, "additionalProperties": False}
    return {"type": "object", "additionalProperties": target}


def _descriptions(kind: type) -> dict[str, str]:
    """Return what a docstring says of each field, and under "" its first line."""
    lines = inspect.cleandoc(kind.__doc__ or "").splitlines()
    said = {"": lines[0] if lines else ""}
    for line in lines:
        names, colon, text = line.partition(" : ")
        if colon and re.fullmatch(r"\w+(, \w+)*", names):
            said |= dict.fromkeys(names.split(", "), text)
    return said
