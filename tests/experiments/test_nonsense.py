"""What was measured may be noise, silence or not a number: then nothing is found, and the reason says so."""

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.core.names import Target
from qctl.core.parameters import Estimate
from qctl.core.record import Timing
from qctl.core.result import MeanTrace, Result
from qctl.experiments.transmon import NODES, ON_REQUEST

READOUT = (
    "time_of_flight", "readout_mixer", "resonators", "dispersive_shift", "readout_tone", "readout_weights",
    "single_shots",
    "resonator_search", "resonator_power", "resonator_flux", "three_states",
)  # fmt: skip
STEPS = {node.name: node for node in (*NODES, *ON_REQUEST) if node.name in READOUT}
RATE = 2e9


@pytest.fixture
def known(laboratory):
    found = {}
    for qubit in laboratory.qubits:
        tone = laboratory.first_guess[f"{qubit}.readout.frequency"]
        for name, value in (("frequency", tone), ("kappa", 2.5e6), ("shift", -2e6)):
            found[f"{qubit}.resonator.{name}"] = Estimate(value, 1e4, "Hz")
    return default_parameters(laboratory).replaced(found)


def nonsense(kind, shape):
    rng = np.random.default_rng(1)
    noise = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return {"noise": noise, "not a number": noise * np.nan, "silence": noise * 0, "an offset": noise * 0 + 1e-3}[kind]


@pytest.mark.parametrize("kind", ["noise", "not a number", "silence", "an offset"])
@pytest.mark.parametrize("name", READOUT)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nothing_is_found_in_nonsense(laboratory, known, name, kind):
    node, qubits = STEPS[name], laboratory.qubit_names
    targets = laboratory.feedlines() if node.kind is Target.LINE else qubits
    experiment = node.make(laboratory, targets, known)
    scan = experiment.scan(known)
    shots, n = scan.program.shots, scan.program.n_bits
    longest = max((v for s in scan.settings for k, v in s.items() if k.endswith("duration")), default=1e-6)
    # As noisy as means of so many shots are; nothing else looks like a measurement.
    trace = nonsense(kind, (scan.n_points, round(longest * RATE))) / np.sqrt(shots)
    iq = nonsense(kind, (scan.n_points, 100, n))
    measured = tuple((k, k) for k in range(n))
    result = Result(
        np.zeros(iq.shape, np.uint8), iq, measured, qubits, tuple(range(5)), "0", Timing(),
        traces={"feedline": MeanTrace(trace, RATE, 0)},
    )  # fmt: skip
    outcomes = experiment.read(result, known)
    assert [outcome.target for outcome in outcomes] == list(targets)
    for outcome in outcomes:
        assert not outcome.found
        assert outcome.reason
