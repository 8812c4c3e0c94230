"""The curves that the fit kernel knows, with their derivatives: ``MODELS[number](x, p) -> value, [d value / d p]``.

``x`` has shape (n_sets, n_points), each parameter (n_sets, 1). Parameters are chosen so that least squares is well
behaved: rates instead of times, quadratures instead of amplitude and phase. Whoever calls brings x and y to order 1
first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Curve = Callable[[Floats, Sequence[Floats]], tuple[Floats, list[Floats]]]
LN2 = 0.6931471805599453
TAU = 6.283185307179586


def polynomial(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``p0 + p1 x + p2 x^2``."""
    return p[0] + x * (p[1] + x * p[2]), [np.ones_like(x), x, x * x]


def decay(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + amplitude exp(-(rate x)^power)``; 0 before x = 0."""
    offset, amplitude, rate, power = p
    inner = np.maximum(rate * x, 1e-300)
    log = np.log(inner)
    raised = np.exp(np.minimum(power * log, 600.0))
    e = np.exp(-raised)
    slope = -amplitude * e * raised
    return offset + amplitude * e, [np.ones_like(x), e, slope * power / np.maximum(rate, 1e-300), slope * log]


def exponentials(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + sum_k amplitude_k exp(-rate_k x)``, three of them."""
    value, parts = p[0] + 0 * x, [np.ones_like(x)]
    for k in (1, 3, 5):
        e = np.exp(np.minimum(-p[k + 1] * x, 600.0))
        value = value + p[k] * e
        parts += [e, -x * p[k] * e]
    return value, parts


def oscillation(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + exp(-rate x - (width x)^2) (a cos + b sin)(2 pi frequency x + phase)``."""
    offset, slope, a, b, frequency, rate, width, phase = p
    envelope = np.exp(np.minimum(-rate * x - (width * x) ** 2, 600.0))
    angle = TAU * frequency * x + phase
    c, s = envelope * np.cos(angle), envelope * np.sin(angle)
    wave, turned = a * c + b * s, b * c - a * s
    parts = [np.ones_like(x), x, c, s, TAU * x * turned, -x * wave, -2 * width * x * x * wave, turned]
    return offset + slope * x + wave, parts


def beating(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """Two oscillations in one envelope: offset, slope, rate, width, then a, b, frequency of each."""
    offset, slope, rate, width = p[:4]
    envelope = np.exp(np.minimum(-rate * x - (width * x) ** 2, 600.0))
    wave, tail = np.zeros_like(x), []
    for k in (4, 7):
        angle = TAU * p[k + 2] * x
        c, s = envelope * np.cos(angle), envelope * np.sin(angle)
        wave = wave + p[k] * c + p[k + 1] * s
        tail += [c, s, TAU * x * (p[k + 1] * c - p[k] * s)]
    return offset + slope * x + wave, [np.ones_like(x), x, -x * wave, -2 * width * x * x * wave, *tail]


def lorentzian(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height / (1 + z^2)``, z = 2 (x - centre) / fwhm."""
    offset, slope, height, centre, fwhm = p
    z = 2 * (x - centre) / fwhm
    shape = 1 / (1 + z * z)
    turn = 4 * height * z * shape * shape / fwhm
    return offset + slope * x + height * shape, [np.ones_like(x), x, shape, turn, turn * z / 2]


def gaussian(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height 2^(-z^2)``, z = 2 (x - centre) / fwhm."""
    offset, slope, height, centre, fwhm = p
    z = 2 * (x - centre) / fwhm
    shape = np.exp(-LN2 * z * z)
    turn = 4 * LN2 * height * z * shape / fwhm
    return offset + slope * x + height * shape, [np.ones_like(x), x, shape, turn, turn * z / 2]


def rabi_line(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height (f / F)^2 sin^2(pi duration F)``, F^2 = f^2 + (x - centre)^2."""
    offset, slope, height, centre, rabi, duration = p
    d = x - centre
    square = rabi * rabi + d * d + 1e-300
    total = np.sqrt(square)
    angle = np.pi * duration * total
    s2, both = np.sin(angle) ** 2, np.sin(2 * angle)
    share = rabi * rabi / square
    by_total = height * share * (np.pi * duration * both - 2 * s2 / total)
    by_rabi = by_total * rabi / total + 2 * height * rabi / square * s2
    parts = [np.ones_like(x), x, share * s2, -by_total * d / total, by_rabi, height * share * np.pi * total * both]
    return offset + slope * x + height * share * s2, parts


def resonance(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``exp(-2 pi i delay x) (1 + slope x) (a - b / (1 + 2 i (x - centre) / kappa))``; real, then imaginary parts.

    The second half of x repeats the first. Parameters: centre, kappa, Re a, Im a, Re b, Im b, slope, delay.
    """
    half = x.shape[1] // 2
    x = x[:, :half]
    centre, kappa, slope, delay = p[0], p[1], p[6], p[7]
    a, b = p[2] + 1j * p[3], p[4] + 1j * p[5]
    turn = np.exp(-1j * TAU * delay * x)
    line = 1 / (1 + 2j * (x - centre) / kappa)
    chain = turn * (1 + slope * x)
    value = chain * (a - b * line)
    by_centre = chain * -b * line * line * 2j / kappa
    by_kappa = by_centre * (x - centre) / kappa
    parts = [by_centre, by_kappa, chain, 1j * chain, -chain * line, -1j * chain * line]
    parts += [turn * x * (a - b * line), -1j * TAU * x * value]
    return _stack(value), [_stack(part + 0 * value) for part in parts]


def _stack(z: NDArray[np.complex128]) -> Floats:
    return np.concatenate([z.real, z.imag], axis=1)


def hyperbola(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + sqrt(gap^2 + (steepness (x - centre))^2)``."""
    offset, gap, steepness, centre = p
    d = x - centre
    root = np.sqrt(gap * gap + (steepness * d) ** 2) + 1e-300
    return offset + root, [np.ones_like(x), gap / root, steepness * d * d / root, -steepness * steepness * d / root]


def arc(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """Frequency of a flux-tunable transmon (Koch, PRA 76, 042319): highest, charging, asymmetry, centre, period."""
    highest, charging, asymmetry, centre, period = p
    angle = np.pi * (x - centre) / period
    c, s = np.cos(angle), np.sin(angle)
    inner = c * c + asymmetry * asymmetry * s * s + 1e-300
    root = inner**0.25
    steep = (highest + charging) * root / (4 * inner)
    by_angle = steep * 2 * s * c * (asymmetry * asymmetry - 1)
    parts = [root, root - 1, steep * 2 * asymmetry * s * s, -by_angle * np.pi / period, -by_angle * angle / period]
    return (highest + charging) * root - charging, parts


def resonator_arc(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``bare + coupling^2 / (bare - qubit(x))``: bare, coupling, then the five parameters of ``arc``."""
    bare, coupling = p[0], p[1]
    qubit, inner = arc(x, p[2:])
    gap = bare - qubit
    gap = np.where(np.abs(gap) < 1e-12, 1e-12, gap)
    push = coupling / gap
    by_qubit = push * push
    return bare + coupling * push, [1 - by_qubit, 2 * push, *(by_qubit * part for part in inner)]


def edge(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset``, and from ``start`` on ``offset + height (1 - exp(-rate (x - start)))``."""
    offset, height, start, rate = p
    after = np.maximum(x - start, 0)
    e = np.exp(-np.minimum(rate * after, 600.0))
    on = x > start
    return offset + height * (1 - e), [np.ones_like(x), 1 - e, np.where(on, -height * rate * e, 0), height * after * e]


def sigmoid(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height / (1 + exp(-(x - centre) / width))``."""
    offset, slope, height, centre, width = p
    z = (x - centre) / width
    shape = 1 / (1 + np.exp(-np.clip(z, -600, 600)))
    steep = height * shape * (1 - shape) / width
    return offset + slope * x + height * shape, [np.ones_like(x), x, shape, -steep, -steep * z]


MODELS: tuple[tuple[Curve, int], ...] = (
    (polynomial, 3), (decay, 4), (exponentials, 7), (oscillation, 8), (beating, 10), (lorentzian, 5), (gaussian, 5),
    (rabi_line, 6), (resonance, 8), (hyperbola, 4), (arc, 5), (resonator_arc, 7), (edge, 4), (sigmoid, 5),
)  # fmt: skip
"""Curve and number of parameters, by the kernel's model number."""
