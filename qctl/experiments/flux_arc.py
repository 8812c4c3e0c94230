"""How far a flux pulse moves a qubit: its phase after pulses of rising height, both signs.

A pulse of height A (fraction of full scale) and shape s(t) turns the qubit by ``sum_n arc_n A^n int s^n dt``: around
a sweet spot a transmon's frequency is even in flux, ``arc_2`` and ``arc_4`` (Koch et al., Phys. Rev. A 76, 042319,
eq. 2.18, expanded); what is left of the distance to it is odd, ``arc_1``. Heights rise so slowly that each phase
follows from those before, however many turns it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.fit import Fit, failed
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from .pairs import guarded
from .phases import ANGLES, LEAST_CONTRAST, phase_of
from .rows import half, indices, play, program
from .signal import excited

Floats = NDArray[np.float64]
ORDERS = (1, 2, 4)
HEIGHTS = 0.025 * 1.3 ** np.arange(12) * (-1) ** np.arange(12)


def _heights() -> Floats:
    return np.asarray(HEIGHTS, np.float64)


@dataclass(frozen=True)
class FluxArc:
    """Shift of frequency against the height of flux pulses, of qubits that are all at their sweet spots."""

    laboratory: Laboratory
    targets: tuple[str, ...]
    heights: Floats = field(default_factory=_heights)
    duration: float = 48e-9
    edge: float = 6e-9
    shots: int = 200
    name: ClassVar[str] = "flux_arc"

    def scan(self, known: Parameters) -> Scan:
        """Return Ramsey with one pulse in between, without and with each height."""
        qubits = indices(self.laboratory, self.targets)
        lines = [self.laboratory.qubits[name].flux for name in self.targets]
        circuits = []
        pulses: list[Pulse] = []
        for height in (0.0, *self.heights):
            first = len(pulses)
            pulses += [
                Pulse((Tone(line=str(line), amplitude=float(height), duration=self.duration, edge=self.edge),))
                for line in lines
            ]
            middle = guarded(qubits, [play((q,), first + k) for k, q in enumerate(qubits)])
            circuits += [
                [*(half(q) for q in qubits), *middle, *(half(q, float(angle)) for q in qubits)] for angle in ANGLES
            ]
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return ``arc_n`` of each qubit."""
        ones, sigma = (part.reshape(-1, len(ANGLES), len(self.targets)) for part in excited(result, known))
        phase, error, contrast = phase_of(ones, sigma)
        return tuple(
            self._outcome(name, phase[:, k], error[:, k], contrast[:, k]) for k, name in enumerate(self.targets)
        )

    def _outcome(self, qubit: str, phase: Floats, error: Floats, contrast: Floats) -> Outcome:
        turns = (phase[1:] - phase[0]) / (2 * np.pi)
        sigma = np.hypot(error[1:], error[0]) / (2 * np.pi)
        fit = self.fitted(turns, sigma, contrast[1:])
        figure = Figure(
            f"phase of {qubit} against the height of a flux pulse", self.heights, fit.y, "height (full scale)",
            "turns", sigma, np.sort(self.heights), self._columns(np.sort(self.heights)) @ np.nan_to_num(fit.values),
        )  # fmt: skip
        if not fit.ok:
            return Outcome(qubit, fits=(fit,), figures=(figure,), reason=fit.reason)
        found = {
            f"{qubit}.arc_{n}": Estimate(float(value), fit.error(f"arc_{n}"), "Hz", run=self.name)
            for n, value in zip(ORDERS, fit.values, strict=True)
        }
        return Outcome(qubit, found, (fit,), (figure,))

    def fitted(self, turns: Floats, sigma: Floats, contrast: Floats) -> Fit:
        """Return the polynomial through phases whose whole turns are found on the way, from low to high."""
        columns, order = self._columns(self.heights), np.argsort(np.abs(self.heights))
        names = tuple(f"arc_{n}" for n in ORDERS)
        x, wanted = self.heights, turns.copy()
        good = contrast > LEAST_CONTRAST
        if good.sum() < len(ORDERS) + 3:
            return failed("flux arc", names, "no interference is seen: readout or frequency are wrong", x, turns, sigma)
        sure: list[int] = []
        for k in order[good[order]]:
            used = 2 if len(sure) < 6 else len(ORDERS)
            guess = 0.0
            if len(sure) >= 2:
                part = np.linalg.lstsq(columns[sure, :used] / sigma[sure, None], wanted[sure] / sigma[sure], rcond=None)
                guess = float(columns[k, :used] @ part[0])
            wanted[k] = turns[k] - np.rint(turns[k] - guess)
            sure.append(int(k))
        scaled = columns[sure] / sigma[sure, None]
        values = np.asarray(np.linalg.lstsq(scaled, wanted[sure] / sigma[sure], rcond=None)[0], np.float64)
        left = (columns[sure] @ values - wanted[sure]) / sigma[sure]
        reduced = float(left @ left / (len(sure) - len(ORDERS)))
        covariance = np.asarray(np.linalg.inv(scaled.T @ scaled) * max(reduced, 1.0), np.float64)
        worst = float(np.abs(columns[sure] @ values - wanted[sure]).max())
        reason = "" if worst < 0.2 else f"phases do not follow a parabola in flux: one is off by {worst:.2f} turns"
        return Fit(
            "flux arc", names, values, covariance, reduced, 1.0, (), float(np.ptp(wanted) / np.median(sigma)),
            not reason, reason, x, wanted, sigma, columns @ values,
        )  # fmt: skip

    def _columns(self, heights: Floats) -> Floats:
        """Return ``A^n int s^n dt`` for each height, s."""
        return np.stack([heights**n * power_of_shape(n, self.duration, self.edge) for n in ORDERS], axis=1)


def power_of_shape(n: int, duration: float, edge: float) -> float:
    """Return the integral of the n-th power of a flat top of height 1 with edges of half a cosine, s."""
    angle = np.pi / 2 * (np.arange(64) + 0.5) / 64
    return float(duration - 2 * edge + 2 * edge * np.mean(np.sin(angle) ** (2 * n)))


def shift(known: Parameters, qubit: str, height: float) -> float:
    """Return how far a pulse of this height moves a qubit, Hz."""
    return float(sum(known[f"{qubit}.arc_{n}"] * height**n for n in ORDERS))


def slope(known: Parameters, qubit: str, height: float) -> float:
    """Return the derivative of `shift`, Hz by full scale."""
    return float(sum(n * known[f"{qubit}.arc_{n}"] * height ** (n - 1) for n in ORDERS))


def height_for(known: Parameters, qubit: str, wanted: float) -> float | None:
    """Return the lowest positive height that shifts by ``wanted`` (below 0), None where there is none up to 0.9."""
    heights = np.linspace(0, 0.9, 1801)
    shifts = np.array([known[f"{qubit}.arc_{n}"] for n in ORDERS]) @ np.stack([heights**n for n in ORDERS])
    below = np.flatnonzero(shifts <= wanted)
    if not len(below) or below[0] == 0:
        return None
    k = int(below[0])
    return float(np.interp(-wanted, -shifts[k - 1 : k + 1], heights[k - 1 : k + 1]))


def neighbouring(laboratory: Laboratory, qubit: str) -> tuple[str, ...]:
    """Return the couplings of a qubit: pulses on lines of neighbours reach it too, so that neighbours wait."""
    return tuple(name for name, coupling in laboratory.couplings.items() if qubit in coupling.pair)


def is_moved(laboratory: Laboratory, qubit: str) -> bool:
    """Say whether a qubit has a flux line and, by first guesses, is the higher one of a coupling: a CZ moves it."""
    guess = laboratory.first_guess
    frequency = guess.get(f"{qubit}.frequency", 0.0)
    pairs = [set(laboratory.couplings[name].pair) - {qubit} for name in neighbouring(laboratory, qubit)]
    lower = any(guess.get(f"{other}.frequency", 0.0) <= frequency for pair in pairs for other in pair)
    return laboratory.qubits[qubit].flux is not None and lower


NODE = Node(
    name="flux_arc",
    kind=Target.QUBIT,
    finds=tuple(Quantity(name=f"arc_{n}", low=-1e12, high=1e12, floor=1e10) for n in ORDERS),
    make=lambda laboratory, targets, known: FluxArc(laboratory, targets),
    needs=("fine_amplitude", "single_shots", "flux_bias"),
    claims=lambda laboratory, known, qubit: frozenset({qubit, *neighbouring(laboratory, qubit)}),
    applies=is_moved,
)
