"""A machine that nobody foresaw: one file of pure functions and a world, and programs run on it from end to end."""

import numpy as np
import pytest
from nv_centre import Diamond, NvCentre, laboratory

from qctl.compile.capabilities import capabilities, refusal
from qctl.conformance.check import check
from qctl.control import limits_of
from qctl.frontends import read_program
from qctl.instruments.mock.rack import serve
from qctl.platforms import PLATFORMS
from qctl.run import Lab

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; '


@pytest.fixture
def nv(monkeypatch):
    monkeypatch.setitem(PLATFORMS, NvCentre.name, NvCentre())
    with serve(laboratory(), Diamond()) as rack:
        found = laboratory({name: served.address for name, served in rack.instruments.items()})
        with Lab(found, NvCentre().defaults(found)) as lab:
            yield lab


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("", 0.0),
        ("x q;", 1.0),
        ("sx q;", 0.5),
        ("h q; z q; h q;", 1.0),
        ("sx q; rz(pi/2) q; ry(pi/2) q;", 1.0),
        ("ry(pi/3) q;", 0.25),
    ],
)
def test_programs_run_on_it_unchanged(nv, program, expected):
    counts = nv.run(f"{HEAD}{program} c = measure q;", shots=400).counts
    assert counts.get("1", 0) / 400 == pytest.approx(expected, abs=0.1)


def test_it_says_what_it_can_do_and_refuses_the_rest(nv):
    able = capabilities(nv.parameters, nv.laboratory, limits_of(nv.laboratory))
    assert (able.gates, able.measures_last) == (("rz", "r", "cz"), True)
    three = read_program(
        'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit c; cx q[0], q[1]; cx q[1], q[2]; c = measure q[2];'
    )
    reason = refusal(three, nv.parameters, nv.laboratory, nv.limits)
    assert "a program on 3 qubits" in reason


def test_photons_tell_the_states(nv):
    result = nv.run(f"{HEAD}x q; c = measure q;", shots=100)
    assert np.median(result.photons) == pytest.approx(20, abs=2)


def test_it_passes_the_conformance_kit(nv):
    found = check(nv, shots=400)
    assert not found.reasons
    assert [row.name for row in found.rows] == ["bell", "grover2", "superdense"]
    assert len(found.rows) + len(found.skipped) == 20
    assert set(found.skipped.values()) <= {f"needs {n} qubits, there are 2" for n in range(3, 9)}
