"""Programs that branch, in the queue: alone in their window, through files between processes, to counts of shots."""

import pytest

from qctl.control import open_station, play_deciding
from qctl.core.errors import CompileError
from qctl.jobs import codec
from qctl.jobs.bench import Bench
from qctl.jobs.container import unpack
from qctl.jobs.counted import Counted
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
    part = {
        "compiled": str(tmp_path / "compiled"), "shots": 400, "parameters": info["parameters"], "program": FLIPPED,
        "fence": 1, "co_runners": [], "remarks": [], "info": info, "uploads": {}, "out": str(tmp_path / "counts"),
    }  # fmt: skip
    bench.link([part], tmp_path / "window")
    window = codec.read(tmp_path / "window")
    with open_station(bench.laboratory, seed=4) as station:
        station.operate(window["operate"])
        record = play_deciding(station, window["sequence"], window["playlists"], window["parameters_id"])
    codec.write(tmp_path / "record", record)
    (found,) = bench.read([part], tmp_path / "record", "w", 0.0, tmp_path / "window")
    assert found["shots"] == 400
    counts = _counts(tmp_path / "counts")
    assert sum(counts.values()) == 400
    assert counts["00"] + counts["10"] > 340  # whatever was read, it ends in 0
    assert min(counts["00"], counts["10"]) > 140


def _counts(path):
    header, arrays = unpack(memoryview(path.read_bytes()), "")
    return Counted(n_bits=header["n_bits"], **arrays).of(0)
