"""OpenPulse in OpenQASM 3: calibrated gates become pulses on lines of the laboratory."""

import pytest

from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.core.pulse import Shape
from qctl.frontends import read_openqasm

CAL = """OPENQASM 3; include "stdgates.inc"; defcalgrammar "openpulse";
cal {
  port q0_drive;
  @line q0-q1.flux
  port bus;
  frame f = newframe(q0_drive, 5.1e9, 0.0);
  frame g = newframe(bus, 0.0, 0.0);
  waveform w = raised_cosine(0.3, 24ns, 0.5ns);
}
defcal x $0 { play(f, w); }
defcal rz(float t) $0 { shift_phase(f, -t); }
defcal half $0 { play(f, scale(w, 0.5)); }
defcal echo(float t, duration d) $0 { for int i in [1:2] { play(f, phase_shift(w, t)); delay[d] f; } }
defcal cz $0, $1 {
  play(g, flat_top_cosine(0.2, 40ns, 4ns)); barrier f, g; play(f, constant(0.1im, 8ns)); delay[10ns] g;
}
"""


def played(text):
    program = read_openqasm(CAL + text)
    return program, [program.pulses[e["bit"]] for e in program.events if e["op"] == Op.PULSE]


def test_a_calibrated_gate_is_a_pulse_on_its_line():
    program, (pulse,) = played("x $0;")
    (tone,) = pulse.tones
    assert (tone.line, tone.frequency, tone.amplitude, tone.duration) == ("q0.drive", 5.1e9, 0.3, 24e-9)
    assert (tone.shape, tone.slope, tone.phase) == (Shape.COSINE, 0.5e-9, 0.0)
    assert program.events["q"].tolist() == [[0, -1]]
    assert program.physical


def test_a_frame_keeps_its_phase_from_gate_to_gate():
    _, pulses = played("x $0; rz(0.7) $0; x $0; rz(0.1) $0; half $0;")
    assert [p.tones[0].phase for p in pulses] == pytest.approx([0, -0.7, -0.8])
    assert pulses[2].tones[0].amplitude == 0.15


def test_frames_have_clocks_that_barriers_set():
    program, (pulse,) = played("cz $0, $1;")
    flux, drive = pulse.tones
    assert (flux.line, flux.start, flux.frequency) == ("q0-q1.flux", 0.0, None)
    assert (drive.start, drive.phase) == (40e-9, pytest.approx(1.5707963267948966))
    assert [Op(int(e["op"])).name for e in program.events] == ["PULSE", "DELAY", "DELAY"]
    assert program.events["angle"][1, 0] == 2e-9  # until the flux frame, which waits for 10 ns, is done


def test_arguments_reach_the_pulse():
    _, (pulse,) = played("echo(0.25, 1us) $0;")
    assert [(tone.start, tone.phase) for tone in pulse.tones] == [(0.0, 0.25), (1.024e-6, 0.25)]


def test_gates_without_calibration_stay_gates():
    program, pulses = played("bit c; h $0; x $1; x $0; c = measure $0;")
    assert [Op(int(e["op"])).name for e in program.events] == ["H", "X", "PULSE", "MEASURE"]
    assert len(pulses) == 1


def test_a_calibration_for_one_angle_is_for_that_angle_alone():
    program, _ = played("defcal rx(pi / 2) $0 { play(f, w); } rx(pi / 2) $0; rx(pi) $0;")
    assert [Op(int(e["op"])).name for e in program.events] == ["PULSE", "RX"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("defcal y $0 { play(f, lorentz(0.1, 10ns, 2ns)); } y $0;", "the waveform 'lorentz'.*raised_cosine"),
        ("defcal y $0 { play(g, phase_shift(w, 1.0)); } y $0;", "whose frame has no frequency"),
        ("defcal y $0 { play(nobody, w); } y $0;", "no port, frame or waveform"),
        ("cal { play(f, w); }", "a pulse on q0.drive outside of a defcal"),
        ("cal { capture_v2(f, 1us); }", "'capture_v2'.*a defcal of measure"),
        ('defcalgrammar "mine";', "the calibration grammar 'mine'"),
        ("defcal y $0 { play(f, w, w); } y $0;", "play of 3 arguments"),
        ("bit c; c = measure $0; if (c) { rz(1.0) $0; } x $0;", "a frame that depends on measured bits"),
        ("defcal y $0 { play(f, raised_cosine(0.1, -1ns)); } y $0;", "duration above 0 s"),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(text, message):
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm(CAL + text, name="f")
    assert found.value.where.startswith("f:")
