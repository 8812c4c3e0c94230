"""A rack that a pulse generator times, driven by our own drivers over real links: gates, counts, tones, voltages."""

from contextlib import ExitStack

import numpy as np
import pytest

from qctl.core.errors import InstrumentError, QctlError
from qctl.core.laboratory import InstrumentEntry, Laboratory, LimitEntry, Line, SafeAction, SafeEntry
from qctl.core.port import Port
from qctl.core.sequence import Playlist, Waveform
from qctl.instruments.counter53230a import Counter53230a
from qctl.instruments.mock.faults import Faults
from qctl.instruments.mock.rack import serve
from qctl.instruments.novatech409b import Novatech409b
from qctl.instruments.qc9520 import Qc9520
from qctl.instruments.qdac2 import Qdac2
from qctl.instruments.tek_awg5200 import TekAwg5200
from qctl.physics.stage import Counting, Playing, Switching

DRIVERS = {
    "ttl": Qc9520, "awg": TekAwg5200, "dds": Novatech409b, "dc": Qdac2, "one": Counter53230a, "two": Counter53230a,
}  # fmt: skip
MODULES = {
    "ttl": "qc9520:Qc9520", "awg": "tek_awg5200:TekAwg5200", "dds": "novatech409b:Novatech409b", "dc": "qdac2:Qdac2",
    "one": "counter53230a:Counter53230a", "two": "counter53230a:Counter53230a",
}  # fmt: skip
LATENCY = 480e-9
PERIOD, SHOTS, N = 5e-4, 6, 2400
GATE = np.array([[1e-5, 3e-5], [2e-4, 3e-4]])
LIGHT = np.array([[0.0, 5e-5]])
START = np.array([[1e-4, 1.01e-4]])


class Glow:
    """Counters hear 100 photons in cycle c, point p and gate g, plus ``1000 p + 10 c + g``; remembers every stage."""

    def __init__(self):
        self.stages = []

    def play(self, stage, n_cycles, hear):
        self.stages.append((stage, n_cycles))
        for name, counting in stage.acquisitions.items():
            assert isinstance(counting, Counting), name
            for port in counting.inputs:
                for point in range(len(stage.points)):
                    photons = 1000 * point + 10 * np.arange(n_cycles)[:, None] + np.arange(len(counting.gates))
                    hear(port, point, photons + 100 * (name == "two"))

    def wait(self, seconds):
        pass


@pytest.fixture
def laboratory():
    return Laboratory(
        name="switched",
        platform="trapped_ion",
        reference=1e7,
        period=PERIOD,
        instruments={
            name: InstrumentEntry(
                driver=f"qctl.instruments.{MODULES[name]}", address="mock", trigger_latency=LATENCY * (name == "awg")
            )
            for name in DRIVERS
        },
        lines={
            "beam": Line(output=Port("awg", 1)),
            "light": Line(switch=Port("ttl", 1), carrier=Port("dds", 2)),
            "start": Line(switch=Port("ttl", 8), starts=("awg",), delay=10e-9),
            "gate": Line(switch=Port("ttl", 2), starts=("one", "two"), delay=30e-9),
            "ex": Line(supply=Port("dc", 3)),
        },
        qubits={},
        couplings={},
        safe={},
        limits={},
    )


@pytest.fixture
def connect(laboratory):
    """Return a function that starts the rack and opens and configures our drivers: (world, drivers by name)."""
    with ExitStack() as opened:

        def begin(**faults):
            world = Glow()
            rack = opened.enter_context(serve(laboratory, world, faults=faults, seed=3))
            links = rack.instruments
            drivers = {n: opened.enter_context(kind.open(links[n].address, name=n)) for n, kind in DRIVERS.items()}
            entry = InstrumentEntry(driver="", address="", sample_rate=62.5e6, full_scale=0.5)
            limits = {
                "dds": LimitEntry(min=-60.0, max=1.0, unit="dBm"),
                "dc": LimitEntry(min=-2.0, max=2.0, rate=1000.0, unit="V"),
            }
            for name, driver in drivers.items():
                driver.configure(entry, limits.get(name))
                driver.check()
            return world, drivers

        yield begin


def shoot(drivers, shots=SHOTS):
    """Load, arm, start; return the readings of both counters, shape (2, shots, gates)."""
    marks = np.zeros(N, np.uint8)
    waveforms = tuple(Waveform(np.full(N, level, np.int16), marks) for level in (16384, 8192))
    drivers["awg"].load(Playlist(waveforms, np.array([[0], [1]], np.int32)))
    drivers["ttl"].load({1: LIGHT, 2: GATE, 8: START})
    drivers["awg"].arm(None)
    drivers["awg"].start()
    found = np.zeros((2, shots * len(GATE), 1), np.int64)
    for name in ("one", "two"):
        drivers[name].arm((1,), shots * len(GATE))
    drivers["ttl"].arm(PERIOD, shots)
    drivers["ttl"].start()
    for k, name in enumerate(("one", "two")):
        drivers[name].wait(20.0)
        drivers[name].fetch(found[k])
    drivers["ttl"].stop()
    drivers["awg"].stop()
    return found.reshape(2, shots, len(GATE))


def test_every_gate_of_every_shot_is_one_reading(connect):
    _, drivers = connect()
    readings = shoot(drivers)
    shot = np.arange(SHOTS)
    expected = 1000 * (shot % 2) + 10 * (shot // 2)  # points alternate
    np.testing.assert_array_equal(readings[0], expected[:, None] + np.arange(2))
    np.testing.assert_array_equal(readings[1], readings[0] + 100)


def test_the_world_sees_when_lights_are_on_waveforms_begin_and_gates_are_open(connect):
    world, drivers = connect()
    shoot(drivers)
    [(stage, n_cycles)] = world.stages
    assert (n_cycles, len(stage.points), stage.period) == (SHOTS // 2, 2, PERIOD)
    for point, level in zip(stage.points, (0.25, 0.125), strict=True):
        light, beam = point[Port("ttl", 1)], point[Port("awg", 1)]
        assert isinstance(light, Switching)
        np.testing.assert_allclose(light.edges, LIGHT.ravel(), atol=1e-12)
        assert isinstance(beam, Playing)
        assert beam.start == pytest.approx(START[0, 0] + 10e-9 + LATENCY)
        assert beam.volts[0] == pytest.approx(level, rel=1e-3)
    np.testing.assert_allclose(stage.acquisitions["one"].gates, GATE + 30e-9)


def test_tones_and_voltages_reach_the_world_by_channel(connect):
    world, drivers = connect()
    drivers["dds"].tune(2, 80.1234567e6, 0.5)
    drivers["dc"].ramp_to(3, 0.25)
    shoot(drivers)
    stage = world.stages[0][0]
    assert stage.carriers["dds.2"].on
    assert stage.carriers["dds.2"].frequency == pytest.approx(80.1234567e6, abs=0.05)
    assert stage.carriers["dds.2"].power_dbm == pytest.approx(4 - 6.02, abs=0.02)
    assert not stage.carriers["dds.1"].on
    assert stage.biases["dc.3"] == pytest.approx(0.25, abs=1e-6)


def test_a_counter_that_misses_a_gate_waits_and_says_how_many_are_missing(connect):
    _, drivers = connect(two=Faults(dropped_triggers=1.0))
    drivers["ttl"].load({2: GATE})
    drivers["two"].arm((1,), 4)
    drivers["ttl"].arm(PERIOD, 2)
    drivers["ttl"].start()
    with pytest.raises(InstrumentError, match="4 of 4 gates did not come"):
        drivers["two"].wait(0.1)


def test_a_burst_that_is_too_short_leaves_counters_waiting(connect):
    _, drivers = connect()
    drivers["ttl"].load({2: GATE})
    drivers["one"].arm((1,), 6)
    drivers["ttl"].arm(PERIOD, 2)
    drivers["ttl"].start()
    with pytest.raises(InstrumentError, match="6 of 6 gates"):
        drivers["one"].wait(0.1)


def test_a_counter_armed_while_shots_run_does_not_count_half_of_them(connect):
    _, drivers = connect()
    drivers["ttl"].load({2: GATE})
    drivers["ttl"].arm(PERIOD, 2)
    drivers["ttl"].start()
    drivers["one"].arm((1,), 4)
    with pytest.raises(InstrumentError, match="4 of 4 gates"):
        drivers["one"].wait(0.1)


def test_outputs_that_share_a_pulse_share_a_timer(connect):
    _, drivers = connect()
    eight = np.array([[1e-5 * k, 1e-5 * k + 5e-6] for k in range(1, 9)])
    drivers["ttl"].load({1: eight, 2: eight[:3], 3: eight[5:]})
    with pytest.raises(InstrumentError, match="9 different pulses"):
        drivers["ttl"].load({1: eight, 2: LIGHT})


@pytest.mark.parametrize(
    ("name", "act", "said"),
    [
        ("dds", lambda d: d.tune(1, 172e6, 0.5), "frequency 1.72e"),
        ("dds", lambda d: d.tune(5, 80e6, 0.5), "channel 5"),
        ("dds", lambda d: d.tune(1, 80e6, 1.2), "amplitude 1.2"),
        ("dds", lambda d: d.tune(1, 80e6, 1.0), "power 4 is beyond its limit"),
        ("dc", lambda d: d.ramp_to(1, 2.5), "level of channel 1 2.5 is beyond"),
        ("dc", lambda d: d.ramp_to(25, 0.5), "channel 25"),
        ("dc", lambda d: d.make_safe(SafeEntry(action=SafeAction.OFF)), "cannot be switched off"),
        ("ttl", lambda d: d.arm(1e-3, 10_000_000), "10000000 shots"),
        ("ttl", lambda d: d.load({9: LIGHT}), "outputs .9."),
        ("one", lambda d: d.arm((1, 2), 10), "channels .1, 2."),
        ("one", lambda d: d.arm((1,), 2_000_000), "2000000 readings"),
    ],
)
def test_what_an_instrument_cannot_do_is_refused_before_it_is_sent(connect, name, act, said):
    _, drivers = connect()
    with pytest.raises(InstrumentError, match=said):
        act(drivers[name])


def test_a_shot_that_does_not_fit_its_period_is_refused_by_the_instrument(connect):
    _, drivers = connect()
    drivers["ttl"].load({2: GATE})
    drivers["ttl"].arm(2.5e-4, 2)
    with pytest.raises(QctlError, match="STATE 1"):
        drivers["ttl"].start()


def test_settings_that_do_not_take_are_noticed(connect):
    _, drivers = connect(dds=Faults(ignored_setting=1.0), dc=Faults(ignored_setting=1.0))
    with pytest.raises(InstrumentError, match="does not take"):
        drivers["dds"].tune(1, 80e6, 0.5)
    with pytest.raises(InstrumentError, match="reads back as 0 V"):
        drivers["dc"].ramp_to(1, 0.5)


def test_safe_states_are_reached(connect):
    world, drivers = connect()
    drivers["dds"].tune(2, 80e6, 0.5)
    drivers["dc"].ramp_to(3, 0.25)
    drivers["dds"].make_safe(SafeEntry(action=SafeAction.OFF))
    drivers["dc"].make_safe(SafeEntry(action=SafeAction.RAMP, value=0.0, rate=1000.0))
    drivers["ttl"].make_safe(SafeEntry(action=SafeAction.OFF))
    shoot(drivers)
    stage = world.stages[0][0]
    assert not any(tone.on for tone in stage.carriers.values())
    assert not any(stage.biases.values())
