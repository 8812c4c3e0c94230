"""Feedlines, resonators and readout: what is found agrees with the truth, and nothing is found where nothing is."""

from types import SimpleNamespace

import numpy as np
import pytest

from qctl import Lab
from qctl.calibrate.workbench import Workbench
from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.core.record import Timing
from qctl.core.result import MeanTrace, Result
from qctl.experiments.assignment import AssignmentCheck, prepared
from qctl.experiments.dispersive_shift import DispersiveShift
from qctl.experiments.readout_mixer import ReadoutMixer
from qctl.experiments.readout_tone import ReadoutTone
from qctl.experiments.readout_weights import ReadoutWeights
from qctl.experiments.resonators import Resonators, fit_steady
from qctl.experiments.single_shots import SingleShots
from qctl.experiments.three_states import ThreeStates
from qctl.experiments.time_of_flight import TimeOfFlight, fit_edge
from qctl.judge import draw_twin, twin_text
from qctl.judge.readout_grid import best_tone
from qctl.judge.solvable import sweet_biases
from qctl.judge.stage import Bench
from qctl.physics.chip import Chip
from qctl.platforms.distortion import mixer_correction

LINE = "feedline"
QUBITS = ("q0", "q1", "q2", "q3", "q4")


@pytest.fixture(scope="module")
def readout(laboratory, tmp_path_factory):
    """Carry everything out from first guesses; only pi pulses are given, which are a concern of others."""
    folder, twin = tmp_path_factory.mktemp("readout"), draw_twin(laboratory, 31)
    path = folder / "truth.yaml"
    path.write_text(twin_text(twin, "drawn for a test"))
    given = {
        f"{line}.bias": Estimate(current, 1e-6, "A") for line, current in sweet_biases(Chip(laboratory, twin)).items()
    }
    for qubit, truth in twin.qubits.items():
        pi = 1 / (twin.drives[f"{qubit}.drive"].rabi_frequency * 0.5 * 24e-9)
        given |= {
            f"{qubit}.frequency": Estimate(truth.frequency, 1e3, "Hz"),
            f"{qubit}.x180.amplitude": Estimate(pi, 1e-3),
        }
    outcomes = {}
    with Lab.open("transmon5", twin=path, seed=3, state=folder) as lab:
        bench = Workbench(lab, default_parameters(laboratory))

        def ask(experiment):
            outcomes[experiment.name] = bench.ask(experiment)
            bench.believe(outcomes[experiment.name])

        for line_step in (TimeOfFlight, ReadoutMixer):
            ask(line_step(laboratory, (LINE,)))
        ask(Resonators(laboratory, QUBITS))
        first_tones = {qubit: bench.known[f"{qubit}.readout.frequency"] for qubit in QUBITS}
        bench.known = bench.known.replaced(given)
        for step in (DispersiveShift, ReadoutTone, ReadoutWeights, SingleShots):
            ask(step(laboratory, QUBITS))
        outcomes["three_states"] = bench.ask(ThreeStates(laboratory, QUBITS))
        check = AssignmentCheck(laboratory, QUBITS, shots=4000)
        scores = check.score(bench.play(check.scan(bench.known)), bench.known)
    return SimpleNamespace(known=bench.known, twin=twin, outcomes=outcomes, first_tones=first_tones, scores=scores)


def check(readout, name, truth, largest_error):
    found = readout.known.estimates[name]
    assert abs(found.value - truth) < 4 * found.error
    assert found.error < largest_error


def test_the_delay_of_a_feedline_is_found_to_a_sample(readout, laboratory):
    truth, line = readout.twin.feedlines[LINE], laboratory.lines[LINE]
    late = readout.twin.latencies["digitizer"] - laboratory.instruments["digitizer"].trigger_latency
    check(readout, f"{LINE}.return_delay", truth.delay - line.delay + truth.return_delay - late, 0.5e-9)


def test_the_mixer_of_a_feedline_is_found_to_some_parts_in_a_thousand(readout):
    truth = readout.twin.feedlines[LINE]
    full_scale = 0.5
    check(readout, f"{LINE}.mixer.gain", truth.gain, 4e-3)
    check(readout, f"{LINE}.mixer.phase", truth.phase, 4e-3)
    check(readout, f"{LINE}.mixer.offset_i", -truth.offset_i / full_scale, 1e-3)
    check(readout, f"{LINE}.mixer.offset_q", -truth.offset_q / full_scale, 1e-3)


@pytest.mark.parametrize("qubit", QUBITS)
def test_each_resonator_is_found_with_its_width_and_its_shift(readout, qubit):
    truth = readout.twin.resonators[qubit]
    check(readout, f"{qubit}.resonator.frequency", truth.frequency, 80e3)
    check(readout, f"{qubit}.resonator.kappa", truth.kappa, 160e3)
    check(readout, f"{qubit}.resonator.shift", truth.shifts[0], 200e3)


@pytest.mark.parametrize("qubit", QUBITS)
def test_before_any_pi_pulse_the_tone_stands_between_the_resonances_of_0_and_1(readout, qubit):
    truth = readout.twin.resonators[qubit]
    assert truth.shifts[0] < readout.first_tones[qubit] - truth.frequency < 0


@pytest.mark.parametrize("qubit", QUBITS)
def test_no_tone_on_the_judges_grid_is_better_by_a_hundredth(readout, laboratory, qubit):
    best = best_tone(Bench(laboratory, readout.twin, readout.known), qubit)
    wrong, error = readout.scores[qubit]
    assert 1 - wrong > best.fidelity - 0.01 - 2 * error
    assert readout.known[f"{qubit}.readout.duration"] < 0.8e-6


@pytest.mark.parametrize("qubit", QUBITS)
def test_weights_begin_low_while_the_resonator_fills(readout, qubit):
    known, n = readout.known, 1
    while f"{qubit}.readout.weight_re_{n + 1}" in known:
        n += 1
    sizes = [
        abs(complex(known[f"{qubit}.readout.weight_re_{k}"], known[f"{qubit}.readout.weight_im_{k}"])) for k in (1, n)
    ]
    assert sizes[0] < 0.5 * sizes[1]


@pytest.mark.parametrize("qubit", QUBITS)
def test_the_stated_assignment_errors_are_what_a_program_sees(readout, qubit):
    known = readout.known
    stated = (known[f"{qubit}.readout.p01"] + known[f"{qubit}.readout.p10"]) / 2
    error = np.hypot(*(known.estimates[f"{qubit}.readout.{name}"].error for name in ("p01", "p10"))) / 2
    wrong, noise = readout.scores[qubit]
    assert abs(wrong - stated) < 4 * np.hypot(error, noise)


@pytest.mark.parametrize("place", range(5))
def test_three_states_are_told_apart(readout, place):
    outcome = readout.outcomes["three_states"][place]
    (fit,) = outcome.fits
    assert fit.value("p00") > 0.95
    assert fit.value("p11") > 0.93
    assert fit.value("p22") > 0.85


def test_no_step_fails_on_a_healthy_laboratory(readout):
    reasons = [outcome.reason for outcomes in readout.outcomes.values() for outcome in outcomes]
    assert not any(reasons), reasons


def heard(laboratory, trace):
    """Return a result with a trace of the feedline and one qubit, whose shots do not matter."""
    shape, names = (len(trace.volts), 1, 1), laboratory.qubit_names
    iq, bits = np.zeros(shape, complex), np.zeros(shape, np.uint8)
    return Result(bits, iq, ((0, 0),), names, tuple(range(5)), "0", Timing(), traces={LINE: trace})


def mixed(laboratory, known, gain, phase, leak, works=(1.0, 1.0)):
    """Return what comes back of the four points of the mixer's scan, through a mixer of the test's own."""
    asked, fs = ReadoutMixer(laboratory, (LINE,)), 2e9
    (pulse,) = asked.scan(known).program.pulses
    matrix, offset = mixer_correction(LINE, known)
    t, rows, rng = np.arange(2000) / fs, [], np.random.default_rng(4)
    for quarter in range(4):
        tones = [
            one.amplitude * np.exp(1j * (2 * np.pi * (one.frequency - 7.2e9) * t + quarter * np.pi / 2))
            for one in pulse.tones
        ]
        z = np.sum(tones, axis=0)
        i, q = (matrix @ [z.real, z.imag] + offset[:, None]) * np.array(works)[:, None] + np.array(leak)[:, None]
        back = (i + 1j * gain * (q * np.cos(phase) + i * np.sin(phase))) * 0.1 * np.exp(0.9j)
        rows.append(back + 1e-4 * (rng.normal(size=2000) + 1j * rng.normal(size=2000)))
    (outcome,) = asked.read(heard(laboratory, MeanTrace(np.array(rows), fs, 0)), known)
    return outcome


@pytest.mark.parametrize("before", [{}, {"gain": 0.93, "phase": -0.08, "offset_i": 0.02, "offset_q": -0.01}])
def test_a_mixer_is_found_exactly_whatever_correction_was_played(laboratory, before):
    given = {f"{LINE}.mixer.{name}": Estimate(value, 1e-3) for name, value in before.items()}
    outcome = mixed(laboratory, default_parameters(laboratory).replaced(given), 1.07, 0.11, (0.006, -0.009))
    truth = {"gain": 1.07, "phase": 0.11, "offset_i": -0.006, "offset_q": 0.009}
    for name, value in truth.items():
        found = outcome.found[f"{LINE}.mixer.{name}"]
        assert abs(found.value - value) < 4 * found.error < 2e-3


@pytest.mark.parametrize(("works", "port"), [((0.0, 1.0), "I (awg1.7)"), ((1.0, 0.0), "Q (awg1.8)")])
def test_a_dead_output_of_a_pair_is_named(laboratory, works, port):
    outcome = mixed(laboratory, default_parameters(laboratory), 1.0, 0.0, (0.0, 0.0), works)
    assert not outcome.found
    assert port in outcome.reason


@pytest.mark.parametrize(("stored", "found"), [(0, 8), (6, 6), (20, 20)])
def test_as_many_weights_are_found_as_are_stored(laboratory, stored, found):
    """None that belonged to a longer window may stay behind: it would count for the new one."""
    changed = {f"q0.readout.weight_{part}_{n}": 0.5 for part in ("re", "im") for n in range(1, stored + 1)}
    known = default_parameters(laboratory).replaced({**changed, "q0.readout.duration": 0.4e-6})
    asked, t = ReadoutWeights(laboratory, ("q0",)), np.arange(800) / 2e9
    rise, rng = 1 - np.exp(-t / 100e-9), np.random.default_rng(5)
    carrier = np.exp(2j * np.pi * (known["q0.readout.frequency"] - 7.2e9) * t)
    noise = 1e-2 * (rng.normal(size=(2, 800)) + 1j * rng.normal(size=(2, 800)))
    trace = MeanTrace(np.array([carrier, carrier * (1 + 0.5j * rise)]) + noise, 2e9, 0)
    outcome = asked.read(heard(laboratory, trace), known)[0]
    weights = [name for name in outcome.found if "weight_re" in name]
    assert len(weights) == found
    turned = [outcome.found[name.replace("_re_", "_im_")].value for name in weights]
    assert turned == sorted(turned, reverse=True)  # 1 adds ever more along Q


@pytest.mark.parametrize("late", [40.0e-9, 61.3e-9, 118.7e-9])
def test_an_edge_is_found_in_noise(late):
    rng, t = np.random.default_rng(1), np.arange(400) * 0.5e-9
    rise = np.sin(np.pi / 2 * np.clip((t - late) / 10e-9, 0, 1)) ** 2
    y = rise * np.exp(0.4j) + 0.05 * (rng.normal(size=400) + 1j * rng.normal(size=400))
    fit = fit_edge(t, y, 10e-9)
    assert fit.ok
    assert abs(fit.value("time") - late) < 4 * np.hypot(fit.error("time"), 0.05e-9)


def test_noise_has_no_edge():
    rng = np.random.default_rng(1)
    fit = fit_edge(np.arange(400) * 0.5e-9, rng.normal(size=400) + 1j * rng.normal(size=400), 10e-9)
    assert not fit.ok
    assert "no tone comes back" in fit.reason


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("kappa", [1.5e6, 2.5e6])
def test_a_resonator_that_still_fills_is_found_as_if_it_had_settled(kappa, swapped):
    """The field is integrated step by step here: the test's own truth."""
    f0, dt, late, end = 7.001e9, 1e-9, 0.4e-6, 1e-6
    x = np.linspace(6.996e9, 7.006e9, 41)
    field, total, n = np.zeros(len(x), complex), np.zeros(len(x), complex), 0
    for k in range(round(end / dt)):
        field += dt * np.pi * kappa * (1 - field * (1 + 2j * (x - f0) / kappa))
        if k * dt >= late:
            total, n = total + field, n + 1
    z = 1e-3 * np.exp(1j - 2j * np.pi * 150e-9 * (x - 7e9)) * (1 - 0.9 * np.exp(0.1j) * total / n)
    rng = np.random.default_rng(2)
    z = (z.conj() if swapped else z) + 5e-6 * (rng.normal(size=41) + 1j * rng.normal(size=41))
    (fit,) = fit_steady(x[None], z[None], np.full((1, 41), 5e-6), "notch", late, end)
    assert fit.ok, fit.reason
    assert fit.value("frequency") == pytest.approx(f0, abs=0.005 * kappa)
    assert fit.value("kappa") == pytest.approx(kappa, rel=0.02)


def test_the_check_counts_wrong_answers(laboratory, answer):
    asked = AssignmentCheck(laboratory, ("q1", "q3"), shots=2000)
    wrong = {"q1": 0.1, "q3": 0.02}
    ones = [[abs(prepared(point, place) - wrong[q]) for place, q in enumerate(asked.targets)] for point in range(2)]
    scores = asked.score(answer(laboratory, asked.targets, ones, shots=2000), default_parameters(laboratory))
    for qubit, share in wrong.items():
        found, error = scores[qubit]
        assert abs(found - share) < 4 * error < 0.03
