"""Read a record: points in the IQ plane, states, bits; and undo readout errors where that is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ReadoutError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Register
from qctl.core.record import Record, Trace
from qctl.core.result import Result, tally

from .classify import classify, discriminators
from .count import photons_of
from .demodulate import demodulate, mean_trace
from .image import brightness_of
from .mitigate import mitigate
from .screen import screen, watched_in
from .weights import weights_of


@dataclass(frozen=True, slots=True, order=True)
class _Heard:
    """One window of one point, in the order of columns; each bit of a point has one window at most."""

    point: int
    time: float
    qubit: int
    bit: int
    feedline: str
    row: int


def read_out(
    record: Record,
    parameters: Parameters,
    laboratory: Laboratory,
    *,
    registers: tuple[Register, ...] = (),
    traces: bool = False,
) -> Result:
    """Return what a record says.

    Parameters
    ----------
    record : raw answer of a run
    parameters : needs ``readout.frequency``, ``.rotation`` and ``.threshold`` of each measured qubit; where photons are
        counted or images taken, ``readout.counts`` of each of these, and ``.present`` of all qubits; ``.stray`` of all
        whose photons are counted
    laboratory : wiring; the source of a feedline says where its intermediate frequencies are counted from
    registers : classical registers of the program
    traces : keep the mean trace of each feedline too, or pictures, or what watches over every shot

    Raises
    ------
    ReadoutError, ParameterError
        When traces, wiring and parameters do not fit each other.
    """
    points: dict[str, NDArray[np.complex128]] = {
        name: demodulate(
            trace,
            intermediate_frequencies(name, trace, record.qubits, parameters, laboratory),
            weights_of(trace.listening.windows, record.qubits, parameters),
        )
        for name, trace in record.traces.items()
    }
    points |= {name: photons_of(counts) for name, counts in record.counts.items()}
    points |= {name: brightness_of(images, record, parameters) for name, images in record.images.items()}
    heard = _heard(record)
    columns = _columns(heard)
    order = list(dict.fromkeys(columns))
    place = {key: k for k, key in enumerate(order)}
    iq = np.full((record.n_points, record.shots, len(order)), complex(np.nan, np.nan))
    for window, key in zip(heard, columns, strict=True):
        iq[window.point, :, place[key]] = points[window.feedline][window.row]
    names = [record.qubits[qubit] for qubit, _, _ in order]
    states = classify(iq, *discriminators(names, parameters, counted=bool(record.counts or record.images)))
    kept, dropped = screen(record, parameters, laboratory)
    bits = np.zeros((record.n_points, record.shots, record.n_bits), np.uint8)
    for window, key in zip(heard, columns, strict=True):
        if window.bit >= 0:
            bits[window.point, :, window.bit] = states[window.point, :, place[key]]
    return Result(
        bits=bits,
        iq=iq,
        measured=tuple((qubit, bit) for qubit, bit, _ in order),
        qubits=record.qubits,
        placement=record.placement,
        parameters_id=record.parameters_id,
        timing=record.timing,
        registers=registers,
        traces={name: mean_trace(trace) for name, trace in record.traces.items()} if traces else {},
        pictures={name: images.pixels.mean(axis=0) for name, images in record.images.items()} if traces else {},
        watched=watched_in(record) if traces else {},
        kept=kept,
        dropped=dropped,
    )


def intermediate_frequencies(
    feedline: str, trace: Trace, qubits: tuple[str, ...], parameters: Parameters, laboratory: Laboratory
) -> dict[int, float]:
    """Return how far above its source each qubit of a feedline answers, Hz, by physical qubit."""
    source = laboratory.lines[feedline].mixed_with
    carrier = laboratory.instruments[source].frequency if source is not None else 0.0
    if carrier is None:
        raise ReadoutError(
            f"source {source!r} has no frequency", where=feedline, remedy="give it one in the laboratory"
        )
    measured = np.unique(trace.listening.windows["qubit"]).tolist()
    return {qubit: parameters[f"{qubits[qubit]}.readout.frequency"] - carrier for qubit in measured}


def _heard(record: Record) -> list[_Heard]:
    windows = []
    for name, trace in record.traces.items():
        listening = trace.listening
        for row, window in enumerate(listening.windows.tolist()):
            point, qubit, bit, start, _ = window
            windows.append(_Heard(point, start / listening.sample_rate, qubit, bit, name, row))
    for name, counts in record.counts.items():
        opened = counts.counting.windows[:, 0].tolist()
        for row, (point, qubit, bit, window) in enumerate(counts.counting.reads.tolist()):
            windows.append(_Heard(point, opened[window], qubit, bit, name, row))
    for name, images in record.images.items():
        exposed = images.exposing.windows[:, 0].tolist()
        for row, (point, qubit, bit, window) in enumerate(images.exposing.reads.tolist()):
            windows.append(_Heard(point, exposed[window], qubit, bit, name, row))
    return sorted(windows)


def _columns(heard: list[_Heard]) -> list[tuple[int, int, int]]:
    """Return (qubit, bit, how many times before in this point) of each window: a column of the result each."""
    seen: dict[tuple[int, int, int], int] = {}
    columns = []
    for window in heard:
        key = (window.point, window.qubit, window.bit)
        columns.append((window.qubit, window.bit, seen.get(key, 0)))
        seen[key] = seen.get(key, 0) + 1
    return columns


def undo_readout_errors(result: Result, parameters: Parameters) -> Result:
    """Return the result with quasi-probabilities in which known assignment errors are undone.

    A bit has the errors of the qubit that was measured into it, at this sweep point; a bit that nothing was measured
    into has none.
    """
    n_points, _, n_bits = result.bits.shape
    quasi = []
    for point in range(n_points):
        errors = np.zeros((2, n_bits))
        for column, (qubit, bit) in enumerate(result.measured):
            if bit >= 0 and not np.isnan(result.iq[point, 0, column]):
                name = result.qubits[qubit]
                errors[:, bit] = parameters[f"{name}.readout.p01"], parameters[f"{name}.readout.p10"]
        quasi.append(mitigate(*tally(result.kept_bits(point)), *errors))
    return replace(result, quasi=tuple(quasi))
