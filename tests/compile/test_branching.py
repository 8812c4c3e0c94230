"""Ways of a branching shot: what is found of them, where they part, and the steps that AWGs play."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qctl.compile import compile_branching, default_parameters, flatten, instruments_decide
from qctl.compile.steps import branch
from qctl.config import read_laboratory
from qctl.core.branching import NOT_ASKED
from qctl.core.errors import CompileError
from qctl.core.sequence import Playlist, Waveform
from qctl.frontends import read_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
RESET = HEAD + "qubit q; bit c; x q; reset q; c = measure q;"
TWO = HEAD + "qubit[3] q; bit[2] m; bit d; h q[0]; h q[1]; m[0] = measure q[0]; m[1] = measure q[1];" \
    " if (m[1]) { x q[2]; } if (m[0]) { z q[2]; h q[2]; } d = measure q[2];"  # fmt: skip
NESTED = HEAD + "qubit q; bit c; bit d; bit e; h q; c = measure q; if (c) { h q; d = measure q; if (d) { x q; } }" \
    " e = measure q;"  # fmt: skip


@pytest.fixture(scope="module")
def rack():
    from qctl.control import limits_of

    laboratory = read_laboratory(Path(__file__).parents[2] / "configs" / "branch3.yaml")
    return laboratory, limits_of(laboratory), default_parameters(laboratory)


def compiled(rack, text):
    laboratory, limits, known = rack
    return compile_branching(read_openqasm(text), known, laboratory, limits)


@pytest.mark.parametrize(
    ("text", "n_ways", "n_decisions"),
    [(RESET, 2, 1), (TWO, 4, 2), (NESTED, 3, 2), (HEAD + "qubit q; bit c; c = measure q;", 1, 0)],
)
def test_ways_are_those_that_answers_make_a_difference_to(rack, text, n_ways, n_decisions):
    branching = compiled(rack, text).branching
    assert branching.ways.shape == (n_ways, n_decisions)
    assert len(np.unique(branching.ways, axis=0)) == n_ways


def test_ways_of_different_length_measure_what_ends_them_at_one_time(rack):
    text = (
        HEAD
        + "qubit[2] q; bit[3] c; c[0] = measure q[0]; if (c[0]) { x q[1]; } c[1] = measure q[0]; c[2] = measure q[1];"
    )
    windows = compiled(rack, text).branching.windows
    assert len(windows) == 3, "one for each measurement, whichever way a shot goes"


def test_each_answer_leads_to_the_way_that_it_says(rack):
    branching = compiled(rack, NESTED).branching
    for answers in np.ndindex(*(2,) * len(branching.windows)):
        way = branching.ways[branching.way_of(np.array([answers], np.uint8))[0]]
        for said, decision in zip(way, branching.decisions, strict=True):
            assert said in (NOT_ASKED, answers[decision.window])


def test_decisions_keep_their_distances(rack):
    laboratory, limits, _ = rack
    branching, awg, decider = compiled(rack, TWO).branching, limits["awg1"], limits["cluster"]
    ends = branching.windows["start"] + branching.windows["length"] + branching.windows["late"]
    assert abs(ends[0] - ends[1]) >= decider.spacing * 1e9
    for before, after in zip([None, *branching.decisions], branching.decisions, strict=False):
        assert after.event >= ends[after.window] * 1e-9 + decider.latency - 1e-12
        event_at_awg = after.event + laboratory.lines["trigger"].delay + 100e-9 + laboratory.event_line().delay
        assert after.cut >= event_at_awg + awg.event_setup - 1e-12
        if before is not None:
            assert after.cut - before.cut >= awg.min_samples / 2e9
            assert event_at_awg > before.cut


def test_nothing_is_played_differently_before_its_decision(rack):
    laboratory, limits, _ = rack
    sequence = compiled(rack, TWO)
    playlists = flatten(sequence, laboratory, limits)
    awg1 = playlists["awg1"]
    lengths = [[len(awg1.waveforms[w].codes) for w in step if w >= 0] for step in awg1.steps.tolist()]
    assert all(len(set(row)) == 1 and row[0] >= 2400 for row in lengths)
    assert awg1.jumps.tolist() == [[1, 4], [2, 3], [0, -1], [0, -1], [5, 6], [0, -1], [0, -1]]
    assert sum(w.markers.any() for w in (awg1.waveforms[k] for k in np.unique(awg1.steps[0]) if k >= 0)) > 0
    assert not any(awg1.waveforms[k].markers.any() for k in np.unique(awg1.steps[1:]) if k >= 0)


def test_pieces_in_a_row_are_the_whole_shot_of_their_way(rack):
    laboratory, limits, _ = rack
    sequence = compiled(rack, TWO)
    found = flatten(sequence, laboratory, limits)["awg1"]
    for number, way in enumerate(sequence.branching.ways.tolist()):
        alone = replace(sequence.branching, ways=sequence.branching.ways[[number]])
        single = flatten(_only(sequence, number, alone), laboratory, limits)["awg1"]
        assert np.array_equal(_played(found, way), _played(single, [0] * len(way)))


def _only(sequence, number, branching):
    """Return a sequence with one of the ways, as one on which nothing is asked."""
    tracks = {}
    for line, track in sequence.tracks.items():
        plays = track.plays[track.plays["point"] == number].copy()
        plays["point"] = 0
        tracks[line] = replace(track, plays=plays)
    asked = np.full_like(branching.ways, NOT_ASKED)
    return replace(sequence, tracks=tracks, n_points=1, branching=replace(branching, ways=asked))


def _played(playlist, way):
    """Return what q2's line and the feedline play when decisions go so; silence where nothing is loaded."""
    step, out = 0, []
    for said in [*way, 0]:
        feedline = playlist.waveforms[playlist.steps[step, 6]].codes
        drive = playlist.steps[step, 4]
        out.append([feedline, playlist.waveforms[drive].codes if drive >= 0 else np.zeros_like(feedline)])
        otherwise, event = playlist.jumps[step]
        step = event if said == 1 and event >= 0 else otherwise
    return np.concatenate(out, axis=1)


def test_an_awg_that_hears_no_events_must_play_alike(rack):
    branching = compiled(rack, RESET).branching
    waves = tuple(Waveform(np.full(2400, k, np.int16), np.zeros(2400, np.uint8)) for k in range(2))
    with pytest.raises(
        CompileError, match=r"awg9: ways of a program on which it plays differently; allowed: AWGs that hear"
    ):
        branch("awg9", Playlist(waves, np.array([[0], [1]], np.int32)), branching, [])
    assert branch("awg9", Playlist(waves, np.array([[1], [1]], np.int32)), branching, []).steps.tolist() == [[1]]


def test_ways_that_differ_too_early_are_refused(rack):
    branching = compiled(rack, RESET).branching
    waves = tuple(Waveform(np.full(6000, k, np.int16), np.zeros(6000, np.uint8)) for k in range(2))
    with pytest.raises(CompileError, match="differ before the decision between them, in step 1"):
        branch("awg1", Playlist(waves, np.array([[0], [1]], np.int32)), branching, [3000])


def test_only_racks_with_an_event_line_decide(rack):
    laboratory, _, _ = rack
    program = read_openqasm(RESET)
    assert instruments_decide(program, laboratory)
    lines = {name: line for name, line in laboratory.lines.items() if name != "event"}
    assert not instruments_decide(program, replace(laboratory, lines=lines))
    assert not instruments_decide(read_openqasm(HEAD + "qubit q; bit c; reset q; c = measure q;"), laboratory)
