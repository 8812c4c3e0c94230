"""Each experiment finds what is true of a simulated array, straight from the frames."""

from dataclasses import replace

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.experiments.atoms.deflectors import Holding, HoldingFine, Pointing
from qctl.experiments.atoms.gate import GateShape, bowl, echoed
from qctl.experiments.atoms.phase import GatePhase
from qctl.experiments.atoms.presence import Presence, two_peaks
from qctl.experiments.atoms.raman import FineFlop, Flop, Fringes, Pumping
from qctl.experiments.atoms.rydberg import Resonance, RydbergRabi
from qctl.experiments.atoms.sites import Sites, Zone
from qctl.experiments.atoms.states import States
from qctl.experiments.atoms.warmth import Recapture, recaptured
from qctl.experiments.rows import cz, program
from qctl.judge.atoms import AtomJudge
from qctl.run.known import known_parameters

ARRAY = ("array",)


@pytest.fixture(scope="module")
def direct():
    return Direct("atoms16", seed=5)


@pytest.fixture(scope="module")
def truth(direct):
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    level = 112.0
    thresholds = {f"{q}.readout.{name}": level for q in direct.laboratory.qubits for name in ("present", "counts")}
    return known.replaced(thresholds | {"array.gate.slope": 0.01})


def ask(direct, known, experiment):
    outcomes = Workbench(direct, known).ask(experiment)
    assert not [one.reason for one in outcomes if one.reason]
    return {name: estimate for one in outcomes for name, estimate in one.found.items()}


def agree(found, truth, names, sigmas=5.0):
    for name in names:
        assert abs(found[name].value - truth[name]) < sigmas * found[name].error, name


def test_sites_and_the_zone_are_found_on_the_camera(direct, truth):
    qubits = direct.laboratory.qubit_names
    found = ask(direct, direct.parameters, Sites(direct.laboratory, qubits))
    agree(found, truth, found)
    assert max(one.error for one in found.values()) < 0.05
    zone = ask(direct, direct.parameters.replaced(found), Zone(direct.laboratory, ARRAY))
    agree(zone, truth, zone)


def test_presence_is_told_by_a_threshold_between_two_peaks(direct, truth):
    found = ask(direct, truth, Presence(direct.laboratory, ("q3", "q12")))
    camera, seconds = direct.truth.camera, 12e-3
    dark = camera.offset + camera.gain * camera.efficiency * camera.background * seconds
    assert dark + 3 < found["q3.readout.present"].value < dark + 20
    assert found["q3.site.loaded"].value == pytest.approx(direct.truth.tweezers.loading * 0.93, abs=0.1)


def test_two_peaks_give_the_threshold_of_fewest_errors():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(100, 2, 4000), rng.normal(112, 4, 6000)])
    peaks = two_peaks(values)
    x = np.linspace(98, 114, 400)
    wrong = [((values[:4000] > t).sum() + (values[4000:] <= t).sum()) / 10_000 for t in x]
    at = ((values[:4000] > peaks.threshold).sum() + (values[4000:] <= peaks.threshold).sum()) / 10_000
    assert at <= min(wrong) + 0.003
    assert (peaks.dark, peaks.bright, peaks.share) == pytest.approx((100, 112, 0.6), rel=0.02)


@pytest.mark.parametrize(("kind", "line"), [(HoldingFine, "tweezers"), (Pointing, "pointer")])
def test_maps_of_deflectors_bring_beams_to_sites(direct, truth, kind, line):
    known = truth.replaced({f"array.{line}_x.map_1": truth[f"array.{line}_x.map_1"] + 4e4})
    found = known.replaced(ask(direct, known, kind(direct.laboratory, ARRAY, shots=25)))
    for qubit in ("q0", "q15"):
        place = 1, known[f"{qubit}.site.column"], known[f"{qubit}.site.row"]
        for axis in ("x", "y"):
            maps = [[p[f"array.{line}_{axis}.map_{n}"] for n in (1, 2, 3)] for p in (found, truth)]
            assert abs(np.dot(place, np.subtract(*maps))) < 3e4  # Hz: 0.3 um


def test_holding_begins_with_a_wide_square(direct):
    guess, later = Holding(direct.laboratory, ARRAY), direct.parameters
    assert guess.reach(later)[0] == pytest.approx(2.2 * later["array.tweezers_x.map_2"])


def test_local_pulses_are_found_and_then_found_better(direct, truth):
    qubits = ("q2", "q9")
    rough = ask(direct, truth, Flop(direct.laboratory, qubits, shots=60))
    assert rough["q2.x180.amplitude"].value == pytest.approx(truth["q2.x180.amplitude"], rel=0.1)
    fine = ask(direct, truth, FineFlop(direct.laboratory, qubits, shots=150))
    assert fine["q2.x90.amplitude"].value == pytest.approx(truth["q2.x90.amplitude"], rel=0.02)


def test_fringes_find_frequencies_off_either_way(direct, truth):
    qubits = ("q1", "q10")
    for off in (-150.0, 200.0):
        known = truth.replaced({f"{q}.frequency": truth[f"{q}.frequency"] + off for q in qubits})
        found = ask(direct, known, Fringes(direct.laboratory, qubits, shots=60))
        agree(found, truth, [f"{q}.frequency" for q in qubits])


def test_states_pumping_and_temperature(direct, truth):
    states = ask(direct, truth, States(direct.laboratory, ("q5",), shots=300))
    assert states["q5.readout.p01"].value < 0.02
    assert states["q5.readout.p10"].value < 0.04
    pumped = ask(direct, truth, Pumping(direct.laboratory, ARRAY))
    assert pumped["array.pumping.tau"].value == pytest.approx(direct.truth.qubits.pumping_time, rel=0.3)
    warm = ask(direct, truth, Recapture(direct.laboratory, ("q5", "q6")))
    assert warm["q5.site.temperature"].value == pytest.approx(direct.truth.tweezers.temperature, rel=0.35)


def test_fewer_atoms_are_recaptured_later_and_hotter():
    times = np.linspace(2e-6, 60e-6, 8)
    cold, hot = recaptured(times, 8e-6), recaptured(times, 60e-6)
    assert (np.diff(cold) < 1e-9).all()
    assert (hot <= cold).all()


def test_the_rydberg_resonance_and_rabi_frequency_are_found(direct, truth):
    known = truth.replaced({"array.rydberg.resonance": truth["array.rydberg.resonance"] + 1.2e6})
    found = ask(direct, known, Resonance(direct.laboratory, ARRAY, shots=50))
    # pulled towards the middle of the modulator by some hundred kilohertz
    assert abs(found["array.rydberg.resonance"].value - truth["array.rydberg.resonance"]) < 0.7e6
    rabi = ask(direct, truth, RydbergRabi(direct.laboratory, ARRAY, n_points=17, shots=50))
    assert rabi["array.rydberg.rabi"].value == pytest.approx(truth["array.rydberg.rabi"], rel=0.05)


def test_phases_are_taken_back_whoever_is_away_for_how_long(direct, truth):
    sites = {q: replace(one, shift=one.shift + 30.0 * (q[0] == "q")) for q, one in direct.truth.sites.items()}
    world = Direct("atoms16", seed=5, truth=replace(direct.truth, sites=sites))
    measured = known_parameters(world.laboratory)
    shape = {name: measured[name] for name in measured if ".gate." in name or ".rydberg." in name}
    known = true_parameters(world.laboratory, world.truth, truth).replaced(shape | {"array.gate.phase": 2.9})
    known = known.replaced(ask(world, known, GatePhase(world.laboratory, ARRAY, shots=400)))
    judge = AtomJudge(world.laboratory, world.truth)
    for a, b in ((0, 1), (15, 12)):
        sequence = world.compile(program(world.laboratory, [[cz(a, b)]], [a, b], 1), parameters=known)
        events = judge.events(world.played(sequence)[0], sequence.length + 1e-3)
        off = [judge.cz_error(events, known["array.gate.phase"] + x, known["array.away"])[0] for x in (-0.1, 0.0, 0.1)]
        best = 0.05 * (off[0] - off[2]) / (off[0] - 2 * off[1] + off[2])  # of a parabola through the three
        assert abs(best) < 0.03  # also what the shape of the gate leaves


def test_the_echoed_row_needs_no_phase_of_single_atoms():
    assert len(echoed(0, 1, 2)) == 4 + 4 * 7


def test_the_middle_of_a_bowl_that_saturates_is_found(direct):
    points = GateShape(direct.laboratory, ARRAY).design()
    true = 0.1 + 0.9 * (1 - np.exp(-0.2 * ((points - [0.2, -0.1, 0.3]) ** 2).sum(axis=1)))
    fit = bowl(points, true, np.full(len(points), 0.01))
    assert [fit.value(f"x{k}") for k in range(3)] == pytest.approx([0.2, -0.1, 0.3], abs=0.05)


def test_sites_in_one_row_do_not_tell_where_the_zone_is(direct):
    laboratory, known = direct.laboratory, direct.parameters
    rows = {name: 40.0 for name in laboratory.first_guess if name.endswith("site.row")}
    flat = replace(laboratory, first_guess={**laboratory.first_guess, **rows})
    (outcome,) = Workbench(direct, known).ask(Zone(flat, ARRAY, 50))
    assert "bright sites lie in one row" in outcome.reason
    assert not outcome.found
