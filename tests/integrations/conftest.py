"""Laboratories that stay open for all tests of plugins, and what gate streams mean as matrices."""

import numpy as np
import pytest
from unitaries import unitary_of as unitary_of

from qctl.run import Lab


@pytest.fixture(scope="session")
def ideal():
    """Return ideal20, open: errors there are errors of logic."""
    with Lab.open("ideal20", seed=11) as lab:
        yield lab


@pytest.fixture(scope="session")
def transmon5():
    """Return transmon5, open: with the imperfections of real machines."""
    with Lab.open("transmon5", seed=11) as lab:
        yield lab


@pytest.fixture(scope="session", params=["ion8", "atoms16"])
def light(request):
    """Return an open laboratory whose qubits are seen by their light: ions, then atoms.

    Its pulses count as guesses: then light is not tried behind each run, which takes more shots than these.
    """
    with Lab.open(request.param, seed=4) as lab:
        name = "q0.x180.amplitude"
        lab.parameters = lab.parameters.replaced({name: lab.parameters[name]} if name in lab.parameters else {})
        yield lab


@pytest.fixture(scope="session")
def equal_up_to_phase():
    """Return a check that two matrices differ by a phase alone."""

    def check(found, want):
        overlap = np.vdot(want, found) / len(want)
        assert abs(abs(overlap) - 1) < 1e-9
        np.testing.assert_allclose(found, want * overlap, atol=1e-7)

    return check
