"""The command line as a function of its arguments."""

import contextlib
import io
import sys
from types import SimpleNamespace

import pytest

from qctl.cli import cli
from qctl.cli.failure import exit_code_of


@pytest.fixture
def qctl(monkeypatch):
    """Call ``qctl ARGUMENTS`` in this process; return exit code, standard output and standard error."""

    def call(*arguments):
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["qctl", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = exit_code_of(cli, "--debug" in arguments)
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())

    return call


@pytest.fixture
def bell(tmp_path):
    path = tmp_path / "bell.qasm"
    path.write_text(
        'OPENQASM 3;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;\n'
    )
    return path
