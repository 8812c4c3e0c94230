"""However a run ends, every output is in its safe state afterwards."""

import logging
import os
import signal
import socket
import subprocess
import sys

import pytest

from qctl.core.errors import CompileError
from qctl.run import Lab, playing


def assert_safe(rack):
    """Look at the instruments themselves, not at what qctl says of them."""
    for name, mock in rack.mocks.items():
        if name.startswith("awg"):
            assert mock.player() is None, f"{name} still plays"
            assert [ask(rack, name, f"OUTPut{k}:STATe?") for k in range(1, 9)] == ["0"] * 8
        elif name.startswith("bias"):
            assert mock.output() == 0.0
        elif not name.startswith("dig"):
            assert not mock.carrier().on


def ask(rack, name, query):
    """Ask over a link of our own."""
    with socket.create_connection(rack.places[name], timeout=10) as link:
        link.sendall(query.encode() + b"\n")
        return link.makefile().readline().strip()


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129), ("SIGQUIT", 131)])
def test_a_signal_in_the_middle_of_a_run_leaves_every_output_safe(served, bell, tmp_path, name, code):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"this platform has no {name}")
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"whoever started the tests ignores {name}, and what they start inherits that")
    with served("transmon5") as rack:
        rack.world.go_on.clear()
        command = [sys.executable, "-m", "qctl.cli", "--state", tmp_path, "run", bell, "--lab", rack.path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert rack.world.reached.wait(60), child.communicate()
            assert rack.mocks["awg1"].player() is not None
            assert rack.mocks["bias_q0_q1"].output() != 0.0
            child.send_signal(number)
            child.send_signal(number)  # an impatient user
            said = child.communicate(timeout=20)
            rack.world.go_on.set()
        assert child.returncode == code, said
        assert "Traceback" not in said[1]
        assert_safe(rack)


def test_a_laboratory_that_is_left_open_is_made_safe_when_python_ends(served, bell):
    with served("transmon5") as rack:
        script = f"from qctl import Lab; lab = Lab.open({str(rack.path)!r}); lab.run({str(bell)!r}, 10)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert rack.world.stages
        assert_safe(rack)


def test_a_terminal_that_is_closed_in_the_middle_of_a_run_leaves_every_output_safe(served, bell, tmp_path):
    pty = pytest.importorskip("pty")
    with served("transmon5") as rack:
        rack.world.go_on.clear()
        command = ["-m", "qctl.cli", "--state", tmp_path, "run", bell, "--lab", rack.path]
        ours, theirs = pty.openpty()
        # The child takes the terminal as its own: closing our side then hangs up on it, as a lost ssh session does.
        take = (
            "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
        )
        with subprocess.Popen(
            [sys.executable, "-c", take, sys.executable, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as child:
            os.close(theirs)
            assert rack.world.reached.wait(60)
            assert rack.mocks["awg1"].player() is not None
            os.close(ours)
            code = child.wait(20)
            rack.world.go_on.set()
        assert code == 128 + signal.SIGHUP
        assert_safe(rack)


@pytest.mark.parametrize("name", ["transmon5", "ideal20"])
def test_a_program_that_measures_nothing_is_refused_before_anything_is_opened(name):
    lab = Lab.open(name)
    with pytest.raises(CompileError, match="nothing is measured; allowed: at least one measurement into a bit"):
        lab.run('OPENQASM 3;\ninclude "stdgates.inc";\nqubit[1] q;\nbit[1] c;\nx q[0];\n')
    assert lab._station is None


@pytest.mark.parametrize(
    ("error", "level", "text"),
    [
        (KeyboardInterrupt(), logging.INFO, "interrupted"),
        (ZeroDivisionError(), logging.ERROR, "failed: ZeroDivisionError"),
        (ValueError("a bug"), logging.ERROR, "failed: a bug"),
    ],
)
def test_the_log_says_how_a_run_ended(served, bell, caplog, monkeypatch, error, level, text):
    def fail(*_):
        raise error

    monkeypatch.setattr(playing, "play", fail)
    caplog.set_level(logging.INFO, "qctl.run")
    with served("transmon5") as rack, pytest.raises(type(error)), Lab.open(rack.path) as lab:
        lab.run(bell, shots=2)
    [record] = [record for record in caplog.records if record.name == "qctl.run.said"]
    assert record.levelno == level
    assert record.getMessage().endswith(text)
