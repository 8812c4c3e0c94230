"""Shots that are steered while they last: groups keep their own states and noise, and end as whole shots would."""

import numpy as np
import pytest

from qctl.core.sequence import Port
from qctl.physics.stage import Acquisition

PORTS = (Port("cluster", 1), Port("cluster", 2))


@pytest.fixture(scope="module")
def steered(tmp_path_factory):
    """Return a world, and what a shot with a readout of q0 from 0.6 to 1.6 us plays."""
    from pathlib import Path

    from qctl import config
    from qctl.physics.stage import Carrier, Playing
    from qctl.physics.twin import Twin
    from qctl.physics.world import World

    configs = Path(__file__).resolve().parents[2] / "configs"
    laboratory = config.read_laboratory(configs / "branch3.yaml")
    world = World(laboratory, config.read(configs / "twins" / "branch3.yaml", Twin), 3)
    carriers = {n: Carrier(e.frequency, e.power, True) for n, e in laboratory.instruments.items() if e.frequency}
    times = np.arange(9000) / 2e9
    tone = 0.05 * np.exp(2j * np.pi * (6.97488e9 - 7.2e9) * times)
    tone *= ((times > 0.6e-6) & (times < 1.6e-6)) | ((times > 2.6e-6) & (times < 3.6e-6))
    both = [tone.real.astype(np.float32), tone.imag.astype(np.float32)]
    playing = {Port("awg1", 7 + k): Playing(volts, 2e9, 0.0) for k, volts in enumerate(both)}
    return world, carriers, playing


def window(start, n_samples=1000):
    return Acquisition(PORTS, 1e9, start, n_samples)


def signal(volts):
    times = np.arange(volts[PORTS[0]].shape[1])
    turned = (volts[PORTS[0]] + 1j * volts[PORTS[1]]) * np.exp(-2j * np.pi * (-225.12e-3 * times))
    return turned.mean(axis=1)


def test_what_was_heard_is_heard_again_where_windows_overlap(steered):
    world, carriers, playing = steered
    branches = world.branch(carriers, {}, 200e-6, 20)
    thread = branches.begin()
    first = branches.hear(thread, playing, window(0.75e-6))
    second = branches.hear(thread, playing, window(0.95e-6))
    for port in PORTS:
        np.testing.assert_array_equal(first[port][:, 200:], second[port][:, :800])
    third = branches.hear(branches.part(thread, np.arange(20) < 5), playing, window(0.95e-6))
    np.testing.assert_array_equal(third[PORTS[0]], second[PORTS[0]][:5])


def test_a_group_stays_in_the_state_that_was_read(steered):
    world, carriers, playing = steered
    world.carry(None)
    branches = world.branch(carriers, {}, 200e-6, 600)
    thread = branches.begin()
    branches.initial = np.full((3, 3), [0.5, 0.5, 0.0])
    points = signal(branches.hear(thread, playing, window(0.75e-6)))
    level = thread.shot.seen[0].levels
    assert 0.4 < level.mean() < 0.6
    middles = [points[level == k].mean() for k in (0, 1)]
    told = np.abs(points - middles[1]) < np.abs(points - middles[0])
    for answer in (False, True):
        group = branches.part(thread, told == answer)
        branches.hear(group, playing, window(2.75e-6))
        first, second = group.shot.seen
        assert first.tone.end < second.tone.start
        assert np.mean(first.jumps.final(first.levels) == second.levels) > 0.95  # but for decay: 1 us of about 40
        branches.end(group, playing)
    populations, end = branches.populations()
    assert populations[0].sum() == pytest.approx(1)
    assert end > 3.5e-6


def test_jumps_of_some_shots_are_those_of_the_same_shots():
    from qctl.physics.jumps import sample_jumps

    rng = np.random.default_rng(1)
    levels = rng.integers(0, 2, 200)
    jumps = sample_jumps(levels, 3.0, 1.0, 0.3, 3, rng)
    some = np.array([150, 3, 77, 20])
    np.testing.assert_array_equal(jumps.only(some).final(levels[some]), jumps.final(levels)[some])
