"""QCoDeS's own drivers, unmodified, drive the simulated instruments over both links."""

import numpy as np
import pytest

pytest.importorskip("qcodes", reason="needs QCoDeS: pip install 'qctl[peers]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # warnings of a third party's code are not ours

SKIPPED = {"timeout", "force_jump", "trace", "time_axis", "frequency_axis"}  # nothing to ask, or a test of their own


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Return a function that opens a driver; all are closed at the end."""
    monkeypatch.setenv("HOME", str(tmp_path))  # QCoDeS writes its settings there
    drivers = []

    def build(kind, address, *more, **options):
        drivers.append(kind(f"peer{len(drivers)}", address, *more, visalib="@py", **options))
        return drivers[-1]

    yield build
    for driver in drivers:
        driver.close()


def gettable(module, prefix=""):
    """Yield (name, parameter) of everything that can be asked for, in a driver and its parts."""
    for name, parameter in module.parameters.items():
        if parameter.gettable and name not in SKIPPED:
            yield prefix + name, parameter
    for name, part in module.submodules.items():
        if hasattr(part, "parameters"):
            yield from gettable(part, f"{prefix}{name}.")


@pytest.fixture
def awg(opened, address, rack):
    from qcodes.instrument_drivers.tektronix import TektronixAWG5208

    yield opened(TektronixAWG5208, address("awg"))
    with rack.rack.lock:
        rack.rack.mocks["awg"].reset()


@pytest.fixture
def scope(opened, address):
    from qcodes.instrument_drivers.Keysight import KeysightInfiniium

    scope = opened(KeysightInfiniium, address("scope"), 4, silence_pyvisapy_warning=True)
    # QCoDeS 0.58 asks PyVISA for a container that PyVISA cannot build (numpy.typing.NDArray); the link mends it.
    read = scope.visa_handle.read_binary_values
    scope.visa_handle.read_binary_values = lambda *given, container, **more: read(*given, container=np.ndarray, **more)
    return scope


@pytest.fixture
def source(opened, address):
    from qcodes.instrument_drivers.rohde_schwarz import RohdeSchwarzSGS100A

    return opened(RohdeSchwarzSGS100A, address("source"))


def wave(amplitude):
    """Return 4,000 samples in volts, marker 1 high at the start."""
    samples = np.zeros((3, 4000))
    samples[0] = amplitude * np.sin(np.arange(4000) / 40)
    samples[1, :100] = 1
    return samples


def test_every_setting_of_the_awg_can_be_read(awg, rack):
    for name, parameter in gettable(awg):
        assert parameter.get() is not None, name
    assert not rack.rack.mocks["awg"].errors


def test_a_waveform_file_is_sent_loaded_and_assigned(awg, rack):
    awg.sendWFMXFile(awg.makeWFMXFile(wave(0.2), 0.5), "pulse1.wfmx")
    awg.loadWFMXFile("pulse1.wfmx")
    assert "pulse1" in awg.waveformList
    awg.channels[0].setWaveform("pulse1")
    assert awg.channels[0].assigned_asset() == "pulse1"
    held = rack.rack.mocks["awg"].lists.waveforms["pulse1"]
    np.testing.assert_allclose(held.samples, wave(0.2)[0] * 4, atol=1e-6)
    np.testing.assert_array_equal(held.markers, wave(0.2)[1])


def test_a_sequence_file_is_sent_loaded_and_played(awg, rack):
    awg.clearSequenceList()
    awg.clearWaveformList()
    elements = [wave(0.1), wave(0.2)]
    seqx = awg.makeSEQXFile([3, 3], [1, 1], [0, 0], [0, 0], [0, 1], [elements, elements], [0.5, 0.5], "seq1")
    awg.sendSEQXFile(seqx, "seq1.seqx")
    awg.loadSEQXFile("seq1.seqx")
    assert awg.sequenceList == ["seq1"]
    assert awg.waveformList == ["wfmch1pos1", "wfmch1pos2", "wfmch2pos1", "wfmch2pos2"]
    for track, channel in enumerate(awg.channels[:2], start=1):
        channel.setSequenceTrack("seq1", track)
        channel.state(1)
    awg.mode("AWG")
    awg.play()
    assert awg.run_state() == "Waiting for trigger"
    assert [step.following for step in rack.rack.mocks["awg"].player().steps] == [1, 0]
    awg.stop()
    assert awg.run_state() == "Stopped"


def test_settings_of_the_awg_come_back_as_they_were_set(awg):
    awg.sample_rate(2e9)
    assert awg.sample_rate() == 2e9
    awg.clock_source("Internal, 10 MHZ ref.")
    assert awg.clock_source() == "Internal, 10 MHZ ref."
    channel = awg.channels[2]
    for name, value in {"awg_amplitude": 0.8, "offset": 0.1, "resolution": 13, "state": 1, "hold": "FIRST"}.items():
        channel.parameters[name](value)
        assert channel.parameters[name]() == value
    channel.marker2_high(1.2)
    assert channel.marker2_high() == 1.2


def test_the_scope_digitises_what_the_awg_plays(awg, scope):
    awg.sendWFMXFile(awg.makeWFMXFile(wave(0.2), 0.5), "pulse1.wfmx")
    awg.loadWFMXFile("pulse1.wfmx")
    channel = awg.channels[0]
    channel.setWaveform("pulse1")
    channel.resolution(15)
    channel.awg_amplitude(0.5)
    channel.state(1)
    awg.sample_rate(1e9)
    awg.play()
    scope.channels[0].display(True)
    scope.channels[0].range(0.6)
    scope.sample_rate(1e9)
    scope.acquire_points(1000)
    scope.timebase_position(600e-9)
    scope.trigger_edge_source("AUX")
    scope.trigger_level_aux(0.5)
    scope.trigger_sweep("TRIG")
    volts = scope.channels[0].trace.get()
    times = scope.channels[0].time_axis.get()
    assert times[0] == pytest.approx(100e-9)
    np.testing.assert_allclose(volts, 0.2 * np.sin(times * 1e9 / 40), atol=0.6 / 1024)
    assert scope.channels[0].trace.unit == "V"
    assert scope.channels[0].measure.vpp() == pytest.approx(0.4, abs=2e-3)


def test_every_setting_of_the_scope_can_be_read(scope, rack):
    scope.channels[0].display(True)
    scope.trigger_sweep("AUTO")
    scope.digitize()
    for name, parameter in gettable(scope):
        assert parameter.get() is not None, name
    assert not rack.rack.mocks["scope"].errors


def test_every_setting_of_the_source_goes_both_ways(source, rack):
    given = {"frequency": 6.123456789e9, "power": -12.5, "phase": 90.0, "IQ_state": True, "pulsemod_source": "EXT"}
    given |= {"ref_osc_source": "EXT", "LO_source": "EXT", "I_offset": 0.5, "pulsemod_delay": 1e-6, "ref_LO_out": "LO"}
    given |= {"ref_osc_external_freq": "100MHz", "trigger_connector_mode": "PVO", "pulsemod_polarity": "INV"}
    source.on()
    for name, value in given.items():
        source.parameters[name](value)
        answer = source.parameters[name]()
        assert str(answer).upper() == str(value).upper(), name
    carrier = rack.rack.mocks["source"].carrier()
    assert (carrier.frequency, carrier.power_dbm, carrier.on) == (6.123456789e9, -12.5, True)
    for name, parameter in gettable(source):
        if name not in given:
            assert parameter.get() is not None, name
    source.run_self_tests()
    source.reset()
    assert not source.status()
    assert not rack.rack.mocks["source"].errors
