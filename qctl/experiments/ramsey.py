"""The frequency of a qubit, from the beat between two quarter turns that wait for each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_cosine, fit_damped_cosine
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drawn import drawn
from .drive import frequency_curvature
from .gate_check import GateCheck
from .groups import apart
from .rows import half, indices, late, program, wait
from .signal import in_blocks, projected, some_points

Floats = NDArray[np.float64]
BLOCKS = 8  # of shots: slow noise shows as a scatter among them
SLOW_NOISE = 2.5e3  # Hz; how much the frequency of a transmon differs from one block to the next, before it is measured
PRIOR = 4  # blocks that this knowledge is worth


@dataclass(frozen=True)
class Beat:
    """How one target is asked.

    Parameters
    ----------
    waits : s, shape (n_points,)
    artificial : by which the second pulse runs ahead of the first on purpose, Hz
    reach : largest detuning that is told without doubt, Hz
    """

    waits: Floats
    artificial: float
    reach: float


@dataclass(frozen=True, slots=True)
class Ramsey:
    """Turn, wait, turn back about an axis that runs ahead by an artificial detuning, which gives the beat its sign.

    The less a frequency is known, the closer the waits: 4 errors to either side fit between 0 and Nyquist. Neighbours
    take turns, since a coupling at rest shifts a qubit whose neighbour is excited.

    Parameters
    ----------
    coarse : what is taken for the error of a guess, Hz
    longest : wait as a share of t2
    """

    name: ClassVar[str] = "ramsey"
    laboratory: Laboratory
    targets: tuple[str, ...]
    coarse: float = 1e6
    longest: float = 0.8
    n_points: int = 26
    shots: int = 120

    def beat(self, known: Parameters, target: str) -> Beat:
        """Return waits and artificial detuning of one target."""
        error = min(known.estimates[f"{target}.frequency"].error, self.coarse)
        reach = 4 * error + 3 * SLOW_NOISE
        # 2.4 points to a period of the fastest beat, 1.5 periods of the slowest one within the scan.
        length = min((self.n_points / 2.4 - 1.5) / (2 * reach), self.longest * known[f"{target}.t2"])
        step = max(round(length / (self.n_points - 1) / 4e-9), 1) * 4e-9
        waits = step * np.arange(float(self.n_points))
        return Beat(waits, reach + 1.5 / float(waits[-1]), reach)

    def scan(self, known: Parameters) -> Scan:
        """Return the sequences of one group of targets after the other, waits fastest."""
        circuits = []
        for group in apart(self.laboratory, self.targets):
            beats = [self.beat(known, target) for target in group]
            qubits = indices(self.laboratory, group)
            for k in range(self.n_points):
                waits = [float(beat.waits[k]) for beat in beats]
                turns = [2 * pi * beat.artificial * t for beat, t in zip(beats, waits, strict=True)]
                every = zip(qubits, waits, turns, strict=True)
                circuits.append(late(qubits, [[half(q), wait(q, t), half(q, turn)] for q, t, turn in every], waits))
        return Scan(program(self.laboratory, circuits, indices(self.laboratory, self.targets), self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each target, and its decay where the scan is long enough for it."""
        shape = (len(self.targets), self.n_points)
        signal, sigma, blocks = np.empty(shape), np.empty(shape), np.empty((BLOCKS, *shape))
        for number, group in enumerate(apart(self.laboratory, self.targets)):
            part = some_points(result, number * self.n_points, (number + 1) * self.n_points)
            columns = [self.targets.index(target) for target in group]
            seen, errors = projected(part)
            signal[columns], sigma[columns] = seen.T[columns], errors.T[columns]
            blocks[:, columns] = in_blocks(part, BLOCKS).transpose(0, 2, 1)[:, columns]
        beats = [self.beat(known, target) for target in self.targets]
        fits = beats_in(np.array([beat.waits for beat in beats]), signal, sigma)
        return tuple(
            self._outcome(target, fit, beat, blocks[:, k], known)
            for k, (target, fit, beat) in enumerate(zip(self.targets, fits, beats, strict=True))
        )

    def _outcome(self, target: str, fit: Fit, beat: Beat, blocks: Floats, known: Parameters) -> Outcome:
        title = f"Ramsey fringes of {target}, {beat.artificial / 1e3:.1f} kHz ahead"
        figures = (drawn(title, fit, "wait (s)"),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no beat seen: {fit.reason}")
        error = frequency_error(fit, blocks)
        # The qubit runs ahead of its frame by (true - known), the second pulse ahead of the frame by `artificial`.
        value = known[f"{target}.frequency"] + beat.artificial - fit.value("frequency")
        found = {f"{target}.frequency": Estimate(value, error, "Hz", run=self.name)}
        if "tau" in fit.names and fit.value("tau") < 2 * beat.waits[-1] and fit.error("tau") < 0.3 * fit.value("tau"):
            found[f"{target}.t2_ramsey"] = Estimate(fit.value("tau"), fit.error("tau"), "s", run=self.name)
        return Outcome(target, found, (fit,), figures)


def beats_in(waits: Floats, signal: Floats, sigma: Floats) -> list[Fit]:
    """Return the damped oscillation in each set of points; an undamped one where no decay can be seen."""
    damped = fit_damped_cosine(waits, signal, sigma, tau_needed=False)
    plain = fit_cosine(waits, signal, sigma)
    return [one if one.ok or not other.ok else other for one, other in zip(damped, plain, strict=True)]


def frequency_error(fit: Fit, blocks: Floats) -> float:
    """Return the standard deviation of the frequency, slow noise included, Hz.

    Every block of shots says by how much its frequency differs (one step of least squares from the common fit). The
    scatter of the blocks holds all noise that lasts longer than a point; since they are few, it is weighed against
    what is usual (a conjugate prior of the variance: Gelman et al., Bayesian Data Analysis, section 2.6).

    Parameters
    ----------
    blocks : signal of each block, shape (n_blocks, n_points)
    """
    a, f, phase = (fit.value(name) for name in ("amplitude", "frequency", "phase"))
    t, angle = fit.x, 2 * pi * f * fit.x + phase
    envelope = np.exp(-t / fit.value("tau")) if "tau" in fit.names else np.ones_like(t)
    turned = -a * envelope * np.sin(angle)
    slopes = np.stack([2 * pi * t * turned, turned, envelope * np.cos(angle), np.ones_like(t)], axis=1)
    shifts = np.linalg.lstsq(slopes, (blocks - fit.curve.real).T, rcond=None)[0][0]
    n = len(blocks)
    seen, usual = float(np.var(shifts, ddof=1)) / n, fit.error("frequency") ** 2 + SLOW_NOISE**2 / n
    return float(np.sqrt(((n - 1) * seen + PRIOR * usual) / (n - 1 + PRIOR)))


NODE = Node(
    name=Ramsey.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="frequency", low=1e9, high=12e9, floor=1e6, curvature=frequency_curvature),
        Quantity(name="t2_ramsey", low=1e-7, high=1e-2, floor=50e-6),
    ),
    make=lambda laboratory, targets, known: Ramsey(laboratory, targets),
    needs=("rabi", "flux_bias"),
    claims=lambda laboratory, known, target: frozenset({target}),
    check=lambda laboratory, targets, known: GateCheck(laboratory, targets),
)
