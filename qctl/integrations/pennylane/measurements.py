"""Bits as what a tape asked for: samples, counts, probabilities, expectation values, by PennyLane's own reckoning."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.exceptions import DeviceError
from pennylane.measurements import MeasurementProcess, SampleMeasurement
from pennylane.tape import QuantumScript
from pennylane.wires import Wires

from .tape import Source, asks_within


def results_of(tape: QuantumScript, source: Source, bits: NDArray[np.uint8]) -> Any:  # noqa: ANN401
    """Return what a tape asked for, for each part of its shots, as PennyLane nests it.

    Parameters
    ----------
    bits : shape (shots, n_bits)
    """
    parts = [
        tuple(_result(one, tape, source, bits[low:high]) for one in tape.measurements) for low, high in _bins(tape)
    ]
    if len(tape.measurements) == 1:
        parts = [part[0] for part in parts]
    return tuple(parts) if tape.shots.has_partitioned_shots else parts[0]


def _bins(tape: QuantumScript) -> list[tuple[int, int]]:
    return list(tape.shots.bins())


def _result(asked: MeasurementProcess, tape: QuantumScript, source: Source, bits: NDArray[np.uint8]) -> Any:  # noqa: ANN401
    if not isinstance(asked, SampleMeasurement):
        raise DeviceError(f"{asked}: a laboratory counts; it knows no states")
    if asks_within(asked, source.within):
        (measured,) = asked.mv.measurements  # preprocessing leaves single ones
        return bits[:, source.within[measured]].astype(np.int64)
    wires = Wires(list(source.wires))
    samples = bits[:, list(source.wires.values())].astype(np.int64)
    return asked.process_samples(samples, wires)
