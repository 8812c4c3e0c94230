"""What an experiment asks a laboratory to play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from qctl.core.laboratory import Laboratory
from qctl.core.program import Program

UPLOAD_SECONDS = 0.5  # of a rack, from the end of one run to the first shot of the next


@dataclass(frozen=True)
class Scan:
    """One program under one or many settings of parameters, in as few uploads as the instruments allow.

    Every setting plays all sweep points of the program: the points of the result run over the program's points
    fastest. Settings that change a bias cost an upload each.

    Parameters
    ----------
    program : on physical qubits; says the shots
    settings : parameters that replace the known ones, by full name
    traces : keep mean traces of all feedlines
    told : read out by the instrument that tells states within the shot; each sweep point is an upload
    parts : in how many parts the host steers the shots of each sweep point, a slot each; empty where all shots are
        played at one go. Each sweep point is an upload
    """

    program: Program
    settings: tuple[Mapping[str, float], ...] = ({},)
    traces: bool = False
    told: bool = False
    parts: tuple[int, ...] = ()

    @property
    def n_points(self) -> int:
        """Return the number of sweep points of the result."""
        return self.program.n_points * len(self.settings)

    def seconds(self, laboratory: Laboratory) -> float:
        """Return the machine time that all shots take, and one upload for each operating point, s."""
        if self.parts and laboratory.slot is not None:
            turns = len(self.settings) * self.program.shots * sum(self.parts)
            return turns * laboratory.slot + self.n_points * UPLOAD_SECONDS
        biases = [tuple(sorted((n, v) for n, v in s.items() if n.endswith(".bias"))) for s in self.settings]
        uploads = 1 + sum(a != b for a, b in pairwise(biases))
        return self.n_points * self.program.shots * laboratory.period + uploads * UPLOAD_SECONDS
