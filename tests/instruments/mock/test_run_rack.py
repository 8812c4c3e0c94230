"""A rack in a process of its own: it says where it serves, and ends with whoever started it."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from qctl.core.errors import ConfigError

CHILD = """
import json, sys
class World:
    def wait(self, seconds):
        print(seconds, flush=True)
from qctl.core.laboratory import InstrumentEntry, Laboratory
from qctl.instruments.mock.rack import run_rack
entry = InstrumentEntry(driver="qctl.instruments.gs200:Gs200", address="mock")
parts = dict(lines={}, qubits={}, couplings={}, safe={}, limits={})
laboratory = Laboratory(name="one", platform="", reference=1e7, period=1e-4, instruments={"bias": entry}, **parts)
run_rack(laboratory, World(), lambda served: print(json.dumps(served), flush=True))
"""


@pytest.fixture
def child():
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def port_of(process):
    served = json.loads(process.stdout.readline())["instruments"]["bias"]
    assert served["model"] == "GS210"
    return int(served["address"].split("::")[2])


def ask_identity(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        link.sendall(b"*IDN?\r\n")
        return link.recv(100)


def test_a_rack_ends_when_its_standard_input_ends(child):
    port = port_of(child)
    assert ask_identity(port) == b"YOKOGAWA,GS210,100001,1.05\n"
    child.stdin.close()
    assert child.wait(10) == 0
    with pytest.raises(ConnectionRefusedError):
        ask_identity(port)


def test_a_line_at_standard_input_lets_virtual_time_pass_and_anything_else_nothing(child):
    port = port_of(child)
    child.stdin.write(b"wait 2.5\nwait\nwait -1\nwait nan\nsleep 3\n\n\xff\nwait 8")
    child.stdin.flush()
    assert child.stdout.readline() == b"2.5\n"
    child.stdin.write(b"6400\n")
    child.stdin.close()
    assert child.stdout.read() == b"86400.0\n"
    assert child.wait(10) == 0
    with pytest.raises(ConnectionRefusedError):
        ask_identity(port)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_rack_ends_on_a_signal(child, kind):
    port_of(child)
    os.kill(child.pid, kind)
    assert child.wait(10) == 0


def test_a_rack_stays_while_nobody_holds_its_standard_input():
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            port = port_of(process)
            assert all(ask_identity(port) for _ in range(20))
            assert process.poll() is None
        finally:
            process.terminate()
        assert process.wait(10) == 0


def test_a_driver_without_a_mock_is_refused(start, laboratory):
    strange = {"camera": replace(laboratory.instruments["bias"], driver="qctl.instruments.camera:Camera")}
    with pytest.raises(ConfigError, match="camera"):
        start(instruments=strange, lines={})


def test_the_announcement_is_one_line_of_plain_data(start):
    rack, _, _ = start()
    text = json.dumps(rack.announcement())
    assert "\n" not in text
    entry = json.loads(text)["instruments"]["awg1"]
    assert entry.keys() == {"driver", "model", "address", "hislip"}
    assert entry["model"] == "AWG5208"
