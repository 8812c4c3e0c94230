"""Random chains of ions are reproducible, can be written down, and are scored by what their waveforms do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qctl.cli.judged import gates_of, played_gates
from qctl.compile import default_parameters
from qctl.config import read, read_laboratory
from qctl.core.laboratory import Laboratory
from qctl.judge import Upload, draw_truth, score_ions, twin_text
from qctl.physics.ions.chain import Chain
from qctl.physics.ions.twin import IonTwin

CONFIG = Path(__file__).parents[2] / "configs" / "ion8.yaml"


@pytest.fixture(scope="module")
def two() -> Laboratory:
    """Return the first two of eight ions."""
    whole = read_laboratory(CONFIG)
    names = ("q0", "q1")
    gone = {f"{kind}{k}" for kind in ("beam", "seen") for k in range(2, 8)}
    guesses = {n: v for n, v in whole.first_guess.items() if not n.startswith(tuple(f"q{k}." for k in range(2, 8)))}
    return replace(
        whole,
        lines={name: line for name, line in whole.lines.items() if name not in gone},
        qubits={name: whole.qubits[name] for name in names},
        couplings={"q0-q1": whole.couplings["q0-q1"]},
        first_guess=guesses,
    )


def told(lab: Laboratory, twin: IonTwin, **changed: float):
    """Return parameters as good as a person could make them who knows the truth of a plain chain."""
    chain, known = Chain(lab, twin, {}), default_parameters(lab)
    found = {f"trap.mode_{k + 1}": float(nu / 2 / np.pi) for k, nu in enumerate(chain.mode_frequencies)}
    for name, ion in twin.ions.items():
        found |= {f"{name}.frequency": ion.frequency, f"{name}.readout.counts": 3.0}
        volts = 1 / twin.beams[lab.qubits[name].drive].rabi_frequency / known[f"{name}.x180.duration"]
        found[f"{name}.x180.amplitude"] = volts / 0.5 / float(np.sinc(ion.frequency / 62.5e6)) / chain.carrier_left
        found[f"{name}.x90.amplitude"] = found[f"{name}.x180.amplitude"] / 2
    return known.replaced({**found, **changed})


def plain(lab: Laboratory) -> IonTwin:
    twin = draw_truth(lab, 3)
    beams = {name: replace(b, saturation=np.inf, bandwidth=np.inf, light_shift=0.0) for name, b in twin.beams.items()}
    return replace(twin, beams=beams, crosstalk=(), electrodes={})


def scored(lab: Laboratory, twin: IonTwin, known):
    gates = gates_of(lab)
    found = score_ions(lab, twin, known, gates, Upload(*played_gates(lab, known, gates)))
    return {(g.target, g.kind): g for g in found.gates}, found


def test_the_same_seed_draws_the_same_chain_and_its_text_reads_back(two, tmp_path):
    twin = draw_truth(two, 5, drifting=True)
    assert twin == draw_truth(two, 5, drifting=True)
    assert twin != draw_truth(two, 6, drifting=True)
    file = tmp_path / "twin.yaml"
    file.write_text(twin_text(twin, "a chain"), encoding="utf-8")
    assert read(file, IonTwin) == twin


def test_the_truth_that_comes_with_the_laboratory_fits_it():
    lab = read_laboratory(CONFIG)
    assert Chain(lab, read(CONFIG.parent / "twins" / CONFIG.name, IonTwin), {}).names == lab.qubit_names


def test_gates_told_the_truth_are_good_and_others_are_not(two):
    twin = plain(two)
    good, whole = scored(two, twin, told(two, twin))
    for name in two.qubits:
        assert good[name, "x180"].error < 5e-4
        assert good[name, "x90"].error < 3e-4
    bad, _ = scored(two, twin, told(two, twin, **{"q0.x180.amplitude": 0.5}))
    assert bad["q0", "x180"].error > 0.02
    assert bad["q1", "x180"].error == pytest.approx(good["q1", "x180"].error, rel=0.2)
    assert all(r.best > 0.98 and r.best - r.fidelity < 0.02 for r in whole.readouts)


def test_a_pair_has_a_best_strength_and_its_limit_is_heat_and_coherence(two):
    twin = plain(two)
    errors = {}
    for amplitude in (0.35, 0.47, 0.6):
        gates, _ = scored(two, twin, told(two, twin, **{"q0-q1.ms.amplitude": amplitude}))
        errors[amplitude] = gates["q0-q1", "rxx"]
    assert min(one.error for one in errors.values()) < 0.1
    assert max(one.error for one in errors.values()) > 0.1
    cold = replace(twin, trap=replace(twin.trap, heating=0.0))
    still, _ = scored(two, cold, told(two, cold, **{"q0-q1.ms.amplitude": 0.47}))
    assert still["q0-q1", "rxx"].limit < errors[0.47].limit
