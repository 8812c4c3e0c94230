"""Experiments of qiskit-experiments on a simulated laboratory find what the laboratory's own calibration found."""

import numpy as np
import pytest

library = pytest.importorskip("qiskit_experiments.library")
from qiskit import QuantumCircuit  # noqa: E402

from qctl.integrations.qiskit import Backend  # noqa: E402
from qctl.run import Lab  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs, and of what they import


@pytest.fixture(scope="module")
def backend():
    with Lab.open("transmon5", seed=3) as lab:
        yield Backend(lab)


def values(experiment, backend, **options):
    if hasattr(experiment.analysis.options, "plot"):
        experiment.analysis.set_options(plot=False)  # drawing takes longer than measuring
    data = experiment.run(backend, **options).block_for_results()
    assert not data.errors()
    return {one.name: one.value for one in data.analysis_results(dataframe=True).itertuples()}


def test_t1_is_the_parameter(backend):
    t1 = backend.qubit_properties(0).t1
    experiment = library.T1([0], delays=[round(x * t1 * 1e6) * 1e-6 for x in (0.05, 0.3, 0.6, 1.0, 1.4, 1.8, 2.2)])
    assert values(experiment, backend, shots=800)["T1"].n == pytest.approx(t1, rel=0.3)


def test_ramsey_finds_the_detuning_that_it_asks_for(backend):
    experiment = library.T2Ramsey([1], delays=np.arange(1, 25) * 300e-9, osc_freq=4e5)
    assert values(experiment, backend, shots=200)["Frequency"].n == pytest.approx(4e5, abs=2e4)


def test_randomised_benchmarking_finds_a_gate_that_is_good(backend):
    experiment = library.StandardRB([2], lengths=[1, 100, 400], num_samples=2, seed=1)
    assert 1e-5 < values(experiment, backend, shots=200)["EPC"].n < 4e-3


def test_tomography_finds_a_bell_pair(backend):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    assert values(library.StateTomography(circuit), backend, shots=300)["state_fidelity"] > 0.9
