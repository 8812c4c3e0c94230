"""Correct the mixer of each drive line by what its own qubit sees of it: the leaking carrier and the image."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_linear, fit_parabola
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from .drawn import drawn
from .drive import amplitude_curvature
from .gate_check import GateCheck
from .rows import Row, half, indices, play, program
from .signal import projected
from .walks import MIXER

Floats = NDArray[np.float64]
PHASES = 4  # of the second quarter turn
LEAK = 0.03  # of full scale, added on purpose to either side
TURNS = 0.6  # by which the leaking carrier turns the qubit at the ends of the scan
STRONGEST = 2.7  # rad; how far the worst image may turn: below pi, where it could not be told from less
WEAK = 0.08  # of full scale; a stronger tone would push the qubit out of resonance with its image
IMAGE = 0.05  # of a tone, the largest that is looked for
SKEW = 0.07  # of an offset shows in the other one
AXES = ("i", "q")
BOWL = ("rest", "i", "q", "curvature")  # the square of a distance in the plane of both quadratures


@dataclass(frozen=True, slots=True)
class DriveMixer:
    """Add what may be missing with tones, and see when the qubit no longer feels anything.

    The carrier leaks at all times and shifts the qubit by ``W^2 / 2 (1 / D01 - 1 / D12)`` (W: its strength, D: from
    the carrier to a transition; AC Stark shift of a transmon, Schneider et al., PRA 97, 062334). A Ramsey sequence of
    one wait sees the shift as a parabola in each quadrature that is added at the carrier; its middle is where nothing
    is left. The qubit need not be brought to the carrier, which would take a calibrated flux pulse.

    A tone at ``2 f_carrier - f_qubit`` has its image at the qubit, which turns by an angle proportional to the image
    and a weak second tone that is played at the qubit to cancel it; the square of the angle is a parabola too.

    Lines without a mixer have nothing to find.
    """

    name: ClassVar[str] = "drive_mixer"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 11
    shots: int = 100

    def line(self, target: str) -> str:
        """Return the drive line of a target."""
        return self.laboratory.qubits[target].drive

    @property
    def leaks(self) -> Floats:
        """Return what is added at the carrier, fractions of full scale."""
        return LEAK * np.linspace(-1, 1, self.n_points)

    def images(self, known: Parameters, target: str) -> Floats:
        """Return what is added at the image, fractions of the tone that has it."""
        error = known.estimates[f"{self.line(target)}.mixer.gain"].error
        return float(np.clip(5 * error, 0.015, IMAGE)) * np.linspace(-1, 1, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a reference; Ramsey sequences by axis, leak and phase; tones with images by axis and what is added."""
        qubits, pulses = indices(self.laboratory, self.targets), list[Pulse]()
        circuits = list[list[Row]]([[]])
        for turned in (0.0, pi / 2):
            for leak in self.leaks:
                pulses += [self.leaking(known, target, float(leak), turned) for target in self.targets]
                added = range(len(pulses) - len(qubits), len(pulses))
                for phase in 2 * pi / PHASES * np.arange(PHASES):
                    each = zip(qubits, added, strict=True)
                    circuits.append([r for q, k in each for r in (half(q), play([q], k), half(q, float(phase)))])
        for turned in (0.0, pi / 2):
            for number in range(self.n_points):
                pulses += [
                    self.imaged(known, target, float(self.images(known, target)[number]), turned)
                    for target in self.targets
                ]
                circuits.append([play([q], len(pulses) - len(qubits) + k) for k, q in enumerate(qubits)])
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def leaking(self, known: Parameters, target: str, leak: float, turned: float) -> Pulse:
        """Return a wait with a tone at the carrier; without edges, so that the leak and it act equally long."""
        carrier = self.carrier(target)
        below = known[f"{target}.frequency"] - carrier
        shift = abs(1 / below - 1 / (below + known[f"{target}.anharmonicity"])) / 2 * self._strength(known, target) ** 2
        longest = TURNS / (shift * 1.8 * LEAK**2)
        duration = float(np.clip(round(longest / 4e-9), 25, 1000)) * 4e-9
        return Pulse((_tone(self.line(target), leak or 1e-9, duration, carrier, turned),))

    def imaged(self, known: Parameters, target: str, added: float, turned: float) -> Pulse:
        """Return a tone whose image lies at the qubit, and one at the qubit that may cancel it."""
        worst = 1.7 * float(np.ptp(self.images(known, target)) / 2) * WEAK * self._strength(known, target)  # Hz
        duration = float(np.clip(round(STRONGEST / (2 * pi * worst) / 4e-9), 20, 600)) * 4e-9
        line, own = self.line(target), known[f"{target}.frequency"]
        main = _tone(line, WEAK, duration, 2 * self.carrier(target) - own, 0.0)
        return Pulse((main, _tone(line, WEAK * added or 1e-9, duration, own, turned)))

    def carrier(self, target: str) -> float:
        """Return the frequency of the source behind a drive line, Hz."""
        source = self.laboratory.lines[self.line(target)].mixed_with
        return (self.laboratory.instruments[source].frequency or 0.0) if source else 0.0

    def _strength(self, known: Parameters, target: str) -> float:
        """Return how fast full scale turns the qubit, Hz: a raised cosine holds half of its peak."""
        return 1 / (known[f"{target}.x180.amplitude"] * known[f"{target}.x180.duration"])

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return gain, phase and offsets of each drive line, and pulses as strong as before behind them."""
        n, (signal, sigma) = self.n_points, projected(result)
        split, shape = 1 + 2 * n * PHASES, (2, n, PHASES, len(self.targets))
        ramsey, errors = signal[1:split].reshape(shape), sigma[1:split].reshape(shape)
        images, spread = signal[split:].reshape(2, n, -1), sigma[split:].reshape(2, n, -1)
        fits = {
            f"leak {axis}": fit_parabola(self.leaks, *shifts_of(ramsey[k], errors[k])) for k, axis in enumerate(AXES)
        }
        middle = ramsey.mean(axis=(0, 1, 2))
        angles, wide = angles_of(signal[0], middle, images.reshape(2 * n, -1), spread.reshape(2 * n, -1))
        fits["image"] = fit_linear(bowl(n), angles, wide, names=BOWL, null=BOWL[:1])
        return tuple(
            self._outcome(target, {kind: fits[kind][k] for kind in fits}, known)
            for k, target in enumerate(self.targets)
        )

    def _outcome(self, target: str, fits: dict[str, Fit], known: Parameters) -> Outcome:
        figures = (
            *(
                drawn(f"leak {a} of {self.line(target)}", fits[f"leak {a}"], "added", y_label="angle (rad)")
                for a in AXES
            ),
            drawn(f"image of {self.line(target)}", fits["image"], "point, i then q", y_label="angle^2 (rad^2)"),
        )
        wrong = {kind: text for kind, fit in fits.items() if (text := objection(kind, fit))}
        if any(kind.startswith("leak") for kind in wrong):
            reason = "; ".join(f"{kind} of the mixer: {text}" for kind, text in wrong.items())
            return Outcome(target, fits=tuple(fits.values()), figures=figures, reason=reason)
        if wrong:  # what leaks costs more than an image, which is far from any transition
            kept = {kind: fit for kind, fit in fits.items() if kind.startswith("leak")}
            notes = tuple(f"{kind} of the mixer is left as it was: {text}" for kind, text in wrong.items())
            found = offsets_of(known, self.line(target), kept, self.name)
            return Outcome(target, found, tuple(kept.values()), figures, notes=notes)
        span = float(self.images(known, target)[-1])
        found = mixer_of(known, target, self.line(target), fits, span, self.name)
        return Outcome(target, found, tuple(fits.values()), figures)


def objection(kind: str, fit: Fit) -> str:
    """Return what speaks against one of the fits; empty when nothing does."""
    if not fit.ok:
        return fit.reason
    if kind == "image":
        if fit.value("curvature") <= 0:
            return "it is strongest where it should vanish"
        away, limit = float(np.abs(middle_of(fit)[0]).max()), 1.5
    else:
        away, limit = abs(fit.value("centre")), 1.5 * LEAK
    return "" if away <= limit else "it vanishes far outside of what was tried"


def bowl(n_points: int) -> Floats:
    """Return what `BOWL` multiplies, for one axis and then the other, each from -1 to 1."""
    line, none = np.linspace(-1, 1, n_points), np.zeros(n_points)
    i, q = np.concatenate([line, none]), np.concatenate([none, line])
    return np.stack([np.ones_like(i), i, q, i**2 + q**2], axis=1)


def middle_of(fit: Fit) -> tuple[Floats, Floats]:
    """Return where a bowl has its bottom on both axes, and the standard errors, in units of the span."""
    bend = fit.value("curvature")
    slopes = np.array([fit.value("i"), fit.value("q")])
    by = np.zeros((2, 4))
    by[0, 1] = by[1, 2] = -1 / (2 * bend)
    by[:, 3] = slopes / (2 * bend**2)
    return -slopes / (2 * bend), np.asarray(np.sqrt(np.diag(by @ fit.covariance @ by.T)))


def _tone(line: str, amplitude: float, duration: float, frequency: float, phase: float) -> Tone:
    return Tone(line=line, amplitude=amplitude, duration=duration, frequency=frequency, phase=phase)


def shifts_of(y: Floats, e: Floats) -> tuple[Floats, Floats]:
    """Return the phase of each target's Ramsey sequences against the leak, unwrapped, and its error, rad.

    Parameters
    ----------
    y, e : signal and error, shape (n_points, PHASES, n_targets)
    """
    waves = np.einsum("spt,p->ts", y, np.exp(2j * pi / PHASES * np.arange(PHASES)))
    errors = np.sqrt(np.sum(e**2, axis=1) / 2).T
    size = np.median(np.abs(waves), axis=1, keepdims=True)
    return np.unwrap(np.angle(waves), axis=1), errors / np.maximum(size, 1e-300)


def angles_of(zero: Floats, middle: Floats, y: Floats, e: Floats) -> tuple[Floats, Floats]:
    """Return the square of the angle by which an image turned each target, and its error, rad^2.

    Parameters
    ----------
    zero, middle : signal of level 0, and halfway to 1, shape (n_targets,)
    y, e : signal and error, shape (n_points, n_targets)
    """
    p, errors = ((y - zero) / (2 * (middle - zero))).T, (e / np.abs(2 * (middle - zero))).T
    # The series is that of 4 arcsin(sqrt p)^2; below 0 there is only noise, which must not be bent.
    inside = np.clip(p, 0.01, 0.97)
    angle = np.where(p > 0.01, 4 * np.arcsin(np.sqrt(inside)) ** 2, 4 * p)
    return angle, errors * 4 * np.arcsin(np.sqrt(inside)) / np.sqrt(inside * (1 - inside))


def offsets_of(known: Parameters, line: str, fits: dict[str, Fit], run: str) -> dict[str, Estimate]:
    """Return the offsets that add what was found missing at the carrier."""
    before = undone(known[f"{line}.mixer.gain"], known[f"{line}.mixer.phase"])
    missing = before @ [fits["leak i"].value("centre"), fits["leak q"].value("centre")]
    found = {}
    for k, axis in enumerate(AXES):
        error = float(np.hypot(fits[f"leak {axis}"].error("centre"), SKEW * missing[1 - k]))
        name = f"{line}.mixer.offset_{axis}"
        found[name] = Estimate(known[name] + float(missing[k]), error, run=run)
    return found


def mixer_of(
    known: Parameters, target: str, line: str, fits: dict[str, Fit], span: float, run: str
) -> dict[str, Estimate]:
    """Return all corrections, and the amplitudes that are as strong with them; ``span`` is that of the images."""
    before = undone(known[f"{line}.mixer.gain"], known[f"{line}.mixer.phase"])
    middle, errors = middle_of(fits["image"])
    ratio = -span * complex(middle[0], middle[1])
    gain, phase = balance(ratio, before)
    found = offsets_of(known, line, fits, run)
    # An image is half of what the balance is off by.
    found[f"{line}.mixer.gain"] = Estimate(gain, 2 * span * float(errors[0]), run=run)
    found[f"{line}.mixer.phase"] = Estimate(phase, 2 * span * float(errors[1]), "rad", run=run)
    whole = imperfect(gain, phase) @ before
    kept = abs(whole[0, 0] + whole[1, 1] + 1j * (whole[1, 0] - whole[0, 1])) / 2
    for name in (f"{target}.x180.amplitude", f"{target}.x90.amplitude"):
        old = known.estimates[name]
        error = float(np.hypot(old.error, 0.5 * old.value * found[f"{line}.mixer.gain"].error))
        found[name] = Estimate(float(old.value * kept), error, run=run)
    return found


def leak_curvature(known: Parameters, target: str) -> float:
    """Return the gate error per square of what leaks of the carrier (fraction of full scale), of one quadrature.

    A carrier of strength W, D away from the transition 1-2, takes ``(W / D)^2`` of level 1 to level 2 on average (first
    order of perturbation, a matrix element sqrt 2); half of what leaves level 1 is the error of a gate. That it also
    shifts the qubit is found by Ramsey. The distance follows from the intermediate frequency, which nobody names here:
    the curvature is that of 40 MHz, near which it starts to matter.
    """
    strength = 1 / (known[f"{target}.x180.amplitude"] * known[f"{target}.x180.duration"])
    return 0.5 * (strength / 40e6) ** 2


def imperfect(gain: float, phase: float) -> Floats:
    """Return what a mixer makes of I and Q, shape (2, 2)."""
    return np.array([[1.0, 0.0], [gain * np.sin(phase), gain * np.cos(phase)]])


def undone(gain: float, phase: float) -> Floats:
    """Return the correction that makes up for it."""
    return np.array([[1.0, 0.0], [-np.tan(phase), 1 / (gain * np.cos(phase))]])


def balance(ratio: complex, before: Floats) -> tuple[float, float]:
    """Return gain and phase of the mixer behind the correction ``before`` whose image is ``ratio`` of a tone.

    Of ``M = imperfect @ before`` a tone z becomes ``m z + k conj(z)``: ``2 m = M00 + M11 + i (M10 - M01)`` and
    ``2 k = M00 - M11 + i (M10 + M01)``; a few steps of Newton solve ``k = ratio m``.
    """
    found = np.array([1.0, 0.0])

    def off(gain: float, phase: float) -> Floats:
        m = imperfect(gain, phase) @ before
        own, image = m[0, 0] + m[1, 1] + 1j * (m[1, 0] - m[0, 1]), m[0, 0] - m[1, 1] + 1j * (m[1, 0] + m[0, 1])
        left = image - ratio * own
        return np.array([left.real, left.imag])

    for _ in range(4):
        here = off(*found)
        steps = np.array([off(found[0] + 1e-6, found[1]) - here, off(found[0], found[1] + 1e-6) - here]).T / 1e-6
        found = found - np.linalg.solve(steps, here)
    return float(found[0]), float(found[1])


NODE = Node(
    name=DriveMixer.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="drive.mixer.gain", low=0.7, high=1.4, floor=0.1, walk=MIXER),
        Quantity(name="drive.mixer.phase", low=-0.4, high=0.4, floor=0.1, walk=MIXER),
        Quantity(name="drive.mixer.offset_i", low=-0.1, high=0.1, floor=0.02, curvature=leak_curvature),
        Quantity(name="drive.mixer.offset_q", low=-0.1, high=0.1, floor=0.02, curvature=leak_curvature),
        Quantity(name="x180.amplitude", low=0.01, high=1.0, floor=0.05, curvature=amplitude_curvature("x180")),
        Quantity(name="x90.amplitude", low=0.005, high=1.0, floor=0.03, curvature=amplitude_curvature("x90")),
    ),
    make=lambda laboratory, targets, known: DriveMixer(laboratory, targets),
    needs=("ramsey",),
    claims=lambda laboratory, known, target: frozenset({target}),
    check=lambda laboratory, targets, known: GateCheck(laboratory, targets),
    largest_error=1.0,
)
