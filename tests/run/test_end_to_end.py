"""From a program to counts: compiled, played over real sockets into a simulated world, and read out."""

import numpy as np
import pytest

from qctl import Lab
from qctl.core.errors import UsageError
from qctl.core.program import EVENT, Op, Program, event

PULSE = 'OPENQASM 3;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nx q[0];\nc = measure q;\n'


@pytest.fixture(scope="module")
def lab():
    with Lab.open("ideal20", seed=1) as lab:
        yield lab


def flips(qubits, shots):
    rows = [event(Op.R, (q,), (np.pi, 0.0)) for q in qubits]
    rows += [event(Op.MEASURE, (q,), (), k) for k, q in enumerate(qubits)]
    return Program(np.array(rows, EVENT), 20, len(qubits), shots=shots, physical=True)


def test_the_signal_follows_the_amplitude_of_the_pulse(lab):
    """Nothing knows the gate: half the oscillation of the population is a property of the chip, found by scanning."""
    amplitudes = np.linspace(0, 0.9, 13)
    settings = [{f"q{q}.x180.amplitude": a for q in (0, 1)} for a in amplitudes]
    result = lab.run_each([(flips((0, 1), 60), lab.parameters.replaced(s)) for s in settings])
    assert result.iq.shape == (13, 60, 2)
    means = result.iq.mean(axis=1)
    for column in range(2):
        centred = means[:, column] - means[:, column].mean()
        signal = (centred * np.exp(-0.5j * np.angle((centred**2).sum()))).real
        # One oscillation: it turns near the middle and comes back.
        steps = np.sign(np.diff(signal))
        assert 1 <= np.count_nonzero(np.diff(steps)) <= 3
        assert np.ptp(signal) > 10 * result.iq[0, :, column].std() / np.sqrt(60)


def test_points_of_one_upload_give_the_same_as_runs_of_their_own(lab):
    weak, strong = ({"q0.x180.amplitude": a} for a in (0.0, 0.3))
    together = lab.run_each([(flips((0,), 200), lab.parameters.replaced(s)) for s in (weak, strong)]).iq.mean(axis=1)
    apart = [lab.run(flips((0,), 200), 200, parameters=lab.parameters.replaced(s)).iq.mean() for s in (weak, strong)]
    separation = abs(together[1, 0] - together[0, 0])
    np.testing.assert_allclose(together[:, 0], apart, atol=0.25 * separation)


def test_the_same_seed_gives_the_same_shots_and_another_seed_others():
    def shots(seed):
        with Lab.open("ideal20", seed=seed) as lab:
            return lab.run(PULSE, shots=50).iq

    first = shots(7)
    np.testing.assert_array_equal(first, shots(7))
    assert not np.array_equal(first, shots(8))


def test_a_program_that_does_not_use_the_master_is_played_all_the_same(lab):
    result = lab.run(flips((4,), 20), shots=20)  # its lines belong to other AWGs than the one that triggers
    assert result.shots == 20
    assert result.parameters_id == lab.parameters.id
    assert result.timing.misses == 0


def test_a_laboratory_opens_again_after_it_was_closed():
    lab = Lab.open("ideal20", seed=1)
    try:
        assert lab.run(PULSE, shots=10).shots == 10
        lab.close()
        assert lab.run(PULSE, shots=10).shots == 10
    finally:
        lab.close()


def test_programs_at_other_biases_run_one_after_another_in_one_result():
    moved = 1e-3
    with Lab.open("transmon5", seed=5) as lab:
        known = lab.parameters.replaced({"q0.flux.bias": lab.parameters["q0.flux.bias"] + moved})
        result = lab.run_each([(flips((0,), 300), at) for at in (lab.parameters, known, lab.parameters)])
    ones = result.bits[:, :, 0].mean(axis=1)
    # A pulse of 24 ns does not reach a qubit that was moved by 200 MHz.
    assert ones[0] > 0.9
    assert ones[2] > 0.9
    assert ones[1] < 0.2


def test_traces_are_kept_where_they_are_asked_for(lab):
    result = lab.run_each([(flips((0,), 50), lab.parameters)] * 2, traces=True)
    (trace,) = result.traces.values()
    assert trace.volts.shape == (2, len(trace.times))
    frequency = lab.parameters["q0.readout.frequency"] - lab.laboratory.instruments["readout0"].frequency
    tone = trace.volts @ np.exp(-2j * np.pi * frequency * trace.times) / len(trace.times)
    np.testing.assert_allclose(np.abs(tone), np.abs(result.iq.mean(axis=1)[:, 0]), rtol=0.02)


def test_nothing_to_run_is_refused(lab):
    with pytest.raises(UsageError, match="nothing to run"):
        lab.run_each([])


def test_a_file_that_is_not_there_is_an_error_of_usage(lab):
    with pytest.raises(UsageError, match="cannot read"):
        lab.run("missing.qasm")


def test_programs_that_correct_a_mixer_differently_run_one_after_another_in_one_result(lab):
    known = [lab.parameters.replaced({"q0.drive.mixer.gain": gain}) for gain in (1.0, 1.02, 1.0)]
    result = lab.run_each([(flips((0,), 50), one) for one in known])
    assert result.bits[:, :, 0].mean(axis=1).min() > 0.9
