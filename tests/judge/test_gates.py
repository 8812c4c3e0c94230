"""The judge's numbers are those of formulas, and of another integrator."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.cli.judged import played_gates
from qctl.judge.gates import CZ, X180, Gate, best_phase, cz_map, infidelity, limit, rotation
from qctl.judge.score import judged_gates, score_amplitudes
from qctl.judge.stage import Bench, Upload
from qctl.judge.truths import dressed
from qctl.physics.process import process

TWO_PI = 2 * np.pi


def judged(lab, twin, known, *gates):
    bench, upload = Bench(lab, twin, known), Upload(*played_gates(lab, known, list(gates)))
    return judged_gates(bench, upload, [Gate(kind, target, k) for k, (kind, target) in enumerate(gates)])


@pytest.fixture(scope="module")
def perfect(lab20, twin20, known20):
    """Parameters of q0 at the optimum that the judge itself finds."""
    gates = [("x90", "q0"), ("x180", "q0")]
    bench, upload = Bench(lab20, twin20, known20), Upload(*played_gates(lab20, known20, gates))
    best = score_amplitudes(bench, upload, [Gate(kind, target, k) for k, (kind, target) in enumerate(gates)])
    return known20.replaced({**best, "q0.frequency": twin20.qubits["q0"].frequency})


def test_perfect_parameters_on_an_ideal_twin_are_perfect(lab20, twin20, perfect):
    for found in judged(lab20, twin20, perfect, ("x90", "q0"), ("x180", "q0")):
        assert 0 < found.error < 2e-6
        assert found.limit < 1e-11


@pytest.mark.parametrize(("kind", "angle"), [("x90", np.pi / 2), ("x180", np.pi)])
@pytest.mark.parametrize("wrong", [0.01, -0.03])
def test_a_wrong_amplitude_costs_what_the_formula_says(lab20, twin20, perfect, kind, angle, wrong):
    name = f"q0.{kind}.amplitude"
    (best,) = judged(lab20, twin20, perfect, (kind, "q0"))
    (found,) = judged(lab20, twin20, perfect.replaced({name: perfect[name] * (1 + wrong)}), (kind, "q0"))
    assert found.error - best.error == pytest.approx(2 / 3 * np.sin(angle * wrong / 2) ** 2, rel=0.05)


def test_a_wrong_frequency_costs_as_a_turn_about_z_would(lab20, twin20, perfect):
    """Two Ramsey pulses of 24 ns turn by 2 pi df T between them; one pulse alone half of that, more or less."""
    errors = []
    for off in (0.0, 1e6, 2e6):
        known = perfect.replaced({"q0.frequency": perfect["q0.frequency"] + off})
        errors.append(judged(lab20, twin20, known, ("x90", "q0"))[0].error)
    assert errors[2] - errors[0] == pytest.approx(4 * (errors[1] - errors[0]), rel=0.15)
    turn = TWO_PI * 1e6 * 24e-9
    assert 0.1 * 2 / 3 * np.sin(turn / 2) ** 2 < errors[1] - errors[0] < 2 / 3 * np.sin(turn / 2) ** 2


@pytest.mark.parametrize("side", ["high", "low"])
def test_a_wrong_virtual_z_after_a_cz_costs_what_the_formula_says(lab20, twin20, known20, side):
    name, off, errors = f"q0-q1.cz.phase_{side}", 0.15, []
    for wrong in (-off, 0.0, off):
        (found,) = judged(lab20, twin20, known20.replaced({name: known20[name] + wrong}), ("cz", "q0-q1"))
        errors.append(found.error)
    assert errors[1] < 1e-4
    assert (errors[0] + errors[2]) / 2 - errors[1] == pytest.approx(4 / 5 * np.sin(off / 2) ** 2, rel=0.02)


def test_a_gate_cannot_be_better_than_its_coherence_limit_and_the_limit_is_the_formulas(lab5, twin5, known5):
    gates = [("x90", "q0"), ("x180", "q3"), ("cz", "q1-q2")]
    for found in judged(lab5, twin5, known5, *gates):
        assert found.error > 0.98 * found.limit
    bench, truth = Bench(lab5, twin5, known5), twin5.qubits["q0"]
    t2 = 1 / (1 / (2 * truth.t1) + 1 / truth.t_phi)
    idle = (3 - np.exp(-24e-9 / truth.t1) - 2 * np.exp(-24e-9 / t2)) / 6
    assert limit(bench, Gate("x90", "q0", 0)) == pytest.approx(idle, rel=0.03)


def test_the_map_of_a_gate_keeps_trace_and_hermiticity(lab5, twin5, known5):
    bench, upload = Bench(lab5, twin5, known5), Upload(*played_gates(lab5, known5, [("cz", "q0-q1")]))
    found = process(bench.scenery(upload), 0, (0, 1), 0.5e-6, 0.7e-6)
    np.testing.assert_allclose(np.einsum("ijkk->ij", found), np.eye(4), atol=1e-9)
    np.testing.assert_allclose(found, found.transpose(1, 0, 3, 2).conj(), atol=1e-9)


def test_the_cz_is_a_cz_and_not_its_inverse_or_nothing(lab20, twin20, known20):
    bench, upload = Bench(lab20, twin20, known20), Upload(*played_gates(lab20, known20, [("cz", "q0-q1")]))
    found = cz_map(bench, bench.scenery(upload), upload, Gate("cz", "q0-q1", 0))
    assert infidelity(found, CZ)[0] < 1e-4
    assert infidelity(found, np.eye(4, dtype=complex))[0] == pytest.approx(0.6, abs=0.01)


def test_a_leaking_carrier_shifts_the_qubit_as_far_as_perturbation_theory_says(lab5, twin5, known5):
    """Of a two-level system 2 Omega^2 / (4 Delta); level 2 adds as much again with its own distance."""
    bench = Bench(lab5, twin5, known5.replaced({"q0.drive.mixer.offset_i": 0.0, "q0.drive.mixer.offset_q": 0.0}))
    bare = bench.chip.energies(0, np.array(bench.resting[0]))
    truth = twin5.drives["q0.drive"]
    volts = truth.offset_i + 1j * truth.gain * (
        truth.offset_q * np.cos(truth.phase) + truth.offset_i * np.sin(truth.phase)
    )
    omega, apart = TWO_PI * truth.rabi_frequency * abs(volts), bare[1] - TWO_PI * 5.08e9
    up = bare[2] - bare[1] - TWO_PI * 5.08e9
    shift = omega**2 / (2 * apart) - 2 * omega**2 / (4 * up)
    assert dressed(bench, 0)[1] - bare[1] == pytest.approx(shift, rel=0.02)


@pytest.mark.parametrize(("slower", "tolerance"), [(1, 1e-5), (1000, 1e-8)])
def test_qutip_finds_the_same_error(lab5, twin5, known5, slower, tolerance):
    """The test's own mixer, its own integrator; leaking carrier and image included.

    The simulated chip lets decay and drive alternate every 1 ns, which changes what decay costs by 1.5 %.
    """
    qutip = pytest.importorskip("qutip")
    known = known5.replaced({"q0.x180.amplitude": known5["q0.x180.amplitude"] * 1.02})
    qubits = {n: replace(t, t1=slower * t.t1, t_phi=slower * t.t_phi) for n, t in twin5.qubits.items()}
    twin5 = replace(twin5, drive_crosstalk=(), qubits=qubits)
    bench, upload = Bench(lab5, twin5, known), Upload(*played_gates(lab5, known, [("x180", "q0")]))
    gate = Gate("x180", "q0", 0)
    scenery = bench.scenery(upload)
    one, _ = rotation(bench, scenery, upload, gate)
    truth, line, chip = twin5.qubits["q0"], twin5.drives["q0.drive"], bench.chip
    wired, point = lab5.lines["q0.drive"], scenery.stage.points[0]
    i, q = (np.asarray(point[port].volts, float) for port in (wired.i, wired.q))
    i, q = i + line.offset_i, q + line.offset_q
    z = (i + 1j * line.gain * (q * np.cos(line.phase) + i * np.sin(line.phase))) * np.exp(
        -1j * TWO_PI * 5.08e9 * line.delay
    )
    track = upload.sequence.tracks["q0.drive"]
    first, n = track.delay + int(track.plays["start"][0]), 48
    energies = chip.energies(0, np.array(bench.resting[0])) - TWO_PI * 5.08e9 * np.arange(3)
    a = qutip.destroy(3)
    collapse = [
        np.sqrt((1 - truth.thermal) / truth.t1) * a,
        np.sqrt(truth.thermal / truth.t1) * a.dag(),
        np.sqrt(2 / truth.t_phi) * a.dag() * a,
    ]
    whole = qutip.to_super(qutip.qeye(3))
    for sample in z[first : first + n]:
        drive = np.pi * line.rabi_frequency * sample
        h = qutip.Qobj(np.diag(energies)) + drive * a + np.conj(drive) * a.dag()
        whole = (qutip.liouvillian(h, collapse) * 0.5e-9).expm() * whole
    leak = np.pi * line.rabi_frequency * z[first - 5]
    _, w = np.linalg.eigh((qutip.Qobj(np.diag(energies)) + leak * a + np.conj(leak) * a.dag()).full())
    w = w[:, np.argmax(np.abs(w), axis=1)] * np.exp(-1j * np.angle(np.diag(w[:, np.argmax(np.abs(w), axis=1)])))
    found = np.zeros((2, 2, 3, 3), complex)
    for r in range(2):
        for c in range(2):
            rho = qutip.Qobj(np.outer(w[:, r], w[:, c].conj()))
            out = qutip.vector_to_operator(whole * qutip.operator_to_vector(rho)).full()
            found[r, c] = w.conj().T @ out @ w
    start = (first + 0) * 0.5e-9 + line.delay
    tone = TWO_PI * (known["q0.frequency"] - 5.08e9)
    before = np.exp(-1j * np.subtract.outer([0, tone * start], [0, tone * start]))
    after = np.exp(1j * np.subtract.outer([0, tone * (start + 24e-9)], [0, tone * (start + 24e-9)]))
    theirs = replace(one, found=before[:, :, None, None] * found[:, :, :2, :2] * after)
    assert one.ideal is X180
    assert one.error(best_phase([one])) == pytest.approx(theirs.error(best_phase([theirs])), abs=tolerance)
    assert one.error(best_phase([one])) > 5e-4


def test_a_carrier_that_leaks_and_is_corrected_costs_a_cz_nothing_however_long_its_line_is(lab5, twin5, known5):
    """While its qubit is pulsed to the other, it comes close to the carrier; the line must idle at its offset then."""
    full_scale = lab5.instruments["awg2"].full_scale
    leak = {"offset_i": 4e-3, "offset_q": -3e-3}
    known = known5.replaced({f"q4.drive.mixer.{name}": -volts / full_scale for name, volts in leak.items()})
    errors = []
    for more in (0.0, 20e-9):
        truth = replace(twin5.drives["q4.drive"], delay=twin5.drives["q4.drive"].delay + more, **leak)
        twin = replace(twin5, drives={**twin5.drives, "q4.drive": truth})
        errors += [judged(lab5, twin, known, ("cz", "q3-q4"))[0].error]
    assert errors[1] == pytest.approx(errors[0], rel=0.01)
