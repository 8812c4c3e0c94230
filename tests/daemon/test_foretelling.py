"""The daemon learns from what came how far its forecasts can be trusted."""

import asyncio

from queued import FRAME, candidate, request, state

from qctl.daemon.foretelling import Foretelling
from qctl.daemon.tasks import Tasks
from qctl.jobs.moments import ticking


def lived(n, wait):
    """Return what was learned from jobs that finished ``wait`` seconds after they came."""

    async def run():
        queue = []
        told = Foretelling(lambda: (queue, state(now=ticking())), Tasks(print))
        for number in range(1, n + 1):
            queue[:] = [request(f"j{number}", candidate(0), shots=int(0.02 / FRAME), submitted=ticking())]
            told.came(queue)
            await asyncio.sleep(wait)
            told.started([number])
            told.ended(f"j{number}", well=True)
        queue[:] = [request("j99", candidate(0), shots=400)]
        return told, told.eta("j99"), told.eta("j98")

    return asyncio.run(run())


def test_a_job_that_is_there_has_a_forecast_and_one_that_is_not_has_none():
    _, found, none = lived(1, 0.001)
    assert found.start.low <= found.start.expected <= found.start.high < found.finish.high
    assert none is None


def test_intervals_are_drawn_from_what_came():
    told, learned, _ = lived(25, 0.01)
    _, unlearned, _ = lived(1, 0.01)
    assert len(told.forecasts._wrong["finish"]) >= 20
    assert learned.finish.high - learned.finish.low < unlearned.finish.high - unlearned.finish.low
