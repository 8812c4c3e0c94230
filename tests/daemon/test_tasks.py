"""A part of the daemon that fails, or ends though it should not, ends the daemon and says so."""

import asyncio

import pytest

from qctl.daemon.tasks import Tasks
from qctl.jobs.errors import ReadOnlyError


def ended(begin, patience=20.0):
    """Return the exit codes that were asked for while some tasks ran, and what was cancelled at the end."""

    async def run():
        codes, over = [], asyncio.Event()

        def end(code):
            codes.append(code)
            over.set()

        tasks = Tasks(end)
        begin(tasks)
        try:
            async with asyncio.timeout(patience):
                await over.wait()
        except TimeoutError:
            pass
        await tasks.cancel()
        return codes

    return asyncio.run(run())


async def fails(error):
    await asyncio.sleep(0)
    raise error


async def stands():
    await asyncio.Event().wait()


async def is_done():
    await asyncio.sleep(0)


@pytest.mark.parametrize(("error", "code"), [(ValueError("no"), 1), (ReadOnlyError("disk"), ReadOnlyError.exit_code)])
def test_one_that_fails_ends_the_daemon(error, code, caplog):
    def begin(tasks):
        tasks.serve("the one that stands", stands())
        tasks.start("the one that fails", fails(error))

    assert ended(begin) == [code]
    assert "the one that fails failed" in caplog.text


def test_a_part_that_ends_by_itself_ends_the_daemon(caplog):
    assert ended(lambda tasks: tasks.serve("housekeeping", is_done())) == [1]
    assert "housekeeping ended by itself" in caplog.text


def test_work_that_is_done_or_cancelled_is_no_failure():
    def begin(tasks):
        tasks.start("short", is_done())
        tasks.start("long", stands()).cancel()

    assert ended(begin, patience=0.05) == []
