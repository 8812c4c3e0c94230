"""Words for feedlines: who hangs on one, which frequencies are free, which tones a trace is made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, pairwise

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ReadoutError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import MeanTrace, Result

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
NEAR_CARRIER = 20e6  # Hz; nearer to its source no tone is looked for: leakage is there
USABLE = 0.4  # of the sample rate, to either side of the source
RANGE = 0.9  # of full scale, for all tones of a line and what its mixer correction adds


def qubits_on(laboratory: Laboratory, line: str) -> tuple[str, ...]:
    """Return the qubits that are read out through one feedline, in order of the file."""
    return tuple(name for name, qubit in laboratory.qubits.items() if qubit.readout == line)


def tones_at(targets: Sequence[str], frequencies: Floats, duration: float) -> tuple[dict[str, float], ...]:
    """Return settings that step the readout tones of all targets together.

    Parameters
    ----------
    frequencies : Hz, shape (n_targets, n_steps)
    duration : of every tone, s
    """
    fixed = {f"{qubit}.readout.duration": duration for qubit in targets}
    return tuple(
        fixed | {f"{qubit}.readout.frequency": f for qubit, f in zip(targets, column, strict=True)}
        for column in frequencies.T.tolist()
    )


def source_frequency(laboratory: Laboratory, line: str) -> float:
    """Return the carrier from which the tones of a line are counted, Hz.

    Raises
    ------
    ReadoutError
        When the file gives none.
    """
    source = laboratory.lines[line].mixed_with
    frequency = laboratory.instruments[source].frequency if source is not None else 0.0
    if frequency is None:
        raise ReadoutError(f"source {source!r} has no frequency", where=line, remedy="give it one in the laboratory")
    return frequency


def sample_rate(laboratory: Laboratory, line: str) -> float:
    """Return the lower of the sample rates of what plays and what listens, Hz."""
    wiring = laboratory.lines[line]
    rates = [laboratory.instruments[port.instrument].sample_rate for port in (*wiring.outputs, *(wiring.back or ()))]
    return min(rate for rate in rates if rate is not None)


def free_offset(laboratory: Laboratory, known: Parameters, line: str, duration: float) -> float:
    """Return an intermediate frequency (Hz) whose both sidebands lie as far as possible from all resonators.

    It has a whole number of periods in ``duration`` (s), so that over that time carrier, tone and image do not mix.
    """
    source = source_frequency(laboratory, line)
    taken = np.array([known[f"{q}.readout.frequency"] - source for q in qubits_on(laboratory, line)])
    periods = np.arange(np.ceil(NEAR_CARRIER * duration), USABLE * sample_rate(laboratory, line) * duration / 2)
    tried = periods / duration
    away = np.min(np.abs(np.abs(taken)[:, None] - tried), axis=0) if len(taken) else -tried
    return float(tried[np.argmax(away)])


def tones_in(trace: MeanTrace, offsets: Floats, late: float) -> tuple[Complexes, Floats]:
    """Return the complex amplitude of each tone of each point, and the noise of one sample.

    All tones of a trace are found together, by least squares: they need not be orthogonal.

    Parameters
    ----------
    trace : of one feedline
    offsets : intermediate frequencies, Hz, shape (n_points, n_tones)
    late : s after the first sample, before which resonators still fill

    Returns
    -------
    complex128, shape (n_points, n_tones), volts, with the phase of the carrier that runs from the start of the shot;
    float64, shape (n_points, n_tones), standard error of real and of imaginary part
    """
    skip = round(late * trace.sample_rate)
    times, volts = trace.times[skip:], trace.volts[:, skip:]
    basis = np.exp(2j * np.pi * ((offsets[:, :, None] * times) % 1.0))  # (point, tone, sample)
    against = basis.conj()
    gram = np.linalg.inv(np.einsum("pit,pjt->pij", against, basis))  # einsum: these are too small for threads
    found = np.einsum("pij,pj->pi", gram, np.einsum("pjt,pt->pj", against, volts))
    rest = volts - np.einsum("pi,pit->pt", found, basis)
    variance = np.sum(np.abs(rest) ** 2, axis=1) / (2 * max(len(times) - offsets.shape[1], 1))
    errors = np.sqrt(variance[:, None] * np.diagonal(gram, axis1=1, axis2=2).real)
    return found, np.asarray(errors)


def swept(
    laboratory: Laboratory, targets: Sequence[str], result: Result, frequencies: Floats, late: float
) -> tuple[Complexes, Floats]:
    """Return what comes back of each target's tone, and its standard error, as `tones_in` does.

    Parameters
    ----------
    frequencies : Hz, shape (n_targets, n_points), as are both answers
    late : s after the start of the window, before which resonators still fill
    """
    z, sigma = np.empty(frequencies.shape, np.complex128), np.empty(frequencies.shape)
    for line, trace in result.traces.items():
        here = [k for k, qubit in enumerate(targets) if laboratory.qubits[qubit].readout == line]
        found, errors = tones_in(trace, frequencies[here].T - source_frequency(laboratory, line), late)
        z[here], sigma[here] = found.T, errors.T
    return z, sigma


def parts_in(trace: MeanTrace, offsets: Floats, n_parts: int) -> tuple[Complexes, Floats]:
    """Return the same for equal parts of the trace in turn, shape (n_points, n_tones, n_parts) each."""
    edges = np.arange(n_parts + 1) * trace.volts.shape[1] // n_parts
    found = [
        tones_in(MeanTrace(trace.volts[:, first:last], trace.sample_rate, trace.first + int(first)), offsets, 0.0)
        for first, last in pairwise(edges)
    ]
    return np.stack([tones for tones, _ in found], axis=2), np.stack([errors for _, errors in found], axis=2)


def n_weights(known: Parameters, qubit: str) -> int:
    """Return how many integration weights of a qubit are known."""
    return next(number for number in count() if f"{qubit}.readout.weight_re_{number + 1}" not in known)


def loudest(known: Parameters, qubits: Sequence[str]) -> float:
    """Return the factor by which all tones of ``qubits`` can grow at most, so that their line stays in its range."""
    total = sum(known[f"{qubit}.readout.amplitude"] for qubit in qubits)
    return RANGE / total if total > 0 else 1.0
