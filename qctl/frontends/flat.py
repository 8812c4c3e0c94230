"""The quick way through what most of a long program is: gates on plain qubits, with plain numbers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from .builder import ProgramBuilder, Qubits
from .definition import NO_MODIFIERS, DefinedGate
from .gate import Gate, LibraryGate

_STATEMENT = re.compile(
    r"[ \t\r\n]*+([A-Za-z_][A-Za-z0-9_]*+)(?:[ \t]*+\(([^();]*+)\)[ \t]*+|[ \t]++)([A-Za-z_$][A-Za-z0-9_$\[\], \t]*+);"
)
_OPERAND = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)(?:\[(0|[1-9][0-9]{0,8})\])?|\$(0|[1-9][0-9]{0,8})")
_NUMBER = re.compile(r"-?[0-9]{1,20}\.[0-9]{1,30}(?:[eE][-+]?[0-9]{1,2})?")
MOST_ANGLES = 64  # numbers of one gate that are read the quick way


@dataclass(slots=True)
class _Known:
    """A gate that was used before: one event, or a body that is expanded."""

    gate: Gate
    n_parameters: int
    n_qubits: int
    op: float
    before: tuple[float, ...]


class FlatReader:
    """Reads runs of flat gate statements; stops at the first statement that is anything else.

    What it reads means what the full reader would make of it: it only looks up what has been declared, and leaves every
    doubt, error and rarer form to the full reader.

    Parameters
    ----------
    builder : of the program
    angles_at : reads gate arguments that are no plain numbers, from a place in the text; the full reader's own. None
        where it is in doubt
    find : what a name of qubits stands for; by default what the builder knows
    """

    def __init__(
        self,
        builder: ProgramBuilder,
        angles_at: Callable[[int], tuple[float, ...] | None],
        find: Callable[[str], object] | None = None,
    ) -> None:
        self._builder, self._angles_at = builder, angles_at
        self._find = builder.names.get if find is None else find
        self._gates: dict[str, _Known] = {}
        self._qubits: dict[str, tuple[int, ...]] = {}
        self._angles: dict[str, tuple[float, ...]] = {}

    def forget(self) -> None:
        """Drop what was looked up; called after every declaration."""
        self._gates.clear()
        self._qubits.clear()
        self._angles.clear()

    def read(self, start: int, end: int = sys.maxsize) -> int:
        """Append the flat statements from ``start`` to before ``end``; return where the first other one begins."""
        text, gates, places, known_angles = self._builder.source.text, self._gates, self._qubits, self._angles
        extend, match = self._builder.stream.columns.extend, _STATEMENT.match
        while found := match(text, start, end):
            name, arguments, operands = found.groups()
            gate = gates.get(name) or self._gate(name)
            place = places.get(operands) or self._place(operands, found.start(3))
            if gate is None or place is None or len(place) != gate.n_qubits:
                break
            angles: tuple[float, ...] | None = ()
            if arguments is not None:
                angles = known_angles.get(arguments) or self._read_angles(arguments, found.start(2))
            if angles is None or len(angles) != gate.n_parameters:
                break
            if gate.op < 0:
                self._expand(gate, angles, place, found.start(1))
            else:
                a, b, c = (*gate.before, *angles, 0.0, 0.0, 0.0)[:3]
                extend((gate.op, place[0], place[1] if gate.n_qubits == 2 else -1, -1, a, b, c))
            start = found.end()
        return start

    def _gate(self, name: str) -> _Known | None:
        entity = self._builder.known_gate(name)
        if not isinstance(entity, (LibraryGate, DefinedGate)):
            return None
        op, before = (entity.direct if isinstance(entity, LibraryGate) else None) or (-1, ())
        return self._gates.setdefault(name, _Known(entity, entity.n_parameters, entity.n_qubits, float(op), before))

    def _place(self, operands: str, start: int) -> tuple[int, ...] | None:
        """Return the qubits of operands that are all single and different; None for anything else."""
        place: list[int] = []
        for operand in operands.split(","):
            found = _OPERAND.fullmatch(operand.strip(" \t"))
            if found is None:
                return None
            if found[3] is not None:
                place.append(self._builder.physical_qubit(int(found[3]), start).indices[0])
                continue
            entity = self._find(found[1])
            index = 0 if found[2] is None else int(found[2])
            if not isinstance(entity, Qubits) or entity.single is (found[2] is not None):
                return None
            if index >= len(entity.indices):
                return None
            place.append(entity.indices[index])
        if len(set(place)) < len(place):
            return None
        return self._qubits.setdefault(operands, tuple(place))

    def _read_angles(self, arguments: str, start: int) -> tuple[float, ...] | None:
        if _NUMBER.fullmatch(arguments):
            return (float(arguments) + 0.0,)
        if "//" in arguments or "/*" in arguments:
            return None  # a comment could hide where the arguments end
        if arguments.count(",") < MOST_ANGLES:
            parts = [part.strip(" \t") for part in arguments.split(",")]
            if all(map(_NUMBER.fullmatch, parts)):
                return tuple(float(part) + 0.0 for part in parts)
        if arguments.strip(" \t\r\n") == "":
            return ()
        angles = self._angles_at(start)
        return None if angles is None else self._angles.setdefault(arguments, angles)

    def _expand(self, known: _Known, angles: tuple[float, ...], place: tuple[int, ...], start: int) -> None:
        stream, cost = self._builder.stream, known.gate.cost
        rows = stream.expand(known.gate, NO_MODIFIERS, cost, angles, start)
        stream.reserve(len(rows), start)
        stream.place(rows, place)
