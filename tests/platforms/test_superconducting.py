"""Envelopes, distortions and wiring of the superconducting platform, against outside references."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.signal import lfilter

from qctl.core.errors import CompileError
from qctl.core.laboratory import Coupling, InstrumentEntry, Laboratory, Line, Qubit
from qctl.core.port import Port
from qctl.platforms import platform_of
from qctl.platforms.distortion import inverse_sections, mixer_correction, predistortion
from qctl.platforms.envelopes import drag, flat_top
from qctl.platforms.known import defaults
from qctl.platforms.pulses import cz, rotation
from qctl.platforms.wiring import arrival, station_tick


@pytest.fixture
def laboratory():
    """Two coupled qubits on one AWG, a flux AWG started by a marker, delays of all kinds."""
    awg = {"driver": "fake:Awg", "address": "mock"}
    return Laboratory(
        name="pair",
        platform="superconducting",
        reference=10e6,
        period=1e-4,
        instruments={
            "awg": InstrumentEntry(sample_rate=1e9, **awg),
            "flux": InstrumentEntry(sample_rate=2.5e9, trigger_latency=40e-9, **awg),
            "digitizer": InstrumentEntry(sample_rate=1e9, trigger_latency=200e-9, **awg),
            "source": InstrumentEntry(frequency=5e9, **awg),
        },
        lines={
            "trigger": Line(output=Port("awg", 1, marker=True), starts=("flux", "digitizer"), delay=5e-9),
            "a.drive": Line(i=Port("awg", 1), q=Port("awg", 2), mixed_with="source", delay=30e-9),
            "b.drive": Line(i=Port("awg", 3), q=Port("awg", 4), mixed_with="source"),
            "feed": Line(
                i=Port("awg", 5),
                q=Port("awg", 6),
                mixed_with="source",
                delay=50e-9,
                back=(Port("digitizer", 1), Port("digitizer", 2)),
                return_delay=70e-9,
            ),
            "a.flux": Line(output=Port("flux", 1), delay=10e-9),
            "c.flux": Line(output=Port("flux", 2), delay=12e-9),
        },
        qubits={
            "a": Qubit(drive="a.drive", readout="feed", flux="a.flux"),
            "b": Qubit(drive="b.drive", readout="feed"),
        },
        couplings={"a-b": Coupling(pair=("a", "b"), flux="c.flux")},
        safe={},
        limits={},
        first_guess={"a.frequency": 5.3e9, "b.frequency": 4.7e9, "a.t1": 9e-6, "a.flux.bias": 1e-3},
    )


@pytest.mark.parametrize("kind", ["x90", "x180"])
@pytest.mark.parametrize("n_samples", [20, 32])
def test_a_drag_pulse_reaches_an_error_of_1e_5_on_resonance(kind, n_samples):
    """Four levels, held samples at 1 GS/s, -300 MHz, H = (z a + z* a+) / 2; only the amplitude is tuned."""
    angle, alpha, dt = {"x90": np.pi / 2, "x180": np.pi}[kind], 2 * np.pi * -0.3, 1.0
    lower, number = np.diag(np.sqrt(np.arange(1, 4)), 1), np.arange(4)
    anharmonic = np.diag(alpha / 2 * number * (number - 1))
    envelope = drag(n_samples, 1e9, 0.5 / (2 * np.pi * -300e6))
    target = expm(-0.5j * angle * np.array([[0, 1], [1, 0]]))

    def error(scale):
        total = np.eye(4)
        for z in scale * angle / (np.sum(envelope.real) * dt) * envelope:
            total = expm(-1j * dt * (anharmonic + (z * lower + np.conj(z) * lower.T) / 2)) @ total
        made = target.conj().T @ total[:2, :2]
        return 1 - (abs(np.trace(made)) ** 2 + np.trace(made @ made.conj().T).real) / 6

    assert min(error(scale) for scale in np.linspace(0.995, 1.005, 6)) < 1e-5


def test_envelopes_are_symmetric_peak_at_one_and_cannot_be_changed():
    for envelope in (drag(24, 1e9, -2e-10), flat_top(50, 7)):
        np.testing.assert_allclose(envelope.real, envelope.real[::-1], atol=1e-15)
        assert np.abs(envelope).max() == pytest.approx(1.0, abs=1e-12)
        with pytest.raises(ValueError, match="read-only"):
            envelope[0] = 1


def test_the_same_numbers_give_the_same_envelope():
    assert drag(24, 1e9, -2e-10) is drag(24, 1e9, -2e-10)


@given(
    taus=st.lists(st.floats(10e-9, 30e-6), min_size=1, max_size=4, unique=True),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_predistortion_undoes_the_step_response(taus, data):
    assume(np.all(np.diff(np.log(np.sort(taus))) > 0.3))  # closer ones of opposite signs can ring: they are refused
    amplitudes = np.array([data.draw(st.floats(-0.05, 0.05)) for _ in taus])
    rate, n = 1e9, 3000
    sections = inverse_sections(amplitudes, np.array(taus), rate)
    step = np.ones(n)
    for b0, b1, a1 in sections:
        step = lfilter([b0, b1], [1, a1], step)
    time = np.arange(n) / rate
    response = 1 + sum(a * np.exp(-time / tau) for a, tau in zip(amplitudes, taus, strict=True))
    # a held step at sample k answers with the response k samples later: sum over the steps of the predistorted input
    seen = np.convolve(np.diff(step, prepend=0), response)[:n]
    np.testing.assert_allclose(seen, 1.0, atol=1e-9)


def test_one_exponential_gives_the_filter_of_the_cryoscope_paper():
    a, tau, rate = 0.03, 1e-6, 2e9
    ((b0, b1, a1),) = inverse_sections(np.array([a]), np.array([tau]), rate)
    r = np.exp(-1 / (tau * rate))
    np.testing.assert_allclose([b0, b1, a1], [1 / (1 + a), -r / (1 + a), -(r + a) / (1 + a)], rtol=1e-12)


def test_a_line_that_rings_is_refused():
    with pytest.raises(CompileError, match="no stable inverse"):
        inverse_sections(np.array([-1.2]), np.array([1e-6]), 1e9)
    with pytest.raises(CompileError, match="above 0"):
        inverse_sections(np.array([0.1]), np.array([0.0]), 1e9)


def test_the_mixer_matrix_undoes_the_mixer():
    known = {"a.mixer.gain": 1.07, "a.mixer.phase": 0.06, "a.mixer.offset_i": 0.01}
    matrix, offset = mixer_correction("a", known)
    mixer = np.array([[1, 0], [1.07 * np.sin(0.06), 1.07 * np.cos(0.06)]])
    np.testing.assert_allclose(mixer @ matrix, np.eye(2), atol=1e-15)
    assert offset.tolist() == [0.01, 0.0]
    with pytest.raises(CompileError, match="mixer gain 0"):
        mixer_correction("a", {"a.mixer.gain": 0.0})


def test_fir_taps_and_exponentials_are_read_until_the_first_missing_number():
    known = {"l.predistortion.fir_0": 1.0, "l.predistortion.fir_1": 0.1, "l.predistortion.fir_3": 9.0}
    sections, taps = predistortion("l", known, 1e9)
    assert sections.shape == (0, 3)
    assert taps.tolist() == [1.0, 0.1]


def test_all_lines_meet_at_the_chip(laboratory):
    found = arrival(laboratory, {})
    chip = found.chip
    assert chip == pytest.approx(205e-9 - 70e-9)  # the digitizer starts 205 ns late and hears the chip 70 ns late
    assert found.listen["feed"] == pytest.approx(0.0)
    assert found.tracks["a.drive"] == round((chip - 30e-9) * 1e9)
    assert found.tracks["a.flux"] == round((chip - 10e-9 - 45e-9) * 2.5e9)


def test_measured_delays_stand_before_those_of_the_file(laboratory):
    before, after = arrival(laboratory, {}), arrival(laboratory, {"a.drive.delay": 40e-9, "feed.return_delay": 60e-9})
    assert after.chip == pytest.approx(before.chip + 10e-9)
    assert after.tracks["a.drive"] == before.tracks["a.drive"]


def test_clocks_that_share_no_sample_share_a_tick(laboratory):
    assert station_tick(laboratory) == Fraction(1, 500_000_000)


def test_the_coupler_opens_inside_the_settled_pulse_of_the_high_qubit(laboratory):
    qubit, coupler = cz(laboratory, defaults(laboratory), "a-b")
    assert (qubit.line, coupler.line) == ("a.flux", "c.flux")
    flat = np.flatnonzero(qubit.envelope.real == 1.0)
    active = np.flatnonzero(coupler.envelope.real > 0) + coupler.shift
    assert flat[0] <= active[0] - 5  # cz.margin of 2 ns at 2.5 GS/s
    assert active[-1] + 5 <= flat[-1]


def test_drive_pulses_sit_at_the_qubit_above_the_source(laboratory):
    (pulse,) = rotation(laboratory, defaults(laboratory), 1, "x90")
    assert pulse.carrier == 4.7e9 - 5e9
    assert pulse.line == "b.drive"


def test_first_guesses_stand_before_assumptions_and_both_are_marked(laboratory):
    known = platform_of(laboratory).defaults(laboratory)
    assert known["a.t1"] == 9e-6
    assert known["b.t1"] == pytest.approx(30e-6)
    assert known["feed.mixer.gain"] == 1.0
    assert known.estimates["a.flux.bias"].unit == "A"
    assert known.estimates["a.frequency"].run == "first guess of the laboratory file"
    assert all(estimate.error == np.inf for estimate in known.estimates.values())
