"""Programs with feedback on machines without it: every way is played for itself, on request."""

import pytest

from qctl import Lab
from qctl.core.errors import CompileError, UsageError

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
TELEPORT = (
    HEAD + "qubit[3] q; bit[2] m; bit out; rx(1.1) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];"
    " m[0] = measure q[0]; m[1] = measure q[1]; if (m[1]) { x q[2]; } if (m[0]) { z q[2]; }"
    " rx(-1.1) q[2]; out = measure q[2];"
)
UNTIL = HEAD + "qubit[2] q; bit c; bit r; int n = 0; while (c == 0 && n < 3) { ry(1.9) q[0]; c = measure q[0];" \
    " reset q[0]; n += 1; } x q[1]; r = measure q[1];"  # fmt: skip
PHASE = (
    HEAD + "const float theta = 2 * pi * 3.0 / 4; qubit q; qubit r; bit[2] c; float back = 0.0; x r;"
    " for uint i in [0:1] { reset q; h q; cp(theta * 2.0 ** (1 - i)) q, r; p(-back) q; h q; c[i] = measure q;"
    " back = back / 2; if (c[i]) { back += pi / 2; } }"
)


@pytest.fixture(scope="module")
def lab():
    with Lab.open("ideal20", seed=11) as opened:
        yield opened


def test_teleportation_arrives(lab):
    result = lab.run(TELEPORT, shots=200, each_way=True)
    assert result.counts.keys() == {"000", "010", "100", "110"}
    assert all(abs(n - 50) < 35 for n in result.counts.values())
    assert sum(result.counts.values()) + result.dropped["answers of another way"] == 4 * 200


def test_repeat_until_success_succeeds_or_says_that_it_did_not(lab):
    counts = lab.run(UNTIL, shots=400, each_way=True).counts
    total = sum(counts.values())
    assert counts["11"] / total == pytest.approx(1 - 0.3394**3, abs=0.06)  # cos^2(0.95) = 0.338 for each failure
    assert counts.keys() <= {"11", "01"}


def test_iterative_phase_estimation_finds_its_phase(lab):
    assert lab.run(PHASE, shots=100, each_way=True).counts == {"11": 100}


def test_feedback_is_refused_unless_it_is_asked_for(lab):
    with pytest.raises(
        CompileError, match=r"feedback: a branch on measured bits.*no instrument of ideal20 branches.*each_way=True"
    ):
        lab.run(TELEPORT, shots=10)


def test_too_many_ways_are_refused_before_anything_is_played(lab):
    text = HEAD + "qubit q; bit[9] c; qubit r; for int i in [0:8] { h q; c[i] = measure q; if (c[i]) { x r; } }"
    with pytest.raises(CompileError, match="more than 256 ways"):
        lab.run(text + " c[0] = measure r;", shots=10, each_way=True)


def test_each_way_of_a_sweep_answers_point_by_point(lab):
    """The second point has a decision more, and so more ways than the first."""
    text = HEAD + (
        "input float t; input int n; qubit[3] q; bit[2] c; rx(t) q[0]; c[0] = measure q[0]; if (c[0]) x q[1];"
        " if (n > 0) { c[1] = measure q[1]; if (c[1]) x q[2]; } c[1] = measure q[2];"
    )
    found = lab.run(text, shots=60, inputs={"t": [3.14159265, 3.14159265], "n": [0, 1]}, each_way=True)
    assert [max(found.counts_of(k), key=found.counts_of(k).get) for k in (0, 1)] == ["10", "11"]
    assert sum(found.counts_of(0).values()) <= 60 * 2 < found.shots  # ways that only the other point has do not count
    with pytest.raises(UsageError, match="mitigation"):
        lab.run(text, shots=10, inputs={"t": 0.1, "n": 0}, each_way=True, mitigate=True)


def test_a_reset_of_a_used_qubit_is_another_qubit():
    with Lab.open("ideal20", seed=2) as lab:
        counts = lab.run("OPENQASM 3; qubit q; bit c; h q; reset q; c = measure q;", shots=200, each_way=True).counts
    assert counts["0"] >= 195
