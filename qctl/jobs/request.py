"""What the packer is asked and what it answers: jobs with their candidate placements, and windows.

Times are seconds of the station's clock. A *frame* is one period of the station: one shot of one sweep point. A
*window* is a row of frames in which the same programs run together; nothing changes hands but at its borders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class JobClass(IntEnum):
    """What a job is for; lower ones go first."""

    URGENT_CALIBRATION = 0
    INTERACTIVE = 1
    BATCH = 2
    BACKGROUND = 3  # fills what others leave: calibration probes of a few shots, mostly


class Isolation(StrEnum):
    """Whether others may run in the same window."""

    SHARED = "shared"
    SOLO = "solo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a compiled program, placed on certain qubits, takes of the machine while it runs.

    Resources are named by text: ``qubit q3``, ``coupler q3-q4``, ``channel awg1.3``.

    Parameters
    ----------
    exclusive : nobody else may hold them
    quiet : nobody else may hold them exclusively, though this program does not use them: the crosstalk halo
    equal : may be shared by those who ask for the same value: LO frequencies, biases, and global beams, whose value
        stands for a pulse
    budgets : amounts that add up over all programs: feedline power, waveform memory, DAC peak
    tones : frequencies in Hz on a shared line; tones of different programs keep the line's spacing
    spans : what is heard or played together: when an input is recorded, (first, last) in s from where all programs
        align their readouts; one record covers all
    n_points : sweep points; programs that run together have equal numbers of them, or one divides the other
    """

    exclusive: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()
    equal: Mapping[str, float | str] = field(default_factory=dict)
    budgets: Mapping[str, float] = field(default_factory=dict)
    tones: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    spans: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    n_points: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One placement of a program.

    Parameters
    ----------
    placement : physical index of each logical qubit
    claims : what it takes there
    expected_success : product of 1 - error over its gates and measurements there, 0 to 1
    duration_s : one shot of all its sweep points, whole frames
    """

    placement: tuple[int, ...]
    claims: Claims
    expected_success: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A job that wants to run, as the packer sees it.

    Parameters
    ----------
    job, user : identifiers
    sequence : number of its acceptance; of two that are alike the lower goes first
    submitted : when it was accepted
    priority : within its class, higher first
    shots_left : of every sweep point
    shots_done : above 0 it has begun: it goes on where it was (``candidates`` is that one placement), before others of
        its class and priority
    deadline : when it should be finished, or None
    candidates : at most 64, the best first
    blocked : why it may not run now (a suspect parameter, a dependency); empty when it may
    """

    job: str
    user: str
    job_class: JobClass
    sequence: int
    submitted: float
    shots_left: int
    candidates: tuple[Candidate, ...]
    priority: int = 0
    shots_done: int = 0
    deadline: float | None = None
    isolation: Isolation = Isolation.SHARED
    blocked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that a decision depends on besides the requests.

    Parameters
    ----------
    now : when the window begins
    window_s : how long a window lasts (``window.length``)
    frame_s : period of the station
    capacities : of budgets, by resource; a budget that is not named is not bounded
    spacings : least distance of tones on a line, Hz
    longest_spans : longest record of an input, s
    unavailable : resources that nobody may use now, and why
    usage : machine time that each user had of late, s (decayed by whoever counts it)
    shares : weight of each user, 1 when not named
    harmful : pairs of resources that disturb each other when different programs hold them
    patience_s : of those that have waited longer the oldest goes before everybody but urgent calibration
    """

    now: float
    window_s: float
    frame_s: float
    capacities: Mapping[str, float] = field(default_factory=dict)
    spacings: Mapping[str, float] = field(default_factory=dict)
    longest_spans: Mapping[str, float] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    usage: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    harmful: frozenset[tuple[str, str]] = frozenset()
    patience_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A job runs in a window: all of its claims, or it is not in it.

    Parameters
    ----------
    candidate : index into the request's candidates
    shots : of every sweep point, in this window
    """

    job: str
    candidate: int
    placement: tuple[int, ...]
    shots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which jobs run together, and why each other one waits.

    Parameters
    ----------
    start, duration_s : when it begins, and for how long all of its frames last
    grants : in the order in which they were decided
    waits : by job, a sentence each
    """

    start: float
    duration_s: float
    grants: tuple[Grant, ...]
    waits: Mapping[str, str]
