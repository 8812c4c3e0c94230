"""Atoms are loaded, seen and sorted together: programs share a shot where its lights and images are timed alike."""

import numpy as np
import pytest
from queued import granted, request, state
from scipy.stats import chi2_contingency
from stack_world import BELL

from qctl import Lab
from qctl.core.errors import CompileError
from qctl.core.program import EVENT, Op, Program, event
from qctl.daemon.agent import play_take
from qctl.jobs import codec
from qctl.jobs.bench import Bench
from qctl.jobs.candidates import relocatable
from qctl.jobs.container import unpack
from qctl.jobs.counted import from_arrays
from qctl.jobs.link import link
from qctl.jobs.packer import pack

SHOTS = 12


@pytest.fixture(scope="module")
def lab():
    return Lab.open("atoms16", seed=1)


def job(lab, rows, n):
    rows = [
        *rows,
        *(event(Op.BARRIER, (q,), (), 1) for q in range(n)),
        *(event(Op.MEASURE, (q,), (), q) for q in range(n)),
    ]
    return relocatable(Program(np.array(rows, EVENT), n, n, shots=40), lab.parameters, lab.laboratory, lab.limits)


def test_one_beam_points_at_one_atom_at_a_time_so_programs_take_turns(lab):
    turn, other = job(lab, [event(Op.X, (0,))], 1), job(lab, [event(Op.X, (0,))], 1)
    window = pack([request(k, *one.candidates) for k, one in enumerate((turn, other))], state())
    assert granted(window) == {"0"}
    places = (
        turn.candidates[0],
        next(one for one in turn.candidates if not set(one.placement) & set(turn.candidates[0].placement)),
    )
    sequences = [turn.sequence(where, lab.parameters, lab.laboratory, lab.limits) for where in places]
    with pytest.raises(CompileError, match="pointer"):
        link(sequences, lab.parameters, lab.laboratory, lab.limits)


def test_programs_that_point_at_nobody_share_the_load_and_the_image(lab):
    one = job(lab, [event(Op.RZ, (0,), (1.0,))], 1)
    window = pack([request(k, *one.candidates) for k in range(2)], state())
    assert granted(window) == {"0", "1"}
    places = [one.candidates[grant.candidate] for grant in window.grants]
    sequences = [one.sequence(where, lab.parameters, lab.laboratory, lab.limits) for where in places]
    linked = link(sequences, lab.parameters, lab.laboratory, lab.limits).sequence
    assert linked.n_bits == 2
    for line, exposing in linked.exposing.items():
        np.testing.assert_array_equal(exposing.windows, sequences[0].exposing[line].windows)
        assert set(exposing.reads["bit"].tolist()) <= {-1, 0, 1}
    assert {0, 1} <= {bit for exposing in linked.exposing.values() for bit in exposing.reads["bit"].tolist()}


def test_programs_of_different_length_do_not_share_a_shot(lab):
    short, long = job(lab, [event(Op.X, (0,))], 1), job(lab, [event(Op.X, (0,))] * 3, 1)
    jobs = [request(k, *one.candidates) for k, one in enumerate((short, long))]
    window = pack(jobs, state())
    assert len(granted(window)) == 1
    sequences = [
        one.sequence(one.candidates[k], lab.parameters, lab.laboratory, lab.limits)
        for k, one in enumerate((short, long))
    ]
    with pytest.raises(CompileError):
        link(sequences, lab.parameters, lab.laboratory, lab.limits)


def test_a_job_in_the_queue_has_its_atoms_sorted_as_a_program_at_hand_has(lab, tmp_path):
    bench, out = Bench("atoms16", tmp_path), tmp_path / "bell.compiled"
    info = bench.prepare(BELL, parameters=None, optimise=True, out=out)
    part = {"compiled": str(out), "parameters": info["parameters"], "shots": SHOTS}
    bench.link([part], tmp_path / "window")
    window = codec.read(tmp_path / "window")
    lab.station.operate(window["operate"])
    records = tuple(play_take(lab.station, sequence, playlists, window) for sequence, playlists in window["takes"])
    codec.write(tmp_path / "record", records)
    asked = {**part, "program": BELL, "info": info, "co_runners": [], "remarks": [], "fence": 1, "uploads": {}}
    asked["out"] = str(tmp_path / "counts")
    bench.read([asked], tmp_path / "record", "1", 0.0, tmp_path / "window")
    bench.close()
    header, arrays = unpack((tmp_path / "counts").read_bytes())
    queued, at_hand = from_arrays(arrays, header["n_bits"]).of(0), lab.run(BELL, SHOTS).counts
    assert sum(queued.values()) > 0.7 * SHOTS  # as they are loaded, one pair in four is there
    keys = sorted({*queued, *at_hand})
    assert chi2_contingency([[one.get(key, 0) for key in keys] for one in (queued, at_hand)]).pvalue > 1e-3
