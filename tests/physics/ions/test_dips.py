"""Gates of different pairs, one straight after the other, are what they are apart."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_chain import GATES, MODE, RF, Tone, bits, cold_tones, laboratory, playing, stage, truth

from qctl.physics.ions.dips import changes
from qctl.physics.ions.drive import excerpt, light_of, windows
from qctl.physics.ions.gate import gate_of
from qctl.physics.ions.tones import Kind, acts
from qctl.physics.ions.twin import Crosstalk
from qctl.physics.ions.world import IonWorld
from qctl.physics.memory import Memory

BEAT, LONG = 10e3, 108e-6
LEAKS = tuple(
    Crosstalk(beam=f"beam{a}", ion=f"q{b}", magnitude=0.012) for a, b in product(range(4), repeat=2) if a != b
)


def gate(one, pair, start):
    """Return the tones of a quarter turn of a pair: one closed loop of the first mode."""
    volts = 1.012 * BEAT / 2 / one.weather.at(0.0, {"dc.1": 0.5}).eta[0, 0] / 1e6
    return [Tone(b, start, LONG, volts, RF + s * (MODE + BEAT), edge=8e-6) for b in pair for s in (-1, 1)]


def read(one, played):
    """Return the pulses of some tones."""
    now, light = one.weather.at(0.0, {"dc.1": 0.5}), playing(played, 4)
    beams = {f"beam{k}": light[port] for k in range(4) for port in light if port.number == k + 1}
    found = []
    for window in windows(list(beams.values())):
        seen = excerpt(beams, window)
        field = light_of(seen, now.twin.beams, RF, 2.6e6, Memory())
        found += acts(now, seen.beams, field)
    return found


@settings(max_examples=3, deadline=None)
@given(
    st.permutations(range(4)).map(lambda ions: (tuple(sorted(ions[:2])), tuple(sorted(ions[2:])))),
    st.floats(0.0, 9e-6),
)
def test_two_gates_straight_after_one_another_are_the_two_apart(pairs, gap):
    one = IonWorld(laboratory(4), truth(4, crosstalk=LEAKS), 1)
    near, apart = (
        [
            gate_of(one.weather.at(0.0, {"dc.1": 0.5}), act)
            for act in read(one, gate(one, pairs[0], GATES) + gate(one, pairs[1], later))
        ]
        for later in (GATES + LONG + gap, GATES + LONG + 40e-6)
    )
    assert [g.ions for g in near] == [g.ions for g in apart] == list(pairs)
    for mine, other in zip(near, apart, strict=True):
        assert mine.act.kind is Kind.PAIR
        assert mine.closed_form(1.0) == pytest.approx(other.closed_form(1.0), abs=3e-3)


def test_ions_of_each_of_two_pairs_agree_and_pairs_do_not():
    one = IonWorld(laboratory(4), truth(4, crosstalk=LEAKS), 1)
    tones = [tone for k, pair in enumerate(((0, 1), (2, 3))) for tone in gate(one, pair, GATES + k * LONG)]
    modes = one.weather.at(0.0, {"dc.1": 0.5}).mode_frequencies / (2 * np.pi)
    found = bits(one, stage([playing(cold_tones(4, modes) + tones, 4)], 4), 200)[:, 0]
    assert (found[:, 0] == found[:, 1]).mean() > 0.94
    assert (found[:, 2] == found[:, 3]).mean() > 0.94
    assert (found[:, 0] == found[:, 2]).mean() == pytest.approx(0.5, abs=0.12)


def test_a_row_of_gates_on_one_pair_stays_whole_and_strength_may_change_within():
    dt, wave = 0.2e-6, np.sin(np.pi * np.arange(500) / 500) ** 2
    row = np.concatenate([wave, 0.5 * wave])
    assert changes(np.stack([row, 0.02 * row]), dt, 1e-3) == []
    other = np.concatenate([0.02 * wave, wave])
    assert changes(np.stack([row, other]), dt, 1e-3) == [500]
    assert changes(np.stack([wave, wave]), dt, 1e-3) == []
