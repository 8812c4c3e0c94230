"""wukong72 over real links: all 72 qubits driven and read at once, with exact frequencies and pulses from its twin."""

import numpy as np
import pytest

from qctl import Lab, config
from qctl.compile import flatten
from qctl.config.find import find_laboratory, twin_of
from qctl.core.program import EVENT, Op, Program, event
from qctl.physics.twin import Twin

SHOTS = 60
X, ALL = (np.pi, 0.0), range(72)


def exact(lab):
    """Return the parameters of the laboratory with what its twin knows of qubits and drives."""
    twin, laboratory, new = config.read(twin_of(find_laboratory("wukong72")), Twin), lab.laboratory, {}
    for name, qubit in laboratory.qubits.items():
        line, truth = laboratory.lines[qubit.drive], twin.drives[qubit.drive]
        awg = laboratory.instruments[line.i.instrument]
        above = twin.qubits[name].frequency - laboratory.instruments[line.mixed_with].frequency
        reach = truth.rabi_frequency * awg.full_scale * np.sinc(above / awg.sample_rate) * (1 + truth.gain) / 2
        new[f"{name}.frequency"] = twin.qubits[name].frequency
        new[f"{name}.x180.amplitude"] = 1 / (reach * lab.parameters[f"{name}.x180.duration"])
    return lab.parameters.replaced(new)


def program(*circuits):
    """Return a program: each circuit, then all qubits read."""
    read = [event(Op.BARRIER, (q,), (), 9) for q in ALL] + [event(Op.MEASURE, (q,), (), q) for q in ALL]
    starts = np.cumsum([0, *(len(circuit) + len(read) for circuit in circuits)])
    rows = [row for circuit in circuits for row in (*circuit, *read)]
    return Program(np.array(rows, EVENT), 72, 72, starts, SHOTS, physical=True)


@pytest.fixture(scope="module")
def lab():
    with Lab.open("wukong72", seed=4) as found:
        yield found


def test_a_pi_pulse_on_every_second_qubit_moves_its_point_and_no_other(lab):
    half = [event(Op.R, (q,), X) for q in ALL if q % 2]
    points = lab.run_each([(program([], half), exact(lab))], SHOTS).iq
    zero, one = points[0], points[1]
    spread = np.sqrt((np.abs(zero - zero.mean(axis=0)) ** 2).mean(axis=0) / 2)
    moved = np.abs(one.mean(axis=0) - zero.mean(axis=0)) / spread
    driven = np.arange(72) % 2 == 1
    assert moved[driven].min() > 1.5
    assert np.median(moved[driven]) > 2.5
    assert moved[~driven].max() < 1.2  # thermal jumps, and chance: 60 shots of warm qubits


def test_exchanges_on_disjoint_couplers_are_played_at_once_and_take_only_the_awgs_they_need(lab):
    names = lab.laboratory.qubit_names
    pairs = [tuple(map(names.index, c.pair)) for c in lab.laboratory.couplings.values()]
    along = [pair for pair in pairs if pair[1] == pair[0] + 1 and pair[0] % 2 == 0]
    assert len(along) == 36
    played = program([event(Op.CZ, pair) for pair in along])
    assert lab.run_each([(played, exact(lab))], 5).bits.shape == (1, 5, 72)
    alone = lab.compile(program([event(Op.R, (0,), X)]), parameters=exact(lab))
    busy = set(flatten(alone, lab.laboratory, lab.limits))
    assert busy == {"awg1", "awg19", "awg20", "awg21"}  # the master with q0's drive, and the feedlines
