"""Step response of a coupler's flux line, told by the exchange of |11> and |20>.

A coupler has no frequency that is seen here, but the exchange is a ruler of its flux: a gate that is open for 3/4 of a
turn loses |11> the less, one open for 5/4 the more, the higher the coupler's pulse. Both are played behind a long pulse
of the coupler alone, ever later. What that left behind, ``-a_k (1 - exp(-L / tau_k)) exp(-t / tau_k)`` of its height,
moves the two losses apart; three heights without a long pulse say by how much. (As after a pulse on a qubit's line:
Sung et al., PRX 11, 021058, app. B.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.fits.fit import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from .cz import POWER, around
from .flux_tails import USUAL
from .pairs import GUARD, Pair, claims, each_pair, gate_pulse, guarded, pairs_of, qubits_of, tunable
from .rows import Row, barrier, flip, play, program, wait
from .signal import excited

Floats = NDArray[np.float64]
TURNS = (0.75, 1.25)
BESIDE = (-0.03, 0.0, 0.03)  # relative heights that calibrate the ruler
LATER = 1e-9 * np.array([0, 20, 48, 100, 180, 320, 600, 1200])
LONG, EDGE = 1.5e-6, 8e-9
TAUS = np.geomspace(15e-9, 4e-6, 17)
WORTH = 12.0  # chi^2 by which another term must do better
LEAST, MOST = [-0.12, float(np.log(6e-9))], [0.12, float(np.log(20e-6))]


@dataclass(frozen=True)
class CouplerTails:
    """Loss of |11> on both slopes of the first return, behind a long pulse of the coupler."""

    name: ClassVar[str] = "coupler_tails"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return heights beside the working points, then waits behind the long pulse; working points fastest."""
        pairs, pulses, circuits = pairs_of(self.laboratory, known, self.targets), list[Pulse](), list[list[Row]]()
        qubits = qubits_of(pairs)

        def gates(turns: float, beside: float) -> list[Row]:
            first = len(pulses)
            for pair in pairs:
                flux, coupler, _ = around(known, pair)
                pulses.append(gate_pulse(known, pair, flux, coupler * turns ** (1 / POWER) * (1 + beside)))
            started = [*(flip(q) for q in qubits)]
            return [*started, *guarded(qubits, [play((p.high, p.low), first + k) for k, p in enumerate(pairs)], 10)]

        circuits += [gates(turns, beside) for beside in BESIDE for turns in TURNS]
        first = len(pulses)
        for pair in pairs:
            height = around(known, pair)[1]
            pulses.append(Pulse((Tone(line=pair.coupler, amplitude=height, duration=LONG, edge=EDGE),)))
        long = [play((p.high, p.low), first + k) for k, p in enumerate(pairs)]
        for gap in LATER:
            late = [*long, *barrier(qubits, 1), *(wait(q, float(gap) + GUARD) for q in qubits), *barrier(qubits, 2)]
            circuits += [[*late, *gates(turns, 0.0)] for turns in TURNS]
        stems = tuple(f"{pair.coupler}.predistortion.amplitude_" for pair in pairs)
        off = {name: 0.0 for name in known.estimates if stems and name.startswith(stems)}
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)), (off,))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the terms of each coupler's line."""
        ones, sigma = (part.reshape(-1, len(TURNS), part.shape[1]) for part in excited(result, known))

        def read(k: int, pair: Pair) -> Outcome:
            return self._outcome(known, pair, 1 - ones[:, :, 2 * k], sigma[:, :, 2 * k])

        return each_pair(self.laboratory, known, self.targets, read)

    def _outcome(self, known: Parameters, pair: Pair, lost: Floats, sigma: Floats) -> Outcome:
        apart, error = lost[:, 1] - lost[:, 0], np.hypot(sigma[:, 0], sigma[:, 1])
        n = len(BESIDE)
        slope = float(apart[2] - apart[0]) / (BESIDE[2] - BESIDE[0])
        if slope < 4.0:
            return Outcome(pair.name, reason="both sides of the first return look alike: the chevron was misled")
        middle = gate_pulse(known, pair).tones[1]
        silence = 2 * GUARD + known[f"{pair.low_name}.x180.duration"] + middle.start + middle.duration / 2
        relative = np.array([1 / turns ** (1 / POWER) for turns in TURNS]).mean()  # of the long pulse to the gate's
        scale = slope * relative
        rest, errors = (apart[n:] - apart[:n].mean()) / scale, error[n:] / scale
        common = float(np.sqrt(np.mean(error[:n] ** 2) / n)) / scale
        fit = tails_in(LATER + silence, rest, errors, common)
        figure = Figure(
            f"rest of a long pulse on the coupler of {pair.name}", LATER + silence, rest, "s after its end",
            "relative", errors, LATER + silence, fit.curve.real[: len(LATER)],
        )  # fmt: skip
        if not fit.ok:
            return Outcome(pair.name, fits=(fit,), figures=(figure,), reason=fit.reason)
        return Outcome(pair.name, self._found(known, pair, fit), (fit,), (figure,))

    def _found(self, known: Parameters, pair: Pair, fit: Fit) -> dict[str, Estimate]:
        stem, found, k = f"{pair.coupler}.predistortion", {}, 1
        while f"amplitude_{k}" in fit.names:
            tau = float(np.exp(fit.value(f"log_tau_{k}")))
            found[f"{stem}.amplitude_{k}"] = Estimate(
                fit.value(f"amplitude_{k}"), fit.error(f"amplitude_{k}"), run="tails"
            )
            found[f"{stem}.tau_{k}"] = Estimate(tau, tau * fit.error(f"log_tau_{k}"), "s", run="tails")
            k += 1
        while f"{stem}.amplitude_{k}" in known:  # a term that is there no more
            found[f"{stem}.amplitude_{k}"] = Estimate(0.0, 2e-3, run="tails")
            k += 1
        return found


def tails_in(times: Floats, rest: Floats, sigma: Floats, common: float) -> Fit:
    """Return the fit of what a long pulse leaves, with as few terms as do it; ``common`` is an error of all points."""
    x, y, errors = np.append(times, 1.0), np.append(rest, 0.0), np.append(sigma, common)  # and what is usual, below

    def curve(p: Floats) -> Floats:
        terms = zip(p[1::2], np.exp(p[2::2]), strict=True)
        left = sum((left_by(times, a, tau) for a, tau in terms), np.zeros(len(times)))
        return np.concatenate([left + p[0], p])

    best, cost = None, np.inf
    for count in range(3):
        tried = [(0.0,)] if not count else [
            (0.0, *(best.values[1:] if best is not None and count > 1 else ()), -0.02 * sign, float(np.log(tau)))
            for tau in TAUS[::4] for sign in (-1, 1)
        ]  # fmt: skip
        names = ["rest", *(f"{what}_{k + 1}" for k in range(count) for what in ("amplitude", "log_tau"))]
        if any(len(start) != len(names) for start in tried):
            break  # one term was not worth it: two are not
        bounds = ([-0.1, *(LEAST * count)], [0.1, *(MOST * count)])
        fit = fit_any_curve(
            "step response", names, curve, tried, bounds, np.append(x, np.ones(2 * count)),
            np.append(y, USUAL[0] * count), np.append(errors, USUAL[1] * count), least_contrast=0.0,
        )  # fmt: skip
        chi2 = fit.reduced_chi2 * (len(x) - len(names))
        if best is None or chi2 < cost - WORTH:
            best, cost = fit, chi2
    assert best is not None
    return best


def left_by(times: Floats, amplitude: float, tau: float) -> Floats:
    """Return what one term leaves of a long pulse of height 1, at ``times`` after its end."""
    return np.asarray(-amplitude * (1 - np.exp(-(LONG - EDGE) / tau)) * np.exp(-(times + EDGE / 2) / tau))


NODE = Node(
    name=CouplerTails.name,
    kind=Target.COUPLING,
    finds=(
        Quantity(name="flux.predistortion.amplitude_*", low=-0.15, high=0.15, floor=0.05),
        Quantity(name="flux.predistortion.tau_*", low=1e-9, high=1e-4, floor=2e-4),
    ),
    make=lambda laboratory, targets, known: CouplerTails(laboratory, targets),
    needs=("chevron",),
    claims=claims,
    applies=tunable,
    least_contrast=0.0,
)
