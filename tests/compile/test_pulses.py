"""Pulses of a program are played as gates are: same samples, same timing, same refusals."""

import numpy as np
import pytest

from qctl.compile import compile_program, default_parameters, flatten
from qctl.core.errors import CompileError, LimitError, ProgramError
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Pulse, Shape, Tone

DRIVE, FLUX = "q0.drive", "q0.flux"


@pytest.fixture
def known(laboratory):
    return default_parameters(laboratory)


@pytest.fixture
def samples(laboratory, limits, known):
    """Return a function: what every AWG plays for some rows of q0, measured at the end."""

    def played(rows, pulses=()):
        end = [event(Op.BARRIER, (0,), (), 9), event(Op.MEASURE, (0,), (), 0)]
        program = Program(np.array([*rows, *end], EVENT), 1, 1, physical=True, pulses=tuple(pulses))
        sequence = compile_program(program, known, laboratory, limits)
        return {
            (name, channel): playlist.waveforms[step].codes
            for name, playlist in flatten(sequence, laboratory, limits).items()
            for channel, step in enumerate(playlist.steps[0].tolist())
            if step >= 0
        }

    return played


def flip(known, phase=0.0):
    """Return what x180 plays on q0, as a pulse."""
    slope = known["q0.x180.drag"] / (2 * np.pi * known["q0.anharmonicity"])
    amplitude, duration, frequency = (known[f"q0.{name}"] for name in ("x180.amplitude", "x180.duration", "frequency"))
    tone = Tone(
        line=DRIVE, amplitude=amplitude, duration=duration, shape=Shape.COSINE, slope=slope, frequency=frequency,
        phase=phase,
    )  # fmt: skip
    return Pulse((tone,))


def test_a_pulse_with_the_numbers_of_a_gate_plays_its_samples(samples, known):
    rows = [event(Op.RZ, (0,), (0.4,)), event(Op.R, (0,), (np.pi, 0.3))]
    wanted = samples(rows)
    found = samples([rows[0], event(Op.PULSE, (0,), (0.1,), 0)], [flip(known, phase=0.2)])
    assert found.keys() == wanted.keys()
    for output, codes in wanted.items():
        np.testing.assert_allclose(found[output], codes, atol=1)


def test_a_flux_pulse_has_the_height_and_length_that_were_asked(samples):
    flat = Pulse((Tone(line=FLUX, amplitude=-0.25, duration=200e-9, start=40e-9),))
    (codes,) = [c for c in samples([event(Op.PULSE, (0,), (0.7,), 0)], [flat]).values() if c.min() == -8192]
    assert np.count_nonzero(codes) == np.count_nonzero(codes == -8192) > 100


def test_a_pulse_keeps_its_qubits_busy_until_its_last_tone_ends(samples, known):
    wait, late = event(Op.DELAY, (0,), (300e-9,)), event(Op.R, (0,), (np.pi, 0.0))
    silent = Pulse((Tone(line=FLUX, amplitude=0.0, duration=100e-9, start=200e-9),))
    waited, pulsed = samples([wait, late]), samples([event(Op.PULSE, (0,), (), 0), late], [silent])
    assert all(np.array_equal(pulsed[output], codes) for output, codes in waited.items() if np.any(codes))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"line": "q9.flux"}, CompileError, "line 'q9.flux'"),
        ({"frequency": 5e9}, CompileError, "with a frequency"),
        ({"line": DRIVE}, CompileError, "without a frequency"),
        ({"duration": 20.3e-9}, LimitError, "2.03e-08 s"),
        ({"edge": 15e-9}, LimitError, "two edges"),
        ({"amplitude": 1.5}, LimitError, "full scale"),
    ],
)
def test_what_a_line_cannot_play_is_refused(samples, change, error, message):
    asked = {"line": FLUX, "amplitude": 0.1, "duration": 20e-9} | change
    with pytest.raises(error, match=message):
        samples([event(Op.PULSE, (0,), (), 0)], [Pulse((Tone(**asked),))])


@pytest.mark.parametrize("wrong", [{"amplitude": np.nan}, {"duration": 0.0}, {"start": -1e-9}, {"edge": -1e-9}])
def test_tones_that_mean_nothing_are_refused_at_once(wrong):
    with pytest.raises(ProgramError, match="a tone of"):
        Tone(**({"line": FLUX, "amplitude": 0.1, "duration": 20e-9} | wrong))


def test_programs_that_differ_in_a_pulse_only_are_told_apart():
    rows = np.array([event(Op.PULSE, (0,), (), 0)], EVENT)
    one, two = (
        Program(rows, 1, 0, physical=True, pulses=(Pulse((Tone(line=FLUX, amplitude=a, duration=20e-9),)),))
        for a in (0.1, 0.2)
    )
    assert one.digest != two.digest
