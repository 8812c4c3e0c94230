"""Dense waveforms: as long as needed, idle where nothing plays, never twice the same."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.compile import compile_program, flatten, render_line
from qctl.core.program import Op

X = (Op.R, (0,), (np.pi, 0.0))
CZ = (Op.CZ, (0, 1))


@pytest.fixture
def played(program, parameters, laboratory, limits):
    def run(*points, changes=None):
        known = parameters.replaced(changes or {})
        sequence = compile_program(program(*points), known, laboratory, limits)
        return sequence, flatten(sequence, laboratory, limits)

    return run


def test_all_waveforms_of_a_step_are_equally_long_and_on_the_granularity(played):
    _, playlists = played([X, CZ], [X] * 20)
    for playlist in playlists.values():
        for step in playlist.steps:
            (length,) = {len(playlist.waveforms[k].codes) for k in step if k >= 0}
            assert length >= 64
            assert length % 16 == 0


def test_outputs_of_silent_lines_stay_idle_and_so_do_awgs_of_such_lines_alone(played):
    _, playlists = played([X])
    assert playlists["awg1"].steps.shape == (1, 8)
    assert playlists["awg1"].steps[0, 2:6].tolist() == [-1] * 4
    assert "awg2" not in playlists


def test_a_line_that_plays_at_one_point_plays_silence_at_the_others(played):
    _, playlists = played([X], [CZ])
    steps, waveforms = playlists["awg2"].steps, playlists["awg2"].waveforms
    (channel, *_) = np.flatnonzero(steps[1] >= 0)
    assert not np.any(waveforms[steps[0, channel]].codes)
    assert np.any(waveforms[steps[1, channel]].codes)


def test_idle_lines_hold_their_offset(played):
    _, playlists = played([X], changes={"q1.drive.mixer.offset_i": 0.01, "q1.drive.mixer.offset_q": -0.02})
    playlist = playlists["awg1"]
    for channel, code in ((2, 328), (3, -655)):
        assert set(playlist.waveforms[playlist.steps[0, channel]].codes.tolist()) == {code}


def test_the_trigger_rises_with_the_first_sample_of_every_step(played):
    _, playlists = played([X] * 8, [CZ])
    playlist = playlists["awg1"]
    for step in playlist.steps:
        marker = playlist.waveforms[step[0]].markers
        n_high = min(100, len(marker))
        assert marker[:n_high].tolist() == [1] * n_high
        assert not np.any(marker[n_high:])
        assert not np.any(playlist.waveforms[step[1]].markers)
    assert not any(np.any(waveform.markers) for waveform in playlists["awg2"].waveforms)


def test_equal_points_share_their_waveforms(played):
    _, playlists = played([X], [CZ], [X])
    steps = playlists["awg1"].steps
    assert steps[0].tolist() == steps[2].tolist()
    contents = [waveform.codes.tobytes() + waveform.markers.tobytes() for waveform in playlists["awg1"].waveforms]
    assert len(set(contents)) == len(contents)


def test_flattening_changes_nothing(played, laboratory, limits):
    sequence, first = played([X])
    again = flatten(sequence, laboratory, limits)
    assert [w.codes.tobytes() for w in again["awg1"].waveforms] == [w.codes.tobytes() for w in first["awg1"].waveforms]


def test_what_is_shown_is_what_is_uploaded(played):
    sequence, playlists = played([X, CZ])
    playlist = playlists["awg1"]
    codes = playlist.waveforms[playlist.steps[0, 0]].codes
    shown = render_line(sequence.tracks["q0.drive"], 0, len(codes))
    np.testing.assert_array_equal(shown[0], codes)


def test_a_predistorted_pulse_is_played_until_it_has_settled(played):
    slow = {"q0.flux.predistortion.amplitude_1": 0.05, "q0.flux.predistortion.tau_1": 1e-6}
    (plain, _), (sequence, playlists) = played([CZ]), played([CZ], changes=slow)
    assert sequence.length > plain.length + 1e-6
    playlist = playlists["awg2"]
    codes = playlist.waveforms[playlist.steps[0, 0]].codes
    track = sequence.tracks["q0.flux"]
    beyond = render_line(track, 0, 4 * len(codes))[0]
    assert not np.any(beyond[len(codes) :])
    assert abs(int(codes[len(codes) // 2])) > 0


def test_a_fir_and_sections_are_both_applied(played):
    changes = {"q0.flux.predistortion.fir_0": 0.5, "q0.flux.predistortion.fir_1": 0.25}
    (plain, _), (filtered, _) = played([CZ]), played([CZ], changes=changes)
    raw, out = (render_line(s.tracks["q0.flux"], 0, 300)[0].astype(float) for s in (plain, filtered))
    np.testing.assert_allclose(out, np.convolve(raw, [0.5, 0.25])[:300], atol=1.0)


def test_a_marker_on_an_output_without_a_line_is_played(played, laboratory, limits):
    sequence, _ = played([X])
    tracks = {name: track for name, track in sequence.tracks.items() if name != "q0.drive"}
    playlist = flatten(replace(sequence, tracks=tracks), laboratory, limits)["awg1"]
    waveform = playlist.waveforms[playlist.steps[0, 0]]
    assert waveform.markers[0] == 1
    assert not np.any(waveform.codes)
