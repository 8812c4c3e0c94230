"""Job stores in folders of their own, and a clock that tests move."""

import pytest
from job_world import Hands

from qctl.jobs.sqlite import SqliteJobStore


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def store(tmp_path, clock):
    with SqliteJobStore(tmp_path, clock=clock) as opened:
        yield opened
