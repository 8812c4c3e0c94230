"""Our own drivers and the simulated instruments, over both links, with and without faults on the way."""

import threading
from contextlib import ExitStack

import numpy as np
import pytest

from qctl.core.errors import QctlError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.sequence import Playlist, Waveform
from qctl.instruments.gs200 import Gs200
from qctl.instruments.infiniium import Infiniium
from qctl.instruments.mock.faults import Faults
from qctl.instruments.sgs100a import Sgs100a
from qctl.instruments.tek_awg5200 import TekAwg5200
from qctl.transport import Word

N = 2400
FULL_SCALE = 0.5  # V
DRIVERS = {"awg1": TekAwg5200, "awg2": TekAwg5200, "scope1": Infiniium, "source": Sgs100a, "bias": Gs200}
ENTRIES = {
    "awg1": InstrumentEntry(driver="", address="", sample_rate=1e9, full_scale=FULL_SCALE),
    "awg2": InstrumentEntry(driver="", address="", sample_rate=1e9, full_scale=FULL_SCALE),
    "scope1": InstrumentEntry(driver="", address="", sample_rate=1e9, full_scale=FULL_SCALE),
    "source": InstrumentEntry(driver="", address="", frequency=5.1e9, power=3.0),
    "bias": InstrumentEntry(driver="", address=""),
}
LIMITS = {
    "source": LimitEntry(min=-20.0, max=10.0),
    "bias": LimitEntry(min=-1e-3, max=1e-3, rate=1.0),
}
OFF, ZERO = SafeEntry(action=SafeAction.OFF), SafeEntry(action=SafeAction.RAMP, value=0.0, rate=1.0)
ATTEMPTS = 40


@pytest.fixture(params=["address", "hislip"], ids=["socket", "hislip"])
def connect(start, request):
    """Return a function that starts a rack and opens our drivers on it: (rack, world, drivers by name)."""
    with ExitStack() as opened:

        def begin(timeout=5.0, **faults):
            rack, world, _ = start(faults=faults)
            links = {name: getattr(rack.instruments[name], request.param) for name in DRIVERS}
            drivers = {name: DRIVERS[name].open(links[name], name=name, timeout=timeout) for name in DRIVERS}
            for driver in drivers.values():
                opened.enter_context(driver)
            return rack, world, drivers

        yield begin


def playlist(levels, marked=False):
    marks = np.zeros(N, np.uint8)
    marks[:100] = marked
    waveforms = tuple(Waveform(np.full(N, round(32767 * level), np.int16), marks) for level in levels)
    return Playlist(waveforms, np.arange(len(levels), dtype=np.int32)[:, None])


def configure(drivers):
    for name, driver in drivers.items():
        driver.configure(ENTRIES[name], LIMITS.get(name))
    drivers["source"].on()
    drivers["bias"].ramp_to(2e-4)


def play(drivers, levels, n_segments):
    """Play one step for each level on both AWGs (the second plays the opposite); return volts (n_segments, 2)."""
    awg1, awg2, scope = (drivers[name] for name in ("awg1", "awg2", "scope1"))
    awg1.load(playlist(levels, marked=True))
    awg2.load(playlist([-level for level in levels]))
    awg2.arm(None)
    awg2.start()
    awg1.arm(20e-6)
    scope.arm((1, 2), n_segments, 1e-6, 64)
    awg1.start()
    scope.wait(10.0)
    codes = np.empty((n_segments, 2, 64), np.int16)
    volts_per_code, volts_at_zero = scope.fetch(codes)
    return codes.mean(axis=2) * volts_per_code + volts_at_zero


def make_safe(drivers):
    for name, driver in drivers.items():
        driver.make_safe(ZERO if name == "bias" else OFF)


def expected(levels, n_segments):
    first = FULL_SCALE * np.resize(levels, n_segments)
    return np.stack([first, -first], axis=1)


LEFT = {
    "offset": ("SOURce1:VOLTage:LEVel:IMMediate:OFFSet", 0.4, "0.0000000000E+00"),
    "skew": ("SOURce1:SKEW", 1e-9, "0.0000000000E+00"),
    "function generator": ("INSTrument:MODE", Word("FGEN"), "AWG"),
    "all outputs off": ("OUTPut:OFF", True, "0"),
    "an unused output on": ("OUTPut3:STATe", True, "0"),
}


@pytest.mark.parametrize("left", LEFT)
def test_what_the_last_user_left_does_not_change_what_is_played(connect, left):
    _, _, drivers = connect()
    header, value, right = LEFT[left]
    for name in ("awg1", "awg2"):
        drivers[name].write(header, value)
        drivers[name].check()
    configure(drivers)
    np.testing.assert_allclose(play(drivers, [0.5, -0.25], 4), expected([0.5, -0.25], 4), atol=1e-3)
    assert drivers["awg1"].ask(str, f"{header}?") == right


def test_four_drivers_configure_load_arm_record_fetch_ramp_and_make_safe(connect):
    rack, world, drivers = connect()
    configure(drivers)
    for levels in ([0.1, 0.3, -0.2], [0.5, 0.25]):
        np.testing.assert_allclose(play(drivers, levels, 7), expected(levels, 7), atol=1e-3)
    stage = world.stages[-1][0]
    assert (stage.carriers["source"].frequency, stage.carriers["source"].on) == (5.1e9, True)
    assert stage.biases["bias"] == pytest.approx(2e-4)
    make_safe(drivers)
    assert drivers["bias"].level == 0.0
    assert not drivers["source"].output
    assert not rack.rack.mocks["awg1"].started
    assert rack.rack.notes == []
    assert all(driver.session.generation == 0 for driver in drivers.values())


@pytest.mark.parametrize("seed", range(2))
def test_under_transport_faults_a_run_is_right_or_refused(connect, seed):
    kinds = ("late", "lost", "duplicated", "swapped", "truncated", "disconnected")
    plan = Faults(seed=seed, late_seconds=0.02, after=4, **dict.fromkeys(kinds, 0.001))
    _, _, drivers = connect(0.15, **dict.fromkeys(DRIVERS, plan))
    right = []  # number of faults before each run that was not refused
    for attempt in range(ATTEMPTS):
        levels = [0.1, 0.3, -0.2, attempt / 100]  # always something new to load
        try:
            configure(drivers)
            found = play(drivers, levels, 7)
        except QctlError:
            continue
        np.testing.assert_allclose(found, expected(levels, 7), atol=1e-3)
        right.append(sum(driver.session.generation for driver in drivers.values()))
        if right[-1] >= 4:
            break
    assert right
    assert right[-1] >= 4


def test_while_the_world_computes_the_rack_answers_not_yet(connect, monkeypatch):
    rack, world, drivers = connect()
    configure(drivers)
    begun, go_on, played = threading.Event(), threading.Event(), world.play

    def slow(stage, n_cycles, hear):
        begun.set()
        assert go_on.wait(30)
        played(stage, n_cycles, hear)

    monkeypatch.setattr(world, "play", slow)
    looks, event = [], Infiniium._event

    def look(scope, query):
        found = event(scope, query)
        if query == ":ADER?" and begun.is_set():
            assert drivers["source"].frequency == 5.1e9  # the others answer as well
            looks.append(found)
            if len(looks) == 3:
                go_on.set()
        return found

    monkeypatch.setattr(Infiniium, "_event", look)
    np.testing.assert_allclose(play(drivers, [0.1, 0.2], 4), expected([0.1, 0.2], 4), atol=1e-3)
    assert looks[:3] == [False, False, False]
    assert rack.rack.notes == []
