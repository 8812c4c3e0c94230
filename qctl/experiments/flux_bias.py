"""Bring each qubit to its upper sweet spot: the direct current at which its frequency turns."""

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
from qctl.core.result import Result

from .drawn import drawn
from .drive import frequency_curvature
from .lines import SYSTEMATIC, Comb, circuits_of, comb, lines_of
from .rows import indices, program
from .signal import projected
from .walks import BIAS

Floats = NDArray[np.float64]
LEAK = 0.005  # of a current acts on a neighbour's loop; of several per mille to one per cent nobody knows which
FARTHEST = 0.35e-3  # A; how far a guess may be off
CLOSEST = 0.01e-3  # A; never looked for more narrowly
UNKNOWN = 0.25e-3  # A; currents of couplers may be off by as much
CHARGING = 0.3e9  # Hz; energy of a transmon, at most
EDGE = 6e6  # Hz; half a line: one whose peak lies at the edge of a scan is not believed
MISFIT = 25.0  # chi^2 per degree of freedom


@dataclass(frozen=True, slots=True)
class FluxBias:
    """Spectroscopy at a few currents of all DC sources at once, one upload each; a parabola has its top in between.

    Near its top the arc ``f = (f_max + E_C) sqrt(cos(pi flux)) - E_C`` (Koch et al., PRA 76, 042319) differs from a
    parabola by less than 1 % of its fall. Qubits without a DC source have nothing to find.

    Parameters
    ----------
    steps : added to the present currents, A
    period : current of a flux quantum, at least: it says how far lines may move, A
    """

    name: ClassVar[str] = "flux_bias"
    laboratory: Laboratory
    targets: tuple[str, ...]
    steps: tuple[float, ...] = (-0.3e-3, -0.1e-3, 0.1e-3, 0.3e-3)
    period: float = 7.5e-3
    n_points: int = 19
    shots: int = 80

    def line(self, target: str) -> str:
        """Return the flux line of a target."""
        return self.laboratory.qubits[target].flux or ""

    def asked(self, known: Parameters) -> Comb:
        """Return at which frequencies each target may be, with its present current off by as much as is plausible."""
        found = [known.estimates[f"{target}.frequency"] for target in self.targets]
        off = np.array([known.estimates[f"{self.line(target)}.bias"].error for target in self.targets])
        off = np.clip(5 * off, CLOSEST, FARTHEST)
        bend = np.array([f.value + CHARGING for f in found]) * (np.pi / self.period) ** 2 / 4  # Hz / A^2
        most = max(map(abs, self.steps))
        rise = np.where(off > most, 2 * off * most - most**2, off**2)
        margin = EDGE + 4 * np.array([min(f.error, 1e6) for f in found])
        low, high = bend * (most**2 + 2 * off * most) + margin, bend * rise + margin
        centres = np.array([f.value for f in found]) + (high - low) / 2
        return comb(known, self.targets, centres, (high + low) / 2, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return the same pulses at every current."""
        circuits, pulses = circuits_of(self.laboratory, known, self.targets, self.asked(known))
        names = [f"{self.line(target)}.bias" for target in self.targets]
        settings = tuple({name: known[name] + step for name in names} for step in self.steps)
        asked = program(self.laboratory, circuits, indices(self.laboratory, self.targets), self.shots, pulses)
        return Scan(asked, settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the current of the sweet spot of each target, and its frequency there."""
        lines = lines_of(self.asked(known), *projected(result), n_settings=len(self.steps))
        by_target = list(zip(*lines, strict=True))
        tops = [top_of(self.steps, fits) for fits in by_target]
        moves = np.array([top.step if top.fall > 0 else 0.0 for top in tops])
        apart = np.abs(moves[:, None] - moves).max(axis=1)
        every = zip(self.targets, by_target, tops, apart.tolist(), strict=True)
        return tuple(self._outcome(*one, known) for one in every)

    def _outcome(self, target: str, lines: tuple[Fit, ...], top: Top, apart: float, known: Parameters) -> Outcome:
        figures = (
            top_figure(target, self.steps, lines, top),
            *(
                drawn(f"{target} at {s * 1e3:+.2f} mA", f, "frequency (Hz)")
                for s, f in zip(self.steps, lines, strict=True)
            ),
        )
        reason, most = "", max(map(abs, self.steps))
        lost = [f"{s * 1e3:+.2f} mA" for s, f in zip(self.steps, lines, strict=True) if not f.ok]
        if lost:
            reason = f"no line seen at {', '.join(lost)} beside the present current"
        elif not top.fall > 5 * top.fall_error:
            reason = "the frequency does not fall to either side: this is no upper sweet spot"
        elif abs(top.step) > 2 * most:
            reason = f"the sweet spot is {top.step * 1e3:+.2f} mA away, too far outside of what was scanned"
        elif top.misfit > MISFIT:
            reason = f"the frequencies lie on no parabola: chi^2 is {top.misfit:.0f} for one degree of freedom"
        if reason:
            return Outcome(target, fits=lines, figures=figures, reason=reason)
        name = f"{self.line(target)}.bias"
        error = float(np.hypot(top.step_error, LEAK * (apart + UNKNOWN)))
        width = float(np.mean([fit.value("fwhm") for fit in lines]))
        spread = float(np.hypot(top.height_error, SYSTEMATIC * width))
        found = {
            name: Estimate(known[name] + top.step, error, "A", run=self.name),
            f"{target}.frequency": Estimate(top.height, spread, "Hz", run=self.name),
        }
        return Outcome(target, found, lines, figures)


@dataclass(frozen=True)
class Top:
    """The top of a parabola ``height - fall (x - step)^2``, with standard errors, and chi^2 per degree of freedom."""

    step: float
    step_error: float
    height: float
    height_error: float
    fall: float
    fall_error: float
    misfit: float


def top_of(steps: tuple[float, ...], lines: tuple[Fit, ...]) -> Top:
    """Lay a parabola through the centres of lines; of few points, so that each is judged by its own fit."""
    if not all(fit.ok for fit in lines):
        return Top(*[np.nan] * 7)
    x, y = np.array(steps) / max(steps), np.array([fit.value("centre") for fit in lines])
    basis, sigma = np.vander(x, 3), np.array([fit.error("centre") for fit in lines])
    weighted, middle = basis / sigma[:, None], float(y.mean())
    inverse = np.linalg.inv(weighted.T @ weighted)
    a, b, c = inverse @ weighted.T @ ((y - middle) / sigma)
    misfit = float(np.sum(((basis @ (a, b, c) - y + middle) / sigma) ** 2)) / max(len(x) - 3, 1)
    inverse *= max(misfit, 1.0)
    at = -b / (2 * a)
    by_step, by_height = np.array([b / (2 * a * a), -1 / (2 * a), 0.0]), np.array([at * at, at, 1.0])
    step_error, height_error = (float(np.sqrt(v @ inverse @ v)) for v in (by_step, by_height))
    unit = max(steps)
    height = middle + c + b * at / 2
    fall, fall_error = -a / unit**2, float(np.sqrt(inverse[0, 0])) / unit**2
    return Top(float(at) * unit, step_error * unit, float(height), height_error, float(fall), fall_error, misfit)


def top_figure(target: str, steps: tuple[float, ...], lines: tuple[Fit, ...], top: Top) -> Figure:
    """Return the frequencies against the current, with the parabola."""
    x, y = np.array(steps), np.array([fit.value("centre") if fit.ok else np.nan for fit in lines])
    sigma = np.array([fit.error("centre") if fit.ok else np.nan for fit in lines])
    fine = np.linspace(x[0], x[-1], 101)
    curve = top.height - top.fall * (fine - top.step) ** 2
    title = f"sweet spot of {target}"
    return Figure(
        title, x, y, "current beside the present one (A)", "frequency (Hz)", sigma, fine, curve, (top.step,)
    )  # fmt: skip


def has_source(laboratory: Laboratory, target: str) -> bool:
    """Say whether a direct current can move a qubit."""
    flux = laboratory.qubits[target].flux
    return flux is not None and laboratory.lines[flux].bias is not None


NODE = Node(
    name=FluxBias.name,
    kind=Target.QUBIT,
    finds=(
        # Gates do not feel a small distance from the sweet spot once the frequency there is known.
        Quantity(name="flux.bias", low=-20e-3, high=20e-3, floor=1e-3, walk=BIAS),
        Quantity(name="frequency", low=1e9, high=12e9, floor=60e6, curvature=frequency_curvature),
    ),
    make=lambda laboratory, targets, known: FluxBias(laboratory, targets),
    needs=("rabi",),
    claims=lambda laboratory, known, target: frozenset({target}),
    applies=has_source,
)
