"""Runs that a pulse generator times: what is loaded, who starts last, what counters and cameras bring back."""

import sys
import types
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from qctl.control import open_station, play, shots_at_once
from qctl.core.errors import CompileError, InstrumentError
from qctl.core.laboratory import InstrumentEntry, Line, Qubit, SafeAction, SafeEntry
from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port
from qctl.core.protocols import CameraLimits, CounterLimits, PulserLimits
from qctl.core.sequence import READ, Counting, Digital, Exposing

WINDOWS = np.array([[-4e-4, -3e-4], [1e-4, 2e-4]])


@pytest.fixture
def fakes(drivers, rack, monkeypatch):
    """Add a pulse generator, a counter, a camera, a DDS and a supply to the fakes."""
    fake = drivers.Source.__bases__[0]

    class Pulser(fake):
        limits: ClassVar = PulserLimits(
            n_outputs=8, n_timers=8, resolution=1e-9, min_width=1e-8, max_time=999, min_gap=1e-7, max_shots=10**6
        )

        def load(self, pulses):
            rack(self.name, "load", {output: spans.tolist() for output, spans in pulses.items()})

        def arm(self, period, n_shots):
            rack(self.name, "arm", period, n_shots)

        def start(self):
            rack(self.name, "start")

        def stop(self):
            rack(self.name, "stop")

    class Recorder(fake):
        taken = 0

        def wait(self, timeout):
            rack(self.name, "wait")

        def fetch(self, out):
            rack(self.name, "fetch", out.shape)
            count = np.arange(self.taken, self.taken + len(out))
            out[...] = count.reshape(-1, *[1] * (out.ndim - 1))
            self.taken += len(out)

    class Counter(Recorder):
        limits: ClassVar = CounterLimits(n_channels=2, memory=12, min_gate=1e-6, rearm=1e-6)

        def arm(self, inputs, n_readings):
            rack(self.name, "arm", inputs, n_readings)

    class Camera(Recorder):
        limits: ClassVar = CameraLimits(rows=3, columns=4, memory=12, min_exposure=1e-6, rearm=1e-6)

        def arm(self, n_frames):
            rack(self.name, "arm", n_frames)

    class Dds(fake):
        def tune(self, channel, frequency, amplitude, phase=0.0):
            rack(self.name, "tune", channel, frequency, amplitude)

    class Supply(fake):
        def ramp_to(self, channel, level):
            rack(self.name, "ramp_to", channel, level)

    module = types.ModuleType("switched")
    for kind in (Pulser, Counter, Camera, Dds, Supply):
        setattr(module, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, "switched", module)
    return module


@pytest.fixture
def switched_lab(laboratory, fakes):
    kinds = {"ttl": "Pulser", "counter": "Counter", "camera": "Camera", "dds": "Dds", "dc": "Supply"}
    instruments = {"awg1": InstrumentEntry(driver="fakes:Awg", address="at awg1")}
    instruments |= {n: InstrumentEntry(driver=f"switched:{k}", address=f"at {n}") for n, k in kinds.items()}
    lines = {
        "beam": Line(output=Port("awg1", 1)),
        "start": Line(switch=Port("ttl", 1), starts=("awg1",)),
        "gate": Line(switch=Port("ttl", 2), starts=("counter", "camera")),
        "light": Line(carrier=Port("dds", 3)),
        "ex": Line(supply=Port("dc", 2)),
        "seen": Line(counted_by=Port("counter", 1)),
    }
    outputs = ("awg1", "ttl", "dds", "dc")
    return replace(
        laboratory,
        platform="trapped_ion",
        instruments=instruments,
        lines=lines,
        qubits={"q0": Qubit(drive="beam", readout="seen")},
        safe={name: SafeEntry(action=SafeAction.OFF) for name in outputs},
    )


@pytest.fixture
def station(switched_lab):
    with open_station(switched_lab) as station:
        yield station


@pytest.fixture
def counted(sequence):
    """Return two sweep points of ten shots, counted in two windows and seen in one."""
    reads = np.array([(p, 0, 0, 1) for p in range(2)], READ)
    return replace(
        sequence,
        listening={},
        triggers=(),
        period=1e-3,
        lead=5e-4,
        digital={
            "start": Digital(Port("ttl", 1), np.array([[0.0, 1e-6]])),
            "gate": Digital(Port("ttl", 2), WINDOWS),
        },
        counting={"seen": Counting(Port("counter", 1), WINDOWS, reads, {0: "present"})},
        exposing={"film": Exposing(Port("camera", 1), WINDOWS[1:], np.zeros(0, READ))},
    )


@pytest.fixture
def playlist(playlists):
    return {"awg1": playlists()["awg1"]}


def test_the_pulse_generator_starts_when_everybody_else_is_ready(station, counted, playlist, rack):
    play(station, replace(counted, shots=3), playlist, "1-a")
    steps = [(name, action) for name, action, *_ in rack.calls]
    last = steps.index(("ttl", "start"))
    for earlier in [("awg1", "load"), ("awg1", "start"), ("counter", "arm"), ("camera", "arm"), ("ttl", "arm")]:
        assert steps.index(earlier) < last
    assert ("awg1", "arm", None) in rack.calls  # the AWG waits for a trigger
    assert ("ttl", "arm", 1e-3, 6) in rack.calls


def test_pulses_count_from_the_start_of_the_generators_shot(station, counted, playlist, rack):
    play(station, replace(counted, shots=3), playlist, "1-a")
    [pulses] = [call[2] for call in rack.calls if call[:2] == ("ttl", "load")]
    np.testing.assert_allclose(pulses[1], [[5e-4, 5.01e-4]])
    np.testing.assert_allclose(pulses[2], [[1e-4, 2e-4], [6e-4, 7e-4]])


def test_unchanged_pulses_are_not_loaded_again(station, counted, playlist, rack):
    for _ in range(2):
        play(station, replace(counted, shots=3), playlist, "1-a")
    assert rack.did("load").count("ttl") == 1


def test_readings_come_back_by_shot_point_and_window(station, counted, playlist, rack):
    record = play(station, counted, playlist, "1-a")  # 10 shots x 2 points x 2 windows, 12 readings at a time
    assert [call[3] for call in rack.calls if call[:2] == ("counter", "arm")] == [12, 12, 12, 4]
    np.testing.assert_array_equal(record.counts["seen"].photons, np.arange(40).reshape(10, 2, 2))
    assert record.images["film"].pixels.shape == (10, 2, 1, 3, 4)
    np.testing.assert_array_equal(record.images["film"].pixels[..., 2, 3].ravel(), np.arange(20))


def test_part_of_a_record_is_that_of_its_points(station, counted, playlist):
    part = play(station, counted, playlist, "1-a").points(1, 2)
    assert part.counts["seen"].counting.reads["point"].tolist() == [0]
    np.testing.assert_array_equal(part.counts["seen"].photons[:, 0, 0], 4 * np.arange(10) + 2)


@pytest.mark.parametrize("where", ["ttl.load", "ttl.arm", "ttl.start", "counter.arm", "counter.wait", "camera.fetch"])
def test_a_fault_that_stays_leaves_everything_stopped(station, counted, playlist, rack, refused, where):
    rack.faults[where] = [refused() for _ in range(3)]
    with pytest.raises(InstrumentError, match="on purpose"):
        play(station, counted, playlist, "1-a")
    assert {call[0] for call in rack.calls[-2:] if call[1] == "stop"} == {"ttl", "awg1"}
    assert station.loaded == {}


def test_markers_beside_a_pulse_generator_are_refused(station, counted, playlist):
    with pytest.raises(CompileError, match="one pulse generator"):
        play(station, replace(counted, triggers=(Port("awg1", 1, marker=True),)), playlist, "1-a")


def test_tones_and_electrodes_are_part_of_the_operating_point(station, rack):
    values = {"light.tone.frequency": 80e6, "light.tone.amplitude": 0.5, "ex.voltage": 0.25}
    station.operate(Parameters({name: Estimate(value) for name, value in values.items()}))
    assert ("dds", "tune", 3, 80e6, 0.5) in rack.calls
    assert ("dc", "ramp_to", 2, 0.25) in rack.calls


def test_somebody_looks_every_second_whether_the_ions_are_still_there(counted, switched_lab):
    limits = {"camera": CameraLimits(rows=3, columns=4, memory=12, min_exposure=1e-6, rearm=1e-6)}
    assert shots_at_once(replace(counted, shots=1200), limits) == [500, 500, 200]  # 2 points of 1 ms
    assert shots_at_once(replace(counted, shots=2, period=3.0), limits) == [1, 1]
