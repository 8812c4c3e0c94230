"""Programs that branch, in the queue: alone in their window, through files between processes, to counts of shots."""

import pytest
from ion_pair import written

from qctl.control import open_station
from qctl.core.errors import CompileError
from qctl.daemon.agent import play_take
from qctl.jobs import codec
from qctl.jobs.bench import Bench
from qctl.jobs.container import unpack
from qctl.jobs.counted import read_counts
from qctl.jobs.link import link

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
FLIPPED = HEAD + "qubit q; bit a; bit b; h q; a = measure q; if (a) { x q; } b = measure q;"
RESET = HEAD + "qubit q; bit c; x q; reset q; c = measure q;"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    opened = Bench("branch3", tmp_path_factory.mktemp("state"))
    yield opened
    opened.close()


def prepared(bench, text, folder):
    return bench.prepare(text, parameters=None, optimise=True, out=folder / "compiled")


@pytest.mark.parametrize("text", [FLIPPED, RESET])
def test_a_program_that_branches_has_the_chip_for_itself(bench, tmp_path, text):
    info = prepared(bench, text, tmp_path)
    (place,) = codec.read(tmp_path / "compiled.places")
    assert info["fixed"] is True
    assert info["n_points"] == place.claims.n_points == 1
    assert place.duration_s == pytest.approx(200e-6)
    assert {f"qubit q{k}" for k in range(3)} <= place.claims.exclusive
    sequence = codec.read(tmp_path / "compiled")["sequence"]
    assert sequence.branching.ways.tolist() == [[0], [1]]
    with pytest.raises(CompileError, match="beside others; allowed: alone"):
        link([sequence, sequence], bench.parameters(), bench.laboratory, bench.limits)


def test_its_window_is_played_and_read_out(bench, tmp_path):
    info = prepared(bench, FLIPPED, tmp_path)
    part = part_of(FLIPPED, info, tmp_path, 400)
    with open_station(bench.laboratory, seed=4) as station:
        found = carried_out(bench, part, tmp_path, station)
    assert found["shots"] == 400
    counts = _counted(tmp_path / "counts")[1].of(0)
    assert sum(counts.values()) == 400
    assert counts["00"] + counts["10"] > 340  # whatever was read, it ends in 0
    assert min(counts["00"], counts["10"]) > 140


@pytest.fixture(scope="module")
def ions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ions")
    file, twin = written(folder)
    opened = Bench(str(file), folder / "state", twin)
    with open_station(opened.laboratory, seed=3, twin=twin) as station:
        yield opened, station
    opened.close()


def test_shots_that_the_host_steers_are_a_job_with_the_machine_for_itself(ions, tmp_path):
    bench, station = ions
    text = HEAD + "qubit[2] q; output bit[2] c; output int n; x q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; n = 7; }"
    text += " c[1] = measure q[1];"
    info = prepared(bench, text, tmp_path)
    (place,) = codec.read(tmp_path / "compiled.places")
    assert place.claims.exclusive >= {"qubit q0", "qubit q1"}
    assert info["period"] == pytest.approx(2 * bench.laboratory.slot), "two parts, a slot each"
    assert info["most_shots"] == 25, "a second of them"
    found = carried_out(bench, part_of(text, info, tmp_path, 20), tmp_path, station)
    header, counted = _counted(tmp_path / "counts")
    counts = counted.of(0)
    assert found["shots"] == 20
    assert sum(counts.values()) == 20 - sum(header["dropped"].values())
    assert counts["11"] >= 16
    assert all(values["n"] == 7 * int(key[0]) for key, values, _ in counted.ends(0))
    assert header["timing"]["deadlines"] == 20
    assert header["timing"]["misses"] == 0


def carried_out(bench, part, folder, station):
    """Link a window, play it as the agent does, and read it out."""
    bench.link([part], folder / "window")
    window = codec.read(folder / "window")
    station.operate(window["operate"])
    records = tuple(play_take(station, sequence, playlists, window) for sequence, playlists in window["takes"])
    codec.write(folder / "record", records)
    (found,) = bench.read([part], folder / "record", "w", 0.0, folder / "window")
    return found


def part_of(text, info, folder, shots, **more):
    return {
        "compiled": str(folder / "compiled"), "shots": shots, "parameters": info["parameters"], "program": text,
        "fence": 1, "co_runners": [], "remarks": [], "info": info, "uploads": {}, "out": str(folder / "counts"), **more,
    }  # fmt: skip


def _counted(path):
    header, arrays = unpack(memoryview(path.read_bytes()), "")
    return header, read_counts(header, arrays)
