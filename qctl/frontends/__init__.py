"""Programs from elsewhere, read into the gate stream."""

from __future__ import annotations

from .builder import Durations
from .export import to_inputs, to_openqasm
from .limits import ReadLimits
from .openqasm import read_openqasm
from .sweep import Inputs, refuse_many_points
from .take import Text, Written, as_program, read_program

__all__ = [
    "Durations",
    "Inputs",
    "ReadLimits",
    "Text",
    "Written",
    "as_program",
    "read_openqasm",
    "read_program",
    "refuse_many_points",
    "to_inputs",
    "to_openqasm",
]
