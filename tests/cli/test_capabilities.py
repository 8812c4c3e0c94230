"""What each laboratory says it can do, and the reason it gives for what it will not."""

import json

import pytest
from click.testing import CliRunner

from qctl.cli import cli

BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
MIDDLE = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; c[0] = measure q[0]; x q[0]; c[1] = measure q[0];'
FEEDBACK = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; c = measure q; if (c) x q; c = measure q;'
SLOW = MIDDLE.replace(" c[0]", " x q[1]; delay[15ms] q[1]; c[1] = measure q[1]; c[0]")
LARGE = 'OPENQASM 3.0; include "stdgates.inc"; qubit[9] q; bit[9] c; h q; c = measure q;'


@pytest.fixture
def ask(tmp_path):
    def ask(lab, *programs):
        files = []
        for k, text in enumerate(programs):
            files.append(tmp_path / f"{k}.qasm")
            files[-1].write_text(text, encoding="utf-8")
        answer = CliRunner().invoke(cli, ["capabilities", *map(str, files), "--lab", lab, "--json"])
        said = json.loads(answer.stdout)
        return answer.exit_code, said, list(said["refused"].values())

    return ask


@pytest.mark.parametrize(
    ("lab", "qubits", "gates", "all_to_all", "measures_last"),
    [
        ("transmon5", 5, ["rz", "r", "cz"], False, False),
        ("ion8", 8, ["rz", "r", "rxx"], True, True),
        ("atoms16", 16, ["rz", "r", "cz"], True, True),
    ],
)
def test_each_laboratory_says_what_it_can_do(ask, lab, qubits, gates, all_to_all, measures_last):
    code, said, refused = ask(lab, BELL)
    assert (code, refused) == (0, [None])
    assert (len(said["qubits"]), said["gates"]) == (qubits, gates)
    assert (said["all_to_all"], said["measures_last"]) == (all_to_all, measures_last)
    assert said["program_time"] > 0
    assert said["feedback"] == (said["at_once"] > 0)  # transmons forget before a computer has decided
    assert (said["at_once"] > 0) == (lab != "transmon5")


@pytest.mark.parametrize(
    ("lab", "program", "reason"),
    [
        (
            "ion8",
            MIDDLE.replace("c[0]", "delay[13ms] q[1]; x q[1]; c[1] = measure q[1]; c[0]", 1),
            "of each slot of 20 ms",
        ),
        ("ion8", LARGE, "a program on 9 qubits"),
        ("transmon5", FEEDBACK, "feedback: a branch on measured bits"),
        ("transmon5", LARGE, "a program on 9 qubits"),
        ("ion8", BELL.replace("c = measure q;", ""), "nothing is measured"),
        ("ion8", BELL.replace("h q[0]", "delay[1s] q[0]"), "less than the period"),
        ("transmon5", "OPENQASM 3.0; nonsense;", "nonsense"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason_and_without_an_instrument(ask, lab, program, reason):
    code, _, [refused] = ask(lab, program)
    assert code == 1
    assert reason in refused


def test_one_refusal_does_not_hide_what_runs(ask):
    code, _, refused = ask("ion8", BELL, LARGE)
    assert code == 1
    assert refused[0] is None
    assert refused[1] is not None


def test_people_read_it_in_words():
    answer = CliRunner().invoke(cli, ["capabilities", "--lab", "ion8"])
    assert answer.exit_code == 0
    assert "any two qubits" in answer.stdout
    assert "yes: up to 4 qubits at a time, while others remember" in answer.stdout
    assert "yes: the host decides; a part of a shot takes 20 ms, T2 is 759 ms at most" in answer.stdout
