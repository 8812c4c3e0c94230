"""Flux lines are understood from phases alone; the phases are made here, sample by sample, from exact spectra."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.experiments import flux_tails
from qctl.experiments.flux_arc import HEIGHTS, FluxArc, height_for, shift
from qctl.experiments.flux_tails import EDGE, LATER, LENGTHS, LONG, PROBE, FluxTails, operating
from qctl.experiments.phases import ANGLES
from qctl.physics.spectrum import against_flux, fold

FINE = 0.25e-9  # s
QUBIT = "q0"


def flux_pulse(duration, edge):
    """Return samples of a flat top with edges of half a cosine."""
    n, n_edge = round(duration / FINE), round(edge / FINE)
    rise = (1 - np.cos(np.pi * (np.arange(n_edge) + 0.5) / n_edge)) / 2
    return np.concatenate([rise, np.ones(n - 2 * n_edge), rise[::-1]])


def behind_the_line(samples, terms):
    """Return samples convolved with the impulse response of ``1 + sum a exp(-t / tau)``."""
    times = (np.arange(len(samples)) + 0.5) * FINE
    out = samples * (1 + sum(a for a, _ in terms))
    for a, tau in terms:
        kernel = np.exp(-times / tau) * FINE / tau
        out = out - a * fftconvolve(samples, kernel)[: len(samples)]
    return out


class Truth:
    """A transmon whose line threads ``per_height`` flux quanta at full scale, away from its sweet spot by ``rest``."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.per_height, self.rest = rng.uniform(0.48, 0.56), rng.uniform(-0.004, 0.004)
        self.table = against_flux(5.28e9, -300e6, float(rng.uniform(0.2, 0.28)), 3)
        self.rng = rng

    def shift(self, heights):
        f = self.table(fold(self.rest + self.per_height * np.asarray(heights)))[..., 1]
        return f - self.table(fold(np.array(self.rest)))[1]

    def turned(self, heights):
        """Return the phase that samples of heights add, rad."""
        return 2 * np.pi * FINE * float(np.sum(self.shift(heights)))


def known_of(laboratory):
    perfect = {f"{QUBIT}.readout.{name}": 0.0 for name in ("p01", "p10")}
    return default_parameters(laboratory).replaced(perfect)


def fringes(phases, contrast=0.9):
    return np.array([(1 + contrast * np.cos(angle - phase)) / 2 for phase in phases for angle in ANGLES])


@pytest.mark.parametrize("seed", range(6))
def test_an_arc_predicts_how_far_a_pulse_moves_a_qubit(laboratory, answer, seed):
    truth, known = Truth(seed), known_of(laboratory)
    pulse = flux_pulse(48e-9, 6e-9)
    phases = [truth.turned(height * pulse) for height in (0.0, *HEIGHTS)]
    result = answer(laboratory, (QUBIT,), fringes(phases), shots=300, seed=seed)
    (outcome,) = FluxArc(laboratory, (QUBIT,)).read(result, known)
    assert not outcome.reason
    found = known.replaced(outcome.found)
    for height in (0.1, 0.2, 0.3, 0.4):
        assert shift(found, QUBIT, height) == pytest.approx(truth.shift(height), rel=0.004, abs=0.4e6)
    wanted = height_for(found, QUBIT, -280e6)
    assert truth.shift(wanted) == pytest.approx(-280e6, rel=0.004)


def test_an_arc_without_interference_is_no_arc(laboratory, answer):
    noise = np.full((1 + len(HEIGHTS)) * len(ANGLES), 0.5)
    (outcome,) = FluxArc(laboratory, (QUBIT,)).read(answer(laboratory, (QUBIT,), noise), known_of(laboratory))
    assert "interference" in outcome.reason
    assert not outcome.found


def tails_seen(truth, height, terms, silence):
    """Return the phases that `FluxTails` asks for behind a line with these terms."""
    phases = []
    for length in LENGTHS:
        pulse = np.concatenate([flux_pulse(length, EDGE), np.zeros(round(8e-9 / FINE))])
        phases.append(truth.turned(height * behind_the_line(pulse, terms)))
    probe, long = flux_pulse(PROBE, EDGE), flux_pulse(LONG, EDGE)
    phases.append(truth.turned(height * behind_the_line(probe, terms)))
    for gap in LATER + silence:
        row = np.concatenate([long, np.zeros(round(gap / FINE)), probe])
        phases.append(truth.turned(height * behind_the_line(row, terms)[-len(probe) :]))
    return phases


@pytest.mark.parametrize(
    "terms",
    [
        (),
        ((0.02, 30e-9), (-0.012, 1.1e-6)),
        ((-0.025, 90e-9),),
        ((0.025, 14e-9), (-0.02, 120e-9), (0.012, 1.3e-6)),
    ],
)
def test_tails_describe_the_step_response_from_30_ns_to_2_us(laboratory, answer, terms):
    truth, known = Truth(2), known_of(laboratory)
    truth.rest = 0.0
    curve = np.polynomial.Polynomial.fit(
        np.linspace(0, 0.4, 60) ** 2, truth.shift(np.linspace(0, 0.4, 60)), 3
    ).convert()
    known = known.replaced(
        {
            f"{QUBIT}.arc_{n}": Estimate(float(c), 1e4, "Hz")
            for n, c in ((1, 0.0), (2, curve.coef[1]), (4, curve.coef[2]))
        }
    )
    silence = 2 * flux_tails.GUARD + known[f"{QUBIT}.x90.duration"]
    phases = tails_seen(truth, operating(known, QUBIT), terms, silence)
    (outcome,) = FluxTails(laboratory, (QUBIT,)).read(answer(laboratory, (QUBIT,), fringes(phases), shots=600), known)
    assert not outcome.reason
    stem = "q0.flux.predistortion"
    found = [
        (outcome.found[f"{stem}.amplitude_{k}"].value, outcome.found[f"{stem}.tau_{k}"].value)
        for k in range(1, 4) if f"{stem}.amplitude_{k}" in outcome.found
    ]  # fmt: skip
    times = np.array([30, 60, 120, 250, 500, 1000, 2000]) * 1e-9
    response = [sum((a * np.exp(-times / tau) for a, tau in some), np.zeros(len(times))) for some in (terms, found)]
    np.testing.assert_allclose(response[1], response[0], atol=1.5e-3)
    assert len(found) <= len(terms)
