"""A laboratory whose truth was drawn at random, over the real link; and results made up point by point."""

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from qctl import Lab
from qctl.calibrate.workbench import Workbench
from qctl.compile import default_parameters
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.parameters import Estimate
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.judge import draw_twin, twin_text
from qctl.physics.chip import Chip


@pytest.fixture(scope="session")
def laboratory():
    return read_laboratory(find_laboratory("transmon5"))


@pytest.fixture(scope="session")
def truth():
    """Return the functions of truth.py beside this file."""
    spec = spec_from_file_location("truth", Path(__file__).with_name("truth.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def qubit_lab(laboratory, tmp_path_factory):
    """Return a workbench that knows first guesses and where the resonators are, and the truth, for tests only."""
    folder, twin = tmp_path_factory.mktemp("qubits"), draw_twin(laboratory, 77)
    drives = {line: replace(d, offset_i=0.0, offset_q=0.0) for line, d in twin.drives.items()}
    twin = replace(twin, drives=drives)  # a leaking carrier shifts a qubit by some kHz
    path = folder / "truth.yaml"
    path.write_text(twin_text(twin, "drawn for a test"))
    found = {
        f"{q}.readout.frequency": round((r.frequency + r.shifts[0] / 3) / 5e3) * 5e3 for q, r in twin.resonators.items()
    }
    known = default_parameters(laboratory).replaced({n: Estimate(f, 1e5, "Hz") for n, f in found.items()})
    with Lab.open("transmon5", twin=path, seed=5, state=folder) as lab:
        yield SimpleNamespace(bench=Workbench(lab, known), twin=twin, chip=Chip(laboratory, twin))


@pytest.fixture
def answer():
    """Return a function that makes a result: by point and qubit, how often it was in 1; clouds 6 widths apart."""

    def make(laboratory, targets, ones, shots=100, seed=1):
        rng = np.random.default_rng(seed)
        ones = np.atleast_2d(ones).reshape(-1, len(targets))
        bits = (rng.random((len(ones), shots, len(targets))) < np.clip(ones, 0, 1)[:, None]).astype(np.uint8)
        noise = rng.normal(size=(2, *bits.shape)) / 6
        iq = (bits + noise[0] + 1j * noise[1]) * np.exp(0.7j) * 1e-3
        places = [laboratory.qubit_names.index(target) for target in targets]
        measured = tuple((qubit, bit) for bit, qubit in enumerate(places))
        n = len(laboratory.qubit_names)
        return Result(bits, iq, measured, laboratory.qubit_names, tuple(range(n)), "0", Timing())

    return make
