"""Blocks and round trips over loopback: the strict session against a raw socket and against plain PyVISA.

Each claim is a ratio to a baseline measured in the same run, turn by turn, against the same server in a process of its
own; an upload counts as done when a query behind it was answered.
"""

import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import pyvisa

from qctl.transport import command, grammar, open_link

BLOCK = np.random.default_rng(1).integers(-32767, 32767, 1 << 20, np.int16)  # 2 MiB
ROUNDS = 40

# Sinks blocks, answers queries and echoes tags; as fast as Python can. A message that was heard before is answered from
# memory, so that what a query looks like costs the server nothing: the ratios are those of the two clients.
SERVER = r"""
import re, socket, threading
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
block = re.compile(rb"[ ,]#(\d)(\d+)")
def serve(link):
    room = memoryview(bytearray(1 << 22))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    buffer, known = b"", {}
    while chunk := link.recv(65536):
        if not buffer and len(chunk) < 64 and chunk in known:
            link.sendall(known[chunk])
            continue
        buffer += chunk
        while (found := block.search(buffer[:64])) or b"\n" in buffer:
            if found:
                digits = int(found[1])
                start = found.start(2) + digits
                left = int(buffer[found.start(2):start]) + 1
                left, buffer = left - len(buffer[start:start + left]), buffer[start + left:]
                while left:
                    left -= link.recv_into(room[:left])
                continue
            line, _, buffer = buffer.partition(b"\n")
            tag = line.split(b";")[0][5:] if line.startswith(b"*ESE") else b""
            if b"DATA?" in line:
                link.sendall(tag + b";" * bool(tag) + b"#72097152")
                link.sendall(room[:2097152])
                link.sendall(b"\n")
                continue
            reply = b"A,B,1,2" if b"*IDN?" in line else b"1"
            if tag:
                reply = tag + b";" + reply + (b"" if b"*IDN?" in line else b";" + tag)
            known[line + b"\n"] = reply + b"\n"
            link.sendall(reply + b"\n")
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
"""


@pytest.fixture(scope="module")
def port():
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.kill()


@pytest.fixture
def raw(port):
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield link


@pytest.fixture
def strict(port):
    session = open_link(f"TCPIP::127.0.0.1::{port}::SOCKET")
    yield session
    session.close()


@pytest.fixture
def plain(port):
    resource = pyvisa.ResourceManager("@py").open_resource(
        f"TCPIP::127.0.0.1::{port}::SOCKET", read_termination="\n", write_termination="\n"
    )
    yield resource
    resource.close()


def best_times(*actions, rounds=ROUNDS, inner=1):
    """Return the least seconds of each action, taken in turns: what a busy machine adds is no property of either."""
    times = [[] for _ in actions]
    for _ in range(rounds):
        for action, record in zip(actions, times, strict=True):
            begin = time.perf_counter()
            for _ in range(inner):
                action()
            record.append((time.perf_counter() - begin) / inner)
    return [min(record) for record in times]


def test_upload_of_2_mib_against_a_raw_socket_and_plain_pyvisa(benchmark, raw, strict, plain):
    head = command("WLISt:WAVeform:DATA", "w", 0, 1)
    view = memoryview(BLOCK).cast("B")

    def by_session():
        strict.write_block(head, BLOCK)
        strict.ask(command("DONE?"), grammar.nr1)

    def by_socket():
        raw.sendall(b'DATA "w",0,1,#72097152')
        raw.sendall(view)
        raw.sendall(b"\nDONE?\n")
        raw.recv(16)

    def by_pyvisa():
        plain.write_binary_values('DATA "w",0,1,', BLOCK, datatype="h")
        plain.query("DONE?")

    session, sockets, visa = best_times(by_session, by_socket, by_pyvisa)
    benchmark(by_session)
    benchmark.extra_info |= {
        "GB/s": round(BLOCK.nbytes / session / 1e9, 2),
        "GB/s of a raw socket": round(BLOCK.nbytes / sockets / 1e9, 2),
        "GB/s of plain PyVISA": round(BLOCK.nbytes / visa / 1e9, 3),
        "speed / raw socket": round(sockets / session, 2),
        "speed / plain PyVISA": round(visa / session, 1),
    }


def test_download_of_2_mib_against_a_raw_socket(benchmark, raw, strict):
    room = np.empty_like(BLOCK)
    view = memoryview(room).cast("B")

    def by_session():
        strict.ask_block(command("DATA?"), room)

    def by_socket():
        raw.sendall(b"DATA?\n")
        head, done = raw.recv(9), 0
        while done < len(view):
            done += raw.recv_into(view[done:])
        return head, raw.recv(1)

    session, sockets = best_times(by_session, by_socket)
    benchmark(by_session)
    benchmark.extra_info |= {
        "GB/s": round(BLOCK.nbytes / session / 1e9, 2),
        "GB/s of a raw socket": round(BLOCK.nbytes / sockets / 1e9, 2),
        "speed / raw socket": round(sockets / session, 2),
    }


def test_round_trip_against_a_raw_socket_and_plain_pyvisa(benchmark, raw, strict, plain):
    query = command("DONE?")

    def by_session():
        strict.ask(query, grammar.nr1)

    def by_socket():
        raw.sendall(b"DONE?\n")
        raw.recv(16)

    def by_tagged_socket():
        raw.sendall(b"*ESE 1;*ESE?;:DONE?;*ESE?\n")
        raw.recv(16)

    session, sockets, tagged, visa = best_times(
        by_session, by_socket, by_tagged_socket, lambda: plain.query("DONE?"), rounds=150, inner=20
    )
    benchmark(by_session)
    benchmark.extra_info |= {
        "us": round(session * 1e6, 1),
        "us of a raw socket": round(sockets * 1e6, 1),
        "us of plain PyVISA": round(visa * 1e6, 1),
        "time / raw socket": round(session / sockets, 2),
        "time / raw socket with the same tags": round(session / tagged, 2),
        "time / plain PyVISA": round(session / visa, 2),
    }
