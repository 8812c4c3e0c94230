"""Runs are cut to what fits, and put together again without a seam."""

import dataclasses

import numpy as np
import pytest

from qctl.control import batches, shots_at_once
from qctl.control.batches import BATCH_BYTES
from qctl.control.recording import recordings
from qctl.control.taking import bytes_per_shot, takings
from qctl.core.errors import LimitError
from qctl.core.port import Port


def test_neighbours_share_an_upload_until_the_segments_are_used_up(sequence, drivers):
    limits = {"awg1": drivers.Awg.limits, "dig": drivers.Digitizer.limits}  # 12 segments, two points each
    found = list(batches([sequence] * 14, limits))
    assert found == [range(6), range(6, 12), range(12, 14)]


def test_neighbours_share_an_upload_until_the_memory_of_this_computer_is_used_up(sequence):
    shots = BATCH_BYTES // bytes_per_shot(sequence, {}) // 3
    assert list(batches([dataclasses.replace(sequence, shots=shots)] * 7, {})) == [range(3), range(3, 6), range(6, 7)]


def test_every_sequence_is_in_exactly_one_batch_even_if_it_is_too_large_for_any(sequence):
    large = dataclasses.replace(sequence, shots=BATCH_BYTES)
    found = list(batches([sequence, large, sequence], {}))
    assert [k for batch in found for k in batch] == [0, 1, 2]


@pytest.mark.parametrize("shots", [1, 10, 1_000_000, 1_234_567])
def test_shots_are_cut_into_parts_that_add_up(sequence, shots):
    asked = dataclasses.replace(sequence, shots=shots)
    parts = shots_at_once(asked, {})
    assert sum(parts) == shots
    assert max(parts) * bytes_per_shot(asked, {}) <= BATCH_BYTES


def test_a_run_that_is_too_large_at_once_is_refused(sequence):
    with pytest.raises(LimitError, match="GiB of raw data"):
        takings(dataclasses.replace(sequence, shots=100_000_000), {})


def test_two_feedlines_of_one_digitizer_share_its_segments(sequence):
    one = sequence.listening["feedline"]
    other = dataclasses.replace(one, inputs=(Port("dig", 3), Port("dig", 4)), first=80, n_samples=40)
    both = dataclasses.replace(sequence, listening={"a": one, "b": other})
    [recording] = recordings(both)
    assert (recording.inputs, recording.first, recording.n_samples) == ((1, 2, 3, 4), 80, 70)
    recording.codes[...] = np.arange(70) + 1000 * np.arange(4)[:, None]
    np.testing.assert_array_equal(recording.trace(one).codes[0, 0], np.arange(20, 70) + np.array([[0], [1000]]))
    np.testing.assert_array_equal(recording.trace(other).codes[0, 0], np.arange(40) + np.array([[2000], [3000]]))


def test_room_for_segments_is_a_view_that_instruments_fill_without_a_copy(sequence):
    [recording] = recordings(sequence)
    room = recording.room(3, 7)
    assert room.shape == (8, 2, 50)
    assert np.shares_memory(room, recording.codes)
    assert all(room[:, k].flags.c_contiguous for k in range(2))
    room[...] = 5
    assert np.all(recording.codes[3:7] == 5)
