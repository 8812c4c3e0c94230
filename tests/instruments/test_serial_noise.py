"""Serial lines that spoil bytes: nothing wrong is ever taken for true (the full count: ``--frames 10000``)."""

import random

import numpy as np
import pytest

from qctl.core.errors import QctlError
from qctl.core.laboratory import InstrumentEntry
from qctl.instruments.mock.faults import Faults
from qctl.instruments.mock.novatech409b import IDENTITY as DDS_IDENTITY
from qctl.instruments.mock.novatech409b import Novatech409b as MockDds
from qctl.instruments.mock.qc9520 import IDENTITY as PULSER_IDENTITY
from qctl.instruments.mock.qc9520 import Qc9520 as MockPulser
from qctl.instruments.mock.serial_link import SerialPort
from qctl.instruments.novatech409b import Novatech409b
from qctl.instruments.qc9520 import Qc9520

NOISE = 5e-4  # of each byte; a frame of QUE has 250
ENTRY = InstrumentEntry(driver="", address="")


@pytest.fixture
def noisy():
    """Return a function: mock class and identity -> (mock, open driver) on a pty; noise begins once it is open."""
    ports, drivers = [], []

    def start(kind, identity, driver, noise=NOISE):
        mock = kind(identity.format(serial=7), "noisy", Faults(seed=11))
        ports.append(SerialPort(mock))
        drivers.append(driver.open(ports[-1].address, name="noisy"))
        drivers[-1].session.timeout = 0.1  # opening may take longer: PyVISA is loaded
        mock.faults = type(mock.faults)(Faults(seed=11, noise=noise), "noisy")
        return mock, drivers[-1]

    yield start
    for driver in drivers:
        driver.close()
    for port in ports:
        port.close()


def test_no_wrong_tone_is_accepted_and_none_is_set_unnoticed(noisy, frames):
    mock, dds = noisy(MockDds, DDS_IDENTITY, Novatech409b)
    rng, said, given_up = random.Random(3), 0, 0
    expected = [(channel.frequency, channel.amplitude) for channel in mock.channels]
    for _ in range(frames // 8):  # a tune takes some eight frames
        channel = rng.randrange(4)
        frequency, amplitude = rng.randrange(10**9), rng.randrange(1024)
        try:
            dds.tune(channel + 1, frequency / 10, amplitude / 1023)
        except QctlError:
            given_up += 1
            continue
        expected[channel] = frequency, amplitude
        found = dds.tones()
        said += 1
        assert [(tone.frequency, tone.amplitude) for tone in found] == expected
        assert [(c.frequency, c.amplitude) for c in mock.channels] == expected
    assert given_up <= 1 + frames // 200
    assert said > frames // 16
    assert dds.session.generation > 0 or frames < 100  # there was noise


def test_no_wrong_pulse_is_accepted(noisy, frames):
    mock, pulser = noisy(MockPulser, PULSER_IDENTITY, Qc9520)
    rng, loaded = random.Random(4), 0
    for _ in range(max(2, frames // 60)):  # a program takes some sixty frames
        rises = np.cumsum([rng.randrange(1, 10**6) * 1e-9 for _ in range(4)])
        pulses = {
            output: np.array([[t, t + 1e-6 * output] for t in rises[k : k + 1]]) for k, output in enumerate((1, 2, 5))
        }
        try:
            pulser.load(pulses)
            pulser.arm(0.02, rng.randrange(1, 10**6))
        except QctlError:
            continue
        loaded += 1
        for output in range(1, 9):
            np.testing.assert_allclose(mock.pulses(output), pulses.get(output, np.zeros(0)).ravel(), atol=1e-13)
    assert loaded > 0


def test_a_silent_line_is_said(noisy):
    _, dds = noisy(MockDds, DDS_IDENTITY, Novatech409b, noise=1.0)
    with pytest.raises(QctlError, match="noisy"):
        dds.tune(1, 80e6, 0.5)
