"""From first guesses to CZ near what coherence allows, behind couplers and flux lines drawn at random."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from qctl import Lab
from qctl.calibrate.workbench import Workbench
from qctl.cli.judged import played_gates
from qctl.compile import default_parameters
from qctl.config import read, read_parameters
from qctl.core.parameters import Parameters
from qctl.experiments.chevron import Chevron
from qctl.experiments.cz import Cz
from qctl.experiments.cz_check import CzCheck
from qctl.experiments.flux_arc import FluxArc
from qctl.experiments.flux_tails import FluxTails
from qctl.judge import Twin, draw_twin, twin_text
from qctl.judge.score import Bench, Gate, Upload, judged_gates
from qctl.judge.solvable import sweet_biases
from qctl.physics.chip import Chip

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PAIR, MOVED = "q1-q2", "q2"


@pytest.fixture(scope="module")
def tuned(laboratory, tmp_path_factory):
    """Carry out all steps of a CZ on one coupling; qubits and readout are those of the committed snapshot."""
    folder, drawn = tmp_path_factory.mktemp("couplings"), draw_twin(laboratory, 12)
    twin = read(CONFIGS / "twins" / "transmon5.yaml", Twin)
    twin = replace(twin, couplers=drawn.couplers, fluxes=drawn.fluxes, flux_crosstalk=drawn.flux_crosstalk)
    path = folder / "truth.yaml"
    path.write_text(twin_text(twin, "drawn for a test"))
    measured = read_parameters(CONFIGS / "transmon5.parameters.json").estimates
    kept = {name: one for name, one in measured.items() if ".cz." not in name and ".predistortion." not in name}
    known = Parameters({**default_parameters(laboratory).estimates, **kept})
    known = known.replaced({f"{line}.bias": bias for line, bias in sweet_biases(Chip(laboratory, twin)).items()})
    outcomes, checks = {}, []
    with Lab.open("transmon5", twin=path, seed=3, state=folder) as lab:
        bench = Workbench(lab, known)
        for step in (
            FluxArc(laboratory, (MOVED,)), FluxTails(laboratory, (MOVED,)), Chevron(laboratory, (PAIR,)),
            Cz(laboratory, (PAIR,)), Cz(laboratory, (PAIR,), shots=1000),
        ):  # fmt: skip
            (outcomes[step.name],) = bench.ask(step)
            bench.believe((outcomes[step.name],))
        check, phase = CzCheck(laboratory, (PAIR,)), f"{PAIR}.cz.phase_low"
        for wrong in (0.0, 0.7):
            known = bench.known.replaced({phase: bench.known[phase] + wrong})
            checks.append(check.score(lab.run_each([(check.scan(known).program, known)]), known)[PAIR])
    return SimpleNamespace(known=bench.known, twin=twin, outcomes=outcomes, checks=checks)


def test_every_step_finds_what_it_looks_for(tuned):
    assert {name: outcome.reason for name, outcome in tuned.outcomes.items()} == dict.fromkeys(tuned.outcomes, "")


def test_the_gate_is_near_what_coherence_allows(laboratory, tuned):
    gates = [("cz", PAIR)]
    upload = Upload(*played_gates(laboratory, tuned.known, gates))
    (found,) = judged_gates(Bench(laboratory, tuned.twin, tuned.known), upload, [Gate("cz", PAIR, 0)])
    assert found.error < 1.5 * found.limit + 1e-3
    assert found.leakage < 2e-3


def test_gates_in_a_row_work_since_tails_are_undone(tuned):
    (wrong, error), _ = tuned.checks
    assert wrong < 0.12 + 3 * error


def test_the_check_notices_a_wrong_phase(tuned):
    (good, error), (bad, more) = tuned.checks
    assert bad - good > 5 * (error + more)
