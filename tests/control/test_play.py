"""Arm first, start last, fetch everything, stop always."""

import dataclasses

import numpy as np
import pytest

from qctl.control import open_station, play
from qctl.core.errors import CompileError, InstrumentError, LimitError


@pytest.fixture
def station(laboratory):
    with open_station(laboratory) as station:
        yield station


def test_the_master_starts_after_everybody_else_listens(station, sequence, playlists, rack):
    play(station, dataclasses.replace(sequence, shots=6), playlists(), "1-a")
    steps = [(name, action) for name, action, *_ in rack.calls]
    last = steps.index(("awg1", "start"))
    for earlier in [("awg1", "load"), ("awg2", "load"), ("awg2", "arm"), ("awg2", "start"), ("dig", "arm")]:
        assert steps.index(earlier) < last
    assert ("awg1", "arm", sequence.period) in rack.calls
    assert ("awg2", "arm", None) in rack.calls


def test_the_digitizer_is_told_how_long_after_its_trigger_to_record(station, sequence, playlists, rack):
    play(station, dataclasses.replace(sequence, shots=6), playlists(), "1-a")
    [(inputs, n_segments, delay, n_samples)] = [call[2:] for call in rack.calls if call[:2] == ("dig", "arm")]
    assert (inputs, n_segments, n_samples) == ((1, 2), 12, 50)
    assert delay == pytest.approx(100e-9)  # windows count from the first sample that the trigger allows


def test_long_runs_are_cut_to_what_the_digitizer_holds(station, sequence, playlists, rack):
    record = play(station, sequence, playlists(), "1-a")  # 2 points x 10 shots, 12 segments at a time
    assert [call[3] for call in rack.calls if call[:2] == ("dig", "arm")] == [12, 8]
    codes = record.traces["feedline"].codes
    assert codes.shape == (10, 2, 2, 50)
    np.testing.assert_array_equal(codes[:, :, 0, 0], np.arange(20).reshape(10, 2))
    assert record.timing.deadlines == 2
    assert record.timing.misses == record.timing.discarded_segments == 0
    assert set(record.timing.seconds) == {"upload", "arm", "run", "fetch", "stop"}


def test_an_unchanged_program_is_not_uploaded_again(station, sequence, playlists, rack):
    play(station, sequence, playlists(1), "1-a")
    play(station, sequence, playlists(1), "1-a")
    assert sorted(rack.did("load")) == ["awg1", "awg2"]
    play(station, sequence, playlists(1) | {"awg2": playlists(2)["awg2"]}, "1-a")
    assert sorted(rack.did("load")) == ["awg1", "awg2", "awg2"]


@pytest.mark.parametrize(
    "where", ["awg1.load", "awg2.arm", "dig.arm", "awg1.start", "dig.wait", "dig.fetch", "dig.check"]
)
def test_a_chunk_with_a_fault_is_discarded_whole_and_redone(station, sequence, playlists, rack, refused, where):
    rack.faults[where] = [refused()]
    record = play(station, dataclasses.replace(sequence, shots=6), playlists(), "1-a")
    assert record.timing.discarded_segments == 12
    assert record.timing.flags == {"redone chunks": 1}
    assert record.timing.misses == (where == "dig.wait")
    assert rack.did("load").count("awg1") >= 2  # what stood in the memory was dirty


@pytest.mark.parametrize("where", ["awg1.load", "awg2.start", "dig.arm", "awg1.start", "dig.wait", "dig.fetch"])
def test_a_fault_that_stays_fails_the_run_and_stops_every_awg(station, sequence, playlists, rack, refused, where):
    rack.faults[where] = [refused() for _ in range(3)]
    with pytest.raises(InstrumentError, match="on purpose") as caught:
        play(station, sequence, playlists(), "1-a")
    assert "tried 3 times" in " ".join(caught.value.__notes__)
    assert {call[0] for call in rack.calls[-2:] if call[1] == "stop"} == {"awg1", "awg2"}
    assert station.loaded == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_awgs_are_stopped_whatever_happens(station, sequence, playlists, rack, error):
    rack.faults["dig.wait"] = [error()]
    with pytest.raises(error):
        play(station, sequence, playlists(), "1-a")
    assert set(rack.did("stop")) == {"awg1", "awg2"}
    assert rack.did("wait") == ["dig"]  # not tried again


def test_an_awg_that_cannot_be_stopped_hinders_no_other(station, sequence, playlists, rack, refused):
    rack.faults["dig.wait"] = [ValueError("first")]
    rack.faults["awg1.stop"] = [refused()]
    with pytest.raises(ValueError, match="first") as caught:
        play(station, sequence, playlists(), "1-a")
    assert "awg1 could not be stopped" in " ".join(caught.value.__notes__)
    assert "awg2" in rack.did("stop")


def test_more_sweep_points_than_segments_are_refused_before_anything_is_played(station, sequence, playlists, rack):
    with pytest.raises(LimitError, match="13 sweep points of 50 samples; allowed: 12 segments"):
        play(station, dataclasses.replace(sequence, n_points=13), playlists(), "1-a")
    assert rack.did("load") == []


def test_a_sequence_without_one_master_is_refused(station, sequence, playlists):
    with pytest.raises(CompileError, match="exactly one AWG"):
        play(station, dataclasses.replace(sequence, triggers=()), playlists(), "1-a")
    with pytest.raises(CompileError, match="exactly one AWG"):
        play(station, sequence, {"awg2": playlists()["awg2"]}, "1-a")
