"""Pulses and windows that an instrument cannot do are refused; sequences with other lights are other uploads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qctl.compile import compile_program, default_parameters, join, one_correction
from qctl.compile.check_switching import check_switching
from qctl.config import read_laboratory
from qctl.control import limits_of
from qctl.core.errors import CompileError, LimitError
from qctl.core.port import Port
from qctl.core.sequence import READ, Digital, Exposing
from qctl.frontends import read_program

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; '


@pytest.fixture(scope="module")
def lab():
    return read_laboratory(Path(__file__).parents[2] / "configs" / "ion8.yaml")


@pytest.fixture(scope="module")
def limits(lab):
    return limits_of(lab)


@pytest.fixture
def compiled(lab, limits):
    def make(program="x q[0];", **changes):
        known = default_parameters(lab).replaced(changes)
        return compile_program(read_program(f"{HEAD}{program} c = measure q;"), known, lab, limits)

    return make


def with_spans(sequence, line, *spans):
    digital = {**sequence.digital, line: Digital(sequence.digital[line].output, np.array(spans))}
    return replace(sequence, digital=digital)


def with_windows(sequence, *windows):
    seen = replace(sequence.counting["seen0"], windows=np.array(windows))
    return replace(sequence, counting={**sequence.counting, "seen0": seen})


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([(0.0, 5e-9)], "a pulse of 5e-09 s"),
        ([(0.0, 1e-6), (1e-6, 2e-6)], "pulses that overlap"),
        ([(0.0, 1e-6 + 1e-10)], "multiples of 2.5e-10 s"),
        ([(0.0, 9e-3)], "of a shot.*allowed: 0 to 0.0099999 s"),
        ([(-2e-3, 1e-6)], "of a shot"),
        ([(k * 1e-5, k * 1e-5 + 1e-6) for k in range(9)], "different pulses in a shot"),
    ],
)
def test_pulses_that_a_generator_cannot_give_are_refused(compiled, limits, spans, said):
    with pytest.raises(LimitError, match=said):
        check_switching(with_spans(compiled(), "pumping", *spans), limits)


@pytest.mark.parametrize(
    ("windows", "said"),
    [([(0.0, 1e-7)], "a window of 1e-07 s"), ([(0.0, 1e-5), (1.5e-5, 2e-5)], "windows 5e-06 s apart")],
)
def test_windows_that_a_counter_does_not_see_are_refused(compiled, limits, windows, said):
    with pytest.raises(LimitError, match=said):
        check_switching(with_windows(compiled(), *windows), limits)


@pytest.mark.parametrize("what", ["output", "input", "pulser", "counter", "camera"])
def test_connectors_and_instruments_must_be_what_they_are_used_as(compiled, limits, what):
    sequence = compiled()
    far = Port("ttl", 9) if what == "output" else Port("awg", 1)
    if what in ("output", "pulser"):
        sequence = replace(sequence, digital={"x": Digital(far, np.array([[0.0, 1e-6]]))})
    elif what == "camera":
        sequence = replace(sequence, exposing={"x": Exposing(Port("awg", 1), np.zeros((0, 2)), np.zeros(0, READ))})
    else:
        end = Port("counter0", 3) if what == "input" else Port("awg", 1)
        sequence = replace(sequence, counting={"x": replace(sequence.counting["seen0"], input=end)})
    with pytest.raises(LimitError):
        check_switching(sequence, limits)


def test_programs_of_one_length_share_an_upload_and_keep_their_reads(compiled):
    both = join([compiled("x q[0];"), compiled("sx q[1];")])
    assert both.n_points == 2
    assert both.counting["seen1"].reads.tolist() == [(0, 1, 1, 2), (1, 1, 1, 2)]


@pytest.mark.parametrize(
    ("program", "changes"),
    [("x q[0]; barrier q; x q[1];", {}), ("x q[0];", {"detection.duration": 2e-4}), ("cx q[0], q[1];", {})],
)
def test_another_length_or_light_is_an_upload_of_its_own(compiled, program, changes):
    one, other = compiled(), compiled(program, **changes)
    assert not one_correction(one, other)
    with pytest.raises(CompileError, match="other lights"):
        join([one, other])
