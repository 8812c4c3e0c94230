"""Whatever happens, a command ends with an exit code and a line, not with a traceback."""

import os
import pty
import sys

import click
import pytest

from qctl.cli.failure import exit_code_of
from qctl.core.errors import InstrumentError


def failing(error):
    @click.command()
    def command():
        raise error

    return command


@pytest.fixture(autouse=True)
def _without_arguments(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["qctl"])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("by 0"), "ZeroDivisionError: by 0"),
        (KeyError("x"), "KeyError: 'x'"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_mistake_of_qctl_is_one_line_and_exit_code_1(capsys, error, said):
    error.add_note("awg1: could not be made safe")
    assert exit_code_of(failing(error), debug=False) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (f"qctl itself failed: {said}; use --debug for the traceback\n  awg1: could not be made safe\n")


def test_debug_shows_the_traceback_of_a_mistake_of_qctl():
    with pytest.raises(ZeroDivisionError):
        exit_code_of(failing(ZeroDivisionError()), debug=True)


@pytest.mark.parametrize(
    ("error", "code"), [(InstrumentError("broken"), 4), (KeyboardInterrupt(), 130), (ValueError("a bug"), 1)]
)
def test_a_terminal_that_is_gone_changes_no_exit_code(monkeypatch, error, code):
    ours, theirs = pty.openpty()
    os.close(ours)  # from now on every write to it is an error
    with os.fdopen(theirs, "w", buffering=1) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        error.add_note("awg1: could not be made safe")
        assert exit_code_of(failing(error), debug=False) == code
        with pytest.raises(OSError, match="Input/output"):
            terminal.flush()
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (what is left in the buffer must go somewhere)
            os.dup2(nowhere.fileno(), theirs)
