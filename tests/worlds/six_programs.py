"""Six programs that share one upload on wukong72, and what each gives alone."""

from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from qctl import config
from qctl.config.find import find_laboratory, twin_of
from qctl.core.program import EVENT, Op, Program, event
from qctl.jobs.candidates import relocatable
from qctl.jobs.link import link
from qctl.jobs.packer import pack
from qctl.jobs.request import JobClass, Request, State
from qctl.physics.twin import Twin
from qctl.readout import read_out

PERIOD = 200e-6


def quiet_twin(folder):
    """Write wukong72's twin without crosstalk of drives and fluxes; return the file."""
    text = twin_of(find_laboratory("wukong72")).read_text(encoding="utf-8")
    path = folder / "quiet72.yaml"
    path.write_text(text.split("\ndrive_crosstalk:")[0] + "\n", encoding="utf-8")
    return path


def exact(lab):
    """Return parameters with what the twin knows of qubits and drives."""
    twin, laboratory, new = config.read(twin_of(find_laboratory("wukong72")), Twin), lab.laboratory, {}
    for name, qubit in laboratory.qubits.items():
        line, truth = laboratory.lines[qubit.drive], twin.drives[qubit.drive]
        awg = laboratory.instruments[line.i.instrument]
        above = twin.qubits[name].frequency - laboratory.instruments[line.mixed_with].frequency
        reach = truth.rabi_frequency * awg.full_scale * np.sinc(above / awg.sample_rate) * (1 + truth.gain) / 2
        new[f"{name}.frequency"] = twin.qubits[name].frequency
        new[f"{name}.x180.amplitude"] = 1 / (reach * lab.parameters[f"{name}.x180.duration"])
        new[f"{name}.x90.amplitude"] = new[f"{name}.x180.amplitude"] / 2
    return lab.parameters.replaced(new)


def with_readout(lab, known, qubits):
    """Return parameters with the line between 0 and 1 of some qubits, as two circuits show it."""
    read = [event(Op.BARRIER, (q,), (), 9) for q in qubits] + [event(Op.MEASURE, (q,), (), q) for q in qubits]
    turn = [event(Op.R, (q,), (np.pi, 0.0)) for q in qubits]
    rows, starts = np.array([*read, *turn, *read], EVENT), np.array([0, len(read), 2 * len(read) + len(turn)])
    found = lab.run(Program(rows, 72, 72, starts, physical=True), 100, parameters=known)
    zero, one = found.iq.mean(axis=1)
    angle = np.angle(one - zero)
    middle = (np.exp(-1j * angle) * (zero + one) / 2).real
    names = [lab.laboratory.qubit_names[qubit] for qubit, _ in found.measured]
    return known.replaced(
        {f"{n}.readout.rotation": float(-a) for n, a in zip(names, angle, strict=True)}
        | {f"{n}.readout.threshold": float(m) for n, m in zip(names, middle, strict=True)}
    )


def programs(shots):
    """Return six different programs of two to four qubits; the last sweeps two points."""
    chains = [[event(Op.H, (0,)), *(event(Op.CX, (q, q + 1)) for q in range(n - 1))] for n in (2, 3, 4)]
    turns = [event(Op.RX, (q,), (0.5 + q,)) for q in range(3)] + [event(Op.CZ, (0, 1)), event(Op.H, (1,))]
    echo = [event(Op.SX, (0,)), event(Op.X, (1,)), event(Op.DELAY, (0,), (200e-9,)), event(Op.SX, (0,))]
    circuits = [[(rows, n)] for rows, n in zip(chains, (2, 3, 4), strict=True)] + [[(turns, 3)], [(echo, 2)]]
    circuits.append([([event(Op.RY, (0,), (angle,)), event(Op.CX, (0, 1))], 2) for angle in (0.4, 2.0)])
    return [_program(points, shots) for points in circuits]


def _program(points, shots):
    n = points[0][1]
    read = [event(Op.BARRIER, (q,), (), 1) for q in range(n)] + [event(Op.MEASURE, (q,), (), q) for q in range(n)]
    rows = [[*circuit, *read] for circuit, _ in points]
    starts = np.cumsum([0, *map(len, rows)])
    return Program(np.array([row for some in rows for row in some], EVENT), n, n, starts, shots)


def packed(lab, known, shots):
    """Return the compiled programs, each in the place that the packer gave it."""
    jobs = [relocatable(p, known, lab.laboratory, lab.limits) for p in programs(shots)]
    requests = [
        Request(
            job=str(k), user="ann", job_class=JobClass.BATCH, sequence=k, submitted=0.0, shots_left=shots,
            candidates=job.candidates,
        )
        for k, job in enumerate(jobs)
    ]  # fmt: skip
    window = pack(requests, State(now=0.0, window_s=1.0, frame_s=PERIOD))
    chosen = {grant.job: jobs[int(grant.job)].candidates[grant.candidate] for grant in window.grants}
    assert len(chosen) == 6
    sequences = [jobs[k].sequence(chosen[str(k)], known, lab.laboratory, lab.limits) for k in range(6)]
    return [replace(sequence, shots=shots) for sequence in sequences]


def together(lab, known, sequences):
    """Return the result of each program from one upload, and the upload."""
    linked = link(sequences, known, lab.laboratory, lab.limits)
    record = lab.play(linked.sequence, known)
    return [read_out(part, known, lab.laboratory) for part in linked.split(record)], linked


def alone(lab, known, sequence, linked):
    """Return the result of one program alone, at the same moment of the shot."""
    single = link([sequence], known, lab.laboratory, lab.limits, not_before=linked.readout)
    return read_out(single.split(lab.play(single.sequence, known))[0], known, lab.laboratory)


def difference(one, two):
    """Return chi-square over all outcomes between two results of one program, and its degrees of freedom."""
    total, freedom = 0.0, 0
    for point in range(len(one.bits)):
        weights = 1 << np.arange(one.bits.shape[2])
        a, b = (np.bincount(r.bits[point] @ weights, minlength=2 ** len(weights)) for r in (one, two))
        rare = a + b < 10
        a, b = (np.append(counts[~rare], counts[rare].sum()) for counts in (a, b))
        a, b = a[a + b > 0], b[a + b > 0]
        n, m = a.sum(), b.sum()
        total += float((((np.sqrt(m / n) * a - np.sqrt(n / m) * b) ** 2) / (a + b)).sum())
        freedom += len(a) - 1
    return np.array([total, freedom])


def by_chance(differences):
    """Return the probability that independent results differ so much all together."""
    total, freedom = np.sum(differences, axis=0)
    return float(chi2.sf(total, freedom))
