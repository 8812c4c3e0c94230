"""wukong72: a lattice of 72 qubits whose file is what its script writes, and where nearby tones can be told apart."""

from itertools import combinations

import pytest

from qctl.config import read_laboratory
from qctl.configs import draw_wukong72

COLUMNS = 12


@pytest.fixture(scope="module")
def wukong72(configs):
    return read_laboratory(configs / "wukong72.yaml")


def place(qubit):
    return divmod(int(qubit[1:]), COLUMNS)


def apart(one, other):
    (r1, c1), (r2, c2) = place(one), place(other)
    return abs(r1 - r2) + abs(c1 - c2)


def test_the_file_is_what_its_script_writes(configs):
    assert (configs / "wukong72.yaml").read_text(encoding="utf-8") == draw_wukong72.laboratory()


def test_every_neighbour_on_the_lattice_is_coupled_and_nobody_else(wukong72):
    coupled = {frozenset(coupling.pair) for coupling in wukong72.couplings.values()}
    assert coupled == {frozenset(pair) for pair in combinations(wukong72.qubits, 2) if apart(*pair) == 1}


def test_nearby_qubits_of_one_band_differ_by_more_than_a_pulse_is_wide(wukong72):
    def frequency(qubit):
        return wukong72.first_guess[f"{qubit}.frequency"]

    near = [pair for pair in combinations(wukong72.qubits, 2) if apart(*pair) <= 2]
    assert len(near) == 126 + 110 + 108  # neighbours, diagonals, two along a row or column
    assert min(abs(frequency(a) - frequency(b)) for a, b in near) >= 24e6


def test_six_tones_on_each_feedline_fit_between_the_images_of_the_others(wukong72):
    for line in wukong72.feedlines():
        carrier = wukong72.instruments[wukong72.lines[line].mixed_with].frequency
        read = [q for q, qubit in wukong72.qubits.items() if qubit.readout == line]
        tones = [wukong72.first_guess[f"{q}.readout.frequency"] - carrier for q in read]
        assert len(tones) == 6
        assert min(abs(abs(a) - abs(b)) for a, b in combinations(tones, 2)) > 25e6


def test_no_carrier_and_no_image_meets_a_transition_of_its_qubit(wukong72):
    for name, qubit in wukong72.qubits.items():
        carrier = wukong72.instruments[wukong72.lines[qubit.drive].mixed_with].frequency
        above = wukong72.first_guess[f"{name}.frequency"] - carrier
        alpha = wukong72.first_guess[f"{name}.anharmonicity"]
        assert abs(-above - alpha) > 30e6
        assert abs(-2 * above - alpha) > 30e6
