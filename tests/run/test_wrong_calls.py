"""What is no program, no value, no number of shots is refused in one line: asked, allowed, remedy."""

from dataclasses import replace

import numpy as np
import pytest

from qctl import Axis, Circuit, Lab
from qctl.core.errors import LimitError, ProgramError, UsageError

HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c; input float x; '
TURN = HEAD + "rx(x) q; c = measure q;"


@pytest.fixture(scope="module")
def lab():
    with Lab.open("transmon5") as opened:  # nothing is played
        yield opened


@pytest.mark.parametrize(
    ("program", "said"),
    [(1, "1 as a program"), (None, "a NoneType"), ([], "a list"), ("", "'' as a program"), (" ", "' ' as a program")],
)
def test_what_is_no_program(lab, program, said):
    with pytest.raises(UsageError, match=rf"{said}.*allowed: OpenQASM text, the path of a file"):
        lab.run(program, 10)


def test_bytes_are_named_with_what_makes_them_text(lab):
    with pytest.raises(UsageError, match=r"as a program; .*program\.decode\(\)"):
        lab.run(TURN.encode(), 10)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.array([0.1, np.nan]), "", [], [[0.1, 0.2]], None, {}])
def test_what_is_no_value_of_an_input(lab, value):
    with pytest.raises(UsageError, match=r"input"):
        lab.run(TURN, 10, inputs={"x": value})


@pytest.mark.parametrize("shots", [True, 0, -1, 2.5, "7"])
def test_what_is_no_number_of_shots(lab, shots):
    with pytest.raises(ProgramError, match=r"shots; allowed: a whole number, at least 1"):
        lab.run(TURN, shots, inputs={"x": 0.1})


@pytest.mark.parametrize("angle", ["1", True, None, 1j])
def test_what_is_no_angle(angle):
    with pytest.raises(ProgramError, match=r"rx with .*allowed: a number"):
        Circuit(1).rx(angle, 0)


@pytest.mark.parametrize("seconds", [-1, Axis("wait", [1e-6, -1e-9], "s")])
def test_no_wait_is_shorter_than_nothing(seconds):
    with pytest.raises(ProgramError, match=r"a delay of -.* s; allowed: 0 s or more"):
        Circuit(1).delay(seconds, 0)


@pytest.mark.parametrize("name", ["q77.frequency", "q0-q77.zz"])
def test_values_of_qubits_that_are_not_there(lab, name):
    known = lab.parameters.replaced({name: 5e9})
    with pytest.raises(UsageError, match=rf"a value for '{name}'; allowed: qubits q0, q1.*there is no q77"):
        lab.run(TURN, 10, inputs={"x": 0.1}, parameters=known)


def test_a_line_without_a_source_has_nothing_to_be_moved_closer(lab):
    lines = lab.laboratory.lines
    bare = {**lines, "q0.drive": replace(lines["q0.drive"], mixed_with=None)}
    direct = Lab(replace(lab.laboratory, lines=bare, digest=""), lab.parameters)
    with pytest.raises(
        LimitError, match=r"q0\.drive: .*half the sample rate; a lower frequency, or a faster sample clock"
    ):
        direct.compile("OPENQASM 3; bit c; U(pi, 0, 0) $0; c = measure $0;")
