"""What one call of the command line, or a process of the daemon, costs before it does anything: CPU seconds.

Baselines in the same run: Python itself (``-c pass``) and ``import numpy``.
"""

import resource
import subprocess
import sys

import pytest

BASELINES = {"python": ["-c", "pass"], "numpy": ["-c", "import numpy"]}
SUBJECTS = {
    "import qctl": ["-c", "import qctl"],
    "the daemon's modules": ["-c", "import qctl.daemon.daemon"],
    "the agent's modules": ["-c", "import qctl.daemon.agent"],
    "a worker's modules": ["-c", "import qctl.jobs.bench"],
    "qctl --help": ["-m", "qctl.cli", "--help"],
    "qctl check --help": ["-m", "qctl.cli", "check", "--help"],
}


def cpu_seconds(arguments: list[str]) -> float:
    """Return user and system time of one fresh interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("subject", SUBJECTS)
def test_startup(benchmark, subject):
    def least(arguments):
        return min(cpu_seconds(arguments) for _ in range(5))

    for name, arguments in BASELINES.items():
        benchmark.extra_info[f"cpu_{name}"] = least(arguments)
    benchmark.extra_info["cpu"] = own = least(SUBJECTS[subject])
    benchmark.extra_info["ratio_to_python"] = own / benchmark.extra_info["cpu_python"]
    benchmark.extra_info["ratio_to_numpy"] = own / benchmark.extra_info["cpu_numpy"]
    benchmark.pedantic(cpu_seconds, (SUBJECTS[subject],), rounds=3)
