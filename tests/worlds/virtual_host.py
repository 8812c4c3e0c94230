"""The daemon's own steps on a virtual clock: windows last as they say, steps of the host as long as they compute.

Acceptance, compiling, deciding, linking, checking limits, reading out and storing are the code of the daemon; each is
charged with the CPU time that it takes, so that other programs of this machine do not disturb. Nothing is uploaded: a
window is what a station reports of its cycle. Records hold no signal.
"""

import heapq
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from qctl.control.firewall import refuse_beyond_limits
from qctl.control.stopwatch import Stopwatch
from qctl.core.record import Record, Trace
from qctl.daemon.models import Submit
from qctl.jobs import codec
from qctl.jobs.admission import admit
from qctl.jobs.bench import Bench
from qctl.jobs.claims import pinned
from qctl.jobs.finished import result_of
from qctl.jobs.job import Actor, Segment
from qctl.jobs.packer import Packer
from qctl.jobs.request import JobClass, Request, State
from qctl.jobs.results import ResultFiles
from qctl.jobs.simulate import advanced
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State as Standing


@dataclass
class Life:
    """One job on the virtual clock; times in s."""

    number: int
    submitted: float
    urgent: bool
    ready: float = 0.0
    first_shot: float = np.nan
    windows: list = field(default_factory=list)


class VirtualHost:
    """A station that runs what is submitted, window after window."""

    def __init__(self, folder, lab, window_s):
        self.folder, self.now, self.window_s = folder, 0.0, window_s
        self.store, self.results = SqliteJobStore(folder), ResultFiles(folder)
        self.bench, self.packer = Bench(lab, folder), Packer()
        self.bounds = self.bench.describe()
        self.requests, self.held, self.lives = {}, {}, {}
        self._coming, self._compiler_free, self.spent = [], 0.0, {}

    @contextmanager
    def charged(self, step):
        """Note the CPU time of a step; yield a list that holds it afterwards, s."""
        taken, begun = [], time.process_time()
        yield taken
        taken.append(time.process_time() - begun)
        self.spent.setdefault(step, []).append(taken[0])

    def submit(self, at, body, actor):
        """Accept a job at a time and compile it as soon as the compiler is free."""
        with self.charged("accept") as accepting:
            asked = Submit.model_validate_json(body).submission()
            quota = admit(asked, actor.role, self.bench.laboratory.period)
            number = self.store.submit(actor, asked, "", quota.active).job
        with self.charged("prepare") as preparing:
            (claim,) = self.store.claim(1, 60.0)
            out = self.folder / f"{number}.compiled"
            info = self.bench.prepare(asked.program, parameters=None, optimise=True, out=out)
            found = codec.decode(out.with_suffix(".places").read_bytes())
            places = tuple(pinned(one, info["conditions"]) for one in found)
            request = Request(
                job=f"j{number}", user=actor.name, job_class=asked.job_class, sequence=number, submitted=at,
                shots_left=asked.shots, candidates=places, priority=asked.priority,
            )  # fmt: skip
            self.packer.admit(request)
        assert claim.job == number
        begins = max(at + accepting[0], self._compiler_free)
        self._compiler_free = begins + preparing[0]
        life = Life(number, at, asked.job_class is JobClass.URGENT_CALIBRATION, self._compiler_free)
        self.lives[request.job] = life
        self.held[request.job] = [claim, out, info, asked.program]
        heapq.heappush(self._coming, (life.ready, number, request))

    def border(self):
        """Decide at the border of a window, and play it; False when there is nothing to play."""
        while self._coming and self._coming[0][0] <= self.now:
            request = heapq.heappop(self._coming)[2]
            self.requests[request.job] = request
        if not self.requests:
            return False
        with self.charged("decide") as deciding:
            bounds = {name: self.bounds[name] for name in ("capacities", "longest_spans", "spacings")}
            state = State(now=self.now, window_s=self.window_s, frame_s=self.bounds["period"], **bounds)
            window = self.packer.pack(list(self.requests.values()), state)
            members = [self._placed(grant) for grant in window.grants]
            self.store.start([(self.held[g.job][0], self._pinned(g.job)) for g in window.grants])
        with self.charged("link") as linking:
            out = self.folder / "window"
            uploads = self.bench.link(members, out)["uploads"]
        with self.charged("agent") as arming:
            said = codec.read(out)
            refuse_beyond_limits(said["playlists"], self.bench.laboratory)
        self.now += deciding[0] + linking[0] + arming[0]
        for grant in window.grants:
            life = self.lives[grant.job]
            life.first_shot = self.now if np.isnan(life.first_shot) else life.first_shot
            life.windows.append(self.now)
        self.now += window.duration_s
        self._keep(window, said["sequence"], uploads, out)
        return True

    def _pinned(self, job):
        info = self.held[job][2]
        return f"{info['parameters']}/{info['parameters_id']}"

    def _placed(self, grant):
        """Compile a job for the place it was granted, where that is another one."""
        claim, out, info, program = self.held[grant.job]
        if info["place"] not in (None, list(grant.placement)):
            place = list(grant.placement)
            info = self.bench.compile(program, parameters=None, optimise=True, place=place, out=out)
            self.held[grant.job] = [claim, out, info, program]
        return {"compiled": str(out), "parameters": info["parameters"], "shots": grant.shots}

    def _keep(self, window, sequence, uploads, out):
        """Read out and store what a window measured; finish what is complete."""
        record = self.folder / "record"
        codec.write(record, silence(sequence))
        with self.charged("read and store") as keeping:
            parts = []
            for grant in window.grants:
                claim, compiled, info, program = self.held[grant.job]
                parts.append({
                    "compiled": str(compiled), "parameters": info["parameters"], "program": program, "info": info,
                    "co_runners": [], "remarks": [], "fence": claim.fence, "uploads": uploads,
                    "out": f"{compiled}.counts",
                })  # fmt: skip
            found = self.bench.read(parts, record, f"{self.now}", self.now, out)
            segments = [self._segment(g, one) for g, one in zip(window.grants, found, strict=True)]
            self.store.add_segments(segments)
            for grant in window.grants:
                self._advance(grant)
        self.now += keeping[0]

    def _segment(self, grant, found):
        claim, compiled, info, _ = self.held[grant.job]
        data = (self.folder / f"{compiled.name}.counts").read_bytes()
        first = self.requests[grant.job].shots_done
        return Segment(
            job=claim.job, round=0, first=first, shots=found["shots"], fence=claim.fence, circuit=info["circuit"],
            data=data,
        )  # fmt: skip

    def _advance(self, grant):
        after = advanced(self.requests.pop(grant.job), grant.candidate, grant.shots)
        if after.shots_left:
            self.requests[grant.job] = after
            return
        claim = self.held.pop(grant.job)[0]
        data = result_of(self.store.job(claim.job), self.store.segments(claim.job, 0))
        self.store.finish(claim, self.results.keep(data), len(data))

    def run(self, arrivals):
        """Run (time, body, actor) in order of time until all is done."""
        for at, body, actor in arrivals:
            while self.now < at and self.border():
                pass
            self.now = max(self.now, at) if not self.requests else self.now
            self.submit(at, body, actor)
        while self.border() or self._coming:
            self.now = max(self.now, self._coming[0][0]) if self._coming and not self.requests else self.now

    def lost(self):
        """Return the jobs that are not DONE with exactly their shots."""
        missing = []
        for life in self.lives.values():
            job, stored = self.store.job(life.number), self.store.segments(life.number, 0)
            ends = [one.first + one.shots for one in stored]
            whole = [one.first for one in stored] == [0, *ends[:-1]] and ends[-1] == job.submission.shots
            if job.state is not Standing.DONE or not whole:
                missing.append(job.label)
        return missing

    def close(self):
        self.bench.close()
        self.store.close()


def silence(sequence):
    """Return the record of a window without any signal."""
    traces = {
        name: Trace(
            np.zeros((sequence.shots, sequence.n_points, len(heard.inputs), heard.n_samples), np.int16),
            1e-3, 0.0, heard,
        )
        for name, heard in sequence.listening.items()
    }  # fmt: skip
    bare = replace(sequence, tracks={})
    return Record(
        traces=traces, shots=bare.shots, n_points=bare.n_points, n_bits=bare.n_bits, qubits=bare.qubits,
        placement=bare.placement, sequence_digest=bare.digest, parameters_id="none", timing=Stopwatch().timing,
        instruments={}, counts={}, images={},
    )  # fmt: skip


ANN, OLGA = Actor("ann", "user"), Actor("olga", "operator")
