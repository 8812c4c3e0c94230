"""How fast parameters move is learned, and what moves faster raises an alarm, rarely a false one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from qctl.calibrate.alarm import WEEK, Cusum, run_length, threshold_for
from qctl.calibrate.drift import DAY, Drift, Walk, learn, posterior, prior
from qctl.calibrate.memory import Memory
from qctl.core.parameters import Estimate
from qctl.store import Finding, ParameterStore


def wrapped(angle):
    return math.remainder(angle, 2 * math.pi)


def walk(speed, n, interval, error, seed):
    rng = np.random.default_rng(seed)
    true = np.cumsum(rng.normal(0, math.sqrt(speed * interval), n))
    return [Estimate(x + error * rng.normal(), error, "Hz", k * interval) for k, x in enumerate(true)]


def test_the_prior_is_what_real_devices_do():
    day = math.sqrt(prior("q0.frequency", 5e9) * DAY)
    assert 0.674 * day == pytest.approx(3.65e3, rel=0.03)  # median step of a day
    assert 0.674 * math.sqrt(prior("q0.t1", 40e-6) * DAY) == pytest.approx(0.185 * 40e-6, rel=0.03)


@pytest.mark.parametrize("factor", [0.03, 1.0, 30.0])
def test_speed_is_learned_from_the_history(factor):
    true = factor * prior("q0.frequency", 5e9)
    found = [learned(walk(true, 60, 3600.0, 200.0, seed)) for seed in range(20)]
    assert 0.5 < np.median(found) / true < 2.0


def learned(history):
    return learn({"q0.frequency": history}).speeds["q0.frequency"]


def test_a_few_points_move_the_prior_only_a_little():
    usual = prior("q0.frequency", 5e9)
    assert learned(walk(usual, 1, 3600.0, 200.0, 1)) == usual
    assert 0.1 < learned(walk(0.0, 3, 3600.0, 5e3, 1)) / usual < 10


def test_what_moves_less_than_its_name_says_is_not_taken_for_fast_after_a_few_measurements():
    hertz = Walk(2.0)  # a day: clock states of atoms do not move by kilohertz
    slow, drift = hertz.speed(1e7), Drift(usual={f"q{k}.frequency": hertz for k in range(4)})
    assert drift.speed("q0.frequency", 1e7) == slow == pytest.approx(2.0**2 / DAY)
    found = drift.learned({f"q{k}.frequency": walk(slow, 3, 3600.0, 0.4, k) for k in range(4)})
    assert 0.1 < found.speed("q0.frequency", 1e7) / slow < 10
    assert found.usual == drift.usual  # also once more is learned


def test_what_nobody_measured_is_not_learned_from():
    guesses = [Estimate(5e9, math.inf, "Hz"), Estimate(math.nan, 1.0, "Hz")]
    assert learn({"q0.frequency": guesses, "q1.frequency": []}) == Drift()


def test_what_one_target_does_is_expected_of_the_others():
    fast = 30 * prior("q0.frequency", 5e9)
    histories = {f"q{k}.frequency": walk(fast, 20, 3600.0, 200.0, k) for k in range(4)}
    found = learn({**histories, "q9.frequency": walk(fast, 1, 3600.0, 200.0, 9)})
    assert 0.3 < found.speeds["q9.frequency"] / fast < 3
    slow = learn({**histories, "q9.frequency": walk(fast / 100, 40, 3600.0, 200.0, 9)})
    assert slow.speeds["q9.frequency"] < 0.1 * fast < slow.speeds["q0.frequency"]


def test_errors_that_claim_too_little_are_not_taken_for_drift():
    slow = 0.01 * prior("q0.frequency", 5e9)
    honest = walk(slow, 50, 1800.0, 200.0, 4)
    found = learn({"q0.frequency": [replace(one, error=one.error / 2) for one in honest]})
    assert 1.6 <= found.noises["q0.frequency"] <= 2.8
    assert found.speeds["q0.frequency"] < 10 * slow
    assert learn({"q0.frequency": honest}).noises["q0.frequency"] == 1.0
    assert found.error("q0.frequency", 100.0) == pytest.approx(100.0 * found.noises["q0.frequency"])


def test_a_value_read_at_another_place_has_not_moved_when_it_lies_on_the_slope():
    slopes, rng = {"c.cz.phase_high": {"c.cz.flux_amplitude": 500.0}}, np.random.default_rng(2)
    memory, before = Memory(), {}
    for k in range(30):  # the place is missed by 2e-4, and the phase turns with it, across the border at pi too
        missed = 2e-4 * rng.normal()
        found = {
            "c.cz.flux_amplitude": Estimate(0.3 + missed, 2e-4, "", 1800.0 * k),
            "c.cz.phase_high": Estimate(wrapped(3.1 + 500 * missed + 0.02 * rng.normal()), 0.02, "rad", 1800.0 * k),
        }
        assert memory.take(found, before, slopes) == ()
        before = found
    assert math.sqrt(memory.drift.speeds["c.cz.phase_high"] * DAY) < 0.06


def test_belief_widens_with_time_and_narrows_with_a_measurement():
    drift = Drift({"q0.frequency": 1.0})
    known = Estimate(0.0, 10.0, "Hz", time=0.0)
    assert drift.variance("q0.frequency", known, 300.0) == pytest.approx(400.0)
    assert drift.variance("q0.frequency", known, -5.0) == 100.0  # a clock that went back forgets nothing
    after = posterior("q0.frequency", known, Estimate(30.0, 20.0, "Hz", time=300.0), drift)
    assert after.value == pytest.approx(15.0)
    assert after.error == pytest.approx(math.sqrt(200.0))
    guess = Estimate(0.0, math.inf, "Hz")
    seen = Estimate(30.0, 20.0, "Hz", time=300.0)
    assert posterior("q0.frequency", guess, seen, drift) == seen


def test_a_threshold_keeps_its_rate_of_false_alarms():
    rng = np.random.default_rng(3)
    threshold = threshold_for(WEEK / 50, 1 / WEEK)  # 50 measurements a week, one false alarm a week
    assert run_length(threshold) == pytest.approx(50, rel=1e-3)
    alarms, sums, n = 0, Cusum(), 40_000
    for surprise in rng.normal(size=n):
        sums = sums.after(surprise)
        if sums.alarms(threshold):
            alarms, sums = alarms + 1, Cusum()
    assert 0.8 * n / 50 < alarms < 1.2 * n / 50


def test_a_step_is_found_soon():
    threshold, delays = threshold_for(900.0), []
    for seed in range(200):
        rng, sums, n = np.random.default_rng(seed), Cusum(), 0
        while not sums.alarms(threshold):
            sums, n = sums.after(1.5 + rng.normal()), n + 1
        delays.append(n)
    assert np.mean(delays) < 8  # measurements after a step of 1.5 standard deviations


def test_what_a_probe_confirmed_is_no_measurement_that_drift_is_learned_from(tmp_path):
    slow = walk(30 * prior("q0.frequency", 5e9), 20, 3600.0, 200.0, 3)
    found = []
    for folder, probed in (("measured", False), ("probed", True)):
        (tmp_path / folder).mkdir()
        with ParameterStore.open(tmp_path / folder, "fake") as store:
            for one in slow:
                store.commit([Finding("q0.frequency", one)], store.newest, "measured")
                if probed:
                    again = replace(one, time=one.time + 600.0)
                    store.commit([Finding("q0.frequency", again)], store.newest, "a probe agrees")
            memory = Memory()
            memory.recall(store, ["q0.frequency", "q1.frequency"])
            found.append(memory.drift.speeds)
    assert found[0] == found[1]
    assert found[0]["q0.frequency"] > 5 * prior("q0.frequency", 5e9)


def test_a_steady_climb_is_an_alarm_and_a_walk_as_usual_is_none():
    def alarms(values):
        memory, found, before = Memory(), [], {}
        for k, value in enumerate(values):
            new = {"q0.frequency": Estimate(value, 100.0, "Hz", 1800.0 * k)}
            found += memory.take(new, before)
            before = new
        return found

    usual = prior("q0.frequency", 5e9)
    assert alarms([one.value for one in walk(usual, 40, 1800.0, 100.0, 5)]) == []
    assert set(alarms([1500.0 * k for k in range(40)])) == {"q0.frequency"}
