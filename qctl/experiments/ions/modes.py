"""Frequencies of the axial modes, from blue sidebands of all ions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from qctl.calibrate.drift import Walk
from qctl.calibrate.fits import Fit, fit_rabi_line
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, indices, play, program
from .beams import on_ticks, rabi_frequency, tone

Floats = NDArray[np.float64]
TRAP = "trap"


@cache
def spectrum(n_ions: int) -> tuple[Floats, Floats]:
    """Return where to look for modes, over that of the centre of mass, and who takes part (James, eqs. 5 and 12).

    Returns
    -------
    ratios, shape (n_modes,), and participations, shape (n_ions, n_modes)
    """

    def force(u: Floats) -> Floats:
        distance = u[:, None] - u + np.diag(np.full(n_ions, np.inf))
        return np.asarray(u - np.sum(np.sign(distance) / distance**2, axis=1))

    u = np.zeros(1)
    if n_ions > 1:
        u = np.sort(root(force, 1.5 * n_ions**0.44 * np.linspace(-1, 1, n_ions), tol=1e-12).x)
    cubes = 2 / np.abs(u[:, None] - u + np.diag(np.full(n_ions, np.inf))) ** 3
    squares, vectors = np.linalg.eigh(np.diag(1 + cubes.sum(axis=1)) - cubes)
    return np.sqrt(squares), vectors


@dataclass(frozen=True, slots=True)
class IonModes:
    """Light on one ion, near the blue sideband of one mode after the other: when it turns bright, it has moved.

    The ion that takes most part in a mode looks for it, with light of two strengths. An ion with ``n`` quanta turns
    ``sqrt(n + 1)`` times as far as a cold one (Leibfried et al., Rev. Mod. Phys. 75, 281, eq. 70): what is right for
    cold ions drives hot ones to and fro, and their line has several maxima; what is right for hot ones hardly turns
    cold ones. Which they are is not known: tones that cool reach as far as pumping light is wide.

    Parameters
    ----------
    reach : Hz, to either side of what is expected
    duration : s
    turns : of a cold ion in resonance, whole turns, weakest first, if ``eta`` is the Lamb-Dicke parameter of a single
        ion; the weakest light that shows a line is believed
    """

    name: ClassVar[str] = "ion_modes"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 9e3  # Hz
    n_points: int = 21
    duration: float = 192e-6
    turns: tuple[float, ...] = (0.15, 0.4)
    eta: float = 0.147
    shots: int = 60

    def numbers(self) -> Sequence[int]:
        """Return the modes that are looked for, from 1."""
        return range(2, len(self.laboratory.qubits) + 1)

    def centre(self, known: Parameters, number: int) -> float:
        """Return where a mode is expected, Hz."""
        return known[f"{TRAP}.mode_1"] * float(spectrum(len(self.laboratory.qubits))[0][number - 1])

    def ion(self, number: int) -> str:
        """Return who looks for a mode."""
        parts = spectrum(len(self.laboratory.qubits))[1][:, number - 1]
        return self.laboratory.qubit_names[int(np.argmax(np.abs(parts)))]

    def share(self, known: Parameters, number: int, turn: float) -> float:
        """Return how strong the light is, over that of a pi pulse."""
        ratios, parts = spectrum(len(self.laboratory.qubits))
        eta = self.eta * float(np.abs(parts[:, number - 1]).max() / np.sqrt(ratios[number - 1]))
        return min(turn / (eta * self.duration * rabi_frequency(known, self.ion(number))), 1.5)

    def pulled(self, known: Parameters, number: int, turn: float) -> float:
        """Return by how much the carrier, far from resonance, pulls the sideband down, ``Omega^2 / 2 nu``, Hz."""
        rabi = self.share(known, number, turn) * rabi_frequency(known, self.ion(number))
        return rabi**2 / (2 * self.centre(known, number))

    def offsets(self) -> Floats:
        """Return how far around what is expected is looked, Hz."""
        return np.linspace(-self.reach, self.reach, self.n_points)

    def looks(self) -> list[tuple[int, float]]:
        """Return modes and turns, in the order in which they are played."""
        return list(product(self.numbers(), self.turns))

    def scan(self, known: Parameters) -> Scan:
        """Return a pulse for each mode, strength and frequency."""
        names = self.laboratory.qubit_names
        pulses, circuits = list[Pulse](), list[list[Row]]()
        duration = float(on_ticks(self.duration))
        for number, turn in self.looks():
            ion, share = self.ion(number), self.share(known, number, turn)
            for offset in self.offsets():
                circuits.append([play([names.index(ion)], len(pulses))])
                at = self.centre(known, number) + float(offset)
                pulses.append(tone(self.laboratory, known, ion, at, share, duration))
        return Scan(program(self.laboratory, circuits, indices(self.laboratory, names), self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each mode."""
        looks = self.looks()
        shape = (len(looks), self.n_points)
        columns = np.repeat([self.laboratory.qubit_names.index(self.ion(n)) for n, _ in looks], self.n_points)
        bits = [result.kept_bits(point)[:, column] for point, column in enumerate(columns)]
        seen = np.array([(one.sum() + 0.5) / (len(one) + 1) for one in bits])
        sigma = np.sqrt(seen * (1 - seen) / np.array([len(one) + 1 for one in bits]))
        x = np.array([self.centre(known, number) + self.offsets() for number, _ in looks])
        fits = fit_rabi_line(
            x, seen.reshape(shape), np.maximum(sigma, 0.03).reshape(shape), duration=self.duration - 4e-6
        )
        (target,) = self.targets
        return (self._outcome(target, fits, known),)

    def _outcome(self, target: str, fits: list[Fit], known: Parameters) -> Outcome:
        looks = self.looks()
        figures = tuple(
            drawn(f"blue sideband {n}, {turn:g} turns", fit, "offset (Hz)", y_label="bright")
            for (n, turn), fit in zip(looks, fits, strict=True)
        )
        seen: dict[int, tuple[float, Fit]] = {}
        for (n, turn), fit in zip(looks, fits, strict=True):
            if fit.ok and fit.value("height") > 0:
                seen.setdefault(n, (turn, fit))
        if lost := [n for n in self.numbers() if n not in seen]:  # nobody cools it, and gates of pairs do not work
            fit = fits[[n for n, _ in looks].index(lost[0])]
            reason = f"no sideband of mode {', '.join(str(n) for n in lost)} seen: {fit.reason or 'it is a dip'}"
            return Outcome(target, fits=tuple(fits), figures=figures, reason=reason)
        found = {
            f"{TRAP}.mode_{n}": Estimate(
                fit.value("centre") + self.pulled(known, n, turn),
                float(np.hypot(fit.error("centre"), 50.0)),
                "Hz",
                run=self.name,
            )
            for n, (turn, fit) in seen.items()
        }
        return Outcome(target, found, tuple(fit for _, fit in seen.values()), figures)


@dataclass(frozen=True, slots=True)
class IonMode(IonModes):
    """The mode of the centre of mass, on which all gates rely, alone and with longer pulses."""

    name: ClassVar[str] = "ion_mode"
    shots: int = 100
    n_points: int = 25

    def numbers(self) -> Sequence[int]:
        """Return the first mode."""
        return (1,)

    def centre(self, known: Parameters, number: int) -> float:
        """Return where it is believed, Hz."""
        return known[f"{TRAP}.mode_1"]


def _is_trap(laboratory: Laboratory, target: str) -> bool:
    return target == TRAP


def _node(kind: type[IonModes], needs: tuple[str, ...]) -> Node:
    return Node(
        name=kind.name,
        kind=Target.LINE,
        finds=(Quantity(name="mode_*", low=1e5, high=20e6, floor=60e3, walk=Walk(200.0)),),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
        applies=_is_trap,
    )


NODE = _node(IonMode, ("ion_readout",))
ALL = _node(IonModes, ("ion_mode",))
