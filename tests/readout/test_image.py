"""Which atoms are there, in which state, and which shots count."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port
from qctl.core.record import Images, Record, Timing
from qctl.core.sequence import READ, Exposing
from qctl.readout.image import (
    ALL_GONE,
    EMPTY,
    FLOODED,
    LOST,
    NOTHING,
    UNPROBED,
    UNPUMPED,
    brightness_of,
    screen_images,
    weights_around,
)
from qctl.readout.lights import unprepared

QUBITS = ("q0", "q1")
PLACES = {"q0": (10.2, 8.0), "q1": (10.0, 14.7)}
KNOWN = Parameters(
    {f"{q}.site.{name}": Estimate(place[k]) for q, place in PLACES.items() for k, name in enumerate(("row", "column"))}
    | {f"{q}.readout.{name}": Estimate(110.0) for q in QUBITS for name in ("present", "counts")}
)  # fmt: skip


def record(present, states, left, lights=(1, 1, 1)):
    """Frames of one sweep point; arguments have shape (shots, 2)."""
    shots, rng = len(present), np.random.default_rng(1)
    frames = 100 + 2.0 * rng.standard_normal((shots, 1, 3, 24, 24))
    for window, (shining, light) in enumerate(zip((present, states, left), lights, strict=True)):
        frames[:, 0, window] += 3.0 * light
        for k, (row, column) in enumerate(PLACES.values()):
            r, c = np.mgrid[:24, :24]
            spot = 80 * np.exp(-((r - row) ** 2 + (c - column) ** 2) / 2)
            frames[:, 0, window] += np.asarray(shining)[:, k, None, None] * light * spot
    reads = np.array([(0, 0, 0, 1), (0, 1, 1, 1)], READ)
    exposing = Exposing(Port("camera", 1), np.array([[0, 1], [2, 3], [4, 5.0]]), reads, {0: "present", 2: "left"})
    images = Images(np.rint(frames).astype(np.uint16), exposing)
    return Record(
        traces={}, shots=shots, n_points=1, n_bits=2, qubits=QUBITS, placement=(0, 1), sequence_digest="",
        parameters_id="", timing=Timing(), instruments={}, images=MappingProxyType({"array": images}),
    )  # fmt: skip


ONES = np.ones((40, 2))


def test_weights_have_a_mean_of_one_also_at_the_edge_of_a_frame():
    for place in ((10.2, 8.0), (0.0, 23.0), (-3.0, 40.0)):
        rows, columns, weights = weights_around(place, (24, 24))
        assert weights.sum() == pytest.approx(1.0)
        assert weights.shape == (rows.stop - rows.start, columns.stop - columns.start)


def test_an_atom_that_nobody_measures_must_stay_too_where_gates_act_on_it():
    left = ONES.copy()
    left[:7, 1] = 0
    one = record(ONES, ONES, left)
    images = one.images["array"]
    alone = replace(images.exposing, reads=images.exposing.reads[:1])
    for watched, kept in ((images.exposing.reads[:0], 40), (images.exposing.reads[1:], 33)):
        seen = replace(one, images={"array": replace(images, exposing=replace(alone, watched=watched))})
        shots, dropped = screen_images(seen.points(0, 1), KNOWN)
        assert shots.sum() == kept
        assert sum(dropped.values()) == 40 - kept


def test_states_are_told_where_an_atom_is_and_nan_where_none_was():
    present, states = ONES.copy(), np.zeros((40, 2))
    present[::4, 0], states[1::2, 1] = 0, 1
    one = record(present, states, present)
    points = brightness_of(one.images["array"], one, KNOWN)
    assert np.isnan(points[0]).tolist() == (present[:, 0] == 0).tolist()
    assert (points[1].real > 110).tolist() == (states[:, 1] == 1).tolist()
    assert (points[1].imag > 110).all()


def test_a_shot_counts_when_all_measured_atoms_are_there_first_and_last():
    present, left = ONES.copy(), ONES.copy()
    present[3, 0] = left[3, 0] = 0
    left[7, 1] = 0
    kept, dropped = screen_images(record(present, ONES, left), KNOWN)
    assert np.flatnonzero(~kept[0]).tolist() == [3, 7]
    assert dropped == {EMPTY.format("q0"): 1, LOST.format("q1"): 1}


@pytest.mark.parametrize(
    ("present", "left", "lights", "reason"),
    [
        (0 * ONES, 0 * ONES, (1, 1, 1), NOTHING),
        (ONES, ONES, (0, 1, 0), NOTHING),
        (ONES, 0 * ONES, (1, 1, 1), ALL_GONE),
        (ONES, ONES, (1, 0, 1), UNPROBED),
        (ONES, ONES, (1, 2, 1), FLOODED),
    ],
)
def test_a_light_that_fails_is_named_and_no_shot_counts(present, left, lights, reason):
    kept, dropped = screen_images(record(present, ONES, left, lights), KNOWN)
    assert not kept.any()
    assert dropped == {reason: 40}


def test_a_light_that_fails_in_the_middle_spoils_the_shots_from_then_on_alone():
    good, dark = record(ONES, ONES, ONES), record(ONES, 0 * ONES, ONES, (1, 0, 1))
    pixels = [one.images["array"].pixels[:n] for one, n in ((good, 33), (dark, 7))]
    images = replace(good.images["array"], pixels=np.concatenate(pixels))
    kept, dropped = screen_images(replace(good, images={"array": images}), KNOWN)
    assert kept[0].tolist() == [True] * 33 + [False] * 7
    assert dropped == {UNPROBED: 7}


@pytest.mark.parametrize("since", [0, 61, 200])
def test_idle_atoms_that_are_found_in_1_tell_that_nobody_was_pumped(since):
    shots, rng = 200, np.random.default_rng(3)
    idle = np.ones((6, shots, 1), bool)
    bright = rng.random(idle.shape) < np.where(np.arange(shots) < since, 0.02, 0.5)[None, :, None]
    bad = unprepared(idle, bright)[0]
    assert bad[since:].all()
    assert not bad[: max(0, since - 25)].any()  # two lots of nine shots, and what is over


def test_an_unpumped_array_is_named_by_the_atoms_that_a_program_leaves_alone():
    states = np.random.default_rng(1).integers(0, 2, (60, 2))
    one = record(np.ones((60, 2)), states, np.ones((60, 2)))
    images = one.images["array"]
    first = replace(images, exposing=replace(images.exposing, reads=images.exposing.reads[:1]))
    kept, dropped = screen_images(replace(one, images={"array": first}), KNOWN)
    assert not kept.any()
    assert dropped == {UNPUMPED: 60}


def test_nothing_is_checked_where_there_are_no_images():
    empty = record(ONES, ONES, ONES)
    assert screen_images(Record(**{**vars(empty), "images": {}}), KNOWN) == (None, {})
