"""One trip round for programs whose shots branch: each sweep point compiled, played and read by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from qctl.compile import compile_branching
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.protocols import Limits
from qctl.core.record import Record, Timing
from qctl.core.result import Result, points_in_a_row
from qctl.core.sequence import Sequence as Playable
from qctl.readout import latest_decision, read_told


def run_told(
    pairs: Sequence[tuple[Program, Parameters]],
    laboratory: Laboratory,
    limits: Limits,
    play: Callable[[Playable, Parameters], Record],
    sequences: Sequence[Playable] | None = None,
) -> Result:
    """Return what programs say when they are read out by the instrument that tells states within the shot.

    All are compiled before the first is played; their points follow one another. ``sequences`` are those of all points,
    where they are compiled already.
    """
    points = [(program, known, point) for program, known in pairs for point in range(program.n_points)]
    if sequences is None:
        sequences = [compile_branching(p, known, laboratory, limits, point=point) for p, known, point in points]
    results, timing = list[Result](), Timing()
    for (program, known, point), sequence in zip(points, sequences, strict=True):
        results.append(read_told(play(sequence, known), program, point))
        timing += results[-1].timing
    return replace(points_in_a_row(results), timing=latest_decision(timing, results))
