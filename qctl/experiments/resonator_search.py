"""Resonator search: all resonators of a feedline without a guess, how many there are and whose they should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from qctl.calibrate.fits import Fit, fit_resonator
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .feedline import qubits_on, source_frequency, swept, tones_at
from .resonators import BETWEEN
from .rows import indices, program
from .walks import RESONATOR

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
us, MHz = 1e-6, 1e6
SETTLED = 0.4  # of a tone, after which its answer counts as settled
SURE = 8.0  # standard deviations by which a dip must stick out of its surroundings
AROUND = 25  # points of which the median is what comes back without a resonator
NEAR = 7  # points to either side of a dip that are fitted


@dataclass(frozen=True)
class ResonatorSearch:
    """Sweep the whole band of each feedline, each target's tone through a part of it, and count the dips.

    Resonators are given to qubits in the order of their guesses: a designer spaces them, and fabrication hardly ever
    swaps neighbours. When there are more or fewer than qubits, nothing is given to anybody and the reason says where
    those are that were seen.

    Parameters
    ----------
    targets : all qubits of their feedlines
    reach : Hz, to either side of the source
    step : Hz; a resonator is seen when it is wider
    """

    name: ClassVar[str] = "resonator_search"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 20
    reach: float = 320 * MHz
    step: float = 1 * MHz
    duration: float = 1 * us

    def scan(self, known: Parameters) -> Scan:
        """Return one setting of all tones for each step through a part of the band."""
        settings = tones_at(self.targets, self._frequencies(), self.duration)
        asked = program(self.laboratory, [[]], indices(self.laboratory, self.targets), self.shots)
        return Scan(asked, settings, traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the tone of each qubit."""
        x = self._frequencies()
        z, sigma = swept(self.laboratory, self.targets, result, x, SETTLED * self.duration)
        outcomes: dict[str, Outcome] = {}
        for line in dict.fromkeys(self.laboratory.qubits[qubit].readout for qubit in self.targets):
            here = [k for k, qubit in enumerate(self.targets) if self.laboratory.qubits[qubit].readout == line]
            strength = z[here] / np.median(np.abs(z[here]), axis=1)[:, None]  # tones may differ in amplitude
            noise = sigma[here] / np.median(np.abs(z[here]), axis=1)[:, None]
            found = dips(x[here].ravel(), strength.ravel(), noise.ravel())
            outcomes |= self._shared_out(line, found, known, x[here].ravel(), np.abs(strength).ravel())
        return tuple(outcomes[qubit] for qubit in self.targets)

    def _frequencies(self) -> Floats:
        """Return the frequencies of each target's tone, shape (n_targets, n_points)."""
        rows = {}
        most = max(len(self._on(qubit)) for qubit in self.targets)
        n = int(np.ceil(2 * self.reach / self.step / most))
        for qubit in self.targets:
            neighbours = self._on(qubit)
            width = 2 * self.reach / len(neighbours)
            first = source_frequency(self.laboratory, self.laboratory.qubits[qubit].readout) - self.reach
            rows[qubit] = first + width * (neighbours.index(qubit) + np.arange(n) / n)
        return np.stack([rows[qubit] for qubit in self.targets])

    def _on(self, qubit: str) -> list[str]:
        line = self.laboratory.qubits[qubit].readout
        return [target for target in self.targets if self.laboratory.qubits[target].readout == line]

    def _shared_out(self, line: str, found: list[Fit], known: Parameters, x: Floats, y: Floats) -> dict[str, Outcome]:
        qubits = sorted(qubits_on(self.laboratory, line), key=lambda q: known[f"{q}.readout.frequency"])
        places = [fit.value("frequency") for fit in found]
        figure = Figure(
            f"all of {line}",
            x / 1e9,
            y,
            "frequency (GHz)",
            "relative to the usual",
            marks=tuple(np.array(places) / 1e9),
        )
        where = ", ".join(f"{place / 1e9:.4f}" for place in places)
        seen = f"{len(found)} resonators on {line}: {where} GHz" if places else f"no resonator on {line}"
        if len(found) != len(qubits):
            text = f"{seen}, for {len(qubits)} qubits"
            return {qubit: Outcome(qubit, figures=(figure,), reason=text) for qubit in qubits}
        outcomes = {}
        for qubit, fit in zip(qubits, found, strict=True):
            kappa = fit.value("kappa")
            below, error = (part * kappa for part in BETWEEN)
            tone = Estimate(
                fit.value("frequency") - below, float(np.hypot(error, fit.error("frequency"))), "Hz", run=self.name
            )
            outcomes[qubit] = Outcome(qubit, {f"{qubit}.readout.frequency": tone}, (fit,), (figure,), notes=(seen,))
        return outcomes


def dips(x: Floats, z: Complexes, sigma: Floats) -> list[Fit]:
    """Return a fit of every resonance in a long sweep by ascending frequency, strongest of those that overlap."""
    order = np.argsort(x)
    x, z, sigma = x[order], z[order], sigma[order]
    size = np.abs(z)
    depth = (median_filter(size, AROUND, mode="nearest") - size) / np.hypot(sigma, 1e-3)
    left, fits = depth.copy(), list[Fit]()
    while len(left) and left.max() > SURE:
        k = int(left.argmax())
        part = slice(max(k - NEAR, 0), k + NEAR + 1)
        (fit,) = fit_resonator(x[part], z[part], sigma[part])
        if fit.ok and not any(
            abs(fit.value("frequency") - one.value("frequency")) < one.value("kappa") for one in fits
        ):
            fits.append(fit)
        left[part] = 0.0
    return sorted(fits, key=lambda fit: fit.value("frequency"))


NODE = Node(
    name=ResonatorSearch.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="readout.frequency", low=1e9, high=20e9, floor=1e9, walk=RESONATOR),),
    make=lambda laboratory, targets, known: ResonatorSearch(laboratory, targets),
    needs=("readout_mixer",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
)
