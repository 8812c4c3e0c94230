"""Frequencies of the trap across its axis: a tone on an electrode shakes the ions, and less cooling light comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result
from qctl.platforms.ion_known import TICKLE

from ..drawn import drawn
from ..rows import indices, program
from .modes import TRAP
from .photons import cooling_photons
from .presence import FEWEST

Floats = NDArray[np.float64]
MODES = (1, 2)
AMPLITUDE = 0.15  # of full scale: dips of some kilohertz
SHAPE = 0.03  # share of the light by which dips may differ from what is fitted
PULLED = 300.0  # Hz by which motion along the other axis, which the same light sees, may pull a dip


def shaken(laboratory: Laboratory, frequencies: Sequence[float] | Floats, amplitude: float, shots: int) -> Scan:
    """Return a shot in which nothing is played for each frequency of the tone, Hz."""
    settings = tuple({f"{TICKLE}.tone.frequency": float(f), f"{TICKLE}.tone.amplitude": amplitude} for f in frequencies)
    return Scan(program(laboratory, [[]], indices(laboratory, laboratory.qubit_names), shots), settings, traces=True)


def dip(p: Floats, x: Floats) -> Floats:
    """Return the light at frequencies ``x``; ``p`` holds centre and width (Hz), depth, and the light beside the dip."""
    centre, width, depth, whole = p
    return np.asarray(whole * (1 - depth / (1 + ((x - centre) / width) ** 2) ** 2))


@dataclass(frozen=True, slots=True)
class IonRadialModes:
    """A weak tone is swept over both frequencies while ions are cooled: where they swing, they scatter less.

    The amplitude of a driven oscillator follows a Lorentzian, and light that an ion sees modulated by many linewidths
    comes back seldom (Berkeland et al., J. Appl. Phys. 83, 5025), so dips are broad at the bottom and have short
    wings: the square of a Lorentzian. Their middle is where it is whatever their shape.

    Parameters
    ----------
    reach : Hz, to either side of what is believed, at most
    closest : the same, at least
    """

    name: ClassVar[str] = "ion_radial_modes"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 55e3
    closest: float = 25e3
    n_points: int = 23
    amplitude: float = AMPLITUDE
    shots: int = 25

    def frequencies(self, known: Parameters, number: int) -> Floats:
        """Return the frequencies that are tried around one mode, Hz."""
        believed = known.estimates[f"{TRAP}.radial_{number}"]
        reach = float(np.clip(5 * believed.error, self.closest, self.reach))
        return believed.value + np.linspace(-reach, reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return both sweeps, one after the other."""
        every = np.concatenate([self.frequencies(known, number) for number in MODES])
        return shaken(self.laboratory, every, self.amplitude, self.shots)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each mode that was seen."""
        (target,) = self.targets
        total, sigma = cooling_photons(result)
        fits = {
            number: self._dip(self.frequencies(known, number), y, s)
            for number, y, s in zip(MODES, np.split(total, len(MODES)), np.split(sigma, len(MODES)), strict=True)
        }
        figures = tuple(
            drawn(
                f"tickle of radial mode {n}, all ions",
                fit,
                "frequency of the tickle (Hz)",
                y_label="photons a shot",
                marks=(fit.value("centre"),) if fit.ok else (),
                model=partial(dip, fit.values),
            )
            for n, fit in fits.items()
        )
        good = {n: fit for n, fit in fits.items() if fit.ok}
        if total.max() < FEWEST or not good:
            why = next(iter(fits.values())).reason if total.max() >= FEWEST else "no ion scatters cooling light"
            return (Outcome(target, fits=tuple(fits.values()), figures=figures, reason=f"no dip is seen: {why}"),)
        found = {
            f"{target}.radial_{n}": Estimate(
                fit.value("centre"), float(np.hypot(fit.error("centre"), PULLED)), "Hz", run=self.name
            )
            for n, fit in good.items()
        }
        notes = tuple(f"radial mode {n} was not seen: {fits[n].reason}" for n in MODES if n not in good)
        return (Outcome(target, found, tuple(good.values()), figures, notes=notes),)

    def _dip(self, x: Floats, total: Floats, sigma: Floats) -> Fit:
        """Fit one dip; it is sought from where least light comes."""
        level, lowest, step = float(np.median(total)), float(x[np.argmin(total)]), float(x[1] - x[0])

        return fit_any_curve(
            "dip", ("centre", "width", "depth", "light"), partial(dip, x=x),
            [(lowest, width, 0.8, max(level, 1e-3)) for width in (1.5 * step, 4 * step)],
            ((x[0], step / 3, 0.1, 0.0), (x[-1], 10 * step, 1.1, 2 * level + 1)),
            x, total, np.hypot(sigma, SHAPE * level),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RadialCheck:
    """Three frequencies for each mode: where it is believed to be, and to either side of it.

    Parameters
    ----------
    aside : Hz, where ions are hardly shaken
    """

    name: ClassVar[str] = "radial_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    aside: float = 60e3
    amplitude: float = AMPLITUDE
    shots: int = 25

    def scan(self, known: Parameters) -> Scan:
        """Return three points for each mode."""
        places = [known[f"{TRAP}.radial_{n}"] + k * self.aside for n in MODES for k in (-1, 0, 1)]
        return shaken(self.laboratory, places, self.amplitude, self.shots)

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return the light in resonance over that beside it, mean of both modes; all of it without any light."""
        total, sigma = (part.reshape(len(MODES), 3) for part in cooling_photons(result))
        beside = (total[:, 0] + total[:, 2]) / 2
        if (beside < FEWEST).any():
            return dict.fromkeys(self.targets, (1.0, 1.0))
        share = total[:, 1] / beside
        error = np.hypot(sigma[:, 1], share * np.hypot(sigma[:, 0], sigma[:, 2]) / 2) / beside
        score = float(np.clip(share, 0, 1).mean()), float(np.hypot.reduce(error) / len(MODES))
        return dict.fromkeys(self.targets, score)


def _applies(laboratory: Laboratory, target: str) -> bool:
    """Return whether a trap has an electrode that shakes, and somebody guessed at which frequencies."""
    guessed = all(f"{TRAP}.radial_{number}" in laboratory.first_guess for number in MODES)
    return target == TRAP and guessed and TICKLE in laboratory.lines


NODE = Node(
    name=IonRadialModes.name,
    kind=Target.LINE,
    finds=(Quantity(name="radial_*", low=1e5, high=20e6, floor=200e3),),
    make=lambda laboratory, targets, known: IonRadialModes(laboratory, targets),
    needs=("ion_presence",),
    claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
    check=lambda laboratory, targets, known: RadialCheck(laboratory, targets),
    applies=_applies,
)
