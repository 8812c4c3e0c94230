"""Shots that do not count are played again, as many as experience asks for, until hardly any does."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.core.errors import ReadoutError, TooLongError
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.integrations.points import run_points

PROGRAM = Program(np.array([event(Op.MEASURE, (0,), bit=0)] * 2, EVENT), 1, 1, np.array([0, 1, 2]), physical=True)


class Leaky:
    """A machine that keeps a share of shots at its second sweep point, and all at its first."""

    class laboratory:  # noqa: N801 (only this is asked for)
        name, period, slot, longest_run = "leaky", 0.01, None, 3600.0

    def __init__(self, *shares, most=100_000):
        self.shares, self.rng, self.asked, self.most = list(shares), np.random.default_rng(7), [], most

    def run(self, program, shots, *, optimise=True):
        if shots > self.most:
            raise TooLongError(f"{shots} shots", allowed="1 h a run", where="leaky", remedy="longest=")
        self.asked.append(shots)
        share = self.shares.pop(0) if len(self.shares) > 1 else self.shares[0]
        kept = np.stack([np.ones(shots, bool), self.rng.random(shots) < share])
        bits, iq = np.ones((2, shots, 1), np.uint8), np.zeros((2, shots, 1), complex)
        dropped = {"an empty site": int((~kept).sum())}
        return Result(bits, iq, ((0, 0),), ("q0",), (0,), "1", Timing(), kept=kept, dropped=dropped)


@pytest.mark.parametrize("share", [1.0, 0.9, 0.5, 0.15])
def test_rounds_follow_the_share_that_is_kept(share):
    machine = Leaky(share)
    found = list(run_points(machine, [PROGRAM], 400))
    assert [one.result.shots for one in found] == [400, 400]
    assert all(one.result.kept is None for one in found)
    assert len(machine.asked) <= 5
    assert sum(machine.asked) < 1.3 * 400 / share


def test_where_nothing_counts_any_more_the_rounds_end_and_say_why():
    machine = Leaky(0.5, 0.0)
    said = r"leaky: 50 of 100 shots count: \d+ of the last \d+ shots do not count: an empty site; allowed: .*one in ten"
    with pytest.raises(ReadoutError, match=said):
        list(run_points(machine, [PROGRAM], 100))
    assert sum(machine.asked) < 4000


def test_one_shot_is_enough_to_ask_for():
    machine = Leaky(0.0, 1.0)
    assert [one.result.shots for one in run_points(machine, [PROGRAM], 1)] == [1, 1]
    assert machine.asked == [1, 10]


def test_a_later_round_that_would_take_too_long_is_played_in_smaller_ones_and_nothing_is_thrown_away():
    machine = Leaky(0.15, most=500)
    assert [one.result.shots for one in run_points(machine, [PROGRAM], 400)] == [400, 400]
    assert max(machine.asked) == 400
    assert sum(machine.asked) < 1.3 * 400 / 0.15


def test_what_takes_too_long_at_once_is_refused_with_a_remedy_that_plugins_have():
    one = Program(PROGRAM.events[:1], 1, 1, np.array([0, 1]), physical=True)
    said = "leaky: 600 shots; allowed: 1 h a run; fewer shots or circuits at once, or a longer longest_run in the lab.*"
    with pytest.raises(TooLongError, match=f"^{said}$"):
        list(run_points(Leaky(1.0, most=500), [one], 600))


def test_a_sweep_whose_parts_alone_are_short_enough_is_refused_as_a_whole_before_anything_is_played():
    machine = Leaky(1.0, most=500)
    with pytest.raises(TooLongError, match=r"leaky: 2 circuits or sweep points of 200000 shots, which take 1\.11 h"):
        list(run_points(machine, [PROGRAM], 200_000))
    with pytest.raises(TooLongError, match=r"1024 circuits .* which take 1\.14 h .*; allowed: 1 h for all of them"):
        list(run_points(machine, [PROGRAM] * 512, 400))
    assert machine.asked == []


def test_what_the_machine_finds_too_long_is_not_tried_in_halves():
    machine = Leaky(1.0, most=300)
    with pytest.raises(TooLongError, match="400 shots"):
        list(run_points(machine, [PROGRAM], 400))
    assert machine.asked == []


def test_values_of_shots_that_were_played_again_are_kept_in_their_order():
    class Counting(Leaky):
        def run(self, program, shots, *, optimise=True):
            first = sum(self.asked)
            result = super().run(program, shots, optimise=optimise)
            numbers = np.arange(first, first + shots)
            return replace(result, outputs={"n": np.stack([numbers, numbers])})

    found = [one.result for one in run_points(Counting(0.5), [PROGRAM], 100)]
    assert [one.outputs["n"].shape for one in found] == [(1, 100), (1, 100)]
    assert found[0].outputs["n"][0].tolist() == list(range(100))
    assert (np.diff(found[1].outputs["n"][0]) > 0).all()
