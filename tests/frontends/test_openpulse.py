"""OpenPulse on a laboratory: its waveforms, clocks, lines and readout."""

import numpy as np
import pytest

from qctl import Lab
from qctl.core.errors import QctlError
from qctl.core.program import Op
from qctl.frontends import read_openqasm, to_openqasm
from qctl.platforms.waves import sampled

HEAD = """OPENQASM 3; include "stdgates.inc"; defcalgrammar "openpulse";
cal {
  port q0_drive; port q1_drive; port q0_flux; @line feedline
  port line;
  frame f = newframe(q0_drive, 5.1e9, 0.0); frame g = newframe(q1_drive, 5.2e9, 0.0);
  frame stimulus = newframe(line, 7.0e9, 0.0); frame acquire = newframe(line, 7.0e9, 0.0);
}
"""
RATE = 2e9  # of drive lines, Hz


@pytest.fixture(scope="module")
def lab():
    return Lab.open("transmon5")


def read(lab, text):
    """Return the program of a text that a laboratory reads."""
    return lab._read(HEAD + text, None, None)


def tones(program):
    return [tone for e in program.events if e["op"] == Op.PULSE for tone in program.pulses[e["bit"]].tones]


def wave(lab, text):
    """Return the samples of one waveform."""
    (tone,) = tones(read(lab, f"defcal y $0 {{ {text} }} y $0;"))
    return tone.amplitude * np.exp(1j * tone.phase) * sampled(tone.wave, tone.duration, RATE, "")


def test_waveforms_are_what_the_specification_says(lab):
    t = (np.arange(80) + 0.5) / 2  # ns
    g = np.exp(-(((t - 20) / 8) ** 2) / 2)
    slope = -(t - 20) / 64 * g  # per ns
    square = np.exp(-((np.maximum(abs(t - 20) - 10, 0) / 4) ** 2) / 2)
    sine = np.sin(2 * np.pi * 0.05 * t + 0.3)
    expected = {
        "gaussian(0.3, 40ns, 8ns)": 0.3 * g,
        "gaussian(0.3im, 40ns, 8ns)": 0.3j * g,
        "sech(0.3, 40ns, 8ns)": 0.3 / np.cosh((t - 20) / 8),
        "drag(0.3, 40ns, 8ns, 0.5e-9)": 0.3 * (g + 0.5j * slope),
        "drag(0.3, 40ns, 8ns, 0.5ns)": 0.3 * (g + 0.5j * slope),
        "gaussian_square(0.3, 40ns, 20ns, 4ns)": 0.3 * square,
        "sine(0.3, 40ns, 50e6, 0.3)": 0.3 * sine,
        "mix(gaussian(0.3, 40ns, 8ns), sine(1.0, 40ns, 50e6, 0.3))": 0.3 * g * sine,
        "sum(gaussian(0.3, 40ns, 8ns), phase_shift(constant(0.1, 40ns), pi / 2))": 0.3 * g + 0.1j,
        "scale(phase_shift(sech(0.3, 40ns, 8ns), pi), 0.5)": -0.15 / np.cosh((t - 20) / 8),
    }
    for text, samples in expected.items():
        np.testing.assert_allclose(wave(lab, f"play(f, {text});"), samples, atol=1e-12, err_msg=text)


def test_samples_are_played_one_by_one_on_the_clock_of_their_line(lab):
    text = "waveform w = {1.0, 0.5 + 0.5im, -0.25im, 0.0}; play(f, scale(w, 0.5));"
    np.testing.assert_allclose(wave(lab, text), [0.5, 0.25 + 0.25j, -0.125j, 0])
    sequence = lab.compile(read(lab, f"defcal y $0 {{ {text} }} y $0; bit c = measure $0;"))
    track = sequence.tracks["q0.drive"]
    (shape,) = track.waveforms
    assert track.sample_rate == RATE
    np.testing.assert_allclose(track.plays["amplitude"][0] * shape, [0.5, 0.25 + 0.25j, -0.125j, 0])


def test_a_dt_is_a_tick_of_the_laboratory(lab):  # 0.5 ns on transmon5
    program = read(lab, "delay[100dt] $0; defcal y $0 { play(f, constant(0.1, 16dt)); } y $0;")
    assert program.events["angle"][0, 0] == pytest.approx(50e-9)
    assert tones(program)[0].duration == pytest.approx(8e-9)


def test_cal_blocks_play_on_the_qubits_of_their_lines_all_at_once(lab):
    program = read(lab, "x $0; cal { play(f, constant(0.1, 16ns)); barrier f, g; play(g, constant(0.2, 8ns)); } x $1;")
    rows = [(Op(int(e["op"])).name, int(e["q"][0])) for e in program.events]
    assert rows[:1] + [row for row in rows if row[0] == "PULSE"] == [("X", 0), ("PULSE", 0), ("PULSE", 1)]
    schedule = lab.schedule(program).operations
    begin = schedule["start"][schedule["op"] == Op.PULSE]
    assert begin[0] == begin[1]
    assert [tone.start for tone in tones(program)] == [0.0, 16e-9]


def test_frames_say_where_they_are(lab):
    text = "cal { shift_phase(f, 0.5); shift_frequency(f, 1e6); }"
    text += "cal { frame k = newframe(q0_drive, get_frequency(f), 2 * get_phase(f)); play(k, constant(0.1, 8ns)); }"
    (tone,) = tones(read(lab, text))
    assert (tone.frequency, tone.phase) == (5.101e9, pytest.approx(1.0))


def readout(lab, **changed):
    known = {part: lab.parameters[f"q0.readout.{part}"] for part in ("amplitude", "duration", "edge", "frequency")}
    known |= changed
    line = lab.laboratory.qubits["q0"].readout
    return (
        f"cal {{ @line {line}\n port r; frame s = newframe(r, {known['frequency']!r}, 0.0);"
        f" frame a = newframe(r, {known['frequency']!r}, 0.0); }}"
        f" defcal measure $0 -> bit {{ play(f, gaussian(0.1, 32ns, 8ns)); barrier f, s, a;"
        f" play(s, flat_top_cosine({known['amplitude']!r}, {known['duration']!r}s, {known['edge']!r}s));"
        f" return capture_v2(a, constant(1.0, {known['duration']!r}s)); }} bit c; c = measure $0;"
    )


def test_a_capture_of_the_calibrated_readout_is_the_measurement(lab):
    program = read(lab, readout(lab))
    assert [Op(int(e["op"])).name for e in program.events] == ["PULSE", "MEASURE"]
    assert not program.flow
    assert program.n_hidden == 0


def test_another_readout_is_refused_with_the_calibrated_one(lab):
    with pytest.raises(QctlError, match=r"not the calibrated readout.*flat_top_cosine\(.*leave measure") as found:
        read(lab, readout(lab, amplitude=0.01))
    assert found.value.where.count(":") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cal { capture_v0(f); }", "'capture_v0'.*measure"),
        ("defcal measure $0 -> bit { complex w = capture_v1(f, f); return 0; } measure $0;", "capture_v1.*iq"),
        ("cal { capture_v2(f, constant(1, 1us)); }", "'capture_v2'.*a defcal of measure"),
        ("cal { waveform w = capture_v3(f, 1us); }", "'capture_v3'.*Pulses.capture"),
        ("cal { int n = capture_v4(f, 1us); }", "'capture_v4'.*counted"),
        ("defcal measure $0 -> bit { return 1; } bit c = measure $0;", "captures nothing"),
        ("cal { play(f, mix(constant(1, 8ns), constant(1, 16ns))); }", "mix of 8e-09 s and 1.6e-08 s"),
        ("cal { play(f, gaussian(0.1, 8ns, 0ns)); }", "gaussian with a sigma of 0 s"),
        ("cal { play(stimulus, constant(0.1, 8ns)); }", "which leads to [0-9]+ qubits, outside of a defcal"),
        ("cal { play(f, triangle(0.1, 8ns)); }", "the waveform 'triangle'.*gaussian_square"),
        ("delay[1e400dt] $0;", "a duration of inf dt; allowed: finite durations"),
    ],
)
def test_what_cannot_be_is_refused_by_name_with_what_can(lab, text, message):
    with pytest.raises(QctlError, match=message) as found:
        read(lab, text)
    assert found.value.where.count(":") == 2


def test_what_the_text_says_nobody_can_know_needs_a_laboratory():
    for text, message in [
        ("delay[10dt] $0;", "a duration in dt"),
        ("cal { play(f, constant(0.1, 8ns)); }", "outside of a defcal"),
        ("defcal y $0 { waveform w = {1.0, 0.5}; play(f, w); } y $0;", "2 samples"),
    ]:
        with pytest.raises(QctlError, match=message):
            read_openqasm(HEAD + text)


def test_a_quadrature_on_a_line_without_a_carrier_is_refused(lab):
    text = "defcal y $0 { frame k = newframe(q0_flux, 0.0, 0.0); play(k, gaussian(0.1im, 8ns, 2ns)); } y $0;"
    with pytest.raises(QctlError, match="a waveform with a quadrature"):
        lab.compile(read(lab, text + "bit c = measure $0;"))


def test_exported_waveforms_are_read_again(lab):
    text = (
        "defcal y $0 { waveform w = {1.0, 0.5im}; play(f, scale(w, 0.5)); play(f, mix(drag(0.3im, 40ns, 8ns, 1e-10),"
        " sum(sine(0.1, 40ns, 50e6, 0.3), gaussian_square(0.2, 40ns, 8ns, 2ns)))); } y $0;"
    )
    program = read(lab, text)
    again = lab._read(to_openqasm(program), None, None)
    for a, b in zip(tones(program), tones(again), strict=True):
        np.testing.assert_allclose(
            a.amplitude * sampled(a.wave, a.duration, RATE, ""), b.amplitude * sampled(b.wave, b.duration, RATE, "")
        )
