"""From pulses that roughly work to gates near the coherence limit, on a laboratory nobody has measured."""

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.experiments.anharmonicity import Anharmonicity
from qctl.experiments.drag import Drag
from qctl.experiments.drive import amplitude_curvature, drag_curvature, frequency_curvature
from qctl.experiments.drive_mixer import DriveMixer
from qctl.experiments.fine_amplitude import FineAmplitude
from qctl.experiments.flux_bias import FluxBias
from qctl.experiments.gate_check import GateCheck, turn, way_home
from qctl.experiments.qubit_spectroscopy import QubitSpectroscopy
from qctl.experiments.rabi import Rabi
from qctl.experiments.ramsey import Ramsey
from qctl.experiments.t1 import T1

QUBITS = ["q0", "q1", "q2", "q3", "q4"]


@pytest.fixture(scope="module")
def tuned(qubit_lab):
    """Carry out what leads to good gates; return what was found by experiment, and the scores of a check in between."""
    bench, outcomes, scores = qubit_lab.bench, {}, []
    lab, targets = bench.lab.laboratory, bench.lab.laboratory.qubit_names
    for kind in (QubitSpectroscopy, Rabi, FluxBias, Ramsey, DriveMixer, Anharmonicity, Drag, FineAmplitude, T1):
        outcomes[kind.name] = {o.target: o for o in bench.ask(kind(lab, targets))}
        bench.believe(tuple(outcomes[kind.name].values()))
    check = GateCheck(lab, targets)
    for detuned in (0.0, 3e6):
        changed = {f"{q}.frequency": bench.known[f"{q}.frequency"] + detuned for q in targets}
        scores.append(
            check.score(
                bench.lab.run_each([(check.scan(bench.known).program, bench.known.replaced(changed))]), bench.known
            )
        )
    return outcomes, scores


@pytest.mark.parametrize("qubit", QUBITS)
def test_the_sweet_spot_is_found_within_its_error(qubit_lab, truth, tuned, qubit):
    outcome, line = tuned[0]["flux_bias"][qubit], f"{qubit}.flux"
    found = outcome.found[f"{line}.bias"]
    assert abs(found.value - truth.sweet_bias(qubit_lab.chip, line)) < 4 * found.error < 60e-6


@pytest.mark.parametrize("qubit", QUBITS)
@pytest.mark.parametrize("kind", ["x90", "x180"])
def test_gates_reach_the_coherence_limit(qubit_lab, truth, tuned, qubit, kind):
    known = qubit_lab.bench.known
    error = truth.gate_error(truth.propagator(qubit_lab.chip, known, qubit, kind), kind)
    assert error < 0.5 * truth.coherence_limit(qubit_lab.twin, known, qubit)


@pytest.mark.parametrize("qubit", QUBITS)
def test_the_fine_amplitude_is_honest(qubit_lab, truth, tuned, qubit):
    found = tuned[0]["fine_amplitude"][qubit].found[f"{qubit}.x180.amplitude"]
    best = truth.best_amplitude(qubit_lab.chip, qubit_lab.bench.known, qubit, "x180")
    assert abs(found.value - best) < 4 * found.error < 0.02 * best


@pytest.mark.parametrize("qubit", QUBITS)
def test_the_mixer_of_each_drive_line_is_found_by_its_qubit(qubit_lab, tuned, qubit):
    found, drive = tuned[0]["drive_mixer"][qubit].found, qubit_lab.twin.drives[f"{qubit}.drive"]
    wanted = {"gain": drive.gain, "phase": drive.phase, "offset_i": 0.0, "offset_q": 0.0}
    named = {name: found[f"{qubit}.drive.mixer.{name}"] for name in wanted}
    assert all(abs(named[name].value - wanted[name]) < 4 * named[name].error < 0.04 for name in wanted)


@pytest.mark.parametrize("qubit", QUBITS)
def test_the_anharmonicity_is_found_within_its_error(qubit_lab, truth, tuned, qubit):
    found = tuned[0]["anharmonicity"][qubit].found[f"{qubit}.anharmonicity"]
    _, first, second = truth.levels(qubit_lab.chip, qubit_lab.bench.known, qubit)[:3]
    assert abs(found.value - (second - 2 * first)) < 4 * found.error < 2e6


@pytest.mark.parametrize("qubit", QUBITS)
def test_t1_is_found_within_its_error(qubit_lab, truth, tuned, qubit):
    found = tuned[0]["t1"][qubit].found[f"{qubit}.t1"]
    assert abs(found.value - qubit_lab.twin.qubits[qubit].t1) < 4 * found.error < found.value


@pytest.mark.parametrize("qubit", QUBITS)
def test_the_check_notices_a_detuning(tuned, qubit):
    (good, spread), (bad, _) = (scores[qubit] for scores in tuned[1])
    assert abs(good) < 5 * spread
    assert bad > 0.05


@pytest.mark.parametrize("excited", [False, True])
def test_two_quarter_turns_bring_any_state_home(excited):
    rng = np.random.default_rng(3)
    for _ in range(200):
        state = rng.normal(size=2) + 1j * rng.normal(size=2)
        first, second = way_home(state / np.linalg.norm(state), excited)
        ended = turn(np.pi / 2, second) @ turn(np.pi / 2, first) @ state / np.linalg.norm(state)
        assert abs(ended[int(excited)]) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["x90", "x180"])
@pytest.mark.parametrize("what", ["amplitude", "frequency", "drag"])
def test_curvatures_are_those_of_integrated_pulses(qubit_lab, truth, tuned, what, kind):
    """The gate error by integrating samples, less the one at its minimum, over the square of what was changed."""
    chip, known, qubit = qubit_lab.chip, qubit_lab.bench.known, "q1"
    name = f"{qubit}.frequency" if what == "frequency" else f"{qubit}.{kind}.{what}"
    step = {"amplitude": 0.02 * known[f"{qubit}.{kind}.amplitude"], "frequency": 1e6, "drag": 0.2}[what]

    def error(change):
        changed = known.replaced({name: known[name] + change})
        return truth.gate_error(truth.propagator(chip, changed, qubit, kind), kind)

    measured = (error(step) + error(-step) - 2 * error(0.0)) / (2 * step**2)
    if what == "frequency":  # the mean of both kinds of pulses
        assert measured == pytest.approx(frequency_curvature(known, qubit), rel=0.45)
    else:
        curvature = {"amplitude": amplitude_curvature, "drag": drag_curvature}[what](kind)
        assert measured == pytest.approx(curvature(known, qubit), rel=0.1)


def test_more_is_played_the_more_is_known(laboratory):
    guessed = default_parameters(laboratory)
    numbers = {f"q0.{k}.amplitude": Estimate(guessed[f"q0.{k}.amplitude"], 1e-4) for k in ("x90", "x180")}
    known = guessed.replaced({**numbers, "q0.x180.drag": Estimate(0.5, 0.01), "q0.x90.drag": Estimate(0.5, 0.01)})
    fine, drag = FineAmplitude(laboratory, ("q0",)), Drag(laboratory, ("q0",))
    assert max(fine.numbers(known, "x180")) > 3 * max(fine.numbers(guessed, "x180"))
    assert drag.pairs(known, "q0", "x180") > 3 * drag.pairs(guessed, "q0", "x180")
    assert all(n % 4 == 0 for n in fine.numbers(known, "x90"))


def test_a_row_that_tilts_too_far_is_refused(laboratory, answer):
    known, ask = default_parameters(laboratory), FineAmplitude(laboratory, ("q0",))
    ones = [0.0, 1.0]
    for kind, angle in (("x180", np.pi), ("x90", np.pi / 2)):
        n = np.array(ask.numbers(known, kind))
        ones += list(0.5 + 0.5 * np.sin(0.12 * angle * n))  # 12 % too strong
    (outcome,) = ask.read(answer(laboratory, ask.targets, np.array(ones), 400), known)
    assert not outcome.found
    assert outcome.reason
