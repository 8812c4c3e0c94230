"""Jobs wait in one queue, in order; they can be given up, and stopped between uploads."""

import threading
from concurrent.futures import CancelledError

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobError, JobStatus, JobTimeoutError

from qctl.core.errors import LimitError, UsageError
from qctl.integrations.machine import machine_of
from qctl.integrations.points import run_points
from qctl.integrations.qiskit import Backend, SamplerV2
from qctl.integrations.queue import Queue, State, queue_of


def held(queue):
    """Occupy a queue until the returned event is set."""
    begun, go_on = threading.Event(), threading.Event()

    def work(between):
        begun.set()
        go_on.wait(30)
        between()
        return "done"

    ticket = queue.submit(work)
    assert begun.wait(30)
    return ticket, go_on


def test_jobs_run_in_the_order_in_which_they_came():
    queue, order = Queue(), []
    first, go_on = held(queue)
    others = [queue.submit(lambda between, k=k: order.append(k)) for k in range(3)]
    assert first.state is State.RUNNING
    assert first.position is None
    assert [one.position for one in others] == [1, 2, 3]
    assert others[1].cancel()
    assert [one.position for one in others] == [1, None, 2]
    go_on.set()
    assert first.future.result(30) == "done"
    others[2].future.result(30)
    assert order == [0, 2]
    assert [one.state for one in others] == [State.DONE, State.CANCELLED, State.DONE]
    assert not first.cancel()


def test_a_running_job_stops_before_its_next_upload():
    ticket, go_on = held(Queue())
    assert ticket.cancel()
    go_on.set()
    with pytest.raises(CancelledError):
        ticket.future.result(30)
    assert ticket.state is State.CANCELLED


def test_a_job_that_fails_hinders_no_other():
    queue = Queue()
    bad = queue.submit(lambda between: 1 / 0)
    good = queue.submit(lambda between: 7)
    assert good.future.result(30) == 7
    assert bad.state is State.FAILED


def test_a_machine_has_one_queue(ideal):
    assert queue_of(ideal) is queue_of(ideal)


@pytest.mark.parametrize("lab", [7, None, object()])
def test_what_is_no_laboratory_is_refused(lab):
    with pytest.raises(UsageError, match="lab of type"):
        machine_of(lab)


def test_a_seed_for_what_is_open_already_is_refused(ideal):
    with pytest.raises(UsageError, match="seed"):
        machine_of(ideal, seed=1)


def one_bit():
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(
    "start", [lambda b: b.run(one_bit(), shots=5), lambda b: SamplerV2(b).run([one_bit()], shots=5)]
)
def test_qiskits_jobs_say_where_they_stand(ideal, start):
    backend = Backend(ideal)
    _, go_on = held(queue_of(ideal))
    try:
        job, other = start(backend), start(backend)
        assert (job.status(), job.queue_position()) == (JobStatus.QUEUED, 1)
        assert not job.done()
        assert not job.in_final_state()
        with pytest.raises(JobTimeoutError, match="queued"):
            job.result(timeout=0.01)
        assert other.cancel()
        assert other.status() is JobStatus.CANCELLED
        assert other.cancelled()
        with pytest.raises(JobError, match="cancelled"):
            other.result()
    finally:
        go_on.set()
    job.result(timeout=60)
    assert job.done()
    assert job.in_final_state()
    assert job.queue_position() is None
    assert job.job_id() != other.job_id()
    assert not job.cancel()


def test_a_job_of_qiskit_cannot_be_submitted_twice(ideal):
    job = Backend(ideal).run(one_bit(), shots=5)
    with pytest.raises(JobError, match="already"):
        job.submit()
    assert job.result().job_id == job.job_id()
    assert job.backend().name == "qctl.ideal20"
    assert job.error_message() is None


class Narrow:
    """A machine that takes few sweep points at once."""

    def __init__(self, lab, most):
        self.lab, self.most, self.sizes = lab, most, []
        self.laboratory, self.parameters = lab.laboratory, lab.parameters

    def run(self, program, shots=1, *, optimise=True):
        if program.n_points > self.most:
            raise LimitError(f"{program.n_points} points")
        self.sizes.append(program.n_points)
        return self.lab.run(program, shots, optimise=optimise)

    def close(self):
        pass


def test_what_is_too_much_for_the_instruments_runs_in_parts(ideal):
    backend = Backend(Narrow(ideal, 3))
    circuits = []
    for k in range(7):
        circuit = QuantumCircuit(20, 3)
        for j in range(3):
            circuit.rz(0.1, j)
            if k >> j & 1:
                circuit.x(j)
        circuit.measure(range(3), range(3))
        circuits.append(circuit)
    programs = [backend.source(circuit).program for circuit in circuits]
    found = {p.program: p.result.counts for p in run_points(backend.machine, programs, 4)}
    assert found == {k: {f"{k:03b}"[::-1]: 4} for k in range(7)}
    assert sum(backend.machine.sizes) == 7
    assert max(backend.machine.sizes) <= 3
