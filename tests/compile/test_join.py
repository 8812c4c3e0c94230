"""Sequences joined to one upload play and hear what each alone does."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.compile import compile_program, flatten, join, render_line
from qctl.core.errors import CompileError


@pytest.fixture
def compiled(random_native, parameters, laboratory, limits):
    """Return a maker of sequences of random programs, with changed parameters if asked."""

    def make(seed, changes=None, **sizes):
        known = parameters.replaced(changes or {})
        return compile_program(random_native(seed, **sizes), known, laboratory, limits)

    return make


def test_each_point_renders_the_same_samples_as_alone(compiled):
    alone = [compiled(1), compiled(2, n_points=3), compiled(3, n_points=1, n_gates=4)]
    joined, point = join(alone), 0
    assert joined.n_points == 6
    for sequence in alone:
        n_samples = round(sequence.length * 2e9) + 1000
        for own in range(sequence.n_points):
            for line, track in joined.tracks.items():
                found = render_line(track, point, n_samples)
                np.testing.assert_array_equal(found, render_line(sequence.tracks[line], own, n_samples))
            point += 1


def test_each_window_stays_and_one_segment_covers_all(compiled):
    alone = [compiled(6, n_points=2, n_gates=40), compiled(6, n_points=3, n_gates=60)]
    heard = join(alone).listening["feedline"]
    each = [sequence.listening["feedline"] for sequence in alone]
    points = np.concatenate([each[0].windows["point"], each[1].windows["point"] + 2])
    assert heard.windows["point"].tolist() == points.tolist()
    for name in ("qubit", "bit", "start", "length"):
        np.testing.assert_array_equal(heard.windows[name], np.concatenate([one.windows[name] for one in each]))
    assert heard.first == min(one.first for one in each)
    assert heard.first + heard.n_samples == max(one.first + one.n_samples for one in each)


def test_envelopes_and_tones_that_sequences_share_are_kept_once(compiled):
    joined, alone = join([compiled(1), compiled(1)]), compiled(1)
    for line, track in joined.tracks.items():
        assert len(track.waveforms) == len(alone.tracks[line].waveforms)
        assert sorted(track.carriers) == sorted(alone.tracks[line].carriers)


def test_other_amplitudes_and_frequencies_fit_one_upload(compiled, laboratory, limits):
    changes = {"q0.x90.amplitude": 0.2, "q0.frequency": 5.31e9, "q0.x180.drag": 0.9}
    alone = [compiled(1), compiled(1, changes)]
    apart = [flatten(sequence, laboratory, limits)["awg1"] for sequence in alone]
    together = flatten(join(alone), laboratory, limits)["awg1"]
    for step, row in enumerate(together.steps):
        source = apart[step // 2]
        for found, own in zip(row, source.steps[step % 2], strict=True):
            if own >= 0:
                codes = source.waveforms[own].codes
                n = min(len(codes), len(together.waveforms[found].codes))
                np.testing.assert_array_equal(together.waveforms[found].codes[:n], codes[:n])


def test_a_join_leaves_its_sequences_as_they_were(compiled):
    alone = [compiled(1), compiled(2)]
    before = [sequence.tracks["q0.drive"].plays.copy() for sequence in alone]
    join(alone)
    for sequence, plays in zip(alone, before, strict=True):
        np.testing.assert_array_equal(sequence.tracks["q0.drive"].plays, plays)


def test_one_sequence_is_its_own_join(compiled):
    alone = compiled(1)
    assert join([alone]) is alone


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("q0.drive.mixer.gain", 1.01, "q0.drive"),
        ("q1.drive.mixer.offset_q", 0.01, "q1.drive"),
        ("q1.flux.predistortion.fir_0", 0.9, "q1.flux"),
        ("q2.drive.delay", 25e-9, "q2.drive"),
    ],
)
def test_two_corrections_for_one_line_are_refused(compiled, name, value, line):
    with pytest.raises(CompileError, match=rf"^{line}: two corrections"):
        join([compiled(1), compiled(1, {name: value})])


@pytest.mark.parametrize(("what", "other"), [("shots", 7), ("placement", (2, 1, 0)), ("period", 1e-3), ("n_bits", 9)])
def test_sequences_of_different_runs_are_refused(compiled, what, other):
    alone = compiled(1)
    with pytest.raises(CompileError, match=f"sequences with {what}"):
        join([alone, replace(alone, **{what: other})])
