"""A job that is claimed while the store is looked at is neither forgotten nor let go of."""

import asyncio

import pytest
from job_world import ANN, PROGRAM

from qctl.daemon.compiling import Compiling
from qctl.daemon.tasks import Tasks
from qctl.jobs.packer import Packer
from qctl.jobs.sqlite import SqliteJobStore


class Compilers:
    """Whoever asks waits for ever."""

    async def ask(self, verb, said):
        await asyncio.Event().wait()


class LateStore(SqliteJobStore):
    """Whoever looks at what is claimed hears what was true before another claim."""

    meanwhile = staticmethod(lambda: None)

    def standing(self):
        found = super().standing()
        self.meanwhile()
        return found


@pytest.fixture
def store(tmp_path):
    with LateStore(tmp_path) as made:
        yield made


def compiling(store, tmp_path):
    return Compiling(store, Compilers(), Packer(), tmp_path, Tasks(print), asyncio.Event())


def test_a_job_that_is_claimed_while_others_are_tidied_up_goes_on_being_compiled(store, tmp_path):
    async def both():
        jobs, loop = compiling(store, tmp_path), asyncio.get_running_loop()
        number = store.submit(ANN, PROGRAM).job
        store.meanwhile = lambda: asyncio.run_coroutine_threadsafe(jobs.claim(), loop).result(20)
        await jobs.tidy()
        await asyncio.sleep(0)
        return jobs.is_compiling(number)

    assert asyncio.run(both())


def test_a_job_whose_compilation_is_cancelled_before_it_begins_is_not_being_compiled(store, tmp_path):
    async def cancelled():
        jobs = compiling(store, tmp_path)
        number = store.submit(ANN, PROGRAM).job
        await jobs.claim()
        store.cancel(ANN, number)
        (task,) = jobs._under_way.values()
        task.cancel()  # nothing has been awaited since it was made: it has not begun
        await asyncio.wait([task])
        await asyncio.sleep(0)
        return jobs.is_compiling(number), jobs.held()

    assert asyncio.run(cancelled()) == (False, [])
