"""The chain answers waveforms, switches and carriers; what goes wrong is seen in its photons."""

from dataclasses import replace

import numpy as np
import pytest
from ion_chain import (
    COLD,
    DETECTION,
    GATES,
    MODE,
    RF,
    Tone,
    bits,
    cold_tones,
    laboratory,
    playing,
    stage,
    truth,
)
from scipy.special import jv

from qctl.core.port import Port
from qctl.physics.ions.twin import Crosstalk, Fault, Ion, IonDrift, Light, Mishap, Wandering
from qctl.physics.ions.world import IonWorld
from qctl.physics.stage import Counting, Switching

VOLT = 0.05  # 50 kHz on the carrier


def world(n_ions, **changed):
    return IonWorld(laboratory(n_ions), truth(n_ions, **changed), 1)


def modes_of(one):
    return one.weather.at(0.0, {"dc.1": 0.5}).mode_frequencies / (2 * np.pi)


def played(one, points, n_cycles=400, **how):
    """Return how often each ion was bright, shape (n_points, n_ions); every point begins with all modes cold."""
    n = len(one.laboratory.qubits)
    cold = cold_tones(n, modes_of(one))
    return bits(one, stage([playing(cold + tones, n) for tones in points], n, **how), n_cycles).mean(axis=0)


def test_a_beam_that_drifts_shifts_ions_as_the_square_of_what_it_drives():
    drift = IonDrift(beams={"beam0": Wandering(sigma=0.05, tau=100.0)})
    beams = {name: replace(beam, light_shift=30.0) for name, beam in truth(1).beams.items()}
    one = world(1, drift=drift, beams=beams)
    rates, shifts = zip(*(one.weather.at(t, {"dc.1": 0.5}).reach(["beam0"]) for t in (0.0, 500.0, 900.0)), strict=True)
    powers = [abs(rate.item()) ** 2 for rate in rates]
    assert max(powers) > 1.01 * min(powers)
    np.testing.assert_allclose(
        [shift.item() / power for shift, power in zip(shifts, powers, strict=True)], shifts[0].item() / powers[0]
    )


def test_a_carrier_flops_at_the_rate_of_its_area():
    seen = played(world(2), [[Tone(0, GATES, t, VOLT)] for t in (7e-6, 12e-6, 22e-6)])
    assert seen[:, 0] == pytest.approx(np.sin(np.pi * 50e3 * np.array([5e-6, 10e-6, 20e-6])) ** 2, abs=0.09)
    assert (seen[:, 1] < 0.02).all()


def test_a_detuned_carrier_follows_rabis_formula():
    off = 40e3
    seen = played(world(1), [[Tone(0, GATES, 12e-6, VOLT, RF + off, edge=0.5e-6)]], 3000)
    whole = np.hypot(50e3, off)
    assert seen[0, 0] == pytest.approx((50e3 / whole) ** 2 * np.sin(np.pi * whole * 11.5e-6) ** 2, abs=0.03)


def test_two_halves_add_up_by_their_phases():
    halves = [
        [Tone(0, GATES, 7e-6, VOLT), Tone(0, GATES + 20e-6, 7e-6, VOLT, phase=p)] for p in (0.0, np.pi / 2, np.pi)
    ]
    seen = played(world(1), halves, 500)
    assert seen[:, 0] == pytest.approx([1, 0.5, 0], abs=0.07)


@pytest.mark.parametrize("heating", [0.0, 2e3])
def test_sidebands_of_a_cold_ion_tell_its_quanta(heating):
    one = world(1, trap=replace(truth(1).trap, heating=heating))
    late = GATES + 50e-6
    tones = [[Tone(0, late, 100e-6, VOLT, RF + s * MODE)] for s in (-1, 1)]
    red, blue = played(one, tones, 1500)[:, 0]
    cooling = (2 * np.pi * 5e3) ** 2 / 2e5  # of quanta, 1/s
    expected = 0.02 + heating / cooling + heating * (late + 50e-6 - COLD[0] - 1.405e-3)
    assert red / blue / (1 - red / blue) == pytest.approx(expected, abs=0.03 + 0.22 * expected)  # rates to first order


def test_a_closed_loop_entangles_two_ions_of_three():
    one, beat = world(3), 10e3
    eta = one.weather.at(0.0, {"dc.1": 0.5}).eta[0, 0]
    volts = 1.012 * beat / 2 / eta / 1e6
    tones = [Tone(b, GATES, 104e-6, volts, RF + s * (MODE + beat), edge=4e-6) for b in (0, 2) for s in (-1, 1)]
    n = 3
    points = [tones, [*tones, *(replace(t, start=GATES + 110e-6) for t in tones)]]
    found = bits(one, stage([playing(cold_tones(n, modes_of(one)) + p, n) for p in points], n), 400)
    assert (found[:, 0, 0] == found[:, 0, 2]).mean() > 0.97
    assert found[:, 0, 0].mean() == pytest.approx(0.5, abs=0.1)
    assert found[:, 1, [0, 2]].mean() > 0.9  # twice a quarter is a half: both flip
    assert found[:, :, 1].mean() < 0.02


def test_neighbours_feel_a_share_of_the_light():
    one = world(2, crosstalk=(Crosstalk(beam="beam0", ion="q1", magnitude=0.1),))
    seen = played(one, [[Tone(0, GATES, 102e-6, VOLT)]])
    assert seen[0, 1] == pytest.approx(np.sin(np.pi * 5e3 * 100e-6) ** 2, abs=0.03)


def test_micromotion_takes_light_from_the_carrier_to_its_own_sideband():
    trap = replace(truth(1).trap, radio_frequency=5e6)
    long = 22e-6 / jv(0, 1.0)
    tones = [[Tone(0, GATES, 7e-6, VOLT)], [Tone(0, GATES, long, VOLT, RF - 5e6)]]
    found = [played(world(1, trap=trap), tones, biases={"dc.1": bias})[:, 0] for bias in (0.5, 1.5)]
    assert found[0] == pytest.approx([0.5, 0.0], abs=0.1)
    turn = np.pi * 50e3 * 5e-6 * jv(0, 1.0)
    assert found[1][0] == pytest.approx(np.sin(turn) ** 2, abs=0.1)
    assert found[1][1] == pytest.approx(np.sin(np.pi * 50e3 * (long - 2e-6) * jv(1, 1.0)) ** 2, abs=0.1)


def test_photons_are_poissonian_and_leaks_make_tails():
    light = Light(kind=truth(1).lights["detection"].kind, leak_bright=500.0)
    for leaks in (False, True):
        one = world(1, **({"lights": {**truth(1).lights, "detection": light}} if leaks else {}))
        found = one.run(stage([playing([*cold_tones(1, modes_of(one)), Tone(0, GATES, 12e-6, VOLT)], 1)], 1), 4000)
        photons = found[Port("counter", 1)][:, 0, 0]
        assert (photons < 8).mean() > 0.03 if leaks else (photons < 8).mean() < 0.01
        if not leaks:
            assert photons.mean() == pytest.approx(50e3 * 0.4e-3, rel=0.03)


def test_phases_decay_with_t2_and_wander_with_the_field():
    wait = 200e-6
    noisy = {"q0": Ion(frequency=RF, bright=50e3, dark=500.0, t2=0.4e-3)}
    halves = [Tone(0, GATES, 7e-6, VOLT), Tone(0, GATES + wait, 7e-6, VOLT)]
    seen = played(world(1, ions=noisy), [halves], 2000)[0, 0]
    assert 2 * seen - 1 == pytest.approx(np.exp(-wait / 0.4e-3), abs=0.05)


def test_a_shot_may_come_in_pieces():
    one = world(1)
    whole = stage([playing([*cold_tones(1, modes_of(one)), Tone(0, GATES, 12e-6, VOLT)], 1)], 1)
    unseen = {port: one for port, one in whole.points[0].items() if port != Port("ttl", 3)}
    first = replace(whole, acquisitions={}, points=(unseen,))
    look = Counting((Port("counter", 1),), np.array([[0.0, 0.4e-3]]))
    second = replace(
        whole, points=({Port("ttl", 3): Switching(np.array([0.0, 0.4e-3]))},), acquisitions={"counter": look}
    )
    for _ in range(20):
        one.play(first, 1, None)
        assert one.run(second, 1)[Port("counter", 1)][0, 0, 0] > 5


def faulty(kind, target=""):
    one = world(3, faults=(Fault(kind=kind, target=target, at=1.0),))
    tones = [Tone(b, GATES, 12e-6, VOLT) for b in range(3)]
    before = played(one, [tones], 100)
    one.wait(1.0)
    return before[0], played(one, [tones], 100)[0]


def test_what_goes_wrong_is_seen():
    before, after = faulty(Mishap.DARK, "q1")
    assert (before > 0.95).all()
    assert after[[0, 2]].min() > 0.95
    assert after[1] < 0.05
    assert faulty(Mishap.LOST, "q0")[1].max() < 0.3  # the others moved
    assert faulty(Mishap.TRAP_OFF)[1].max() < 0.05
    assert faulty(Mishap.STUCK_SHUT, "detection")[1].max() < 0.05
    assert faulty(Mishap.STUCK_OPEN, "pumping")[1].max() < 0.05


def test_a_collision_spoils_one_shot_only():
    one = world(1, faults=(Fault(kind=Mishap.HOT, at=0.0, until=1e-9),))
    tones = [Tone(0, GATES, 12e-6, VOLT)]
    point = stage([playing(cold_tones(1, modes_of(one)) + tones, 1)], 1)
    assert bits(one, point, 60).mean() > 0.9


def test_the_same_seed_gives_the_same_photons():
    tones = [[Tone(0, GATES, 7e-6, VOLT)]]
    one, two = (world(2) for _ in range(2))
    assert (played(one, tones, 50) == played(two, tones, 50)).all()
    assert DETECTION[0] > GATES
