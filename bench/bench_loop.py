"""The host loop against a bare exchange over the same socket: what the loop itself adds to a reaction."""

import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from qctl.control.loop import Parts, Turn, run_loop, run_parts
from qctl.kernels.decide import code_of

SIZE = 256  # bytes of a message: a few results, or a jump
ROUNDS = 2000


def _echo(port):
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        room = bytearray(SIZE)
        while True:
            n = 0
            while n < SIZE:
                got = link.recv_into(memoryview(room)[n:])
                if not got:
                    return
                n += got
            link.sendall(room)


@pytest.fixture
def link():
    """A socket whose other end, in another process, echoes every message."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = subprocess.Popen([sys.executable, __file__, str(listener.getsockname()[1])])
        listener.settimeout(30)
        link, _ = listener.accept()
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with link:
            yield link
        other.wait()


def _fill(link, room):
    n = 0
    while n < SIZE:
        n += link.recv_into(memoryview(room)[n:])


def quantiles(nanoseconds):
    return {f"p{q}": round(float(np.percentile(nanoseconds, q)) / 1e3, 1) for q in (50, 99, 99.9)}


def test_a_reaction_costs_little_more_than_a_round_trip(benchmark, link):
    """Median of a round trip with a decision in the loop, over that of a bare one; both in microseconds."""
    message, room = bytes(SIZE), bytearray(SIZE)
    seen = np.frombuffer(room, np.uint8)
    bare, looped, own = [], [], []

    def exchange(shot, choice):
        link.sendall(message)
        _fill(link, room)

    nothing = lambda shot: None  # noqa: E731
    turn = Turn(nothing, nothing, lambda shot: int(seen[:16].sum()) > 8, exchange, nothing)

    def both():
        for _ in range(ROUNDS):
            start = time.monotonic_ns()
            link.sendall(message)
            _fill(link, room)
            bare.append(time.monotonic_ns() - start)
        loop = run_loop(turn, ROUNDS, 1.0)
        looped.extend(loop.reactions.tolist())
        own.extend(loop.decisions.tolist())

    benchmark.pedantic(both, rounds=3)
    ratio = np.median(looped) / np.median(bare)
    benchmark.extra_info.update(bare=quantiles(bare), looped=quantiles(looped), decide=quantiles(own), ratio=ratio)
    print(f"\nround trip {quantiles(bare)} us, reaction {quantiles(looped)} us, ratio {ratio:.2f}")


def test_a_decision_between_parts_costs_little_more_than_a_round_trip(benchmark, link):
    """Median reaction of shots in parts (decide, look up, exchange) over a bare round trip; both in microseconds."""
    message, room, deep = bytes(SIZE), bytearray(SIZE), 4
    values, least = np.zeros(8), np.full(8, 2.5)
    channels, follows = np.array([0, 3, -1, -1], np.int32), np.zeros((deep, 16), np.int32)
    follows[-1] = -1
    bare, looped, own = [], [], []

    def exchange(shot, depth, part):
        link.sendall(message)
        _fill(link, room)

    def decide(shot, depth):
        return int(follows[depth, code_of(values, least, channels)])

    def fetch(shot, depth):
        values[0], values[3] = shot % 5, depth

    parts = Parts(lambda shot: None, fetch, decide, exchange)

    def both():
        for _ in range(ROUNDS):
            start = time.monotonic_ns()
            link.sendall(message)
            _fill(link, room)
            bare.append(time.monotonic_ns() - start)
        loop, _ = run_parts(parts, ROUNDS // deep, deep, 1.0)
        looped.extend(loop.reactions.tolist())
        own.extend(loop.decisions.tolist())

    benchmark.pedantic(both, rounds=3)
    ratio = np.median(looped) / np.median(bare)
    benchmark.extra_info.update(bare=quantiles(bare), looped=quantiles(looped), decide=quantiles(own), ratio=ratio)
    print(
        f"\nround trip {quantiles(bare)} us, reaction {quantiles(looped)} us, decision {quantiles(own)} us, {ratio:.2f}"
    )


if __name__ == "__main__":
    _echo(int(sys.argv[1]))
