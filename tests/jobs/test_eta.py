"""What is foretold comes true where nothing intervenes, and 90 % of jobs come within their interval where things do."""

import numpy as np
import pytest
from queued import FRAME, candidate, request, state

from qctl.jobs.eta import Forecasts, foretold
from qctl.jobs.simulate import simulate


def test_an_empty_machine_starts_at_once_and_finishes_after_the_service():
    when = foretold([request(0, candidate(0), shots=1000)], state(now=5.0))
    assert when["0"] == (5.0, pytest.approx(5.0 + 1000 * FRAME))


def test_what_waits_starts_when_what_is_in_its_way_has_finished():
    first = request(0, candidate(0), shots=800, shots_done=10)
    second = request(1, candidate(0), shots=400)
    when = foretold([first, second], state())
    assert when["0"] == (0.0, pytest.approx(0.2))
    assert when["1"] == (pytest.approx(0.2), pytest.approx(0.3))


def test_who_cannot_run_has_no_time():
    held = request(0, candidate(0), blocked="held")
    broken = request(1, candidate(4))
    assert foretold([held, broken], state(unavailable={"qubit 4": "dead"})) == {}
    assert Forecasts().eta("0", [held], state()) is None


def arriving(seed, n):
    """Return jobs that come at random to a chip of ten places, three fifths full."""
    rng, now, found = np.random.default_rng(seed), 0.0, []
    for k in range(n):
        now += float(rng.exponential(0.11))
        size = int(rng.choice([1, 2, 4]))
        starts = rng.choice(20 - size, 6, replace=False)
        shots = int(rng.integers(500, 5000))
        found.append(request(k, *(candidate(int(a), size, n=20) for a in starts), shots=shots, submitted=now))
    return found


def test_nine_of_ten_jobs_start_and_finish_within_their_interval():
    forecasts, jobs = Forecasts(), arriving(1, 260)
    inside, active, rules, seen = [], {}, state(window_s=0.1), set()
    spans = {}

    def change(now_state, here):
        fresh = [r for r in here if r.job not in seen]
        if fresh:
            when = foretold(here, now_state)
            for r in fresh:
                seen.add(r.job)
                if r.job in when:
                    forecasts.made(r.job, *when[r.job], now_state.now)
                    spans[r.job] = forecasts.around(*when[r.job], now_state)
        gone = [job for job in active if job not in {r.job for r in here}]
        for job in gone:
            started = active.pop(job)
            forecasts.came(job, started, now_state.now, now_state)
        for r in here:
            if r.shots_done and r.job not in active:
                active[r.job] = now_state.now - now_state.window_s
        return now_state

    for done in simulate(jobs, rules, change=change).done:
        if int(done.job) >= 60:
            span = spans[done.job]
            inside.append(span.start.low - 0.1 <= done.started <= span.start.high + 0.1)
            inside.append(span.finish.low - 0.1 <= done.finished <= span.finish.high + 0.1)
    assert 0.84 <= np.mean(inside) <= 1.0
    widths = [s.finish.high - s.finish.low for job, s in spans.items() if int(job) >= 60]
    first = spans["0"].finish
    assert np.median(widths) < 6 * (first.high - first.low)
