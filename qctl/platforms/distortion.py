"""Undo what lies between an output and the chip: mixers, slow exponentials, cable lengths."""

from collections.abc import Mapping
from math import cos, tan

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError

from .known import value


def mixer_correction(line: str, known: Mapping[str, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the matrix (2, 2) and the offsets (2,) that make an imperfect I/Q mixer look perfect.

    The mixer turns (I, Q) into ``I' = I``, ``Q' = g (Q cos p + I sin p)`` with ``LINE.mixer.gain`` g and
    ``LINE.mixer.phase`` p; the matrix is the inverse. ``LINE.mixer.offset_i`` and ``.offset_q`` are what has to be
    added at the outputs (fractions of full scale) for the carrier to vanish.
    """
    gain, phase = value(known, f"{line}.mixer.gain", 1.0), value(known, f"{line}.mixer.phase", 0.0)
    if not gain * cos(phase) > 0.1:
        raise CompileError(f"mixer gain {gain:g} and phase {phase:g} rad", allowed="g cos p above 0.1", where=line)
    matrix = np.array([[1.0, 0.0], [-tan(phase), 1 / (gain * cos(phase))]])
    offset = [value(known, f"{line}.mixer.offset_i", 0.0), value(known, f"{line}.mixer.offset_q", 0.0)]
    return matrix, np.array(offset)


def inverse_sections(
    amplitudes: NDArray[np.float64], taus: NDArray[np.float64], sample_rate: float, where: str = ""
) -> NDArray[np.float64]:
    """Return first-order sections (n, 3) that undo the step response ``1 + sum_k a_k exp(-t / tau_k)``.

    A line driven by held samples shows, at the start of sample n of a step, ``1 + sum a_k r_k^n`` with
    ``r_k = exp(-1 / (tau_k f))``. With ``u = z - 1`` and ``d_k = 1 - r_k`` that is exactly
    ``H = 1 + sum a_k u / (u + d_k)``, whose zeros -e_k are eigenvalues of a diagonal matrix plus one of rank one. The
    inverse is the cascade of ``(1 - r_k/z) / (1 - (1 - e_k)/z)``, divided by ``1 + sum a_k``. One exponential gives the
    filter of the cryoscope paper (Rol et al., arXiv:1907.04818).

    Raises
    ------
    CompileError
        When the inverse is not stable, or oscillates: such amplitudes describe no line.
    """
    if not len(amplitudes):
        return np.zeros((0, 3))
    if np.any(taus <= 0):
        raise CompileError(f"time constants {taus.tolist()} s", allowed="above 0", where=where)
    gain, decay = 1 + float(np.sum(amplitudes)), -np.expm1(-1 / (taus * sample_rate))
    if gain > 0:
        zeros = np.linalg.eigvals(np.diag(decay) - np.outer(np.ones(len(taus)), amplitudes * decay / gain))
    if not gain > 0 or np.any(np.abs(zeros.imag) > 1e-12) or np.any(np.abs(1 - zeros.real) >= 1):
        raise CompileError(
            f"predistortion amplitudes {amplitudes.tolist()} at {taus.tolist()} s have no stable inverse",
            allowed="a line that settles without ringing",
            where=where,
            remedy="measure the step response again",
        )
    factor = np.ones(len(taus))
    factor[0] = 1 / gain
    return np.stack([factor, factor * (np.sort(decay) - 1), np.sort(zeros.real) - 1], axis=1)


def predistortion(
    line: str, known: Mapping[str, float], sample_rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sections and FIR taps of a flux line from ``LINE.predistortion.amplitude_k/.tau_k`` and ``.fir_k``."""
    stem = f"{line}.predistortion"
    amplitudes: list[float] = []
    taus: list[float] = []
    taps: list[float] = []
    while f"{stem}.amplitude_{len(taus) + 1}" in known:
        amplitudes.append(known[f"{stem}.amplitude_{len(taus) + 1}"])
        taus.append(known[f"{stem}.tau_{len(taus) + 1}"])
    while f"{stem}.fir_{len(taps)}" in known:
        taps.append(known[f"{stem}.fir_{len(taps)}"])
    return inverse_sections(np.array(amplitudes), np.array(taus), sample_rate, line), np.array(taps)
