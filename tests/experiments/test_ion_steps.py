"""Steps on two drawn ions: each finds what is true of them, and says what is wrong when light is."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from direct_ions import DirectIons

from qctl.calibrate.workbench import Workbench
from qctl.compile import default_parameters
from qctl.config import read_laboratory
from qctl.conformance import check
from qctl.core.parameters import Estimate
from qctl.experiments.ions import (
    balance,
    cooling,
    crosstalk,
    errors,
    light_checks,
    light_shift,
    lights,
    micromotion,
    modes,
    pointing,
    presence,
    radial,
    ramsey_slots,
    readout,
    thermometry,
)
from qctl.experiments.ions.ms_each import MsFine, MsFrames, MsTrim
from qctl.experiments.ions.ms_phases import MsPhases
from qctl.experiments.ions.ms_shared import MsAmplitude, MsCentre, MsClosure, MsDetuning
from qctl.judge import draw_truth
from qctl.physics.ions.chain import Chain
from qctl.physics.ions.twin import Fault, Mishap

CONFIG = Path(__file__).parents[2] / "configs" / "ion8.yaml"


def two_ions(text):
    """Return the file of eight ions without the last six."""
    text = re.sub(r"(?m)^(parameters|  (counter|beam|seen|q)[2-7]): .*\n", "", text)
    text = re.sub(r"(?m)^  q[0-7]-q[2-7]: .*\n", "", text)
    return re.sub(r"(, counter[2-7])+", "", text)


def told(laboratory, twin):
    """Return what a person could know of one ion at a time, told the truth."""
    chain, known = Chain(laboratory, twin, {}), default_parameters(laboratory)
    found = {f"trap.mode_{k + 1}": Estimate(float(nu / 2 / np.pi), 50.0, "Hz") for k, nu in
             enumerate(chain.mode_frequencies)}  # fmt: skip
    for name, ion in twin.ions.items():
        found[f"{name}.frequency"] = Estimate(ion.frequency, 5.0, "Hz")
        found[f"{name}.readout.counts"] = Estimate(3.0, 0.5)
        beam = twin.beams[laboratory.qubits[name].drive]
        volts = 1 / beam.rabi_frequency / known[f"{name}.x180.duration"] / chain.carrier_left
        bent = np.exp(-4 * np.log(2) * ((ion.frequency - beam.centre) / beam.bandwidth) ** 2)
        height = volts / 0.5 / float(np.sinc(ion.frequency / 62.5e6)) / bent
        found[f"{name}.x180.amplitude"] = Estimate(height, 1e-3)
        found[f"{name}.x90.amplitude"] = Estimate(height / 2, 5e-4)
    return known.replaced(found)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Return a workbench with two ions that are told apart, and their truth."""
    file = tmp_path_factory.mktemp("ions") / "ion2.yaml"
    file.write_text(two_ions(CONFIG.read_text(encoding="utf-8")), encoding="utf-8")
    laboratory = read_laboratory(file)
    twin = draw_truth(laboratory, 4)
    bench = Workbench(DirectIons(laboratory, twin, 5), told(laboratory, twin))
    bench.believe(bench.ask(readout.IonReadout(laboratory, ("q0", "q1"))))
    return SimpleNamespace(bench=bench, twin=twin, laboratory=laboratory)


def asked(chain, kind, *targets, **options):
    """Return outcomes of one experiment; each must have found something."""
    outcomes = chain.bench.ask(kind(chain.laboratory, targets, **options))
    assert [outcome.reason for outcome in outcomes] == [""] * len(targets)
    return outcomes


def value(outcome, name):
    found = outcome.found[f"{outcome.target}.{name}"]
    assert 0 < found.error < np.inf
    return found


def shifts_by_light(chain):
    """Return by how much both tones of a gate shift each of its ions, Hz."""
    rabi, beams = chain.bench.known["q0-q1.ms.amplitude"] / 16e-6, chain.twin.beams
    return [2 * beam.light_shift * (rabi / beam.rabi_frequency) ** 2 for beam in beams.values()]


@pytest.fixture(scope="module")
def pair(chain):
    """Return the same with a pair whose gates have centre lines and frames."""
    for kind in (MsAmplitude, MsDetuning, MsCentre, MsClosure, MsFrames, MsTrim):
        chain.bench.believe(asked(chain, kind, "q0-q1"))
    chain.bench.believe(asked(chain, MsPhases, "q0-q1", numbers=(2,)))
    return chain


def test_a_pair_is_brought_up_step_by_step_until_programs_do_what_its_measured_errors_predict(pair):
    chain = pair
    for kind in (MsFine, errors.MsErrors):
        chain.bench.believe(asked(chain, kind, "q0-q1"))
    first, second = shifts_by_light(chain)
    for name, truth in (("ms.centre", (first + second) / 2), ("ms.split", first - second)):
        found = chain.bench.known.estimates[f"q0-q1.{name}"]
        assert abs(found.value - truth) < 4 * found.error < 150, name
    assert chain.bench.known["q0-q1.ms.error"] < 0.02
    chain.bench.lab.parameters = chain.bench.known
    found = check(chain.bench.lab, shots=400)
    assert [row.name for row in found.rows] == ["bell", "grover2", "superdense"]
    assert found.reasons == {}


def test_rows_of_gates_find_wrong_centres_and_frames_of_both_ions(pair):
    right, lab = pair.bench.known, pair.bench.lab
    wrong = {"ms.centre": 60.0, "ms.split": -80.0, "ms.shift_a": 0.1, "ms.shift_b": -0.06}
    known = right.replaced({f"q0-q1.{name}": right[f"q0-q1.{name}"] + off for name, off in wrong.items()})
    (outcome,) = Workbench(lab, known).ask(MsPhases(pair.laboratory, ("q0-q1",), numbers=(2,)))
    for name, off in wrong.items():
        found, before = value(outcome, name), right.estimates[f"q0-q1.{name}"]
        assert abs(found.value - before.value) < 4 * np.hypot(found.error, before.error) < 2.5 * abs(off), name


def test_the_centre_of_mass_mode_is_found(chain):
    (outcome,) = asked(chain, modes.IonMode, "trap")
    found = outcome.found["trap.mode_1"]
    assert found.value == pytest.approx(chain.twin.trap.frequency, abs=400)


def test_tones_of_both_sidebands_are_balanced_at_the_ion(chain):
    for outcome in asked(chain, balance.IonBalance, "q0", "q1"):
        beam = chain.twin.beams[chain.laboratory.qubits[outcome.target].drive]
        tones = chain.bench.known[f"{outcome.target}.frequency"] + chain.twin.trap.frequency * np.array([-1, 1])
        light = np.sinc(tones / 62.5e6) * np.exp(-4 * np.log(2) * ((tones - beam.centre) / beam.bandwidth) ** 2)
        found = value(outcome, "balance")
        assert found.error < 0.01
        assert abs(found.value - light[0] / light[1]) < 3 * found.error


def test_heating_is_measured_in_quanta_per_second(chain):
    (outcome,) = asked(chain, thermometry.IonHeating, "trap")
    found = value(outcome, "heating")
    assert abs(found.value - chain.twin.trap.heating) < 4 * found.error


def test_sideband_cooling_is_strong_enough_to_leave_hardly_a_quantum(chain):
    (outcome,) = asked(chain, thermometry.IonCooling, "cooling")
    assert value(outcome, "sideband_amplitude").value in thermometry.IonCooling(chain.laboratory, ()).amplitudes
    assert float(outcome.notes[0].split()[0]) < 0.3


def test_micromotion_is_least_where_stray_fields_are_compensated(chain):
    for _ in range(3):
        (outcome,) = asked(chain, micromotion.IonMicromotion, "ex")
        found = outcome.found["ex.voltage"]
        assert found.error < 0.06
        assert abs(found.value - chain.twin.electrodes["ex"].compensation) < 4 * found.error


def test_the_shift_by_light_grows_with_its_power(chain):
    outcomes = asked(chain, light_shift.IonLightShift, "q0")
    for outcome in outcomes:
        beam = chain.twin.beams[chain.laboratory.qubits[outcome.target].drive]
        field = 1 / (beam.rabi_frequency * 16e-6)
        found = value(outcome, "light_shift")
        assert abs(found.value - beam.light_shift * field**2) < 3 * found.error


def test_what_a_neighbour_feels_of_a_beam_is_found(chain):
    (outcome,) = asked(chain, crosstalk.IonCrosstalk, "q0")
    true = next(c for c in chain.twin.crosstalk if c.beam == "beam0" and c.ion == "q1")
    assert value(outcome, "crosstalk.q1").value == pytest.approx(true.magnitude, rel=0.15, abs=8e-4)


def test_pumping_light_is_found_in_resonance(chain):
    (outcome,) = asked(chain, lights.IonPumping, "pumping")
    assert value(outcome, "tone.frequency").value == pytest.approx(chain.twin.lights["pumping"].resonance, abs=2e6)


def test_a_time_of_detection_is_chosen_that_tells_both_states_apart(chain):
    (outcome,) = asked(chain, lights.IonDetectionTime, "detection")
    assert 100e-6 <= value(outcome, "duration").value <= 300e-6


def test_pumping_light_that_is_off_is_named_by_the_readout_step(chain):
    known = chain.bench.known
    chain.bench.known = known.replaced({"pumping.tone.amplitude": 0.0, "cooling.sideband_duration": 0.0})
    try:
        outcomes = chain.bench.ask(readout.IonReadout(chain.laboratory, ("q0", "q1"), shots=200))
    finally:
        chain.bench.known = known
    assert all("pumping light is blocked" in outcome.reason for outcome in outcomes)


def test_hot_ions_are_named_by_the_readout_step(chain):
    known = chain.bench.known
    hot = {"cooling.tone.frequency": known["cooling.tone.frequency"] - 60e6, "cooling.sideband_duration": 0.0}
    chain.bench.known = known.replaced({**hot, **{f"q{k}.readout.present": -1.0 for k in (0, 1)}})
    try:
        outcomes = chain.bench.ask(readout.IonReadout(chain.laboratory, ("q0", "q1"), shots=50))
    finally:
        chain.bench.known = known
    assert all("hot" in outcome.reason for outcome in outcomes)


def test_how_few_photons_say_that_an_ion_is_gone_is_found(chain):
    for outcome in asked(chain, presence.IonPresence, "q0", "q1"):
        ion = chain.twin.ions[outcome.target]
        empty = ion.dark * chain.bench.known["cooling.duration"]
        assert 3 * empty < value(outcome, "readout.present").value < 30 * empty
        assert value(outcome, "readout.stray").value < 200


def test_an_ion_that_is_dark_is_named_and_the_others_are_counted(chain):
    gone = replace(chain.twin, faults=(Fault(kind=Mishap.DARK, target="q1"),))
    bench = Workbench(DirectIons(chain.laboratory, gone, 5), chain.bench.known)
    first, second = bench.ask(presence.IonPresence(chain.laboratory, ("q0", "q1")))
    assert first.reason == ""
    assert "dark, hot or lost; 1 of 2 ions are seen" in second.reason


def test_cooling_light_is_set_half_a_line_red_of_its_resonance(chain):
    (outcome,) = asked(chain, cooling.IonCoolingLight, "cooling", shots=12)
    light, found = chain.twin.lights["cooling"], value(outcome, "tone.frequency")
    best = light.resonance - light_checks.LINEWIDTH * np.sqrt(1 + light.saturation) / 2
    assert found.value == pytest.approx(best, abs=max(4 * found.error, 0.3e6))
    assert value(outcome, "saturation").value == pytest.approx(light.saturation, rel=0.25)


def test_frequencies_are_found_to_a_hertz_by_those_who_wait_longest(chain):
    known = chain.bench.known
    chain.bench.known = known.replaced({f"q{k}.frequency": chain.twin.ions[f"q{k}"].frequency + 12.0 for k in (0, 1)})
    try:
        outcomes = asked(chain, ramsey_slots.IonRamseySlots, "q0", "q1", shots=150)
    finally:
        chain.bench.known = known
    for outcome in outcomes:
        found = value(outcome, "frequency")
        assert found.error < 2.0
        assert found.value == pytest.approx(chain.twin.ions[outcome.target].frequency, abs=4 * found.error)


def test_frequencies_across_the_axis_are_found_by_a_tickle_and_three_points_each_tell_whether_they_are_right(chain):
    (outcome,) = asked(chain, radial.IonRadialModes, "trap")
    for number in (1, 2):
        found = value(outcome, f"radial_{number}")
        assert abs(found.value - getattr(chain.twin.tickle, f"radial_{number}")) < 3 * found.error < 1.5e3
    check = radial.RadialCheck(chain.laboratory, ("trap",))
    guessed, right = chain.bench.compare(check, ({}, outcome.found))
    assert right["trap"][0] < 0.2 < 0.35 < guessed["trap"][0]


def test_a_tickle_that_does_not_reach_the_ions_is_no_dip(chain):
    (outcome,) = chain.bench.ask(radial.IonRadialModes(chain.laboratory, ("trap",), amplitude=0.0))
    assert "no dip is seen" in outcome.reason
    assert not outcome.found


def test_the_cooling_light_says_where_stray_fields_along_it_are_compensated(chain):
    (outcome,) = asked(chain, micromotion.IonMicromotionLight, "ey")
    found = value(outcome, "voltage")
    assert found.error < 0.1
    assert abs(found.value - chain.twin.electrodes["ey"].compensation) < 4 * found.error


def test_the_deflector_is_pointed_at_each_ion(chain):
    for outcome in asked(chain, pointing.IonPointing, "q0", "q1"):
        found, true = value(outcome, "focus.frequency"), chain.twin.focus.places[outcome.target]
        assert found.error < 12e3
        assert abs(found.value - true) < 4 * found.error


def test_light_that_is_pointed_beside_an_ion_is_said_not_to_reach_it(chain):
    known = chain.bench.known
    chain.bench.known = known.replaced({"q1.focus.frequency": known["q1.focus.frequency"] + 3e6})
    try:
        first, second = chain.bench.ask(pointing.IonPointing(chain.laboratory, ("q0", "q1")))
    finally:
        chain.bench.known = known
    assert first.reason == ""
    assert "no light reaches q1" in second.reason


@pytest.mark.parametrize(
    ("kind", "name", "off"),
    [
        (light_checks.CoolingCheck, "cooling.tone.frequency", 4e6),
        (light_checks.AlongCheck, "ey.voltage", 0.4),
        (light_checks.AcrossCheck, "ex.voltage", 0.4),
    ],
)
def test_three_points_tell_light_and_fields_that_are_off_to_either_side(chain, kind, name, off):
    target, light = name.partition(".")[0], chain.twin.lights["cooling"]
    cools_best = light.resonance - light_checks.LINEWIDTH * np.sqrt(1 + light.saturation) / 2
    true = cools_best if target == "cooling" else chain.twin.electrodes[target].compensation
    told = [{name: Estimate(true + d), "cooling.saturation": Estimate(light.saturation)} for d in (0.0, off, -off)]
    right, *wrong = (scores[target] for scores in chain.bench.compare(kind(chain.laboratory, (target,)), tuple(told)))
    assert right[0] < 0.15 + 2 * right[1]
    assert all(one[0] > right[0] + 4 * max(one[1], right[1]) for one in wrong)


def uncooled(chain, **values):
    """Return a bench that looks for the second mode far from where it is, so that nobody cools it, and other values."""
    unknown = {"trap.mode_2": Estimate(chain.bench.known["trap.mode_2"] - 300e3, np.inf, "Hz")}
    known = chain.bench.known.replaced(values)
    return Workbench(chain.bench.lab, replace(known, estimates={**known.estimates, **unknown}))


def test_a_mode_that_nobody_has_cooled_is_found(chain):
    (outcome,) = uncooled(chain).ask(modes.IonModes(chain.laboratory, ("trap",)))
    assert value(outcome, "mode_2").value == pytest.approx(chain.twin.trap.frequency * np.sqrt(3), abs=500)


def test_modes_count_only_when_all_are_seen(chain):
    elsewhere = {"trap.mode_1": chain.bench.known["trap.mode_1"] - 20e3}
    (outcome,) = uncooled(chain, **elsewhere).ask(modes.IonModes(chain.laboratory, ("trap",)))
    assert not outcome.found
    assert "no sideband of mode 2 seen" in outcome.reason
