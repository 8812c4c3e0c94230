"""A rack of scripted instruments that write down what is done to them, and fail where they are told to."""

import sys
import types
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, SafeAction, SafeEntry
from qctl.core.port import Port
from qctl.core.protocols import AwgLimits, DigitizerLimits
from qctl.core.sequence import WINDOW, Listening, Playlist, Sequence, Waveform


class Rack:
    """What happened, in order, and what is to go wrong: ``faults["awg1.load"] = [error, None, ...]``."""

    def __init__(self):
        self.calls = []
        self.faults = {}
        self.segments = 0

    def __call__(self, name, action, *details):
        self.calls.append((name, action, *details))
        planned = self.faults.get(f"{name}.{action}", [])
        if planned:
            fault = planned.pop(0)
            if fault is not None:
                raise fault

    def did(self, action):
        return [name for name, what, *_ in self.calls if what == action]


@pytest.fixture
def rack():
    return Rack()


@pytest.fixture
def drivers(rack, monkeypatch):
    """Make ``fakes:Awg`` and the like importable; they report to ``rack``."""

    class Fake:
        identity: ClassVar[str] = "ACME,FAKE"

        def __init__(self, name):
            self.name, self.idn = name, "ACME, FAKE,1,2"

        @classmethod
        def open(cls, address, *, name=""):
            rack(name, "open", address)
            return cls(name)

        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            rack(self.name, "close")

        def configure(self, entry, limit):
            rack(self.name, "configure")

        def check(self):
            rack(self.name, "check")

        def make_safe(self, entry):
            rack(self.name, "make_safe")

    class Awg(Fake):
        limits: ClassVar = AwgLimits(
            n_channels=8, markers_per_channel=1, bits=16, min_rate=1, max_rate=5e9, min_samples=1, granularity=1,
            memory=10**9, max_steps=1000, max_full_scale=1, min_full_scale=0.1,
        )  # fmt: skip

        def load(self, playlist):
            rack(self.name, "load")

        def arm(self, period):
            rack(self.name, "arm", period)

        def start(self):
            rack(self.name, "start")

        def stop(self):
            rack(self.name, "stop")

    class Digitizer(Fake):
        limits: ClassVar = DigitizerLimits(
            n_channels=2, bits=12, rates=(1e9,), max_segments=12, memory=1000, rearm=1e-6, min_samples=1,
            max_full_scale=1, min_full_scale=0.1,
        )  # fmt: skip
        taken = 0

        def arm(self, inputs, n_segments, delay, n_samples):
            rack(self.name, "arm", inputs, n_segments, delay, n_samples)

        def wait(self, timeout):
            rack(self.name, "wait")

        def fetch(self, out):
            rack(self.name, "fetch", len(out))
            out[...] = np.arange(self.taken, self.taken + len(out))[:, None, None]
            self.taken += len(out)
            return 1e-3, 0.0

    class Source(Fake):
        def on(self):
            rack(self.name, "on")

    class Bias(Fake):
        def ramp_to(self, level):
            rack(self.name, "ramp_to", level)

    module = types.ModuleType("fakes")
    for kind in (Awg, Digitizer, Source, Bias):
        setattr(module, kind.__name__, kind)
    module.nothing = 3
    module.Useless = type("Useless", (), {})
    monkeypatch.setitem(sys.modules, "fakes", module)
    return module


@pytest.fixture
def laboratory(drivers):
    kinds = {"awg1": "Awg", "awg2": "Awg", "dig": "Digitizer", "lo": "Source", "coil": "Bias"}
    instruments = {n: InstrumentEntry(driver=f"fakes:{k}", address=f"at {n}") for n, k in kinds.items()}
    instruments["dig"] = InstrumentEntry(driver="fakes:Digitizer", address="at dig", trigger_latency=20e-9)
    lines = {
        "trigger": Line(output=Port("awg1", 1, marker=True), starts=("awg2", "dig"), delay=5e-9),
        "feedline": Line(i=Port("awg1", 1), q=Port("awg1", 2), mixed_with="lo", back=(Port("dig", 1), Port("dig", 2))),
        "q0.flux": Line(output=Port("awg2", 1), bias="coil"),
    }
    return Laboratory(
        name="fake",
        platform="superconducting",
        reference=1e7,
        period=1e-4,
        instruments=instruments,
        lines=lines,
        qubits={},
        couplings={},
        safe={n: SafeEntry(action=SafeAction.OFF, order=int(n == "coil")) for n in kinds if n != "dig"},
        limits={},
    )


@pytest.fixture
def sequence():
    """Return two sweep points of ten shots, heard for 50 samples."""
    windows = np.array([(p, 0, 0, 100, 50) for p in range(2)], WINDOW)
    return Sequence(
        tracks={},
        listening={"feedline": Listening((Port("dig", 1), Port("dig", 2)), 1e9, windows, 100, 50)},
        triggers=(Port("awg1", 1, marker=True),),
        n_points=2,
        shots=10,
        n_bits=1,
        tick=Fraction(1, 10**9),
        period=1e-4,
        length=1e-6,
        qubits=("q0",),
        placement=(0,),
        digest="what it sounds like",
    )


@pytest.fixture
def playlists():
    def make(level=1):
        waveform = Waveform(np.full(8, level, np.int16), np.zeros(8, np.uint8))
        return {n: Playlist((waveform,), np.zeros((2, 8), np.int32)) for n in ("awg1", "awg2")}

    return make


@pytest.fixture
def refused():
    return lambda: InstrumentError("refused on purpose", where="fake")
