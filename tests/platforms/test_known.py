"""What is assumed of a qubit until somebody measures it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import minimize_scalar

from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, Qubit
from qctl.core.port import Port
from qctl.platforms.envelopes import drag
from qctl.platforms.known import defaults, held_drag

ALPHA = -0.3  # GHz


def laboratory(carrier):
    awg = {"driver": "fake:Awg", "address": "mock"}
    return Laboratory(
        name="one",
        platform="superconducting",
        reference=10e6,
        period=1e-4,
        instruments={"awg": InstrumentEntry(sample_rate=1e9, **awg), "lo": InstrumentEntry(frequency=5e9, **awg)},
        lines={"a.drive": Line(i=Port("awg", 1), q=Port("awg", 2), mixed_with="lo")},
        qubits={"a": Qubit(drive="a.drive", readout="a.drive")},
        couplings={},
        safe={},
        limits={},
        first_guess={"a.frequency": 5e9 + carrier},
    )


def error_of(carrier, slope, parts=16, n_samples=24):
    """Return the error in populations of the best pi pulse on four levels; held samples, ideal mixer, ns and GHz."""
    lower, number = np.diag(np.sqrt(np.arange(1, 4)), 1), np.arange(4)
    anharmonic = np.diag(np.pi * ALPHA * number * (number - 1))
    envelope = drag(n_samples, 1e9, slope)
    time = (np.arange(n_samples * parts) + 0.5) / parts
    held = np.repeat(envelope * np.exp(2j * np.pi * carrier * np.arange(n_samples)), parts)
    seen = held * np.exp(-2j * np.pi * carrier * (time - 0.5))

    def error(scale):
        total = np.eye(4)
        for z in scale * np.pi / np.sum(envelope.real) * seen:
            total = expm(-1j / parts * (anharmonic + (z * lower + np.conj(z) * lower.T) / 2)) @ total
        return 1 - abs(total[1, 0]) ** 2 / 2 - abs(total[0, 1]) ** 2 / 2 + abs(total[0, 0]) ** 2

    return minimize_scalar(error, bounds=(0.8, 1.6), method="bounded").fun


@pytest.mark.parametrize("carrier", [-0.3, 0.2, 0.35])
def test_the_assumed_drag_makes_up_for_held_samples(carrier):
    plain, assumed = (
        value / (2 * np.pi * ALPHA * 1e9) for value in (0.5, defaults(laboratory(carrier * 1e9))["a.x180.drag"])
    )
    assert error_of(carrier, assumed) < 0.1 * error_of(carrier, plain)


def test_the_drag_of_held_samples_is_the_slope_of_their_sinc():
    for f in (-4.2e8, -1e8, 1e6, 3e8):
        slope = (np.log(np.sinc((f + 1e3) / 1e9)) - np.log(np.sinc((f - 1e3) / 1e9))) / 2e3
        assert held_drag(f, 1e9, -3e8) == pytest.approx(-3e8 * slope, rel=1e-4)
    assert held_drag(0.0, 1e9, -3e8) == 0.0


def test_a_drag_of_the_laboratory_file_stands():
    lab = laboratory(2e8)
    written = replace(lab, first_guess={**lab.first_guess, "a.x90.drag": 0.4})
    assert defaults(written)["a.x90.drag"] == 0.4
    assert defaults(written)["a.x180.drag"] == defaults(lab)["a.x180.drag"]


def test_a_qubit_of_unknown_frequency_is_assumed_to_be_on_resonance():
    assert defaults(replace(laboratory(2e8), first_guess={}))["a.x180.drag"] == 0.5
