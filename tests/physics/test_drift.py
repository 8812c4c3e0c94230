"""The simulated world plays what drifts, and plays the same as ever when nothing does."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.physics.chip import TWO_PI, Chip
from qctl.physics.drift import Weather, felt
from qctl.physics.twin import Defect, Drift, FrequencyWander, Leap, MixerWander, Wander
from qctl.physics.world import World

MOVING = Drift(
    frequencies={"q0": (FrequencyWander(sigma=5e3, tau=100.0), FrequencyWander(sigma=2e4, tau=1e4))},
    lifetimes={"q1": Wander(sigma=0.2, tau=1e4)},
    leaps={"q2": Leap(every=1e3, size=2e4)},
    gains={"q3.drive": 1e-3, "feedline": -2e-3},
    mixers={"q4.drive": MixerWander(gain=1e-3, phase=1e-3, offset=1e-4, tau=1e4)},
    fluxes={"q0-q1.flux": Wander(sigma=1e-4, tau=1e4)},
    thermals={"q3": Wander(sigma=0.3, tau=1e4)},
)


def flipped(bench, qubit):
    score = bench.score(3.0e-6)
    truth = bench.truth.qubits[qubit]
    score.pulse(qubit, truth.frequency, 0.3e-6, 24e-9, 0.14)
    score.readout(qubit, bench.resonance(qubit), 1.0e-6, 1e-6, 0.06)
    return bench.stage([score], 1.1e-6, 1600)


def test_a_drift_of_nothing_changes_no_bit(bench5):
    stage = flipped(bench5, "q0")
    still = World(bench5.lab, bench5.truth, 3).run(stage, 20)
    moving = World(bench5.lab, replace(bench5.truth, drift=Drift()), 3).run(stage, 20)
    for port in still:
        assert np.array_equal(still[port], moving[port])


def test_without_drift_the_chip_is_the_one_of_the_twin(bench5):
    world = World(bench5.lab, bench5.truth, 3)
    assert world.weather.at(1e5, {}) is world.chip


def test_weather_depends_on_seed_and_time_and_not_on_what_was_played(bench5):
    moving = replace(bench5.truth, drift=MOVING)
    world = World(bench5.lab, moving, 3)
    stage = flipped(bench5, "q0")
    for cycles in (5, 1, 9):
        world.run(stage, cycles)
    world.wait(1234.5)
    assert world.clock == pytest.approx(1234.5 + 15 * stage.period)
    fresh = Weather(Chip(bench5.lab, moving), 3)
    assert world.weather.at(world.clock, {}).twin == fresh.at(world.clock, {}).twin
    assert world.weather.at(world.clock, {}).twin != Weather(Chip(bench5.lab, moving), 4).at(world.clock, {}).twin


def test_everything_that_is_named_moves_and_nothing_else(bench5):
    chip = Weather(Chip(bench5.lab, replace(bench5.truth, drift=MOVING)), 1).at(36_000.0, {})
    now, truth = chip.twin, bench5.truth
    assert now.qubits["q0"].moved != 0
    assert now.qubits["q1"].t1 != truth.qubits["q1"].t1
    assert now.qubits["q2"].moved != 0
    assert now.qubits["q3"].thermal != truth.qubits["q3"].thermal
    assert now.qubits["q4"] == truth.qubits["q4"]
    assert now.drives["q3.drive"].rabi_frequency == pytest.approx(truth.drives["q3.drive"].rabi_frequency * 1.01)
    assert now.feedlines["feedline"].attenuation == pytest.approx(
        truth.feedlines["feedline"].attenuation - 20 * np.log10(0.98)
    )
    assert now.drives["q4.drive"].gain != truth.drives["q4.drive"].gain
    assert now.drives["q0.drive"] == truth.drives["q0.drive"]
    assert now.fluxes["q0-q1.flux"].offset != truth.fluxes["q0-q1.flux"].offset
    rest = np.array(0.0)
    shift = chip.energies(0, rest) - Chip(bench5.lab, truth).energies(0, rest)
    np.testing.assert_allclose(shift, TWO_PI * now.qubits["q0"].moved * np.arange(3), rtol=1e-6)


def test_a_defect_far_away_acts_as_perturbation_theory_says():
    defect = Defect(distance=4e6, coupling=0.1e6, linewidth=1e6)
    shift, rate = felt(defect, 0.0)
    assert shift == pytest.approx(-(0.1e6**2) * 4e6 / (4e6**2 + 0.25e12), rel=0.01)
    assert rate == pytest.approx(TWO_PI * 1e6 * 0.1e6**2 / (4e6**2 + 0.25e12), rel=0.01)
    assert felt(defect, 100e6)[1] < 0.01 * rate


def test_a_defect_in_resonance_shares_its_loss():
    """Coupled more strongly than it decays, half the excitation is the defect's."""
    _, rate = felt(Defect(distance=0.0, coupling=2e6, linewidth=0.5e6), 1.0)
    assert rate == pytest.approx(TWO_PI * 0.5e6 / 2, rel=0.01)


def test_a_defect_shortens_t1_at_the_sweet_spot_and_not_beside_it(bench5):
    truth = replace(bench5.truth, defects={"q2": (Defect(distance=0.3e6, coupling=0.25e6, linewidth=4e6),)})
    weather = Weather(Chip(bench5.lab, truth), 1)
    sweet, beside = (weather.at(0.0, {"bias_q2": current}) for current in (0.1146e-3, 0.55e-3))
    assert sweet.transmon(2).t1 < 3e-6
    assert beside.transmon(2).t1 > 0.8 * truth.qubits["q2"].t1
    assert sweet.transmon(1).t1 == truth.qubits["q1"].t1


def test_excitation_is_lost_to_a_defect_as_fast_as_it_says(bench5):
    """Read out 8 us after a pi pulse: the mean signal lies between that of 0 and that without a defect."""
    bad = replace(bench5.truth, defects={"q2": (Defect(distance=0.0, coupling=0.25e6, linewidth=4e6),)})
    stages = []
    for amplitude in (0.0, 0.141 * 1.045):
        score = bench5.score(10.5e-6)
        score.pulse("q2", bench5.truth.qubits["q2"].frequency, 0.3e-6, 24e-9, amplitude)
        score.readout("q2", bench5.resonance("q2"), 8.3e-6, 1e-6, 0.06)
        stages.append(bench5.stage([score], 8.4e-6, 1800, {"bias_q2": 0.1146e-3}))

    def signal(truth, stage):
        volts = World(bench5.lab, truth, 5).run(stage, 400)
        return bench5.points(volts, stage, "q2", 8.5e-6, 1200).mean()

    rest = signal(bench5.truth, stages[0])
    healthy, ill = (abs(signal(truth, stages[1]) - rest) for truth in (bench5.truth, bad))
    assert ill < 0.15 * healthy
