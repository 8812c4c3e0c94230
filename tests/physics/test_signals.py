"""The analogue chain: mixers, offsets, distortion, and where a waveform changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import Line
from qctl.core.port import Port
from qctl.physics.signals import Signal, changing, distorted, modulated
from qctl.physics.stage import Carrier, Playing
from qctl.physics.twin import DriveLine, Exponential

LINE = Line(i=Port("awg", 1), q=Port("awg", 2), mixed_with="lo")
CARRIER = Carrier(5e9, 16.0, on=True)


def played(z, rate=1e9, truth=None, carrier=CARRIER):
    playing = {
        port: Playing(part.astype(np.float32), rate, 0.0)
        for port, part in zip(LINE.outputs, (z.real, z.imag), strict=True)
    }
    return modulated(LINE, truth or DriveLine(rabi_frequency=1e8), playing, carrier)


def tone(cycles, n_samples=1000):
    return np.exp(2j * np.pi * cycles * np.arange(n_samples) / n_samples)


@pytest.mark.parametrize(("gain", "degrees", "rejection"), [(1.01, 1, 40.0), (1.05, 5, 26.0)])
def test_an_imbalanced_mixer_lets_the_known_image_through(gain, degrees, rejection):
    found = played(tone(100), truth=DriveLine(rabi_frequency=1e8, gain=gain, phase=np.deg2rad(degrees))).values
    spectrum = np.fft.fft(found) / len(found)
    assert 20 * np.log10(abs(spectrum[100] / spectrum[-100])) == pytest.approx(rejection, abs=0.1)


def test_a_positive_intermediate_frequency_is_the_upper_sideband():
    spectrum = np.fft.fft(played(tone(100)).values)
    assert np.argmax(np.abs(spectrum)) == 100


def test_offsets_leak_the_carrier_before_and_after_the_waveform():
    signal = played(tone(3), truth=DriveLine(rabi_frequency=1e8, offset_i=2e-3, offset_q=-1e-3))
    assert signal.at(np.array([-1e-6, 5e-6])) == pytest.approx([2e-3 - 1e-3j] * 2)


def test_a_carrier_that_is_off_lets_nothing_through():
    assert not len(played(tone(3), carrier=Carrier(5e9, 16.0, on=False)).values)


def test_a_delay_moves_the_waveform_and_turns_the_carrier():
    signal = played(np.ones(10, complex), truth=DriveLine(rabi_frequency=1e8, delay=10.05e-9))
    assert signal.start == 10.05e-9
    assert signal.values[3] == pytest.approx(np.exp(-2j * np.pi * 5e9 * 10.05e-9))


def test_i_and_q_of_unlike_rates_are_refused():
    playing = {
        LINE.i: Playing(np.ones(8, np.float32), 1e9, 0.0),
        LINE.q: Playing(np.ones(8, np.float32), 2e9, 0.0),
    }
    with pytest.raises(InstrumentError, match="one rate"):
        modulated(LINE, DriveLine(rabi_frequency=1e8), playing, CARRIER)


def test_a_step_is_answered_by_the_step_response():
    terms = (Exponential(amplitude=0.03, tau=20e-9), Exponential(amplitude=-0.01, tau=5e-6))
    dt = 0.01e-9
    found = distorted(np.ones(20000), dt, terms)
    t = (np.arange(20000) + 0.5) * dt
    expected = 1 + sum(x.amplitude * np.exp(-t / x.tau) for x in terms)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_distortion_does_not_depend_on_how_finely_a_staircase_is_written():
    terms = (Exponential(amplitude=0.03, tau=20e-9),)
    coarse = np.random.default_rng(0).normal(size=50)
    fine = distorted(np.repeat(coarse, 10), 0.1e-9, terms)
    np.testing.assert_allclose(fine.reshape(50, 10).mean(axis=1), distorted(coarse, 1e-9, terms), atol=1e-12)


@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0]), max_size=120), st.integers(1, 20))
def test_outside_of_changing_stretches_everything_is_constant(values, gap):
    signal = Signal(0.0, 1.0, np.array(values, np.complex128), 0j)
    padded = np.concatenate([[0], signal.values, [0]])
    changed = set(np.flatnonzero(np.diff(padded)))
    rows = changing(signal, gap)
    covered = {k for first, last in rows for k in range(first, last + 1)}
    assert changed <= covered
    assert all(first in changed and last in changed for first, last in rows)
