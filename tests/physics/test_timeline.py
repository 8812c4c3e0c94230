"""How a shot is cut into pieces."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.physics.timeline import Energies, Piece, joined


def test_only_the_part_of_a_pulse_that_overlaps_an_exchange_belongs_to_it():
    long, short = Piece(0.0, 60e-9, (2,), "drive"), Piece(24e-9, 48e-9, (3,), "drive")
    exchange = Piece(57e-9, 87e-9, (2, 3), "couple")
    apart = [Piece(0.0, 57e-9, (2,), "drive"), short, exchange]
    assert joined([long, short], [exchange]) == apart


def test_exchanges_of_a_row_that_overlap_in_time_but_share_no_qubit_stay_apart():
    """A pulse on qubit 1 that outlasts one exchange and meets the next joins neither with the other."""
    pulses = [Piece(0.0, 40e-9, (1,), "drive"), Piece(20e-9, 60e-9, (2,), "drive")]
    exchanges = [Piece(30e-9, 60e-9, (0, 1), "couple"), Piece(50e-9, 80e-9, (2, 3), "couple")]
    assert {piece.qubits for piece in joined(pulses, exchanges)} == {(1,), (2,), (0, 1), (2, 3)}


stretches = st.tuples(st.integers(0, 200), st.integers(1, 60), st.integers(0, 3))


@given(st.lists(stretches, max_size=12), st.lists(stretches, max_size=6))
def test_no_qubit_is_in_two_pieces_at_once_and_none_is_lost(drives, exchanges):
    driven = [Piece(a * 1e-9, (a + n) * 1e-9, (q,), "drive") for a, n, q in drives]
    coupled = [Piece(a * 1e-9, (a + n) * 1e-9, (q, q + 1), "couple") for a, n, q in exchanges]
    found = joined(driven, coupled)
    for one, two in combinations(found, 2):
        assert one.end <= two.start + 1e-12 or two.end <= one.start + 1e-12 or not set(one.qubits) & set(two.qubits)
    for piece in driven + coupled:
        mine = (min(p.end, piece.end) - max(p.start, piece.start) for p in found if set(piece.qubits) <= set(p.qubits))
        assert sum(max(0.0, part) for part in mine) == pytest.approx(piece.end - piece.start)


def test_levels_averaged_over_steps_turn_a_qubit_by_the_same_angle_wherever_the_steps_begin():
    """A pulse of 500 MHz on a grid of its own; steps that are looked up in their middle would be 0.8 rad off."""
    change = np.zeros((40, 3))
    change[10:30, 1] = 2 * np.pi * 500e6
    levels = Energies(np.zeros(3), 7.1e-9, 0.5e-9, change, np.vstack([np.zeros(3), np.cumsum(change, axis=0) * 0.5e-9]))
    for begin in np.linspace(0, 0.5e-9, 7):
        edges = np.arange(0, 60e-9, 0.5e-9) + begin
        turned = np.diff(edges) @ levels.means(edges)
        assert turned[1] == pytest.approx(2 * np.pi * 500e6 * 10e-9, rel=1e-9)
    assert levels.means(edges)[:5].sum() == 0
