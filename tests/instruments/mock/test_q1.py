"""Sequencers of the simulated readout module: what is assembled, what the real-time cores do, and when."""

import numpy as np
import pytest

from qctl.core.branching import TOLD, Branching, Decision, Telling
from qctl.core.errors import LimitError
from qctl.core.port import Port
from qctl.instruments.mock import q1asm
from qctl.instruments.mock.q1_realtime import Core, shot
from qctl.instruments.q1_programs import ANSWER, MARKER_PATH, plans

ACQUIRE = [("reset_ph", ()), ("upd_param", (4,)), ("wait", (92,)), ("acquire_weighed", (0, 0, 0, 0, 4))]


def raised(at, mask=1, operator=0):
    """Return a core that raises marker 1 at a time of the program where a trigger came."""
    condition = [("set_cond", (1, mask, operator, 4)), ("set_mrk", (1,)), ("upd_param", (8,))]
    queue = [("wait", (at - 4,)), *condition, ("set_cond", (0, 0, 0, 4)), ("wait", (92,)), ("set_mrk", (0,))]
    return Core([("set_latch_en", (1, 4))], [*queue, ("upd_param", (4,))], [])


def telling(address=1, length=200):
    return Core([], ACQUIRE, [length], address=address)


def test_a_shot_stops_at_the_acquisition_whose_answer_is_missing():
    found = shot([telling(), raised(1000)], 4, [])
    assert (found.question.sequencer, found.question.start, found.question.length) == (0, 100, 200)
    assert not found.markers


@pytest.mark.parametrize("answer", [0, 1])
def test_the_marker_rises_where_the_answer_is_1_and_time_goes_on_alike(answer):
    found = shot([telling(), raised(600)], 4, [answer])
    assert found.question is None
    assert found.markers == (((600, 1), (700, 0)) if answer else ())
    assert found.end == 704


def test_an_answer_reaches_a_marker_364_ns_after_the_last_sample_and_not_before():
    # Sample n of the program's time leaves the input 112 ns earlier, and a marker comes out 36 ns later.
    soonest = 100 + 200 + ANSWER
    assert soonest - 300 + MARKER_PATH == 364
    assert shot([telling(), raised(soonest)], 4, [1]).markers
    assert not shot([telling(), raised(soonest - 1)], 4, [1]).markers


@pytest.mark.parametrize(
    ("operator", "answers", "holds"),
    [
        (0, (1, 0), True), (1, (0, 0), True), (2, (1, 0), False), (2, (1, 1), True),
        (3, (1, 1), False), (4, (1, 1), False), (4, (0, 1), True), (5, (1, 1), True),
    ],
)  # fmt: skip
def test_conditions_join_triggers_of_several_addresses(operator, answers, holds):
    cores = [telling(1), telling(2, length=460), raised(1500, mask=3, operator=operator)]
    assert bool(shot(cores, 4, answers).markers) is holds


def test_two_triggers_within_252_ns_collide_and_the_later_one_is_lost():
    found = shot([telling(1), telling(2, length=400), raised(1500, mask=2)], 4, [1, 1])
    assert found.conflict
    assert not found.markers
    assert not shot([telling(1), telling(2, length=452), raised(1500, mask=2)], 4, [1, 1]).conflict


def test_a_latch_that_was_reset_forgets_older_triggers():
    core = raised(1000)
    queue = [("wait", (700,)), ("latch_rst", (4,)), ("wait", (292,)), *core.queue[1:]]
    assert not shot([telling(), Core(core.before, queue, [])], 4, [1]).markers


LOOP = """
      move 0,R0
      move {n},R1
      move 0,R2
 shot: wait_trigger 15,4     # one shot
      wait 96
      acquire_weighed 0,R0,R2,R2,4
      add R0,1,R0
      loop R1,@shot
      stop
"""


def test_the_classical_core_fills_a_bin_for_each_shot():
    queue = q1asm.run(q1asm.assemble(LOOP.format(n=5)))
    assert queue.n_shots == 5
    np.testing.assert_array_equal(queue.bins, np.arange(5)[:, None])
    assert [name for name, _ in queue.shot] == ["wait", "acquire_weighed"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("wait 3", "line 1: wait 3: at least 4 ns"),
        ("jmp @nowhere", "line 1: no label nowhere"),
        ("move 1,2", "line 1: move 1,2: operands IR or RR"),
        ("nop\nfly 4", "line 2: unknown instruction fly"),
        ("play 0,1,4", "plays nothing"),
        ("move 0,R64", "R64 is no operand"),
        ("wait 70000", "at most 65535 ns"),
        ("nop\n" * 20_000, "20000 instructions, 12288 fit"),
    ],
)
def test_what_is_no_program_is_refused_with_its_line(program, said):
    with pytest.raises(q1asm.AssemblyError, match=said):
        q1asm.assemble(program)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("nop", "runs over its end"),
        ("here: jmp @here", "does not end"),
        (
            "move 2,R1\nshot: wait_trigger 15,4\nwait 8\nloop R1,@shot\nwait_trigger 15,4\nwait 12\nstop",
            "the same in every",
        ),
    ],
)
def test_programs_that_the_simulation_cannot_follow_are_refused(program, said, monkeypatch):
    monkeypatch.setattr(q1asm, "MOST_STEPS", 1000)
    with pytest.raises(q1asm.AssemblyError, match=said):
        q1asm.run(q1asm.assemble(program))


def branching(windows, decisions, qubits=(0, 1)):
    tellings = {q: Telling(50e6, np.ones(400), 0.1, 0.01) for q in qubits}
    ways = np.zeros((1, len(decisions)), np.int8)
    return Branching(
        (Port("c", 1), Port("c", 2)), Port("c", 1, marker=True), ("awg",), tellings, np.array(windows, TOLD),
        tuple(Decision(w, event, event, 0.0) for w, event in decisions), ways, np.zeros((1, 1), np.int32),
    )  # fmt: skip


def played(what, answers):
    """Return the outcome of a shot of the programs that the driver writes."""
    made = plans(what, 3, 1.0)
    queues = [q1asm.run(q1asm.assemble(plan.program)) for plan in made]
    assert [queue.n_shots for queue in queues] == [3] * len(made)
    lengths = [[len(w) for w in plan.weights.values()] for plan in made]
    cores = [
        Core(queue.before, queue.shot, n, address=plan.address)
        for queue, plan, n in zip(queues, made, lengths, strict=True)
    ]
    return shot(cores, 4, answers)


@pytest.mark.parametrize("answers", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_programs_of_the_driver_raise_the_marker_at_the_time_of_each_decision(answers):
    windows = [(0, 600, 400, 0), (1, 600, 400, 256)]
    found = played(branching(windows, [(0, 1.364e-6), (1, 3.5e-6)]), answers)
    rises = [time + MARKER_PATH for time, level in found.markers if level]
    assert rises == [t for t, answer in zip((1364, 3500), answers, strict=True) if answer]
    assert not found.conflict


def test_an_old_answer_of_a_qubit_does_not_decide_for_a_new_one():
    windows = [(0, 600, 400, 0), (0, 4000, 400, 0)]
    what = branching(windows, [(1, 4.764e-6)], qubits=(0,))
    assert not played(what, (1, 0)).markers
    assert played(what, (0, 1)).markers[0][0] + MARKER_PATH == 4764


def test_windows_that_come_too_close_are_refused():
    with pytest.raises(LimitError, match="window 1 at 900 ns of the shot; allowed: 1000 ns or later"):
        plans(branching([(0, 600, 400, 0), (0, 900, 400, 0)], [], qubits=(0,)), 1, 1.0)
