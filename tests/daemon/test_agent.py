"""The agent obeys the newest daemon only, and outlives every one of them."""

import json
import random
import select
import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from qctl.daemon.agent import Agent
from qctl.daemon.frames import FrameError, Incoming, packed
from qctl.jobs.errors import StaleFenceError
from qctl.jobs.moments import ticking

PATIENCE = 5.0  # s


@contextmanager
def served(folder):
    """Serve an agent without instruments; give what connects to it."""
    station = SimpleNamespace(
        identities={"awg": "an AWG"}, instruments={}, laboratory=SimpleNamespace(digest="d", safe={})
    )
    agent, ended = Agent(station, folder), threading.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / "agent"))
        listener.listen()
        thread = threading.Thread(target=agent.serve, args=(listener, ended.is_set))
        thread.start()
        try:
            yield lambda: daemon(folder / "agent")
            assert thread.is_alive()
        finally:
            ended.set()
            thread.join()


def daemon(path):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.settimeout(PATIENCE)
    link.connect(str(path))
    return link


def frame(seq, fence, verb="hello"):
    return packed(seq, fence, ticking() + PATIENCE, {"verb": verb})


def answer(link):
    return json.loads(link.recv(65536)[4:])["said"]


def test_a_daemon_that_dies_before_it_reads_an_answer_does_not_take_the_agent_with_it(tmp_path):
    with served(tmp_path) as connect:
        with connect() as first:
            first.send(frame(1, 1))
            assert select.select([first], [], [], PATIENCE)[0]  # the answer is there, and stays there
        with connect() as second:
            second.send(frame(1, 2))
            assert answer(second)["identities"] == {"awg": "an AWG"}


def test_a_daemon_of_an_older_fence_is_refused_after_a_newer_one_was_obeyed(tmp_path):
    with served(tmp_path) as connect:
        with connect() as newer:
            newer.send(frame(1, 7))
            answer(newer)
        for fence in (6, 7):
            with connect() as old:
                old.send(frame(1, fence, "play"))
                assert answer(old)["error"]["kind"] == "StaleFenceError"


def test_of_ten_thousand_messages_of_an_old_fence_none_is_accepted():
    incoming = Incoming(fence=5)
    for number in range(10_000):
        with pytest.raises(StaleFenceError):
            incoming.opened(packed(1 + number % 3, number % 5, ticking() + 1.0, {}), ticking())


def test_frames_that_are_garbled_doubled_lost_or_late_are_refused():
    rng, good = random.Random(1), packed(1, 1, ticking() + PATIENCE, {"verb": "rest"})
    for _ in range(500):
        bad = bytearray(good)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        with pytest.raises(FrameError, match="garbled"):
            Incoming().opened(bytes(bad), ticking())
    incoming = Incoming()
    assert incoming.opened(good, ticking()) == {"verb": "rest"}
    for seq, deadline, why in ((1, 1.0, "frame 1"), (3, 1.0, "frame 3"), (2, -1.0, "after its deadline")):
        with pytest.raises(FrameError, match=why):
            incoming.opened(packed(seq, 1, ticking() + deadline, {}), ticking())
