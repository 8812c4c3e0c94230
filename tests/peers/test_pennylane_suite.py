"""PennyLane's own suite for devices, a part of it; `pl-device-test` runs the whole."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

tests = pytest.importorskip("pennylane.devices.tests")
pytest.importorskip("flaky")  # which its configuration asks for

PART = "test_tracker or TestHermitianExpval or TestVar"


def test_the_part_of_pennylanes_suite_that_reads_out_passes(tmp_path):
    command = (
        sys.executable,
        "-m",
        "pytest",
        str(Path(tests.__file__).parent),
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        PART,
    )
    options = ("--device=qctl", "--shots=4000", "--device-kwargs", "lab=ideal20", "seed=5")
    run = subprocess.run((*command, *options), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    (passed,) = re.findall(r"(\d+) passed", run.stdout)
    assert int(passed) >= 4
