"""What noise predicts of steered programs: without any, their exact answers; with it, what a wait costs."""

from pathlib import Path

import numpy as np
import pytest

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.conformance.steered import predict_steered
from qctl.frontends import read_program
from qctl.run.known import known_parameters

PROGRAMS = Path(__file__).parents[1] / "run" / "programs"
PERFECT = ("error", "readout.p01", "readout.p10", "ms.error")


@pytest.fixture(scope="module")
def ions():
    return read_laboratory(find_laboratory("ion8"))


def known(laboratory, t2):
    found = known_parameters(laboratory)
    names = [name for name in found if name.partition(".")[2] in PERFECT]
    return found.replaced(
        dict.fromkeys(names, 0.0) | {f"{q}.{name}": t2 for q in laboratory.qubits for name in ("t2", "t2_ramsey")}
    )


def predicted(name, laboratory, t2=1e9):
    return predict_steered(read_program((PROGRAMS / f"{name}.qasm").read_text()), known(laboratory, t2), laboratory)


def test_teleportation_arrives_after_every_answer(ions):
    found = predicted("teleport", ions)
    assert {key: p for key, p in found.items() if p > 1e-6} == pytest.approx(
        dict.fromkeys(("000", "010", "100", "110"), 0.25), abs=1e-5
    )


def test_repeat_until_success_and_phase_estimation_have_one_answer_each(ions):
    assert predicted("repeat_until_success", ions)["10"] == pytest.approx(1, abs=1e-5)
    assert predicted("phase_estimation", ions)["101"] == pytest.approx(1, abs=1e-5)


def test_a_wait_for_a_decision_costs_the_coherence_of_a_slot(ions):
    found = predicted("teleport", ions, t2=0.2)
    arrived = sum(p for key, p in found.items() if key[2] == "0")
    lost = (1 - np.exp(-ions.slot / 0.2)) / 2 * np.sin(1.1) ** 2  # of what depends on phase
    assert 1 - arrived == pytest.approx(lost, rel=0.15)
