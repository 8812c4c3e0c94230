"""Readout tone: its frequency, amplitude and length with the fewest wrong answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .assignment import AssignmentCheck
from .feedline import loudest, n_weights, parts_in, qubits_on, source_frequency
from .rows import flip, indices, program
from .walks import RESONATOR, ROTATION

Complexes = NDArray[np.complex128]
us, MHz = 1e-6, 1e6
LOUDNESS = (0.4, 0.7, 1.0)  # amplitudes tried, as parts of the largest that the line can play
SHORTEST = 0.15 * us
LEAST_APART = 1.5  # standard deviations between 0 and 1, in the best part of the scan


@dataclass(frozen=True)
class ReadoutTone:
    """Prepare 0 and 1, play long tones of several amplitudes, and watch the answers move apart.

    The tone is put halfway between the resonances of 0 and 1, where the settled answers differ most. Mean traces in
    short parts say how far apart they are after any time; noise, how many shots are then mistaken. Longer tones
    separate better, but 1 decays meanwhile: shots that decay in the first half of the window are lost (Gambetta et al.,
    Phys. Rev. A 76, 012325). Louder ones separate better until something saturates or photons make 1 decay, which
    shows in the distance at the end of a long tone. The fewest wrong answers win. Amplitudes end where all tones at
    once would drive the line beyond its range.

    Parameters
    ----------
    longest, part : s
    """

    name: ClassVar[str] = "readout_tone"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 400
    longest: float = 1 * us
    part: float = 0.05 * us

    def scan(self, known: Parameters) -> Scan:
        """Return 0 and 1 for each amplitude."""
        settings = []
        for loudness in LOUDNESS:
            setting = {f"{qubit}.readout.duration": self.longest for qubit in self.targets}
            for qubit in self.targets:
                setting[f"{qubit}.readout.frequency"] = self._frequency(qubit, known).value
                setting[f"{qubit}.readout.amplitude"] = loudness * self._loudest(qubit, known)
            settings.append(setting)
        qubits = indices(self.laboratory, self.targets)
        asked = program(self.laboratory, [[], [flip(q) for q in qubits]], qubits, self.shots)
        return Scan(asked, tuple(settings), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the tone of each qubit, and the line between 0 and 1 that goes with it."""
        outcomes = {}
        for line, trace in result.traces.items():
            here = [qubit for qubit in self.targets if qubit in qubits_on(self.laboratory, line)]
            source = source_frequency(self.laboratory, line)
            offsets = np.array([self._frequency(qubit, known).value - source for qubit in here])
            found, errors = parts_in(trace, np.tile(offsets, (2 * len(LOUDNESS), 1)), round(self.longest / self.part))
            noise = np.median(errors, axis=(0, 2)) * np.sqrt(result.shots)
            for k, qubit in enumerate(here):
                means = found[:, k].reshape(len(LOUDNESS), 2, -1)
                outcomes[qubit] = self._outcome(qubit, means, float(noise[k]), known)
        return tuple(outcomes[qubit] for qubit in self.targets)

    def _frequency(self, qubit: str, known: Parameters) -> Estimate:
        frequency, shift = f"{qubit}.resonator.frequency", f"{qubit}.resonator.shift"
        middle = known[frequency] + known[shift] / 2
        error = np.hypot(known.estimates[frequency].error, known.estimates[shift].error / 2)
        return Estimate(middle, float(error), "Hz")

    def _loudest(self, qubit: str, known: Parameters) -> float:
        neighbours = qubits_on(self.laboratory, self.laboratory.qubits[qubit].readout)
        return known[f"{qubit}.readout.amplitude"] * loudest(known, neighbours)

    def _outcome(self, qubit: str, means: Complexes, noise: float, known: Parameters) -> Outcome:
        """Choose a tone: ``means`` (amplitude, state, part) in volts, ``noise`` of one part of one shot."""
        t1, apart = known[f"{qubit}.t1"], means[:, 1] - means[:, 0]
        # Distance in standard deviations of a shot; noise in the means alone would make 4 / shots of its square.
        squares = np.abs(apart) ** 2 / max(noise, 1e-300) ** 2 - 4 / self.shots
        distance = np.sqrt(np.maximum(np.cumsum(squares, axis=1), 0.0))
        ends = self.part * np.arange(1, means.shape[2] + 1)
        wrong = ndtr(-distance / 2) + ends / (4 * t1)
        wrong[:, ends < SHORTEST] = 0.5
        a, p = np.unravel_index(int(np.argmin(wrong)), wrong.shape)
        figure = Figure(
            "wrong answers, loudest tone", ends / us, wrong[-1], "length (us)", "share", marks=(ends[p] / us,),
            image=wrong,
        )  # fmt: skip
        if not distance.max() >= LEAST_APART:  # NaN is never enough
            text = f"0 and 1 are nowhere further apart than {distance.max():.1f} standard deviations of a shot"
            return Outcome(qubit, figures=(figure,), reason=f"{text}: does the pi pulse work?")
        amplitude = LOUDNESS[a] * self._loudest(qubit, known)
        found = {
            "frequency": self._frequency(qubit, known),
            "amplitude": Estimate(amplitude, amplitude / 10),
            "duration": Estimate(float(ends[p]), self.part, "s"),
        }
        zero, one = means[a, :, : p + 1].mean(axis=1)
        found |= line_between(zero, one, noise / np.sqrt(self.shots * (p + 1)))
        for part in range(1, n_weights(known, qubit) + 1):  # they belonged to the old tone
            found |= {f"weight_re_{part}": Estimate(1.0, 0.1), f"weight_im_{part}": Estimate(0.0, 0.1)}
        decayed = 100 * ends[p] / (4 * t1)
        note = f"{100 * wrong[a, p]:.2g} % of shots should be mistaken, {decayed:.2g} % because they decay"
        named = {f"{qubit}.readout.{name}": replace(one, run=self.name) for name, one in found.items()}
        return Outcome(qubit, named, figures=(figure,), notes=(note,))


def line_between(zero: complex, one: complex, sigma: float) -> dict[str, Estimate]:
    """Return rotation and threshold that tell mean answers ``zero`` and ``one`` (V, each +- ``sigma``) apart."""
    turn = np.exp(-1j * np.angle(one - zero))
    return {
        "rotation": Estimate(float(np.angle(turn)), 1.5 * sigma / abs(one - zero), "rad"),
        "threshold": Estimate(float(((zero + one) * turn).real / 2), sigma, "V"),
    }


NODE = Node(
    name=ReadoutTone.name,
    kind=Target.QUBIT,
    finds=(  # all are choices: any step is plausible
        Quantity(name="readout.frequency", low=1e9, high=20e9, floor=20 * MHz, walk=RESONATOR),
        Quantity(name="readout.amplitude", low=0.0, high=1.0, floor=1.0),
        Quantity(name="readout.duration", low=0.0, high=100 * us, floor=100 * us),
        Quantity(name="readout.rotation", low=-7.0, high=7.0, floor=7.0, walk=ROTATION),
        Quantity(name="readout.threshold", low=-10.0, high=10.0, floor=10.0),
        Quantity(name="readout.weight_*", low=-1.1, high=1.1, floor=2.0),
    ),
    make=lambda laboratory, targets, known: ReadoutTone(laboratory, targets),
    needs=("dispersive_shift",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
    check=lambda laboratory, targets, known: AssignmentCheck(laboratory, targets),
)
