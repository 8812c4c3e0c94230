"""Ask where a transition lies: smooth pulses at many frequencies, and which of the answers is the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_gaussian
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.pulse import Pulse

from .drive import nudge
from .rows import Row, indices, play

Floats = NDArray[np.float64]
WIDTH = 1.3  # of the line of a raised cosine that turns by up to pi: full width at half maximum times duration
TURNS = (0.5 * pi, 1.5 * pi)  # one of them answers well where a line is 0.4 to 3 times as strong as believed
SYSTEMATIC = 0.02  # of the width: level 2 pushes the line while a pulse is on, and its shape is no Gaussian


@dataclass(frozen=True)
class Comb:
    """Frequencies at which each of some qubits is asked.

    Parameters
    ----------
    frequencies : shape (n_targets, n_points), Hz
    durations : of the pulses, shape (n_targets,), s
    turns : angles that the pulses are meant to have, rad
    """

    frequencies: Floats
    durations: Floats
    turns: tuple[float, ...]


def comb(known: Parameters, targets: Sequence[str], centres: Floats, spans: Floats, n_points: int) -> Comb:
    """Return ``n_points`` frequencies over ``spans`` to either side of ``centres``, each line 2.5 points wide."""
    fractions = np.linspace(-1, 1, n_points)
    widths = 2.5 * 2 * spans / (n_points - 1)
    durations = np.maximum(np.round(WIDTH / widths / 4e-9), 6) * 4e-9
    measured = all(np.isfinite(known.estimates[f"{t}.x180.amplitude"].error) for t in targets)
    return Comb(centres[:, None] + spans[:, None] * fractions, durations, (0.9 * pi,) if measured else TURNS)


def circuits_of(
    laboratory: Laboratory, known: Parameters, targets: Sequence[str], asked: Comb
) -> tuple[list[list[Row]], tuple[Pulse, ...]]:
    """Return one circuit for each angle and frequency, frequencies fastest, and the pulses they play."""
    qubits, pulses, circuits = indices(laboratory, targets), list[Pulse](), list[list[Row]]()
    for turn in asked.turns:
        for point in range(asked.frequencies.shape[1]):
            circuits.append([play([qubit], len(pulses) + k) for k, qubit in enumerate(qubits)])
            pulses += [
                nudge(laboratory, known, t, turn=turn, duration=float(d), frequency=float(f))
                for t, d, f in zip(targets, asked.durations, asked.frequencies[:, point], strict=True)
            ]
    return circuits, tuple(pulses)


def lines_of(asked: Comb, signal: Floats, sigma: Floats, n_settings: int = 1) -> list[list[Fit]]:
    """Return the lines of all targets, setting by setting: of all angles, the fit that places it best.

    Parameters
    ----------
    signal, sigma : shape (n_settings * n_turns * n_points, n_targets), any unit
    """
    (n_targets, n_points), n_turns = asked.frequencies.shape, len(asked.turns)
    shape = (n_settings, n_turns, n_points, n_targets)
    y, e = (np.reshape(a, shape).transpose(0, 3, 1, 2).reshape(-1, n_points) for a in (signal, sigma))
    fits = fit_gaussian(np.tile(np.repeat(asked.frequencies, n_turns, axis=0), (n_settings, 1)), y, e)
    best = [min(fits[k : k + n_turns], key=_worth) for k in range(0, len(fits), n_turns)]
    return [best[k : k + n_targets] for k in range(0, len(best), n_targets)]


def _worth(fit: Fit) -> tuple[bool, float]:
    return not fit.ok, fit.error("centre") if fit.ok else -fit.contrast


def centre_of(fit: Fit) -> tuple[float, float]:
    """Return where a line is and its standard deviation, Hz."""
    return fit.value("centre"), float(np.hypot(fit.error("centre"), SYSTEMATIC * fit.value("fwhm")))


def rival(fit: Fit) -> float | None:
    """Return where a second line answers at least half as much as the one that was found, Hz; None without one."""
    left = np.abs(fit.y.real - fit.curve.real)
    noise = float(np.median(fit.sigma[np.isfinite(fit.sigma)]))  # what the fit left out has an infinite one
    least = max(0.5 * abs(fit.value("height")), 8 * noise)
    far = np.abs(fit.x - fit.value("centre")) > 2.5 * fit.value("fwhm")
    seen = np.flatnonzero(far & (left > least))
    return float(fit.x[seen[left[seen].argmax()]]) if len(seen) else None
