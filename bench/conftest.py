"""What several benchmarks measure in the same way."""

import time

import pytest


@pytest.fixture
def against(benchmark):
    """Return a function: time something three times, and as a multiple of what a baseline takes; return both."""

    def against(run, baseline):
        benchmark.pedantic(run, rounds=3)
        start = time.perf_counter()
        baseline()
        alone = time.perf_counter() - start
        median = benchmark.stats["median"]
        benchmark.extra_info.update(bare=alone, ratio=median / alone)
        return median, median / alone

    return against
