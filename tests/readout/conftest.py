"""Records made by hand: tones of known amplitude and phase in known windows."""

from fractions import Fraction

import numpy as np
import pytest

from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, Qubit
from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port
from qctl.core.record import Record, Timing, Trace
from qctl.core.sequence import WINDOW, Listening

RATE = 1e9
SOURCE = 7e9
VOLTS_PER_CODE = 1e-4


@pytest.fixture
def windows():
    def make(*rows):
        return np.array(list(rows), WINDOW)

    return make


@pytest.fixture
def trace():
    """Return a trace in which shot s of each window carries ``amplitudes[window][s]`` at its qubit's frequency."""

    def make(windows, amplitudes, frequencies, *, shots=2, n_points=1, first=0, n_samples=400, volts_at_zero=0.0):
        volts = np.zeros((shots, n_points, n_samples), complex)
        time = (np.arange(n_samples) + first) / RATE
        for window, amplitude in zip(windows, amplitudes, strict=True):
            tone = np.exp(2j * np.pi * frequencies[int(window["qubit"])] * time)
            inside = slice(window["start"] - first, window["start"] - first + window["length"])
            volts[:, window["point"], inside] += np.reshape(amplitude, (-1, 1)) * tone[inside]
        codes = np.stack([volts.real, volts.imag], axis=2) - volts_at_zero
        listening = Listening((Port("dig", 1), Port("dig", 2)), RATE, windows, first, n_samples)
        return Trace(np.rint(codes / VOLTS_PER_CODE).astype(np.int16), VOLTS_PER_CODE, volts_at_zero, listening)

    return make


@pytest.fixture
def laboratory():
    digitizer, source = (InstrumentEntry(driver="x:Y", address="a", frequency=f) for f in (None, SOURCE))
    lines = {
        "feedline": Line(i=Port("awg", 1), q=Port("awg", 2), mixed_with="lo", back=(Port("dig", 1), Port("dig", 2)))
    }
    qubits = {f"q{k}": Qubit(drive=f"q{k}.drive", readout="feedline") for k in range(3)}
    return Laboratory(
        name="three",
        platform="superconducting",
        reference=1e7,
        period=1e-4,
        instruments={"dig": digitizer, "lo": source},
        lines=lines,
        qubits=qubits,
        couplings={},
        safe={},
        limits={},
    )


@pytest.fixture
def parameters():
    values = {}
    for k in range(3):
        values |= {
            f"q{k}.readout.frequency": SOURCE + (k - 1) * 20e6,
            f"q{k}.readout.rotation": 0.0,
            f"q{k}.readout.threshold": 0.0,
            f"q{k}.readout.p01": 0.02,
            f"q{k}.readout.p10": 0.05,
        }
    return Parameters({name: Estimate(value) for name, value in values.items()})


@pytest.fixture
def record():
    def make(trace, *, n_bits, shots=2, n_points=1):
        return Record(
            traces={"feedline": trace},
            shots=shots,
            n_points=n_points,
            n_bits=n_bits,
            qubits=("q0", "q1", "q2"),
            placement=(0, 1, 2),
            sequence_digest="d",
            parameters_id="0-d",
            timing=Timing(),
            instruments={},
        )

    return make


@pytest.fixture
def tick():
    return Fraction(1, 10**9)
