"""What is asked of the machine and what is known of it: submissions, jobs, segments, and who did something."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .moments import Moment
from .request import Isolation, JobClass
from .states import OnCrash, State

PREFIX = "j"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changed something: a user with a role, or a part of qctl itself."""

    name: str
    role: str


SELF = Actor("qctl", "system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One program and how it is to be run. Everything that may change what comes out is here.

    Parameters
    ----------
    program : OpenQASM text
    shots : repetitions of every sweep point
    inputs : values of the program's inputs, by name; rows of values of one length are the points of a sweep
    name : shown to people
    after : jobs that must be DONE first
    deadline_s : finish within so many seconds of submission, or be cancelled
    max_gap_s : after a crash, shots of before and after the gap count together only when it was shorter
    parameters : number of a parameter snapshot, or None for the newest one when it starts
    stale_ok : run although a parameter it needs is suspect; the result says so
    """

    program: str
    shots: int = 1000
    name: str = ""
    job_class: JobClass = JobClass.BATCH
    priority: int = 0
    isolation: Isolation = Isolation.SHARED
    on_crash: OnCrash = OnCrash.RESUME
    after: tuple[int, ...] = ()
    deadline_s: float | None = None
    max_gap_s: float = 600.0
    parameters: int | None = None
    optimise: bool = True
    stale_ok: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_points(self) -> int:
        """Return how many sweep points it asks for."""
        return max((len(row) for row in self.inputs.values() if isinstance(row, list | tuple)), default=1)

    @property
    def program_hash(self) -> str:
        """Return the SHA-256 of the text, hex."""
        return hashlib.sha256(self.program.encode("utf-8", "surrogatepass")).hexdigest()

    def document(self) -> dict[str, object]:
        """Return everything but the text as plain data."""
        said = {name: value for name, value in asdict(self).items() if name != "program"}
        return said if self.inputs else {name: value for name, value in said.items() if name != "inputs"}

    @property
    def body_hash(self) -> str:
        """Return the SHA-256 of the canonical form: two submissions ask the same when it is the same."""
        text = json.dumps({**self.document(), "program": self.program_hash}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submission is answered with; ``created`` is False when the same key came before."""

    job: int
    created: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one attempt of a job: every message about it carries the fence."""

    job: int
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as it stands now.

    Parameters
    ----------
    id : its number; jobs are ordered by it
    submission : without the text where it was not asked for
    fence : rises by one at each start
    attempt : starts since shots were last stored
    round : rises when it begins again from its first shot; only segments of this round count
    shots_done : of this round
    parameters_id : the snapshot it is pinned to once it began, as ``7-1f2e3d4c``
    reason : why it is where it is
    """

    id: int
    user: str
    submission: Submission
    state: State
    reason: str
    fence: int
    attempt: int
    round: int
    shots_done: int
    parameters_id: str
    submitted: Moment
    changed: Moment
    result: str = ""

    @property
    def label(self) -> str:
        """Return how people call it."""
        return label(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The counting unit: consecutive shots of one compiled program under one attempt.

    Parameters
    ----------
    first, shots : shots ``first`` to before ``first + shots`` of the job
    circuit : SHA-256 of what shaped its waveforms
    data : its counts and its report, a container (see `qctl.jobs.container`)
    """

    job: int
    round: int
    first: int
    shots: int
    fence: int
    circuit: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the data, hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal: who changed what, when."""

    id: int
    moment: Moment
    actor: Actor
    verb: str
    job: int
    before: str
    after: str
    detail: Mapping[str, object] = field(default_factory=dict)


def label(job: int) -> str:
    """Return how people call a job."""
    return f"{PREFIX}{job}"


def number(text: str) -> int | None:
    """Return the number that ``label`` writes as ``text``, or None."""
    digits = text.removeprefix(PREFIX)
    plain = digits.isascii() and digits.isdecimal() and not digits.startswith("0") and len(digits) <= 18
    return int(digits) if plain and text.startswith(PREFIX) else None
