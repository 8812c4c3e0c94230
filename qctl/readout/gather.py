"""Results of every way through a program, as one result: shots whose answers lead elsewhere do not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.outputs import shown
from qctl.core.program import Program
from qctl.core.record import Timing
from qctl.core.result import Result, points_in_a_row
from qctl.core.ways import Way

ELSEWHERE, TOO_FAR = "answers of another way", "not enough qubits to go on"


def gather(program: Program, ways: Sequence[Way], results: Sequence[Result]) -> Result:
    """Return one result, with the shots of all ways in a row.

    Parameters
    ----------
    program : with decisions; one sweep point of it
    ways, results : every way through it, and what came of the same number of shots of each

    Returns
    -------
    all shots; those that count are, on the average, as many as each way was played. ``dropped`` says how many answers
    led elsewhere, and how many shots went farther than there were qubits for.
    """
    dropped: Counter[str] = Counter()
    bits, kept, outputs, timing = [], [], [], Timing()
    for way, result in zip(ways, results, strict=True):
        timing += result.timing
        dropped.update(result.dropped)
        present = np.ones(result.shots, bool) if result.kept is None else result.kept[0]
        agrees = way.agrees(result.bits[0])
        dropped[ELSEWHERE] += int(np.count_nonzero(present & ~agrees))
        if not way.complete:
            dropped[TOO_FAR] += int(np.count_nonzero(present & agrees))
        kept.append(present & agrees & way.complete)
        found, values = _ends(program, way, result.bits[0], kept[-1])
        bits.append(found)
        outputs.append(values)
    rows = np.concatenate(bits)[np.newaxis]
    return replace(
        results[0],
        bits=rows,
        iq=np.zeros((1, rows.shape[1], 0), np.complex128),
        measured=(),
        placement=results[0].placement[: program.n_qubits],
        registers=program.bits,
        timing=timing,
        kept=np.concatenate(kept)[np.newaxis],
        dropped={reason: n for reason, n in dropped.items() if n},
        outputs={name: np.concatenate([each[name] for each in outputs])[np.newaxis] for name in outputs[0]},
        traces={},
    )


def gather_points(program: Program, results: Sequence[Result]) -> Result:
    """Return one result for the sweep points of a program, each gathered by itself.

    Points with fewer ways have fewer shots; they are filled up with shots that do not count.
    """
    most = max(result.shots for result in results)
    timing = sum((result.timing for result in results), Timing())
    row = points_in_a_row([_filled_up(result, most) for result in results])
    return replace(row, timing=timing, axes=program.axes)


def _filled_up(result: Result, shots: int) -> Result:
    more = ((0, 0), (0, shots - result.shots))
    return replace(
        result,
        bits=np.pad(result.bits, (*more, (0, 0))),
        iq=np.zeros((1, shots, 0), np.complex128),
        kept=np.pad(np.ones((1, result.shots), bool) if result.kept is None else result.kept, more),
        outputs={n: np.pad(v, (*more, *[(0, 0)] * (v.ndim - 2))) for n, v in result.outputs.items()},
    )


def _ends(
    program: Program, way: Way, answers: NDArray[np.uint8], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.generic]]]:
    """Return the bits and outputs of the shots that count; zeros for the others."""
    bits = np.zeros((len(answers), program.n_bits - program.n_hidden), np.uint8)
    which = np.full(len(answers), -1, np.intp)
    rows, where = np.unique(answers[kept], axis=0, return_inverse=True)
    ends = [way.end(row) for row in rows]
    bits[kept] = np.array([end[0] for end in ends], np.uint8).reshape(len(rows), bits.shape[1])[where.reshape(-1)]
    which[kept] = where.reshape(-1)
    return bits, shown(dict(program.outputs), [end[1] for end in ends], which)
