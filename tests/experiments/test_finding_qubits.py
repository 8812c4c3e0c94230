"""From a guess to a frequency known to some kHz: spectroscopy, Rabi and Ramsey, on a laboratory nobody has measured."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.core.result import shots_in_a_row
from qctl.experiments.flux_bias import FARTHEST, FluxBias
from qctl.experiments.groups import apart
from qctl.experiments.qubit_spectroscopy import QubitSpectroscopy
from qctl.experiments.rabi import Rabi
from qctl.experiments.ramsey import Ramsey


@pytest.fixture(scope="module")
def found(qubit_lab):
    """Carry the three out one after another; return their outcomes by name."""
    bench, outcomes = qubit_lab.bench, {}
    for kind in (QubitSpectroscopy, Rabi, Ramsey):
        outcomes[kind.name] = bench.ask(kind(bench.lab.laboratory, bench.lab.laboratory.qubit_names))
        bench.believe(outcomes[kind.name])
    return outcomes


def estimate(outcomes, name):
    return next(outcome.found[name] for outcome in outcomes if name in outcome.found)


def true_pi_amplitude(qubit_lab, truth, qubit):
    """Return what turns by pi to first order: area of the pulse, what the mixer keeps, what held samples lose."""
    lab, drive = qubit_lab.chip.laboratory, qubit_lab.twin.drives[f"{qubit}.drive"]
    line = lab.lines[f"{qubit}.drive"]
    away = truth.frequency(qubit_lab.chip, qubit_lab.bench.known, qubit) - lab.instruments[line.mixed_with].frequency
    awg = lab.instruments[line.i.instrument]
    kept = abs(1 + drive.gain * np.exp(1j * drive.phase)) / 2 * np.sinc(away / awg.sample_rate)
    return 1 / (drive.rabi_frequency * awg.full_scale * 24e-9 * kept)


@pytest.mark.parametrize("qubit", ["q0", "q1", "q2", "q3", "q4"])
def test_spectroscopy_finds_the_qubit_within_the_error_it_states(qubit_lab, truth, found, qubit):
    line = estimate(found["qubit_spectroscopy"], f"{qubit}.frequency")
    assert abs(line.value - truth.frequency(qubit_lab.chip, qubit_lab.bench.known, qubit)) < 4 * line.error < 3e6


@pytest.mark.parametrize("qubit", ["q0", "q1", "q2", "q3", "q4"])
def test_rabi_finds_the_pi_amplitude_behind_an_unknown_line(qubit_lab, truth, found, qubit):
    amplitude, best = estimate(found["rabi"], f"{qubit}.x180.amplitude"), true_pi_amplitude(qubit_lab, truth, qubit)
    assert abs(amplitude.value - best) < 4 * amplitude.error < 0.07 * best
    assert estimate(found["rabi"], f"{qubit}.x90.amplitude").value == pytest.approx(amplitude.value / 2)


@pytest.mark.parametrize("qubit", ["q0", "q1", "q2", "q3", "q4"])
def test_ramsey_finds_the_frequency_to_some_kilohertz(qubit_lab, truth, found, qubit):
    frequency = estimate(found["ramsey"], f"{qubit}.frequency")
    assert (
        abs(frequency.value - truth.frequency(qubit_lab.chip, qubit_lab.bench.known, qubit))
        < 4 * frequency.error
        < 60e3
    )


def test_noise_alone_is_no_line(laboratory, answer):
    known, ask = default_parameters(laboratory), QubitSpectroscopy(laboratory, ("q0", "q3"))
    (first, second) = ask.read(answer(laboratory, ask.targets, np.full((2 * ask.n_points, 2), 0.02)), known)
    assert not first.found
    assert not second.found
    assert "no line seen between 5.2215 and 5.3415 GHz" in first.reason


def test_two_lines_alike_are_not_told_apart(laboratory, answer):
    known, ask = default_parameters(laboratory), QubitSpectroscopy(laboratory, ("q0",))
    axis = ask.asked(known).frequencies[0] - known["q0.frequency"]
    ones = sum(size * np.exp2(-((2 * (axis - at) / 10e6) ** 2)) for at, size in ((-30e6, 0.8), (20e6, 0.5)))
    (outcome,) = ask.read(answer(laboratory, ask.targets, np.tile(ones, 2)), known)
    assert not outcome.found
    assert "two lines alike" in outcome.reason


def test_a_qubit_that_does_not_answer_is_no_rabi_oscillation(laboratory, answer):
    known, ask = default_parameters(laboratory), Rabi(laboratory, ("q1",))
    (outcome,) = ask.read(answer(laboratory, ask.targets, np.full((31, 1), 0.03)), known)
    assert not outcome.found
    assert "no oscillation" in outcome.reason


@pytest.mark.parametrize("detuning", [-180e3, 0.0, 35e3, 200e3])
def test_ramsey_tells_the_sign_of_a_detuning(laboratory, answer, detuning):
    known = default_parameters(laboratory)
    known = known.replaced({"q2.frequency": Estimate(known["q2.frequency"], 60e3, "Hz")})
    ask = Ramsey(laboratory, ("q2",))
    beat = ask.beat(known, "q2")
    ones = 0.5 + 0.45 * np.cos(2 * np.pi * (beat.artificial - detuning) * beat.waits)
    (outcome,) = ask.read(answer(laboratory, ask.targets, ones), known)
    frequency = outcome.found["q2.frequency"]
    assert abs(frequency.value - known["q2.frequency"] - detuning) < 4 * frequency.error < 20e3


@pytest.mark.parametrize("error", [1e3, 30e3, 300e3])
def test_ramsey_waits_as_long_as_the_known_error_allows(laboratory, error):
    known = default_parameters(laboratory)
    known = known.replaced({"q2.frequency": Estimate(known["q2.frequency"], error, "Hz")})
    beat = Ramsey(laboratory, ("q2",)).beat(known, "q2")
    assert beat.artificial + 4 * error < 0.5 / beat.waits[1]  # below Nyquist
    assert (beat.artificial - 4 * error) * beat.waits[-1] > 1  # and more than a period
    assert beat.waits[-1] <= known["q2.t2"]


def test_slow_noise_goes_into_the_error_of_a_frequency(laboratory, answer):
    known = default_parameters(laboratory)
    known = known.replaced({"q2.frequency": Estimate(known["q2.frequency"], 10e3, "Hz")})
    ask, errors = Ramsey(laboratory, ("q2",), shots=800), []
    beat, rng = ask.beat(known, "q2"), np.random.default_rng(4)
    for noise in (0.0, 8e3):
        jitter = noise * rng.normal(size=8)
        waves = [0.5 + 0.45 * np.cos(2 * np.pi * (beat.artificial - d) * beat.waits) for d in jitter]
        parts = [answer(laboratory, ask.targets, wave, 100, seed) for seed, wave in enumerate(waves)]
        (outcome,) = ask.read(shots_in_a_row(parts), known)
        errors.append(outcome.found["q2.frequency"].error)
    assert errors[1] > 2 * errors[0]
    assert errors[1] == pytest.approx(8e3 / np.sqrt(8), rel=0.5)  # the mean of eight draws


def test_no_two_coupled_qubits_share_a_group(laboratory):
    groups = apart(laboratory, laboratory.qubit_names)
    assert sorted(q for group in groups for q in group) == sorted(laboratory.qubit_names)
    assert not any(set(c.pair) <= set(group) for c in laboratory.couplings.values() for group in groups)
    assert len(groups) == 2


@pytest.mark.parametrize("off", [-FARTHEST, 0.1e-3, FARTHEST])
@pytest.mark.parametrize("period", [7.6e-3, 8.6e-3])
def test_lines_at_all_currents_lie_well_inside_the_scan_however_far_the_guess_is_off(laboratory, off, period):
    """``f = (f_max + E_C) sqrt(cos(pi flux)) - E_C``, with the present frequency as it would have been found."""

    def frequency(current):
        return 5.1e9 * np.sqrt(np.cos(np.pi * current / period)) - 0.25e9

    guessed = default_parameters(laboratory)
    bias = replace(guessed.estimates["q1.flux.bias"], error=np.inf)
    known = guessed.replaced({"q1.frequency": Estimate(frequency(off), 0.1e6, "Hz"), "q1.flux.bias": bias})
    step = FluxBias(laboratory, ("q1",))
    (scanned,) = step.asked(known).frequencies
    for more in step.steps:
        assert scanned[0] + 5e6 < frequency(off + more) < scanned[-1] - 5e6
