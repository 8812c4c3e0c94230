"""Whatever a user calls a program: text, a file, a Program, or what Python code wrote."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, runtime_checkable

from qctl.core.errors import UsageError
from qctl.core.program import Program

from .builder import Durations
from .openqasm import read_openqasm
from .sweep import Inputs

Text = str | os.PathLike[str]
"""OpenQASM text, or the path of a file that holds it."""


@runtime_checkable
class Written(Protocol):
    """What Python code wrote: `qctl.Circuit` and `qctl.Pulses` are."""

    def program(self, shots: int = 1000) -> Program:
        """Return the program so far."""


def read_program(
    text: str, name: str = "<text>", inputs: Inputs | None = None, durations: Durations | None = None
) -> Program:
    """Return the program of a text in any language that qctl reads: OpenQASM 2 and 3.

    Parameters
    ----------
    text : the program
    name : file name, for messages
    inputs : values of the program's inputs, by name; rows of values of one length are the points of a sweep
    durations : how long events on physical qubits last, for programs that ask (``durationof``, stretches)

    Raises
    ------
    ProgramError
        When the text cannot be read, or uses what is not supported.
    """
    return read_openqasm(text, name=name, inputs=inputs, durations=durations)


def as_program(
    program: Program | Written | Text, inputs: Inputs | None = None, durations: Durations | None = None
) -> Program:
    """Return a program as it is, as Python code wrote it, from OpenQASM text, or from the file at a path.

    Raises
    ------
    UsageError
        When there is no such file, or when inputs are given to what is no text.
    ProgramError
        When the text cannot be read.
    """
    if isinstance(program, Program | Written):
        if inputs:
            raise UsageError("inputs of a program that has been read already", allowed="OpenQASM text, or a file")
        return program if isinstance(program, Program) else program.program()
    if isinstance(program, str) and ("\n" in program or ";" in program):
        return read_program(program, inputs=inputs, durations=durations)
    if not isinstance(program, str | os.PathLike) or not str(program).strip():
        shown = repr(program) if isinstance(program, str | bytes | int | float) else f"a {type(program).__name__}"
        raise UsageError(
            f"{shown[:60]} as a program",
            allowed="OpenQASM text, the path of a file that holds it, a Circuit or a Program",
            remedy="text of bytes: program.decode()" if isinstance(program, bytes) else "",
        )  # fmt: skip
    path = Path(program)
    try:
        return read_program(path.read_text(encoding="utf-8"), name=str(path), inputs=inputs, durations=durations)
    except (OSError, UnicodeDecodeError) as reason:
        raise UsageError(
            f"cannot read {str(path)!r} ({reason})", allowed="OpenQASM text, or a file that holds it"
        ) from reason
