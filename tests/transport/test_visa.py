"""The same strict session through PyVISA: raw socket and serial port."""

import os
import threading
import tty

import numpy as np
import pytest

from qctl.core.errors import TransportError
from qctl.transport import command, grammar, open_link


@pytest.fixture
def serial_port(toy):
    """Serve a toy on a pseudo terminal; return its name and the far end."""
    far, near = os.openpty()
    tty.setraw(near)

    def serve():
        buffer = b""
        while True:
            try:
                buffer += os.read(far, 4096)
            except OSError:
                return
            *messages, buffer = buffer.split(b"\n")
            for message in messages:
                if reply := toy.answer(message.decode("ascii")):
                    os.write(far, reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield os.ttyname(near), far
    os.close(near)  # ends the read on the far side
    thread.join(timeout=5)
    os.close(far)


@pytest.fixture
def socket_link(serve, toy):
    link = open_link(f"TCPIP::127.0.0.1::{serve(toy).port}::SOCKET", timeout=1.0)
    yield link
    link.close()


@pytest.fixture
def serial_link(serial_port):
    link = open_link(f"ASRL{serial_port[0]}::INSTR", timeout=1.0, settings={"baud_rate": 115200})
    yield link
    link.close()


@pytest.fixture(params=["socket_link", "serial_link"])
def link(request):
    return request.getfixturevalue(request.param)


def test_queries_blocks_and_settings_pass(link, toy, number, block):
    assert link.idn == "MAKER,TOY,123,1.0"
    assert link.ask(command("VAL?", 3), grammar.nr3) == float(number(3))
    room = np.empty(50_000, np.int16)
    link.ask_block(command("DATA?", 1, room.nbytes), room)
    assert room.tobytes() == block(1, room.nbytes)
    link.write(command("VOLT", 0.5), command("OUTP", True))
    assert link.errors() == []
    assert toy.settings == {"VOLT": "0.5", "OUTP": "1"}
    assert link.generation == 0


def test_what_nobody_asked_for_on_a_serial_line_is_a_fault_and_forgotten(serial_port, serial_link, number):
    os.write(serial_port[1], b"5\n")
    while not serial_link._link.wire._port.in_waiting:
        continue
    assert serial_link.ask(command("VAL?", 3), grammar.nr3) == float(number(3))
    assert serial_link.generation == 1


def test_a_block_is_sent_from_the_callers_memory(link, toy):
    received = []
    toy.unit = lambda unit, answer=toy.unit: received.append(unit) or answer(unit) if "LOAD" in unit else answer(unit)
    link.write_block(command("LOAD", "w"), np.frombuffer(b"abcd", np.uint8))
    assert link.errors() == []
    assert received == ['LOAD "w",#14abcd']


@pytest.mark.parametrize(
    "address",
    [
        "TCPIP::127.0.0.1::1::SOCKET",
        "ASRL/dev/none-of-these::INSTR",
        "NONSENSE::1",
    ],
)
def test_an_address_where_nobody_answers_is_named(address):
    with pytest.raises(TransportError, match="nobody: "):
        open_link(address, name="nobody", timeout=0.05)


@pytest.mark.parametrize(
    ("raised", "seen"),
    [(Exception("could not connect"), TransportError), (ValueError("port"), TransportError), (TypeError(), TypeError)],
)
def test_only_what_keeps_a_link_from_opening_is_told_as_such(monkeypatch, raised, seen):
    def fail(*arguments, **options):
        raise raised

    monkeypatch.setattr("pyvisa.ResourceManager.open_resource", fail)
    with pytest.raises(seen):
        open_link("TCPIP::127.0.0.1::1::SOCKET", timeout=0.05)
