"""What people and scripts see: text, JSON, one-line errors and exit codes."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from qctl.cli import COMMANDS
from qctl.core.errors import (
    CompileError,
    ConfigError,
    InstrumentError,
    ProgramError,
    SpecificationError,
    UsageError,
)
from qctl.core.record import Timing
from qctl.core.result import Result


@pytest.fixture
def result():
    bits = np.zeros((1, 100, 2), np.uint8)
    bits[0, :40] = 1
    return Result(
        bits=bits,
        iq=np.zeros((1, 100, 2), complex),
        measured=((3, 0), (1, 1)),
        qubits=("q0", "q1", "q2", "q3"),
        placement=(3, 1),
        parameters_id="7-1f2e3d4c",
        timing=Timing(seconds={"run": 0.5}),
    )


@pytest.fixture
def answers(monkeypatch, result):
    """Replace the laboratory by one that gives ``result`` or raises what is put into ``answers``."""
    from qctl import run

    planned = [result]

    class Lab:
        laboratory = type("Laboratory", (), {"name": "transmon5", "parameters": None})

        @classmethod
        def open(cls, *_, **__):
            return cls()

        def run(self, *_, **__):
            if isinstance(planned[-1], BaseException):
                raise planned[-1]
            return planned[-1]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(run, "Lab", Lab)
    return planned


def test_help_names_every_command(qctl):
    answer = qctl("--help")
    assert answer.code == 0
    assert all(name in answer.out for name in COMMANDS)


LIVE = ("serve", "top")  # end with Ctrl-C: what they show is a screen, `status --json` is for programs
GROUPS = ("jobs", "service")  # their commands print, not they


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_speaks_json_where_it_prints(qctl, name):
    answer = qctl(name, "--help")
    assert answer.code == 0
    assert ("--json" in answer.out) == (name not in (*LIVE, *GROUPS))
    assert import_module(f"qctl.cli.{name}").command.name == name


def test_run_prints_bars_for_people(qctl, answers, bell):
    answer = qctl("run", bell)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith("bell.qasm on transmon5")
    assert lines[2].split()[:3] == ["00", "60", "60.00%"]
    assert lines[3].split()[:3] == ["11", "40", "40.00%"]
    assert lines[2].count("█") > lines[3].count("█") > 0
    assert "100 shots on q3 q1; parameters 7-1f2e3d4c" in answer.out


def test_run_says_when_nothing_but_guesses_was_at_work(qctl, answers, bell):
    assert "calibrated" not in qctl("run", bell).err
    answers.append(replace(answers[0], parameters_id="0-1f2e3d4c"))
    assert "transmon5 was never calibrated" in qctl("run", bell).err


def test_run_prints_one_json_document_for_scripts(qctl, answers, bell):
    answer = qctl("run", bell, "--json")
    assert json.loads(answer.out) == {
        "counts": {"00": 60, "11": 40},
        "shots": 100,
        "qubits": ["q3", "q1"],
        "parameters_id": "7-1f2e3d4c",
        "timing": {"deadlines": 0, "misses": 0, "discarded_segments": 0, "flags": {}, "seconds": {"run": 0.5}},
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ProgramError, 1),
        (CompileError, 1),
        (UsageError, 2),
        (ConfigError, 3),
        (InstrumentError, 4),
        (SpecificationError, 5),
    ],
)
def test_each_kind_of_error_has_its_exit_code_and_one_line(qctl, answers, bell, kind, code):
    answers.append(kind("5 GHz was asked", allowed="up to 4 GHz", where="lo"))
    answer = qctl("run", bell)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err == "error: lo: 5 GHz was asked; allowed: up to 4 GHz\n"


def test_debug_shows_where_an_error_comes_from(qctl, answers, bell):
    answers.append(InstrumentError("broken"))
    with pytest.raises(InstrumentError, match="broken"):
        qctl("--debug", "run", bell)


def test_ctrl_c_ends_with_the_code_that_shells_expect(qctl, answers, bell):
    interrupted = KeyboardInterrupt()
    interrupted.add_note("awg1: could not be made safe")
    answers.append(interrupted)
    answer = qctl("run", bell)
    assert answer.code == 130
    assert answer.err.split("\n") == ["", "interrupted", "  awg1: could not be made safe", ""]


@pytest.mark.parametrize(
    "arguments", [("run",), ("run", "missing.qasm"), ("nothing",), ("run", "--shots", "0", "x"), ("--what",)]
)
def test_wrong_usage_ends_with_2(qctl, arguments):
    assert qctl(*arguments).code == 2


def test_check_answers_every_mistake_with_its_place(qctl, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("platform: superconducting\nbad: 1\nperiod: 3 parsecs\n")
    answer = qctl("check", wrong)
    assert answer.code == 3
    assert f"{wrong}:2:1: " in answer.out
    assert f"{wrong}:3:9: " in answer.out
    assert json.loads(qctl("check", wrong, "--json").out)[str(wrong)] == answer.out.splitlines()


def test_schema_is_json(qctl):
    assert json.loads(qctl("schema").out)["$defs"]
    assert len(qctl("schema", "--json").out.splitlines()) == 1


def test_a_reader_that_leaves_early_causes_no_complaint():
    script = f"{sys.executable} -m qctl.cli schema | head -c 10"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert len(done.stdout) == 10
