"""How a shot is cut into pieces."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from qctl.physics.timeline import Piece, joined


def test_a_pulse_before_an_exchange_that_began_with_a_longer_pulse_belongs_to_it():
    long, short = Piece(0.0, 60e-9, (2,), "drive"), Piece(24e-9, 48e-9, (3,), "drive")
    exchange = Piece(57e-9, 87e-9, (2, 3), "couple")
    assert joined([long, short], [exchange]) == [Piece(0.0, 87e-9, (2, 3), "couple")]


stretches = st.tuples(st.integers(0, 200), st.integers(1, 60), st.integers(0, 3))


@given(st.lists(stretches, max_size=12), st.lists(stretches, max_size=6))
def test_no_qubit_is_in_two_pieces_at_once_and_none_is_lost(drives, exchanges):
    driven = [Piece(a * 1e-9, (a + n) * 1e-9, (q,), "drive") for a, n, q in drives]
    coupled = [Piece(a * 1e-9, (a + n) * 1e-9, (q, q + 1), "couple") for a, n, q in exchanges]
    found = joined(driven, coupled)
    for one, two in combinations(found, 2):
        assert one.end <= two.start + 1e-12 or two.end <= one.start + 1e-12 or not set(one.qubits) & set(two.qubits)
    for piece in driven + coupled:
        assert any(p.start <= piece.start and piece.end <= p.end and set(piece.qubits) <= set(p.qubits) for p in found)
