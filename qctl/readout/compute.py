"""What a program computes with its measured bits, worked out from the answers of a run."""

from __future__ import annotations

from dataclasses import replace

from qctl.core.answers import worked_out
from qctl.core.errors import UsageError
from qctl.core.program import Program
from qctl.core.result import Result


def compute(result: Result, program: Program) -> Result:
    """Return the result with the bits that the program shows, and with its outputs.

    Parameters
    ----------
    result : of what `qctl.core.answers.as_measured` makes of the program; a bit for each measurement
    program : without decisions; one without flow and hidden bits needs no computing

    Raises
    ------
    UsageError
        When readout errors were undone: that gives weights of keys, not bits to compute with.
    """
    result = replace(result, axes=program.axes) if program.axes else result
    if not program.flow and not program.n_hidden:
        return result
    if result.quasi:
        raise UsageError("mitigation of a program that computes with its measured bits", remedy="run it without")
    bits, outputs = worked_out(program, result.bits)
    return replace(result, bits=bits, outputs=outputs, registers=program.bits)
