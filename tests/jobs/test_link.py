"""Programs side by side: each keeps its own waveforms, and sums are checked as a whole."""

from dataclasses import replace

import numpy as np
import pytest

from qctl import Lab
from qctl.compile import flatten, render_line
from qctl.core.errors import CompileError, LimitError
from qctl.core.program import EVENT, Op, Program, event
from qctl.jobs.link import link


@pytest.fixture(scope="module")
def lab():
    return Lab.open("ideal20", seed=3)


def compiled(lab, qubits, shots=50, angles=(1.0,), wait=0.0):
    """Return a program on a pair of qubits, one sweep point an angle."""
    a, b = qubits
    rows, starts = [], [0]
    for angle in angles:
        rows += [event(Op.RY, (a,), (angle,)), event(Op.CZ, (a, b)), event(Op.SX, (b,))]
        rows += [event(Op.DELAY, (b,), (wait,))] if wait else []
        rows += [event(Op.BARRIER, (q,), (), 1) for q in qubits]
        rows += [event(Op.MEASURE, (a,), (), 0), event(Op.MEASURE, (b,), (), 1)]
        starts.append(len(rows))
    program = Program(np.array(rows, EVENT), 20, 2, np.array(starts), shots, physical=True)
    return lab.compile(program, shots)


def linked(lab, sequences, **options):
    return link(sequences, lab.parameters, lab.laboratory, lab.limits, **options)


def samples(sequence, line, point=0):
    track = sequence.tracks[line]
    return render_line(track, point, round(sequence.length * track.sample_rate))


def test_each_program_keeps_its_samples_and_all_are_read_together(lab):
    short, long = compiled(lab, (0, 1)), compiled(lab, (3, 4), wait=400e-9)
    window = linked(lab, [short, long])
    alone = [linked(lab, [one], not_before=window.readout).sequence for one in (short, long)]
    for own in alone:
        for line, track in own.tracks.items():
            if len(track.plays) and lab.laboratory.lines[line].back is None:
                np.testing.assert_array_equal(samples(window.sequence, line), samples(own, line))
    assert len(set(window.sequence.listening["feedline0"].windows["start"].tolist())) == 1
    assert window.sequence.n_bits == 4
    assert sorted(window.sequence.listening["feedline0"].windows["bit"].tolist()) == [0, 1, 2, 3]


def test_a_feedline_plays_the_sum_of_what_each_program_plays_there(lab):
    sequences = [compiled(lab, (0, 1)), compiled(lab, (3, 4), wait=200e-9)]
    window = linked(lab, sequences)
    members = [linked(lab, [one], not_before=window.readout).sequence for one in sequences]
    n = round(window.sequence.length * 1e9)
    codes = [render_line(s.tracks["feedline0"], 0, n).astype(int) for s in (window.sequence, *members)]
    assert np.abs(codes[0] - codes[1] - codes[2]).max() <= 1, "each was rounded once"
    plays = window.sequence.tracks["feedline0"].plays
    for member in members:
        for one in member.tracks["feedline0"].plays:
            same = (plays["start"] == one["start"]) & (plays["amplitude"] == one["amplitude"])
            assert np.any(same & (plays["phase"] == one["phase"]))


def test_points_go_round_until_all_programs_have_had_theirs(lab):
    window = linked(lab, [compiled(lab, (0, 1), angles=(0.1, 2.0, 3.0)), compiled(lab, (3, 4), angles=(0.5,))])
    assert (window.sequence.n_points, window.sequence.shots) == (3, 50)
    own = linked(lab, [compiled(lab, (3, 4), angles=(0.5,))], not_before=window.readout).sequence
    for point in range(3):
        np.testing.assert_array_equal(samples(window.sequence, "q3.drive", point), samples(own, "q3.drive"))


def test_records_come_apart_again(lab):
    sequences = [compiled(lab, (0, 1), 60, angles=(0.0, np.pi)), compiled(lab, (3, 4), 90, angles=(np.pi,))]
    window = linked(lab, sequences)
    assert window.sequence.shots == 60, "120 frames hold all shots of both"
    record = lab.play(window.sequence)
    first, second = window.split(record)
    assert (first.shots, first.n_points, first.n_bits) == (60, 2, 2)
    assert (second.shots, second.n_points) == (90, 1)
    from qctl.readout import read_out

    bits = read_out(first, lab.parameters, lab.laboratory).bits
    assert bits[0, :, 0].mean() < 0.02 < 0.98 < bits[1, :, 0].mean()
    assert read_out(second, lab.parameters, lab.laboratory).bits[0, :, 0].mean() > 0.98
    lab.close()


def test_two_programs_that_play_different_things_on_one_line_are_refused(lab):
    with pytest.raises(CompileError, match=r"q1\.drive: 2 programs play different things"):
        linked(lab, [compiled(lab, (0, 1)), compiled(lab, (1, 2))])


def test_a_sum_beyond_full_scale_is_refused_though_each_fits_alone(lab):
    louder = lab.parameters.replaced({f"q{k}.readout.amplitude": 0.3 for k in range(5)})
    known, lab.parameters = lab.parameters, louder
    try:
        sequences = [compiled(lab, (0, 1)), compiled(lab, (3, 4))]
        with pytest.raises(LimitError, match="feedline0"):
            linked(lab, sequences)
    finally:
        lab.parameters = known


def test_an_awg_whose_programs_stay_plays_the_same_again(lab):
    one, two, other = (compiled(lab, q) for q in ((0, 1), (15, 16), (18, 19)))
    start = linked(lab, [one, two, other]).readout
    before, after = (
        flatten(linked(lab, pair, not_before=start).sequence, lab.laboratory, lab.limits)
        for pair in ([one, two], [one, other])
    )
    drive = lab.laboratory.lines["q0.drive"].outputs[0].instrument
    np.testing.assert_array_equal(before[drive].waveforms[0].codes, after[drive].waveforms[0].codes)
    np.testing.assert_array_equal(before[drive].steps, after[drive].steps)


def test_a_program_that_is_moved_says_the_same(lab):
    one = compiled(lab, (0, 1), 400)
    later = linked(lab, [one], not_before=4000).sequence
    assert later.length > one.length + 1e-6
    with Lab.open("ideal20", seed=5) as fresh:
        from qctl.readout import read_out

        means = [
            read_out(fresh.play(replace(s, shots=400)), lab.parameters, lab.laboratory).bits.mean(axis=1)
            for s in (one, later)
        ]
    np.testing.assert_allclose(*means, atol=0.12)
