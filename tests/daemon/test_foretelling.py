"""The daemon learns from what came how far its forecasts can be trusted."""

import asyncio

from queued import FRAME, candidate, request, state

from qctl.daemon.foretelling import Foretelling
from qctl.daemon.tasks import Tasks
from qctl.jobs.moments import ticking


def lived(n):
    """Return what was learned from so many jobs that came and finished."""

    async def run():
        queue = []
        told = Foretelling(lambda: (queue, state(now=ticking())), Tasks(print))
        for number in range(1, n + 1):
            queue[:] = [request(f"j{number}", candidate(0), shots=int(0.02 / FRAME), submitted=ticking())]
            told.came(queue)
            while told._busy:
                await asyncio.sleep(0.001)
            told.started([number])
            told.ended(f"j{number}", well=True)
        queue[:] = [request("j99", candidate(0), shots=400)]
        return told, told.eta("j99"), told.eta("j98")

    return asyncio.run(run())


def test_a_job_that_is_there_has_a_forecast_and_one_that_is_not_has_none():
    _, found, none = lived(1)
    assert found.start.low <= found.start.expected <= found.start.high < found.finish.high
    assert none is None


def test_intervals_are_drawn_from_what_came():
    told, learned, _ = lived(25)
    assert len(told.forecasts._wrong["finish"]) == 25
    ahead = learned.finish.expected - learned.start.expected
    _, unlearned, _ = lived(1)
    assert (learned.finish.high - learned.finish.expected) / ahead != (
        unlearned.finish.high - unlearned.finish.expected
    ) / (unlearned.finish.expected - unlearned.start.expected)
