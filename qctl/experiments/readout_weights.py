"""Readout weights: which parts of a window tell 0 from 1, from mean traces of both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import MeanTrace, Result

from .assignment import PATTERNS, AssignmentCheck, patterns, prepared
from .feedline import n_weights, parts_in, qubits_on, source_frequency
from .readout_tone import LEAST_APART, line_between
from .walks import ROTATION

Complexes = NDArray[np.complex128]
ns, us = 1e-9, 1e-6
FEWEST, MOST = 4, 40  # parts of a window


@dataclass(frozen=True)
class ReadoutWeights:
    """Weigh each part of the window with the conjugate of what 1 adds to it.

    For white noise these weights separate 0 and 1 best (matched filter; Gambetta et al., Phys. Rev. A 76, 012325, for
    a qubit that does not decay). They begin low, while the resonator fills, and turn the answer so that 1 lies on the
    positive real side of 0.

    Parameters
    ----------
    shots : of 0 and of 1
    part : s; about as long is each part
    """

    name: ClassVar[str] = "readout_weights"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 800
    part: float = 50 * ns

    def scan(self, known: Parameters) -> Scan:
        """Return every target in 0 and in 1."""
        return Scan(patterns(self.laboratory, self.targets, self.shots), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return weights of each qubit, and the line between 0 and 1 that goes with them."""
        return tuple(self._read(place, qubit, result, known) for place, qubit in enumerate(self.targets))

    def _read(self, place: int, qubit: str, result: Result, known: Parameters) -> Outcome:
        line = self.laboratory.qubits[qubit].readout
        neighbours = [other for other in self.targets if other in qubits_on(self.laboratory, line)]
        source = source_frequency(self.laboratory, line)
        offsets = np.array([known[f"{other}.readout.frequency"] - source for other in neighbours])
        length = known[f"{qubit}.readout.duration"]
        n_parts, stored = int(np.clip(round(length / self.part), FEWEST, MOST)), n_weights(known, qubit)
        n_parts = min(n_parts, stored or n_parts)
        trace, n_samples = result.traces[line], round(length * result.traces[line].sample_rate)
        window = MeanTrace(trace.volts[:, :n_samples], trace.sample_rate, trace.first)
        found, errors = parts_in(window, np.tile(offsets, (PATTERNS, 1)), n_parts)
        column = neighbours.index(qubit)
        zero, one = found[[0, 1] if prepared(0, place) == 0 else [1, 0], column]
        return self._outcome(qubit, zero, one, float(errors[:, column].min(axis=1).mean()), length, stored)

    def _outcome(
        self, qubit: str, zero: Complexes, one: Complexes, error: float, length: float, stored: int
    ) -> Outcome:
        """Return the outcome for mean answers to 0 and 1 in each part, and the standard error of one of them.

        ``stored`` weights are replaced by as many, since none of them can be taken away.
        """
        apart = one - zero
        centres = (np.arange(len(apart)) + 0.5) * length / len(apart)
        figure = Figure(
            "what 1 adds to the answer", centres / ns, np.abs(apart) * 1e3, "time in the window (ns)", "|I + iQ| (mV)",
            np.full(len(apart), error * 1e3),
        )  # fmt: skip
        shot = error * np.sqrt(self.shots)
        distance = float(np.sqrt(np.sum(np.abs(apart) ** 2))) / shot
        if not distance >= LEAST_APART:  # NaN is never enough
            text = f"0 and 1 are {distance:.1f} standard deviations of a shot apart: weights would be noise"
            return Outcome(qubit, figures=(figure,), reason=text)
        largest = np.abs(apart).max()
        weights = apart.conj() / largest
        weighed = [complex(np.sum(weights * mean) / np.sum(np.abs(weights))) for mean in (zero, one)]
        found = line_between(weighed[0], weighed[1], error / np.sqrt(len(apart)))
        if stored:
            weights = weights[np.arange(stored) * len(weights) // stored]
        for number, weight in enumerate(weights.tolist(), 1):
            found[f"weight_re_{number}"] = Estimate(weight.real, float(error / largest))
            found[f"weight_im_{number}"] = Estimate(weight.imag, float(error / largest))
        note = f"0 and 1 are {distance:.1f} standard deviations of a shot apart with these weights"
        named = {f"{qubit}.readout.{name}": replace(one, run=self.name) for name, one in found.items()}
        return Outcome(qubit, named, figures=(figure,), notes=(note,))


NODE = Node(
    name=ReadoutWeights.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="readout.weight_*", low=-1.1, high=1.1, floor=2.0),  # all are choices: any step is plausible
        Quantity(name="readout.rotation", low=-7.0, high=7.0, floor=7.0, walk=ROTATION),
        Quantity(name="readout.threshold", low=-10.0, high=10.0, floor=10.0),
    ),
    make=lambda laboratory, targets, known: ReadoutWeights(laboratory, targets),
    needs=("readout_tone",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
    check=lambda laboratory, targets, known: AssignmentCheck(laboratory, targets),
)
