"""What a chain of ions plays in a shot: beams, lights, gates of counters, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qctl.compile import compile_program, default_parameters, flatten, schedule_program
from qctl.config import read_laboratory
from qctl.control import limits_of
from qctl.core.errors import CompileError, LimitError
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Pulse, Tone
from qctl.frontends import read_program

RATE = 62.5e6
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[3] c; '


@pytest.fixture(scope="module")
def lab():
    return read_laboratory(Path(__file__).parents[2] / "configs" / "ion8.yaml")


@pytest.fixture(scope="module")
def limits(lab):
    return limits_of(lab)


@pytest.fixture(scope="module")
def known(lab):
    return default_parameters(lab)


@pytest.fixture
def compiled(lab, limits, known):
    def make(program, **changes):
        source = read_program(HEAD + program) if isinstance(program, str) else program
        return compile_program(source, known.replaced(changes), lab, limits)

    return make


def program(*rows, pulses=()):
    return Program(np.array(list(rows), EVENT), 8, 8, physical=True, pulses=tuple(pulses))


def plays_of(sequence, line, *, cooling=False):
    """Return (start s, duration s, frequency Hz, amplitude, phase) of what a beam plays."""
    track = sequence.tracks[line]
    rows = [
        (
            row["start"] / RATE,
            len(track.waveforms[row["waveform"]]) / RATE,
            float(track.carriers[row["carrier"]]),
            float(row["amplitude"]),
            float(row["phase"]),
        )
        for row in track.plays
    ]
    return [row for row in rows if cooling or row[0] > 0]


def test_every_shot_cools_looks_pumps_and_detects_in_this_order(compiled, known):
    sequence = compiled("h q[0]; c = measure q;")
    cooling, pumping, detection = (sequence.digital[name].spans[0] for name in ("cooling", "pumping", "detection"))
    present, dark, detected = sequence.counting["seen0"].windows
    assert cooling[1] < dark[0] < dark[1] < pumping[0] < pumping[1] < detection[0]
    assert cooling[1] - cooling[0] == pytest.approx(known["cooling.duration"])
    assert detection[1] - detection[0] == pytest.approx(known["detection.duration"])
    np.testing.assert_allclose(detected, detection, atol=1e-6)  # switches are slower than cables
    np.testing.assert_allclose(present, cooling, atol=1e-6)
    assert sequence.counting["seen0"].checks == {0: "present", 1: "dark"}
    assert min(digital.spans.min() for digital in sequence.digital.values()) >= -sequence.lead


def test_all_ions_are_looked_at_and_only_measured_ones_are_read(compiled):
    sequence = compiled("x q[1]; c[2] = measure q[1];")
    assert set(sequence.counting) == {f"seen{k}" for k in range(8)}
    reads = {line: one.reads.tolist() for line, one in sequence.counting.items() if len(one.reads)}
    assert reads == {"seen1": [(0, 1, 2, 2)]}


def test_detection_waits_for_the_longest_point(compiled, known):
    rows = [event(Op.MEASURE, (0,), bit=0), event(Op.DELAY, (0,), (3.2e-4,)), event(Op.MEASURE, (0,), bit=0)]
    two = replace(program(*rows), starts=np.array([0, 1, 3]))
    short = compiled(program(rows[0]))
    longer = compiled(two).digital["detection"].spans[0, 0] - short.digital["detection"].spans[0, 0]
    assert longer == pytest.approx(3.2e-4)


def test_all_modes_are_cooled_on_all_ions_while_they_are_pumped(compiled, known):
    sequence = compiled("c = measure q;")
    pumping = sequence.digital["pumping"].spans[0]
    for k in range(8):
        tones = [play for play in plays_of(sequence, f"beam{k}", cooling=True) if play[0] == 0]
        expected = sorted(known[f"q{k}.frequency"] - known[f"trap.mode_{m}"] for m in range(1, 9))
        assert sorted(play[2] for play in tones) == pytest.approx(expected)
        assert [play[1] for play in tones] == pytest.approx([known["cooling.sideband_duration"]] * 8)
    assert pumping[1] - pumping[0] == pytest.approx(known["cooling.sideband_duration"] + known["pumping.duration"])


def test_without_sideband_cooling_only_pumping_is_left(compiled, known):
    sequence = compiled("c = measure q;", **{"cooling.sideband_duration": 0.0})
    assert not plays_of(sequence, "beam0", cooling=True)
    assert np.diff(sequence.digital["pumping"].spans) == pytest.approx(known["pumping.duration"])


def test_a_virtual_z_turns_the_phase_of_later_pulses(compiled):
    rows = [event(Op.R, (0,), (np.pi / 2, 0.0)), event(Op.RZ, (0,), (0.7,)), event(Op.R, (0,), (np.pi / 2, 0.2))]
    first, second = plays_of(compiled(program(*rows, event(Op.MEASURE, (0,), bit=0))), "beam0")
    assert second[4] - first[4] == pytest.approx(0.2 - 0.7)


def test_an_xx_plays_two_tones_on_both_beams_at_once(compiled, known):
    sequence = compiled(program(event(Op.RXX, (2, 5), (np.pi / 2,)), event(Op.MEASURE, (2,), bit=0)))
    offset = known["trap.mode_1"] + known["q2-q5.ms.detuning"]
    for line, qubit in (("beam2", "q2"), ("beam5", "q5")):
        plays = plays_of(sequence, line)
        assert [play[2] - known[f"{qubit}.frequency"] for play in plays] == pytest.approx([offset, -offset])
        height = known["q2-q5.ms.amplitude"] * known[f"{qubit}.x180.amplitude"]
        assert plays[0][3] * plays[1][3] == pytest.approx(height**2)
        seen = [play[3] * np.sinc(play[2] / 62.5e6) for play in plays]  # what the generator holds weakens the blue one
        assert seen[0] == pytest.approx(seen[1], rel=1e-3)
    assert {play[0] for play in plays_of(sequence, "beam2")} == {play[0] for play in plays_of(sequence, "beam5")}


def test_the_light_of_an_xx_grows_with_the_root_of_its_angle_and_its_sign_is_one_phase(compiled):
    def xx(angle):
        sequence = compiled(program(event(Op.RXX, (2, 5), (angle,)), event(Op.MEASURE, (2,), bit=0)))
        return plays_of(sequence, "beam2")[0], plays_of(sequence, "beam5")[0]

    (full, other), (half, _), (back, same) = xx(np.pi / 2), xx(np.pi / 4), xx(-np.pi / 2)
    assert half[3] / full[3] == pytest.approx(np.sqrt(0.5))
    assert back[4] - full[4] == pytest.approx(np.pi)
    assert same[4] == other[4]


def test_balance_and_common_shift_of_the_two_tones_do_what_they_say(compiled, known):
    changes = {"q2.balance": 1.21, "q5.balance": 1.21, "q2-q5.ms.centre": 300.0}
    one = program(event(Op.RXX, (2, 5), (np.pi / 2,)), event(Op.MEASURE, (2,), bit=0))
    blue, red = plays_of(compiled(one, **changes), "beam2")
    assert blue[3] / red[3] == pytest.approx(1.21)
    waveform = compiled(one, **changes).tracks["beam2"].waveforms[0]
    middle = len(waveform) // 2
    turned = np.angle(waveform[middle + 1000] / waveform[middle]) / (2 * np.pi * 1000 / RATE)
    assert turned == pytest.approx(300.0)


def test_frames_turn_behind_an_xx(compiled):
    changes = {"q2-q5.ms.shift_a": 0.1, "q2-q5.ms.shift_b": -0.2}
    rows = [event(Op.RXX, (5, 2), (np.pi / 2,)), *(event(Op.R, (k,), (np.pi / 2, 0.0)) for k in (2, 5))]
    sequence = compiled(program(*rows, event(Op.MEASURE, (2,), bit=0)), **changes)
    assert plays_of(sequence, "beam2")[-1][4] == pytest.approx(-0.1)
    assert plays_of(sequence, "beam5")[-1][4] == pytest.approx(0.2)


def test_pairs_share_one_mode_and_take_turns(lab, known):
    rows = [event(Op.RXX, (0, 1), (0.4,)), event(Op.RXX, (2, 3), (0.4,))]
    schedule = schedule_program(program(*rows), known, lab)
    gates = schedule.operations[(schedule.operations["op"] == Op.RXX) & (schedule.operations["duration"] > 0)]
    assert gates["start"][1] >= gates["start"][0] + gates["duration"][0]


def test_what_beams_play_is_the_real_part_of_their_tones(compiled, lab, limits):
    tone = Tone(line="beam3", amplitude=0.5, duration=1.6e-5, frequency=14.2e6, phase=0.3)
    one = program(event(Op.PULSE, (3,), bit=0), event(Op.MEASURE, (3,), bit=0), pulses=[Pulse((tone,))])
    sequence = compiled(one, **{"cooling.sideband_duration": 0.0})
    playlist = flatten(sequence, lab, limits)["awg"]
    codes = playlist.waveforms[playlist.steps[0, 3]].codes / 32767
    track = sequence.tracks["beam3"]
    start = int(track.plays["start"][0]) + track.delay
    time = np.arange(start, start + 1000) / RATE - track.delay / RATE
    np.testing.assert_allclose(codes[start : start + 1000], 0.5 * np.cos(2 * np.pi * 14.2e6 * time + 0.3), atol=2e-5)
    assert not codes[:start].any()


@pytest.mark.parametrize(
    ("text", "changes", "error", "said"),
    [
        ("c[0] = measure q[0]; x q[0]; c[1] = measure q[0];", {}, CompileError, "behind its measurement"),
        ("c[0] = measure q[0]; cx q[1], q[0];", {}, CompileError, "let the host decide within shots"),
        ("delay[20ms] q[0]; c = measure q;", {}, LimitError, "less than the period"),
        ("c = measure q;", {"detection.duration": 0.0}, CompileError, "detection.duration 0 s"),
        ("cx q[0], q[1]; c = measure q;", {"q0-q1.ms.edge": 1e-4}, LimitError, "edges that fit into it"),
        ("cx q[0], q[1]; c = measure q;", {"q0-q1.ms.duration": 1.6e-4 + 1e-9}, LimitError, "q0-q1.ms.duration"),
        ("x q[0]; c = measure q;", {"q0.frequency": 32e6}, LimitError, "a tone at 3.2e"),
        ("c = measure q;", {"cooling.sideband_amplitude": 0.9}, LimitError, "of full scale"),
    ],
)
def test_what_a_chain_cannot_do_is_refused_before_anything_is_sent(compiled, lab, limits, text, changes, error, said):
    with pytest.raises(error, match=said):
        flatten(compiled(text, **changes), lab, limits)


def test_a_tickle_is_switched_on_while_ions_are_cooled_and_only_where_its_amplitude_says_so(compiled):
    assert "tickle" not in compiled("c = measure q;").digital
    digital = compiled("c = measure q;", **{"tickle.tone.amplitude": 0.15}).digital
    assert digital["tickle"].spans == pytest.approx(digital["cooling"].spans + 400e-9)  # its path has no modulator


def test_a_measurement_of_another_ion_does_not_forbid_to_go_on(compiled):
    assert compiled("c[0] = measure q[0]; x q[1]; c[1] = measure q[1];").n_measured == 2


@pytest.mark.parametrize(("name", "n_pairs"), [("bell", 1), ("ghz5", 4), ("qft4", 6), ("ripple_adder", 17)])
def test_a_program_costs_one_xx_for_each_controlled_phase(lab, known, name, n_pairs):
    text = (Path(__file__).parents[2] / "qctl" / "conformance" / "programs" / f"{name}.qasm").read_text("utf-8")
    operations = schedule_program(read_program(text), known, lab).operations
    assert np.count_nonzero((operations["op"] == Op.RXX) & (operations["duration"] > 0)) == n_pairs
