"""Simulated AWGs and a readout module in one shot: what is told decides which steps are played, unless it is late."""

from types import SimpleNamespace

import numpy as np
import pytest

from qctl.core.sequence import Port
from qctl.instruments.mock.branched import Branched, perform_branched
from qctl.instruments.mock.q1_realtime import Core, shot
from qctl.instruments.mock.signals import PlayedStep, Player
from qctl.instruments.mock.timeline import Cable, Taker

RATE, SETUP = 2e9, 1.3e-6
LENGTHS = (8000, 3000, 3000)  # samples of the step before the decision, and of those behind it
WINDOW_END = 400  # ns of the program


class Told:
    """A readout module with one window, and one decision by it; answers are what is heard."""

    threshold, started, marker_volts = 0.5, 1, (0.0, 3.3)

    def __init__(self, n_shots, at):
        self.n_shots = n_shots
        tells = [("wait", (96,)), ("acquire_weighed", (0, 0, 0, 0, 4))]
        marks = [("wait", (at - 4,)), ("set_cond", (1, 1, 0, 4)), ("set_mrk", (1,)), ("upd_param", (8,))]
        self.cores = [Core([], tells, [300], address=1), Core([("set_latch_en", (1, 4))], marks, [])]

    def shot(self, answers):
        return shot(self.cores, 4, answers)

    def tell(self, question, volts):
        one = np.rint(volts[1][:, 0]).astype(np.int64)
        return np.stack([one, 0 * one, one])


class Steered:
    """A world in which shot k is read as the k-th of some answers; remembers what was played to the end."""

    def __init__(self, answers):
        self.answers, self.ended, self.seconds = np.array(answers), [], 0.0

    def branch(self, carriers, biases, period, n_shots):
        self.period = period
        threads = SimpleNamespace(begin=lambda: SimpleNamespace(shots=np.arange(n_shots)), hear=self.hear, end=self.end)
        threads.part = lambda thread, mask: SimpleNamespace(shots=thread.shots[mask])
        return threads

    def hear(self, thread, playing, wanted):
        volts = np.repeat(self.answers[thread.shots][:, None], wanted.n_samples, axis=1).astype(np.float32)
        return dict.fromkeys(wanted.inputs, volts)

    def end(self, thread, playing):
        self.ended.append((thread.shots.tolist(), playing))

    def carry(self, branches):
        pass

    def wait(self, seconds):
        self.seconds += seconds


def player(levels=(0.1, 0.2, 0.3), wait="ITR"):
    steps = [
        PlayedStep(
            n, {1: np.full(n, level, np.float32)}, {1: np.array([0])} if k == 0 else {}, wait if k == 0 else "OFF",
            following=1 if k == 0 else 0, event="BTR" if k == 0 else "OFF", jump=2 if k == 0 else -1,
        )
        for k, (n, level) in enumerate(zip(LENGTHS, levels, strict=True))
    ]  # fmt: skip
    return Player(RATE, 20e-6, tuple(steps), 5, {1: (0.0, 1.0)}, 0.5, event_threshold=1.0, event_setup=SETUP)


def run(answers, at, events=("awg1", "awg2")):
    """Play as many shots as there are answers; a decision is taken at ``at`` ns of the program."""
    takers = {
        "awg1": Taker(player()),
        "awg2": Taker(player(wait="ATR"), Cable("awg1", 1, 8e-9), 480e-9),
    }
    cables = {name: Cable("cluster", 1, 6e-9) for name in events}
    plan = Branched("cluster", Told(len(answers), at), takers, Cable("awg1", 1, 8e-9), 100e-9, cables)
    world = Steered(answers)
    told, well = perform_branched(world, plan, {}, {})
    shots = [one for one in world.ended if len(one[0])][-len(set(answers)) :]
    ends = {k: playing for threads, playing in shots for k in threads}
    return world, told, well, [{name: ends[k][Port(name, 1)].volts[-1] for name in takers} for k in range(len(answers))]


def test_each_shot_goes_the_way_of_its_own_answer_on_every_awg():
    answers = [0, 1, 1, 0, 1]
    world, told, well, last = run(answers, at=700)
    assert well
    np.testing.assert_array_equal(told[0][0, 2], answers)
    for answer, ended in zip(answers, last, strict=True):
        assert ended == pytest.approx(dict.fromkeys(("awg1", "awg2"), 0.3 if answer else 0.2))
    assert world.seconds == pytest.approx(5 * 20e-6)


def test_steps_follow_each_other_without_a_gap():
    world, _, _, _ = run([1], at=700)
    played = world.ended[-1][1][Port("awg1", 1)]
    assert len(played.volts) == LENGTHS[0] + LENGTHS[2]
    assert np.all(played.volts[: LENGTHS[0]] == np.float32(0.1))
    assert np.all(played.volts[LENGTHS[0] :] == np.float32(0.3))


def test_an_event_that_comes_too_late_before_the_end_of_a_step_does_not_count():
    # The marker leaves 148 ns behind its instruction, and 8 + 100 + 6 ns of trigger, latency and cable.
    latest = round(LENGTHS[0] / RATE * 1e9 - SETUP * 1e9) - 148 - 114
    assert run([1], at=latest)[3][0]["awg1"] == pytest.approx(0.3)
    assert run([1], at=latest + 1)[3][0]["awg1"] == pytest.approx(0.2)
    assert run([1], at=latest + 1)[3][0]["awg2"] == pytest.approx(0.3)  # it started later, and its step ends later


def test_an_awg_that_hears_no_events_goes_on():
    assert run([1], at=700, events=("awg1",))[3][0] == pytest.approx({"awg1": 0.3, "awg2": 0.2})
