"""The programs of the kit: OpenQASM files that name neither machine nor qubits of one, each with the exact answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from qctl.core.program import Program
from qctl.frontends import read_program

from .density import probabilities


@dataclass(frozen=True, slots=True)
class Entry:
    """One program.

    Parameters
    ----------
    name : of its file
    what : its first line: what it does
    text : OpenQASM 3
    program : the same, read
    exact : probabilities by key without any noise
    """

    name: str
    what: str
    text: str
    program: Program
    exact: Mapping[str, float]


@cache
def programs() -> tuple[Entry, ...]:
    """Return all programs, the smallest first."""
    folder = files(__package__) / "programs"
    found = [_entry(path.name, path.read_text(encoding="utf-8")) for path in folder.iterdir()]
    return tuple(sorted(found, key=lambda entry: (entry.program.n_qubits, entry.name)))


def _entry(file: str, text: str) -> Entry:
    name, program = file.removesuffix(".qasm"), read_program(text, name=file)
    what = text.partition("\n")[0].removeprefix("//").strip()
    return Entry(name, what, text, program, probabilities(program.events, program.n_bits))
