"""Which platforms can stop within a shot, ask the host, and go on; how each of them does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qctl.core.course import Measuring
from qctl.core.laboratory import Laboratory
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence

from . import atom_parts, ion_parts


class InParts(Protocol):
    """What a platform needs to say for that: functions of what is known."""

    def measuring(self, lab: Laboratory) -> Measuring | None:
        """Return how qubits are measured while others remember; None where this laboratory is not wired for it."""

    def turned(self, lab: Laboratory, known: Mapping[str, float], seconds: float) -> NDArray[np.float64]:
        """Return by how much frames turn from the start of one part to that of the next, rad, shape (n_qubits,)."""

    def misread(self, lab: Laboratory, known: Mapping[str, float], qubit: int) -> tuple[float, float] | None:
        """Return the probabilities to read 1 of a qubit in 0, and 0 of one in 1; None: as at the end of a shot."""

    def refocused(self, lab: Laboratory, known: Mapping[str, float], qubit: int, slot: float) -> bool:
        """Say whether two pi pulses refocus a qubit that waits for the rest of a slot."""

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, slot: float) -> Sequence:
        """Return parts as sweep points, each of which lasts ``slot`` seconds; the first one opens the shot."""


IN_PARTS: dict[str, InParts] = {"trapped_ion": ion_parts, "neutral_atom": atom_parts}


def measuring_of(lab: Laboratory) -> Measuring | None:
    """Return how a laboratory measures in the middle of a shot that the host steers; None where it cannot."""
    found = IN_PARTS.get(lab.platform)
    return None if found is None or lab.slot is None else found.measuring(lab)
