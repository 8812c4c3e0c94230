"""Time of flight: how late a tone comes back, from the edge in the mean trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import MeanTrace, Result

from .feedline import free_offset, qubits_on, sample_rate, source_frequency
from .rows import indices, program

Floats = NDArray[np.float64]
ns = 1e-9
LEAST = 8.0  # standard deviations by which a tone must be heard; NaN is never enough


@dataclass(frozen=True)
class TimeOfFlight:
    """Listen to one tone of each feedline from before it can have arrived; where it begins is the delay.

    The tone stands away from all resonators: what it meets is cable only. A delay is seen to a fraction of a sample
    only as far as the edge of the tone is slower than a sample; beyond that a converter that holds its samples hides
    it, and half of one sample is part of the error.
    """

    name: ClassVar[str] = "time_of_flight"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 200
    before: float = 60 * ns  # the window opens so much earlier than the tone is expected
    duration: float = 200 * ns

    def scan(self, known: Parameters) -> Scan:
        """Return one point; one qubit of each feedline lends its tone."""
        lenders = [qubits_on(self.laboratory, line)[0] for line in self.targets]
        setting = {f"{line}.return_delay": self._believed(line, known) - self.before for line in self.targets}
        for line, qubit in zip(self.targets, lenders, strict=True):
            setting |= {
                f"{qubit}.readout.frequency": source_frequency(self.laboratory, line) + self._offset(line, known),
                f"{qubit}.readout.duration": self.duration,
                f"{qubit}.readout.amplitude": self._amplitude(line, known),
            }
        asked = program(self.laboratory, [[]], indices(self.laboratory, lenders), self.shots)
        return Scan(asked, (setting,), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the delay of each feedline."""
        return tuple(self._read(line, result.traces[line], known) for line in self.targets)

    def _read(self, line: str, trace: MeanTrace, known: Parameters) -> Outcome:
        edge = known[f"{qubits_on(self.laboratory, line)[0]}.readout.edge"]
        t = np.arange(trace.volts.shape[1]) / trace.sample_rate
        turned = trace.volts[0] * np.exp(-2j * np.pi * self._offset(line, known) * t)
        fit = fit_edge(t, turned, edge)
        figure = Figure(
            "first arrival", t / ns, np.abs(turned) * 1e3, "time since the window opened (ns)", "|I + iQ| (mV)",
            curve_x=t / ns, curve_y=np.abs(fit.curve) * 1e3, marks=(fit.value("time") / ns,),
        )  # fmt: skip
        if not fit.ok:
            return Outcome(line, fits=(fit,), figures=(figure,), reason=fit.reason)
        late = fit.value("time") - self.before
        error = float(np.hypot(fit.error("time"), 1 / (np.sqrt(12) * sample_rate(self.laboratory, line))))
        found = Estimate(self._believed(line, known) + late, error, "s", run=self.name)
        return Outcome(line, {f"{line}.return_delay": found}, (fit,), (figure,))

    def _believed(self, line: str, known: Parameters) -> float:
        name = f"{line}.return_delay"
        return known[name] if name in known else self.laboratory.lines[line].return_delay

    def _offset(self, line: str, known: Parameters) -> float:
        return free_offset(self.laboratory, known, line, self.duration)

    def _amplitude(self, line: str, known: Parameters) -> float:
        """Return as much as all tones of the line together: the digitizer is set to hear that."""
        return min(0.8, sum(known[f"{q}.readout.amplitude"] for q in qubits_on(self.laboratory, line)))


def fit_edge(t: Floats, y: NDArray[np.complex128], edge: float) -> Fit:
    """Fit a tone that rises as ``sin^2`` within ``edge`` (s) from ``time`` on; y is its complex envelope."""
    step = t[1] - t[0]
    tried = np.arange(0.0, t[-1] - edge, step / 5)
    shape = np.clip((t - tried[:, None]) / max(edge, step), 0, 1)
    shape = np.sin(np.pi / 2 * shape) ** 2
    power = np.sum(shape**2, axis=1)
    gain = np.abs(shape @ y) ** 2 / power
    k = int(np.argmax(gain))
    height = complex(shape[k] @ y / power[k])
    curve = height * shape[k]
    sigma = float(np.sqrt(np.mean(np.abs(y - curve) ** 2) / 2))
    slope = np.abs(height) ** 2 * np.sum(np.gradient(shape[k], step) ** 2)
    errors = np.array([sigma / np.sqrt(max(slope, 1e-300)), sigma / np.sqrt(power[k])])
    contrast = abs(height) / max(sigma, 1e-300)
    reason = ""
    if not contrast * np.sqrt(power[k]) >= LEAST:
        reason = "no tone comes back: is the line open, are its output and the source on?"
    elif not 2 * step < tried[k] < t[-1] - edge - 20 * step:
        reason = "the tone is there from the first sample on: it comes back earlier than the window opens"
    values = np.array([tried[k], abs(height)])
    return Fit(
        "edge", ("time", "height"), values, np.diag(errors**2), 1.0, 1.0, (), float(contrast), not reason, reason,
        t, y, np.full(len(t), sigma), curve,
    )  # fmt: skip


NODE = Node(
    name=TimeOfFlight.name,
    kind=Target.LINE,
    finds=(Quantity(name="return_delay", low=-1e-6, high=10e-6, floor=2e-9),),
    make=lambda laboratory, targets, known: TimeOfFlight(laboratory, targets),
    claims=lambda laboratory, known, line: frozenset({line}),
)
