"""A hidden truth as the text of its file: every field that is not its default, in the units of its annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from qctl.config.shapes import Shape, entries_of
from qctl.core.port import Port
from qctl.core.units import Unit, format_quantity


def twin_text(twin: Any, heading: str) -> str:  # noqa: ANN401 (the truth of any platform)
    """Return YAML that the reader of twins reads back as the same truth.

    Parameters
    ----------
    heading : lines of a comment at the top
    """
    lines = [f"# {line}" for line in heading.splitlines()]
    for name, value, shape in _said(twin):
        if isinstance(value, Mapping | tuple) or is_dataclass(value):
            lines.append("")
        lines += _block(name, value, shape)
    return "\n".join(lines) + "\n"


def _block(name: str, value: Any, shape: Shape) -> list[str]:  # noqa: ANN401 (whatever a field of a twin may hold)
    """Return a field on lines of its own; what its entries hold stands on one line each."""
    if isinstance(value, Mapping):
        return [f"{name}:", *(f"  {key}: {_flow(item, shape.items[0])}" for key, item in value.items())]
    if isinstance(value, tuple):
        return [f"{name}:", *(f"  - {_flow(item, shape.items[0])}" for item in value)]
    if is_dataclass(value) and not isinstance(value, Port):
        return [f"{name}:", *(f"  {line}" for entry in _said(value) for line in _block(*entry))]
    return [f"{name}: {_flow(value, shape)}"]


def _said(one: Any) -> list[tuple[str, Any, Shape]]:  # noqa: ANN401 (any dataclass of a twin)
    """Return name, value and shape of each field that does not hold its default."""
    shapes = _shapes(type(one))
    found = [(name, getattr(one, name), shape) for name, shape in shapes.items()]
    kept = {field.name for field in fields(one) if getattr(one, field.name) != _default(field)}
    return [entry for entry in found if entry[0] in kept]


def _default(field: Field[Any]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _flow(value: Any, shape: Shape) -> str:  # noqa: ANN401 (whatever a field of a twin may hold)
    if is_dataclass(value) and not isinstance(value, Port):
        return "{" + ", ".join(f"{n}: {_flow(v, s)}" for n, v, s in _said(value)) + "}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{n}: {_flow(v, shape.items[0])}" for n, v in value.items()) + "}"
    if isinstance(value, tuple):
        shapes = shape.items * len(value) if shape.repeats else shape.items
        return "[" + ", ".join(_flow(v, s) for v, s in zip(value, shapes, strict=True)) + "]"
    if isinstance(shape.marker, Unit):
        return format_quantity(value, shape.marker.name)
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _shapes(kind: type) -> dict[str, Shape]:
    return {entry.name: entry.shape for entry in entries_of(kind)}
