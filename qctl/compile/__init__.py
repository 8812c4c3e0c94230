"""Program to Schedule to Sequence, checked against every limit."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from operator import itemgetter

from qctl.core.answers import told_last
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.protocols import Limits
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence
from qctl.platforms import platform_of
from qctl.platforms.tweezers.trial import GATED, TURNED, Trial, light_of, trial_of, unpumped

from .branching import compile_branching, instruments_decide
from .cache import Reads, SequenceCache
from .durations import durations
from .feedback import without_decisions
from .filled import with_atoms
from .flatten import flatten, render_line
from .isolate import isolate
from .join import join, join_tracks, one_correction
from .limits import check_length, check_limits
from .lower import entangler_of, lower
from .resets import drop_passive_resets
from .route import route
from .timing import time_program

__all__ = [
    "GATED",
    "TURNED",
    "Trial",
    "check_limits",
    "compile_branching",
    "compile_program",
    "default_parameters",
    "durations",
    "flatten",
    "instruments_decide",
    "join",
    "join_tracks",
    "light_of",
    "native_program",
    "one_correction",
    "render_line",
    "schedule_native",
    "schedule_program",
    "trial_of",
    "unpumped",
    "with_atoms",
]

_CACHE = SequenceCache()


def compile_program(
    program: Program,
    parameters: Parameters,
    laboratory: Laboratory,
    limits: Limits,
    *,
    alap: bool = False,
    optimise: bool = True,
    cache: SequenceCache | None = None,
) -> Sequence:
    """Return what every line plays and every input hears, after every limit was checked.

    Parameters
    ----------
    program : logical programs are placed and routed; physical ones are played as they stand, gate by gate
    limits : of each AWG and digitizer, by instrument name, as their drivers declare them
    alap : start everything as late as possible
    optimise : look for a shorter program: merge 1-qubit gates, let the router rewrite
    cache : where to look first; one for the whole process when None. Laboratories without a digest are not cached

    Raises
    ------
    CompileError
        When the program cannot run on this laboratory.
    LimitError
        When a number is beyond what an instrument or the laboratory file allows.
    """
    memory = _CACHE if cache is None else cache
    content = (program.digest, alap, optimise)
    key = (content, laboratory.digest, tuple(sorted(limits.items(), key=itemgetter(0))))
    found = memory.find(key, parameters) if laboratory.digest else None
    if found is None:
        reads = Reads(parameters)
        schedule = schedule_program(program, reads, laboratory, alap=alap, optimise=optimise)
        check_length(schedule, laboratory.period, laboratory.name)  # before anything of that length is made
        found = platform_of(laboratory).sequence(schedule, reads, laboratory, program.shots)
        found = replace(found, digest=_digest(content, reads, laboratory))
        check_limits(found, laboratory, limits)
        if laboratory.digest:
            memory.keep(key, reads, found)
    return found if found.shots == program.shots else replace(found, shots=program.shots)


def schedule_program(
    program: Program, known: Parameters | Reads, laboratory: Laboratory, *, alap: bool = False, optimise: bool = True
) -> Schedule:
    """Return native operations in time: place and route, lower, time."""
    native, placement = native_program(program, known, laboratory, optimise=optimise)
    found = schedule_native(native, placement, known, laboratory, alap=alap)
    return replace(found, free=optimise and not program.physical)


def native_program(
    program: Program, known: Parameters | Reads, laboratory: Laboratory, *, optimise: bool = True
) -> tuple[Program, tuple[int, ...]]:
    """Return a program placed, routed and lowered to native operations, and where each logical qubit is.

    Of measurements into one bit, the last alone has it; the others have -1.
    """
    program = without_decisions(program, known, laboratory)
    placed, placement = route(drop_passive_resets(program), known, laboratory, optimise=optimise)
    platform = platform_of(laboratory)
    native = lower(placed, merge=optimise and not program.physical, entangler=entangler_of(platform.natives))
    return told_last(isolate(native, platform.exclusive, len(laboratory.qubits))), placement


def schedule_native(
    native: Program,
    placement: tuple[int, ...],
    known: Parameters | Reads,
    laboratory: Laboratory,
    *,
    alap: bool = False,
) -> Schedule:
    """Return native operations in time; row by row those of the program."""
    return time_program(native, placement, platform_of(laboratory), known, laboratory, alap=alap)


def default_parameters(laboratory: Laboratory) -> Parameters:
    """Return the first guesses of a laboratory file, completed by what its platform assumes."""
    return platform_of(laboratory).defaults(laboratory)


def _digest(content: tuple[object, ...], reads: Reads, laboratory: Laboratory) -> str:
    """Return the SHA-256 of all that shaped a waveform: program, options, laboratory, and each value that was read."""
    lab = laboratory.digest or repr(laboratory)
    return hashlib.sha256(repr((content, lab, sorted(reads.seen.items()))).encode()).hexdigest()
