"""Programs from elsewhere, read into the gate stream."""

from __future__ import annotations

from qctl.core.program import Program

from .builder import Durations
from .export import to_openqasm
from .limits import ReadLimits
from .openqasm import read_openqasm
from .sweep import Inputs

__all__ = ["Durations", "Inputs", "ReadLimits", "read_openqasm", "read_program", "to_openqasm"]


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
