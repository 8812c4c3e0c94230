"""A station opens everything, and leaves everything safe."""

import dataclasses
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.control import limits_of, open_station
from qctl.control.clock import VirtualClock
from qctl.control.safe import make_safe
from qctl.control.signals import ENDING
from qctl.core.errors import ConfigError, InstrumentError, ParameterError, UsageError
from qctl.core.parameters import Estimate, Parameters
from qctl.run.known import known_parameters

WITH_OUTPUT = {"awg1", "awg2", "lo", "coil"}
ALL = WITH_OUTPUT | {"dig"}


def changed(laboratory, name, **fields):
    entry = dataclasses.replace(laboratory.instruments[name], **fields)
    return dataclasses.replace(laboratory, instruments={**laboratory.instruments, name: entry})


def test_everything_is_opened_configured_checked_and_made_safe_in_this_order(laboratory, rack):
    with open_station(laboratory) as station:
        assert set(station.instruments) == ALL
        assert rack.did("make_safe") == []
    assert set(rack.did("open")) == set(rack.did("configure")) == set(rack.did("close")) == ALL
    assert set(rack.did("make_safe")) == WITH_OUTPUT
    stages = list(dict.fromkeys(call[1] for call in rack.calls))
    assert stages == ["open", "configure", "check", "make_safe", "close"]


def test_outputs_become_safe_in_their_order(laboratory, rack):
    with open_station(laboratory):
        pass
    assert rack.did("make_safe")[-1] == "coil"


@pytest.mark.parametrize("stage", ["open", "configure", "check"])
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_failure_while_opening_leaves_all_that_opened_safe_and_closed(laboratory, rack, refused, stage, name):
    rack.faults[f"{name}.{stage}"] = [refused()]
    with pytest.raises(InstrumentError, match="on purpose"), open_station(laboratory):
        pytest.fail("must not open")
    opened = ALL - {name} if stage == "open" else ALL
    assert set(rack.did("make_safe")) == WITH_OUTPUT & opened
    assert set(rack.did("close")) == opened


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, MemoryError])
def test_whatever_goes_wrong_inside_the_outputs_become_safe(laboratory, rack, error):
    with pytest.raises(error), open_station(laboratory):
        raise error
    assert set(rack.did("make_safe")) == WITH_OUTPUT
    assert set(rack.did("close")) == ALL


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_signal_that_ends_the_process_ends_the_station_orderly(laboratory, rack, name):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"this platform has no {name}")
    with pytest.raises(SystemExit) as left, open_station(laboratory):
        signal.raise_signal(number)
    assert left.value.code == 128 + number
    assert set(rack.did("make_safe")) == WITH_OUTPUT
    assert signal.getsignal(number) is signal.SIG_DFL


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this platform has no SIGHUP")
def test_a_hangup_that_is_ignored_stays_ignored(laboratory, rack):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with open_station(laboratory):
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_station_can_be_closed_from_another_thread(laboratory, rack):
    before = {n: signal.getsignal(n) for n in ENDING}
    stack = ExitStack()
    stack.enter_context(open_station(laboratory))
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(stack.close).result()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert set(rack.did("make_safe")) == WITH_OUTPUT
    assert set(rack.did("close")) == ALL


def test_ctrl_c_does_not_cut_making_safe_short(laboratory, rack, drivers, monkeypatch):
    plain = drivers.Source.make_safe

    def interrupted(self, entry):
        signal.raise_signal(signal.SIGINT)  # arrives at the main thread while it waits
        plain(self, entry)

    monkeypatch.setattr(drivers.Source, "make_safe", interrupted)
    with pytest.raises(KeyboardInterrupt), open_station(laboratory):
        pass
    assert set(rack.did("make_safe")) == WITH_OUTPUT
    assert set(rack.did("close")) == ALL


def test_failures_are_told_in_the_order_of_the_file_however_instruments_were_opened(laboratory, refused):
    laboratory = dataclasses.replace(laboratory, safe=dict(reversed(laboratory.safe.items())))
    rack = {name: SimpleNamespace(make_safe=_raises(refused)) for name in sorted(WITH_OUTPUT)}
    one_order = {name: dataclasses.replace(entry, order=0) for name, entry in laboratory.safe.items()}
    assert [failure.where for failure in make_safe(rack, one_order)] == list(laboratory.safe)


def _raises(error):
    def fails(entry):
        raise error()

    return fails


def test_one_output_that_cannot_be_made_safe_stops_no_other_and_is_reported(laboratory, rack, refused):
    rack.faults["awg1.make_safe"] = [refused()]
    with pytest.raises(InstrumentError, match="awg1: could not be made safe"), open_station(laboratory):
        pass
    assert set(rack.did("make_safe")) == WITH_OUTPUT


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ZeroDivisionError(), OSError("gone")])
def test_an_error_of_any_kind_while_making_safe_stops_no_other_and_is_reported(laboratory, rack, error):
    rack.faults["awg1.make_safe"] = [error]
    rack.faults["lo.close"] = [error]
    with pytest.raises(InstrumentError, match="awg1: could not be made safe") as caught, open_station(laboratory):
        pass
    assert "lo: could not be closed" in " ".join(caught.value.__notes__)
    assert set(rack.did("make_safe")) == WITH_OUTPUT  # also those of a later order
    assert set(rack.did("close")) == ALL


def test_a_broken_link_is_an_instrument_error_that_names_the_instrument(laboratory, rack):
    rack.faults["lo.configure"] = [ConnectionResetError("gone")]
    with pytest.raises(InstrumentError, match="lo: the link failed"), open_station(laboratory):
        pytest.fail("must not open")


def test_what_could_not_be_made_safe_is_noted_on_the_error_that_came_first(laboratory, rack, refused):
    rack.faults["awg1.make_safe"] = [refused()]
    with pytest.raises(ValueError, match="first") as caught, open_station(laboratory):
        raise ValueError("first")
    assert any("awg1: could not be made safe" in note for note in caught.value.__notes__)


def test_another_instrument_than_expected_is_refused(laboratory, rack, drivers, monkeypatch):
    monkeypatch.setattr(drivers.Bias, "identity", "ACME,COIL")
    with (
        pytest.raises(InstrumentError, match=r"coil: it is 'ACME, FAKE,1,2'; allowed: ACME,COIL"),
        open_station(laboratory),
    ):
        pytest.fail("must not open")
    assert set(rack.did("make_safe")) == WITH_OUTPUT


def test_limits_are_known_before_any_link_is_open(laboratory, rack, drivers):
    assert limits_of(laboratory) == {
        "awg1": drivers.Awg.limits,
        "awg2": drivers.Awg.limits,
        "dig": drivers.Digitizer.limits,
    }
    assert rack.calls == []


@pytest.mark.parametrize(
    ("driver", "says"),
    [
        ("nowhere.to_be_found:X", "there is no driver module"),
        ("fakes:Missing", "has no class 'Missing'; allowed: Awg"),
        ("fakes:nothing", "has no class"),
        ("fakes:Useless", "is no instrument: it lacks open"),
        ("fakes", "allowed: module:Class"),
    ],
)
def test_a_driver_that_cannot_be_found_is_an_error_of_the_configuration(laboratory, rack, driver, says):
    with pytest.raises(ConfigError, match=says) as caught, open_station(changed(laboratory, "lo", driver=driver)):
        pytest.fail("must not open")
    assert str(caught.value).startswith("lo: ")
    assert rack.calls == []


def test_operating_ramps_the_biases_and_switches_the_carriers_on(laboratory, rack):
    known = Parameters({"q0.flux.bias": Estimate(1.5e-3)})
    with open_station(laboratory) as station:
        station.operate(known)
        assert ("coil", "ramp_to", 1.5e-3) in rack.calls
        assert rack.did("on") == ["lo"]


def test_a_bias_that_nobody_knows_is_refused_by_name_before_anything_is_sent(laboratory, rack):
    with open_station(laboratory) as station, pytest.raises(ParameterError, match=r"q0\.flux\.bias"):
        station.operate(Parameters({}))
    assert rack.did("ramp_to") == rack.did("on") == []


@pytest.mark.parametrize("name", ["transmon5", "ideal20"])
def test_the_laboratories_that_come_with_qctl_know_all_their_biases(name):
    laboratory = read_laboratory(find_laboratory(name))
    known = known_parameters(laboratory)
    assert [line for line, entry in laboratory.lines.items() if entry.bias and f"{line}.bias" not in known] == []


@pytest.mark.parametrize("kind", ["awg", "digitizer", "source", "bias"])
def test_an_instrument_of_the_wrong_kind_is_refused_by_name(laboratory, kind):
    wrong = {"awg": "dig", "digitizer": "awg1", "source": "coil", "bias": "lo"}[kind]
    with open_station(laboratory) as station, pytest.raises(InstrumentError, match=f"{wrong!r} is no"):
        getattr(station, kind)(wrong)


def test_on_real_hardware_time_is_the_walls_and_waiting_is_sleeping(laboratory, rack, monkeypatch):
    slept = []
    monkeypatch.setattr("qctl.control.clock.time", SimpleNamespace(sleep=slept.append, time=lambda: 1234.5))
    with open_station(laboratory) as station:
        station.pass_time(2.5)
        assert station.clock.now() == 1234.5
    assert slept == [2.5]


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_no_time_passes_backwards_or_forever(laboratory, rack, seconds):
    with open_station(laboratory) as station, pytest.raises(UsageError, match="a wait of"):
        station.pass_time(seconds)


def test_virtual_time_is_start_and_shots_and_waits():
    said = []
    clock = VirtualClock(said.append, started=100.0)
    clock.played(0.25)
    clock.wait(3600.0)
    assert clock.now() == 3700.25
    assert said == ["wait 3600.0"]
