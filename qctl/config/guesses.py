"""First guesses of a laboratory file: by target, then by quantity, each in the unit that the quantity fixes."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Line
from qctl.core.names import UNITS, Target, unit_of
from qctl.core.units import Unit

from . import scalars
from .document import Document
from .mistakes import shown
from .nodes import Node, Scalar, Table

SECTION = "first_guess"
FEW = 8  # names that a message lists
_SECTIONS = {Target.QUBIT: "qubits", Target.COUPLING: "couplings", Target.LINE: "lines"}


def read_guesses(document: Document, table: Table) -> dict[str, float]:
    """Return SI values by parameter name (``q0.x180.duration``); note what is wrong with the others."""
    targets = {name: kind for kind, section in _SECTIONS.items() for name in document.declared(section)}
    read: dict[str, float] = {}
    for name, guesses in table.entries.items():
        if name not in targets:
            document.wrong(
                (SECTION, name),
                f"first guesses for {shown(name)!r}, which is no qubit, coupling or line",
                ", ".join(list(targets)[:12]) + (", ..." if len(targets) > 12 else ""),
                like=(name, targets),
                at=table.keys[name],
            )
        elif not isinstance(guesses, Table):
            document.wrong((SECTION, name), f"{name} is no table", "quantities with their values", at=table.keys[name])
        else:
            for quantity, node in guesses.entries.items():
                value = _guess(document, name, quantity, node, targets[name])
                read.update({} if value is None else {f"{name}.{quantity}": value})
    return read


def _unknown(document: Document, steps: tuple[str, str, str], target: Target, quantity: str) -> None:
    """Say that a target has no such quantity; what belongs to the wiring is told apart from a slip of the pen."""
    known = UNITS[target]
    wired = target is Target.LINE and quantity in {entry.name for entry in fields(Line)}
    near = get_close_matches(quantity[:60], known, n=FEW, cutoff=0.3)
    near += [name for name in known if name not in near][: FEW - len(near)]
    document.wrong(
        steps,
        f"a {target} has no quantity {shown(quantity)!r}",
        f"{', '.join(near)}, ... ({len(known)} in all: docs/laboratory-file.md)",
        f"{quantity} is wiring: write it under lines" if wired else "",
        like=(quantity, known),
    )


def _guess(document: Document, name: str, quantity: str, node: Node, target: Target) -> float | None:
    unit = unit_of(quantity, target)
    steps = (SECTION, name, quantity)
    if unit is None:
        _unknown(document, steps, target, quantity)
        return None
    if not isinstance(node, Scalar):
        document.wrong(steps, f"{quantity} is no value", f"a quantity in {unit}" if unit else "a number")
        return None
    try:
        return scalars.quantity(node, Unit(unit))[0] if unit else scalars.number(node)
    except ConfigError as error:
        document.wrong(steps, f"{quantity}: {error.asked}", error.allowed, error.remedy)
        return None
