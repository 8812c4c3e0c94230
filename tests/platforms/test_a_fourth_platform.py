"""A machine that nobody foresaw: one file of pure functions and a world, and programs run on it from end to end."""

import numpy as np
import pytest
from nv_centre import FILE, Diamond, NvCentre, laboratory

from qctl.calibrate.loop import calibrate
from qctl.calibrate.report import Standing
from qctl.compile.capabilities import capabilities, refusal
from qctl.config import read_laboratory
from qctl.conformance.check import check
from qctl.control import limits_of
from qctl.core.errors import ConfigError
from qctl.experiments.nodes import nodes_of
from qctl.frontends import read_program
from qctl.instruments.mock.rack import serve
from qctl.platforms import PLATFORMS
from qctl.run import Lab
from qctl.store import ParameterStore

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; '


@pytest.fixture
def nv(monkeypatch, tmp_path):
    monkeypatch.setitem(PLATFORMS, NvCentre.name, NvCentre())
    with serve(laboratory(), Diamond()) as rack:
        found = laboratory(tmp_path, {name: served.address for name, served in rack.instruments.items()})
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


def test_its_file_is_checked_by_what_the_platform_says_of_its_lines(nv, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(FILE.read_text(encoding="utf-8").replace("  green: {", "  red: {"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"wrong\.yaml:\d+:\d+: no line 'green' with a switch on platform nv_centre"):
        read_laboratory(path)
    path.write_text(FILE.read_text(encoding="utf-8").replace("100 us", "2 us"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"period of 2 us is too short.*at least \d\.\d+ us"):
        read_laboratory(path)


def test_its_step_of_calibration_is_planned_verified_and_kept(nv, tmp_path):
    with ParameterStore.open(tmp_path, nv.laboratory.name) as store:
        report = calibrate(nv, store, nodes_of(nv.laboratory), from_scratch=True)
        found = store.snapshot()
    assert [state.standing for state in report.states["ion_readout"].values()] == [Standing.GOOD] * 2
    assert {f"{qubit}.readout.counts" for qubit in nv.laboratory.qubits} <= set(found)
    assert all(5 <= found[f"{qubit}.readout.counts"] <= 11 for qubit in nv.laboratory.qubits)
    assert found["q0.readout.p01"] < 0.01
