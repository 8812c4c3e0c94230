"""What atoms in the zone are told by is found in a simulated array, or why it cannot be."""

from dataclasses import replace

import numpy as np
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.experiments.atoms.zone_reading import ZoneReading
from qctl.physics.atoms.twin import Failure


def asked(direct, shots=120):
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    known = known.replaced({f"{q}.readout.{n}": 112.0 for q in direct.laboratory.qubits for n in ("present", "counts")})
    (outcome,) = Workbench(direct, known).ask(ZoneReading(direct.laboratory, ("array",), shots))
    return outcome


def test_thresholds_and_errors_of_the_zone_are_found_at_its_three_places():
    direct = Direct(seed=5)
    found = asked(direct).found
    camera, zone = direct.truth.camera, direct.truth.zone
    full = camera.rate * camera.efficiency * camera.gain * 3e-3 / (4 * np.pi * 1.1**2) * 1.1  # about, at the centre
    for number in (1, 3, 5):
        assert 0.1 * full < found[f"array.zone.counts_{number}"].value - camera.offset < 0.7 * full
    went_dark = 1 - np.exp(-0.3 * 3e-3 / zone.bright_time)
    p01, p10 = found["array.zone.p01"], found["array.zone.p10"]
    assert abs(p10.value - went_dark - direct.truth.qubits.pumping_error) < 4 * p10.error
    assert abs(p01.value - direct.truth.qubits.pumping_error) < 4 * p01.error


def test_without_light_in_the_zone_nothing_is_taken_for_a_threshold():
    plain = Direct(seed=5)
    dark = Direct(seed=5, truth=replace(plain.truth, failures=(Failure(line="zone_light"),)))
    outcome = asked(dark, 75)
    assert "look alike in place 1: light there is off" in outcome.reason
    assert not outcome.found
