"""Inputs of a program on the command line."""

import json

import pytest

from qctl.cli.inputs import read_inputs
from qctl.core.errors import UsageError

SWEEP = """OPENQASM 3;
input float theta;
qubit q;
bit c;
output_here
rx(theta) q;
c = measure q;
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n=3", 3), ("n=-1.5e-3", -1.5e-3), ("n=true", True), ("n=0,0.5,1", [0, 0.5, 1]),
        ("n=0010", "0010"), ("n=1,10", [1, "10"]), ("n=pi/2", "pi/2"), ("n=10ns,1us", ["10ns", "1us"]),
        ("n=10:11:2", [10, 11]), ("n=0:1:5", [0, 0.25, 0.5, 0.75, 1]), ("n=2:-2:3", [2, 0, -2]),
    ],
)  # fmt: skip
def test_a_value_or_a_row_of_values_is_read(text, value):
    assert read_inputs([text]) == {"n": value}


@pytest.mark.parametrize(
    "texts", [["n"], ["=3"], ["n=3", "n=4"], ["n=0:x:3"], ["n="], ["n=0:1:1"], ["n=0:1:2.5"], ["n=1,,2"]]
)
def test_what_is_no_input_is_refused_with_what_is(texts):
    with pytest.raises(UsageError, match="allowed"):
        read_inputs(texts)


def test_a_sweep_is_one_run_with_counts_for_each_point(qctl, tmp_path):
    path = tmp_path / "sweep.qasm"
    path.write_text(SWEEP.replace("output_here", ""))
    run = qctl("run", path, "--lab", "ideal20", "--shots", 200, "--seed", 1, "--input", "theta=0:3.14159:3", "--json")
    assert run.code == 0, run.err
    counts = json.loads(run.out)["counts"]
    assert [sum(each.values()) for each in counts] == [200] * 3
    assert [each.get("1", 0) / 200 for each in counts] == pytest.approx([0, 0.5, 1], abs=0.15)
    assert qctl("run", path, "--lab", "ideal20", "--shots", 10).code != 0


def test_what_is_computed_with_measured_bits_is_shown(qctl, tmp_path):
    path = tmp_path / "outputs.qasm"
    path.write_text(
        "OPENQASM 3; qubit[2] q; output bit same; output int n; bit[2] c; x q; c = measure q;"
        " same = c[0] == c[1]; n = 10 * c[0] + c[1];"
    )
    run = qctl("run", path, "--lab", "ideal20", "--shots", 200, "--seed", 1, "--json")
    assert run.code == 0, run.err
    found = json.loads(run.out)
    assert found["counts"]["1"] > 190
    assert found["outputs"]["n"]["11"] > 190


def test_feedback_is_refused_with_the_coherence_time_and_what_the_host_needs(qctl, tmp_path):
    path = tmp_path / "feedback.qasm"
    path.write_text("OPENQASM 3; qubit[2] q; bit c; h q[0]; c = measure q[0];\nif (c) { x q[1]; }\n")
    run = qctl("run", path, "--lab", "transmon5", "--shots", 10)
    assert run.code == 1
    assert f"{path}:2:1: feedback: a branch on measured bits" in run.err.replace("\n", "")
    assert "us at most" in run.err
    assert "the host needs 1 ms" in run.err
