"""Ions share cooling, detection and one mode of motion: programs share a shot only where that is the same for all."""

import numpy as np
import pytest
from queued import granted, request, state

from qctl import Lab
from qctl.core.errors import CompileError
from qctl.core.program import EVENT, Op, Program, event
from qctl.jobs.candidates import relocatable
from qctl.jobs.link import link
from qctl.jobs.packer import pack


@pytest.fixture(scope="module")
def lab():
    return Lab.open("ion8")


def job(lab, rows, n):
    rows = [
        *rows,
        *(event(Op.BARRIER, (q,), (), 1) for q in range(n)),
        *(event(Op.MEASURE, (q,), (), q) for q in range(n)),
    ]
    return relocatable(Program(np.array(rows, EVENT), n, n, shots=80), lab.parameters, lab.laboratory, lab.limits)


def test_turns_of_different_ions_share_a_shot_and_pairs_come_one_at_a_time(lab):
    turn, other = job(lab, [event(Op.X, (0,))], 1), job(lab, [event(Op.X, (0,))], 1)
    pair = job(lab, [event(Op.H, (0,)), event(Op.CX, (0, 1))], 2)
    jobs = [request(k, *one.candidates) for k, one in enumerate((turn, other, pair))]
    window = pack(jobs, state())
    assert granted(window) == {"0", "1"}
    assert set(window.waits) == {"2"}
    again = [request(k, *pair.candidates) for k in range(2)]
    assert granted(pack(again, state())) == {"0"}, "all pairs use one mode of motion"


def test_each_beam_plays_what_it_plays_alone_and_all_ions_are_cooled_as_always(lab):
    turn, none = job(lab, [event(Op.X, (0,))], 1), job(lab, [event(Op.RX, (0,), (np.pi,))], 1)
    first, second = turn.candidates[0], none.candidates[3]
    sequences = [
        one.sequence(where, lab.parameters, lab.laboratory, lab.limits)
        for one, where in ((turn, first), (none, second))
    ]
    window = link(sequences, lab.parameters, lab.laboratory, lab.limits).sequence
    owner = {f"beam{first.placement[0]}": 0, f"beam{second.placement[0]}": 1}
    assert len(owner) == 2
    for line, track in window.tracks.items():
        np.testing.assert_array_equal(track.plays, sequences[owner.get(line, 0)].tracks[line].plays)
    reads = np.concatenate([one.reads for one in window.counting.values()])
    assert sorted(reads["bit"].tolist()) == [0, 1]
    assert window.digital.keys() == sequences[0].digital.keys()


def test_two_programs_that_want_one_ion_are_refused(lab):
    turn, half = job(lab, [event(Op.X, (0,))], 1), job(lab, [event(Op.RX, (0,), (3.0,))], 1)
    sequences = [one.sequence(one.candidates[0], lab.parameters, lab.laboratory, lab.limits) for one in (turn, half)]
    with pytest.raises(CompileError):
        link(sequences, lab.parameters, lab.laboratory, lab.limits)
