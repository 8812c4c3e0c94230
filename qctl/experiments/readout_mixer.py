"""Readout mixer: its imbalance and its leaking carrier, from what comes back at the image and at 0 Hz.

Up and down share one source: what leaks of the carrier comes back at 0 Hz, and the image of a tone at f at -f. Two
tones at f and -f together are a cosine on I alone or on Q alone, one at 0 Hz is a known step on either. What Q does, as
a fraction of what I does, is ``i g cos p / (1 + i g sin p)`` at both sidebands, whatever amplifiers and cables do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, tan
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import MeanTrace, Result
from qctl.platforms.distortion import mixer_correction

from .feedline import free_offset, qubits_on, source_frequency, tones_in
from .rows import indices, play, program
from .walks import MIXER

Complexes = NDArray[np.complex128]
QUARTERS = 4  # phases of all tones: I, Q, -I, -Q
us = 1e-6


@dataclass(frozen=True)
class ReadoutMixer:
    """Play a cosine and a step on I and on Q of each feedline; compare what comes back.

    Parameters
    ----------
    shots : of each of four points
    duration : s; a whole number of periods of the cosine fits into it
    step : height of the step, as a fraction of the cosine
    """

    name: ClassVar[str] = "readout_mixer"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 500
    duration: float = 1 * us
    step: float = 0.5

    def scan(self, known: Parameters) -> Scan:
        """Return four points: all tones at phases of 0, 90, 180 and 270 degrees.

        One qubit of each feedline lends its window, with a silent tone; another one is the pulse's.
        """
        lenders = [qubits_on(self.laboratory, line)[0] for line in self.targets]
        spare = [name for name in self.laboratory.qubits if name not in lenders][: len(lenders)]
        pulses = tuple(self._pulse(line, known) for line in self.targets)
        players = indices(self.laboratory, spare)
        circuits = [
            [play((q,), number, k * pi / 2) for number, q in enumerate(players)] for k in range(QUARTERS)
        ]  # fmt: skip
        setting = {f"{q}.readout.duration": self.duration for q in lenders}
        setting |= {f"{q}.readout.amplitude": 0.0 for q in lenders}
        asked = program(self.laboratory, circuits, indices(self.laboratory, lenders), self.shots, pulses)
        return Scan(asked, (setting,), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the correction of each feedline's mixer."""
        return tuple(self._read(line, result.traces[line], known) for line in self.targets)

    def _pulse(self, line: str, known: Parameters) -> Pulse:
        source, offset, height = (
            source_frequency(self.laboratory, line),
            self._offset(line, known),
            self._height(line, known),
        )
        tones = [(source + offset, height), (source - offset, height), (source, 2 * height * self.step)]
        return Pulse(
            tuple(Tone(line=line, amplitude=a, duration=self.duration, frequency=f) for f, a in tones)
        )  # fmt: skip

    def _read(self, line: str, trace: MeanTrace, known: Parameters) -> Outcome:
        offset = self._offset(line, known)
        tones, errors = tones_in(trace, np.tile([offset, -offset, 0.0], (QUARTERS, 1)), self.duration / 5)
        on_i, on_q = (tones[0] - tones[2]) / 2, (tones[1] - tones[3]) / 2
        sigma = float(errors[:, :2].mean()) / np.sqrt(2)  # of a difference, halved
        sizes = {"I": np.abs(on_i[:2]).min(), "Q": np.abs(on_q[:2]).min()}
        weak, strong = sorted(sizes, key=lambda part: float(sizes[part]))
        figure = Figure(
            "tone, image and carrier at four phases", np.tile(np.arange(QUARTERS) * 90.0, 3), tones.T.ravel() * 1e3,
            "phase (degrees)", "I + iQ (mV)",
        )  # fmt: skip
        if not sizes[strong] > 20 * sigma:  # NaN is never enough
            return Outcome(line, figures=(figure,), reason="no tone comes back: are both outputs and the source on?")
        if not sizes[weak] > sizes[strong] / 2:
            port = self.laboratory.lines[line].i if weak == "I" else self.laboratory.lines[line].q
            share = f"{100 * sizes[weak] / sizes[strong]:.0f} % of what {strong} plays"
            text = f"what {weak} ({port}) plays comes back with {share}: a dead output or a loose cable"
            return Outcome(line, figures=(figure,), reason=text)
        found = self._imbalance(line, on_q[:2] / on_i[:2], sigma / float(sizes["I"]), known)
        found |= self._leakage(line, tones[:, 2], on_i[2], on_q[2], float(errors[:, 2].mean()), known)
        estimates = {
            f"{line}.mixer.{name}": Estimate(value, error, "rad" if name == "phase" else "", run=self.name)
            for name, (value, error) in found.items()
        }
        return Outcome(line, estimates, figures=(figure,))

    def _imbalance(
        self, line: str, ratios: Complexes, sigma: float, known: Parameters
    ) -> dict[str, tuple[float, float]]:
        """Return gain and phase from what Q does as a fraction of what I does, behind the correction so far."""
        gain, phase = known[f"{line}.mixer.gain"], known[f"{line}.mixer.phase"]
        ratio = complex(np.mean(ratios)) / 1j  # = A / (1 + i B), A and B real
        b = -ratio.imag / ratio.real
        a = ratio.real - b * ratio.imag
        along = a * gain * cos(phase)
        across = b + along * tan(phase)
        return {"gain": (hypot(along, across), sigma), "phase": (atan2(across, along), sigma)}

    def _leakage(
        self, line: str, carrier: Complexes, on_i: complex, on_q: complex, sigma: float, known: Parameters
    ) -> dict[str, tuple[float, float]]:
        """Return what has to be added to I and Q so that nothing comes back at 0 Hz."""
        height = 2 * self._height(line, known) * self.step
        leak = complex(carrier.mean())
        response = np.array([[on_i.real, on_q.real], [on_i.imag, on_q.imag]]) / height
        as_played = np.linalg.solve(response, [leak.real, leak.imag])
        matrix, offset = mixer_correction(line, known)
        best = offset - matrix @ as_played
        error = sigma / 2 * height / abs(on_i)
        return {"offset_i": (float(best[0]), error), "offset_q": (float(best[1]), error)}

    def _height(self, line: str, known: Parameters) -> float:
        """Return the amplitude of each of the two tones: all three add up to what reading all qubits plays."""
        total = sum(known[f"{q}.readout.amplitude"] for q in qubits_on(self.laboratory, line))
        return min(0.8, total) / (2 + 2 * self.step)

    def _offset(self, line: str, known: Parameters) -> float:
        return free_offset(self.laboratory, known, line, self.duration)


NODE = Node(
    name=ReadoutMixer.name,
    kind=Target.LINE,
    finds=(
        Quantity(name="mixer.gain", low=0.5, high=2.0, floor=0.02, walk=MIXER),
        Quantity(name="mixer.phase", low=-0.5, high=0.5, floor=0.02, walk=MIXER),
        Quantity(name="mixer.offset_i", low=-0.2, high=0.2, floor=0.01),
        Quantity(name="mixer.offset_q", low=-0.2, high=0.2, floor=0.01),
    ),
    make=lambda laboratory, targets, known: ReadoutMixer(laboratory, targets),
    needs=("time_of_flight",),
    claims=lambda laboratory, known, line: frozenset({line, *qubits_on(laboratory, line)}),
)
