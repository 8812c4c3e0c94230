"""Stretches, boxes and durations of gates on declared qubits: solved where the laboratory places them, on its ticks."""

import numpy as np
import pytest

from qctl import Lab
from qctl.core.errors import QctlError
from qctl.core.program import Op

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
ALIGNMENT = (
    "stretch g; qubit[3] q; barrier q; cx q[0], q[1]; delay[g] q[2]; U(pi/4, 0, pi/2) q[2]; delay[2*g] q[2]; barrier q;"
)
END = " bit[3] c; c = measure q;"


@pytest.fixture(scope="module", params=["transmon5", "ideal20", "ion8", "atoms16"])
def lab(request):
    return Lab.open(request.param)


def ends(lab, text):
    """Return when each qubit is done before it is measured, and how long all waits are, in ticks, and the tick."""
    schedule = lab.schedule(HEAD + text + END)
    rows = schedule.operations
    busy = rows[~np.isin(rows["op"], (Op.MEASURE, Op.BARRIER))]
    begin = busy["start"].min()
    last = {}
    for row in busy:
        for q in row["q"]:
            if q >= 0:
                last[int(q)] = max(last.get(int(q), 0), int(row["start"] + row["duration"] - begin))
    return last, [int(row["duration"]) for row in rows[rows["op"] == Op.DELAY]], float(schedule.tick)


@pytest.mark.parametrize("lab", ["transmon5", "ideal20", "ion8"], indirect=True)
def test_qubits_of_the_example_of_the_language_end_together(lab):
    last, (first, second), _ = ends(lab, ALIGNMENT)
    assert max(last) == 2
    assert last[2] == max(last.values())  # nothing on q[2] is later than the gate beside it, nor earlier
    assert abs(second - 2 * first) <= 2  # ticks: both waits end at the nearest one


def test_a_box_lasts_as_long_as_it_says_whatever_its_stretches_come_to(lab):
    length = 3e-3 if lab.laboratory.platform != "superconducting" else 1e-6
    inside = "delay[a] q[0]; x q[0]; delay[2 * a] q[0]; x q[0]; delay[a] q[0];"
    text = f"qubit[3] q; stretch a; box[{length!r}s] {{ {inside} }}"
    last, waits, tick = ends(lab, text)
    assert last[min(last)] == round(length / tick)
    assert sum(waits[:3]) < round(length / tick)


def test_the_duration_of_a_gate_is_that_where_it_is_placed(lab):
    last, (wait,), _ = ends(lab, "qubit[3] q; duration d = durationof({ x q[0]; }); delay[d] q[1]; x q[0];")
    assert wait == min(last.values()) > 0


def test_stretches_beside_gates_that_need_the_same_light_are_refused_with_the_reason():
    with pytest.raises(QctlError, match=r"need the same light, which come .* s late"):
        Lab.open("atoms16").schedule(HEAD + ALIGNMENT + END)
