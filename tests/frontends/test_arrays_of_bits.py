"""Arrays of bits are bits that results show, as registers are."""

import pytest

from qctl.frontends import read_openqasm
from qctl.frontends.export import to_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
SHOWN = {
    "qubit[2] q; array[bit, 2] a; x q[0]; a[0] = measure q[0]; a[1] = measure q[1];": "10",
    "qubit[2] q; array[bit, 2] a; x q[1]; measure q[0] -> a[0]; measure q[1] -> a[1];": "01",
    "qubit[2] q; array[bit, 2, 2] a; x q[1]; a[0, 1] = measure q[0]; a[1][0] = measure q[1];": "0010",
    "qubit[2] q; array[bit[2], 2] a; x q[0]; a[1] = measure q;": "0010",
    "qubit[2] q; array[bit[2], 2] a; x q[0]; a[1][1] = measure q[0]; a[0] = a[1];": "0101",
    'array[bit[3], 2] a = {"001", "110"};': "100011",
    'array[bit[3], 2] a = {"001", "110"}; array[bit[3], 2] b = a;': "100011100011",
    "qubit q; array[bit, 2] a; x q; int n = 0; for int i in [0:1] { a[i] = measure q; }": "11",
    "qubit[2] q; array[bit, 2] a; bit c; x q; c = measure q[0]; a[c] = measure q[1];": "011",
    "qubit[2] q; array[bit[2], 2] a; bit c; x q; c = measure q[0]; a[c] = measure q;": "00111",
    "array[bit, 2] a = {1, 0}; def f(mutable array[bit, 2] v) { v[1] = 1; } f(a);": "11",
}


@pytest.mark.parametrize("text", sorted(SHOWN))
def test_arrays_of_bits_are_counted_element_by_element(distribution_of, text):
    program = read_openqasm(HEAD + text)
    for each in (program, read_openqasm(to_openqasm(program))):
        assert {key for key, chance in distribution_of(each).items() if chance > 1e-9} == {SHOWN[text]}


def test_a_register_within_a_block_is_not_shown():
    program = read_openqasm(HEAD + "qubit q; bit c; if (true) { bit[2] a; a[0] = measure q; } c = measure q;")
    assert [register.name for register in program.bits] == ["c"]
