"""What was decided is linked, or, where things have changed since, what is left of it."""

import asyncio
from types import SimpleNamespace

from queued import candidate

from qctl.daemon.linking import Linking
from qctl.daemon.probes import Probes
from qctl.daemon.ready import Ready
from qctl.jobs.request import Grant, Window

HERE, THERE, ELSEWHERE = candidate(0), candidate(4), candidate(8)


class Benches:
    """Write down what they are asked to link."""

    async def ask(self, verb, said):
        self.linked = [part["compiled"] for part in said["parts"]]
        return {"uploads": {}}


class Jobs:
    """Compiling that takes as long as it takes until the border."""

    def __init__(self, *ready, border):
        self.ready, self._border = {one.job.id: one for one in ready}, border

    async def place(self, one, placement):
        self._border()

    def remarks(self, place):
        return ()


def ready(number, *places):
    job = SimpleNamespace(id=number, label=f"j{number}")
    info = {"most_shots": 1000, "parameters": 0, "circuit": "c", "period": 250e-6, "n_points": 1}
    return Ready(job, f"claim {number}", f"file {number}", info, places, shots_done=0)


def test_a_job_that_began_elsewhere_while_others_were_compiled_is_left_out(tmp_path):
    first, second = ready(1, HERE), ready(2, THERE, ELSEWHERE)
    jobs, benches = Jobs(first, second, border=lambda: second.settle(ELSEWHERE, 100)), Benches()
    grants = tuple(
        Grant(job=one.job.label, candidate=0, placement=one.places[0].placement, shots=100) for one in (first, second)
    )
    linking = Linking(jobs, Probes(), benches, tmp_path)
    linked = asyncio.run(linking.link(Window(start=0.0, duration_s=0.1, grants=grants, waits={})))
    assert [one.label for one in linked.members] == ["j1"]
    assert benches.linked == ["file 1"]
