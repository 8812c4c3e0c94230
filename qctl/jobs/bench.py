"""The computing that a job needs: text to waveforms, waveforms to uploads, records to counts. It runs in workers.

Files between the steps belong to the caller; what is returned is plain data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from qctl.compile import compile_program, durations, flatten, light_of, with_atoms
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.control import limits_of, shots_at_once
from qctl.control.operating import operating_point
from qctl.control.upload import digest_of
from qctl.core.errors import CompileError
from qctl.core.kept import Kept
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.played import Played as PlayedInParts
from qctl.core.program import Program
from qctl.core.record import Record
from qctl.core.result import Result
from qctl.core.sequence import Playlist
from qctl.core.sequence import Sequence as Played
from qctl.frontends import read_program
from qctl.readout import compute, read_out
from qctl.run.known import known_parameters, stored_as
from qctl.store import ParameterStore

from . import codec
from .alone import needs_the_machine, read_takes, takes_in, takes_of
from .candidates import Relocatable, relocatable
from .claims import capacities, claims_of, conditions
from .container import pack
from .counted import count
from .crash_points import crash_point
from .latest import Latest
from .link import Linked, link
from .request import Candidate

SEGMENT_SECONDS = 1.0
SEGMENT_SHOTS = 100_000
SPACING = 1e6  # Hz between readout tones of different programs on one feedline
REMEMBERED = 64  # programs: users run the same ones again and again
Wanted = tuple["Asked", str, bool, tuple[int, ...] | None]
"""What a compiled program depends on: what it says, the id of the parameters, whether it is optimised, its place."""


class Asked(NamedTuple):
    """What a program says: its text, and the values of its inputs as JSON."""

    text: str
    inputs: str

    @classmethod
    def of(cls, text: str, inputs: Mapping[str, Any] | None) -> Asked:
        """Return it in the one form that is looked up."""
        return cls(text, json.dumps(dict(inputs or {}), sort_keys=True))

    def read(self, known: Parameters, laboratory: Laboratory) -> Program:
        """Return the program."""
        return read_program(self.text, inputs=json.loads(self.inputs), durations=durations(known, laboratory))


class Bench:
    """A laboratory and what is known of it, without instruments.

    Parameters
    ----------
    lab : file or name
    state : folder of the parameter store
    """

    def __init__(self, lab: str, state: Path, twin: Path | None = None) -> None:
        self.laboratory = read_laboratory(find_laboratory(lab))
        self.limits = limits_of(self.laboratory)
        self._store = ParameterStore.open(state, stored_as(self.laboratory, twin))
        self._known: dict[int, Parameters] = {}
        self._programs = Latest[tuple[Asked, str], Program](REMEMBERED)
        self._places = Latest[tuple[Asked, str, bool], Relocatable | None](REMEMBERED)
        self._compiled = Latest[Wanted, tuple[dict[str, Any], bytes]](REMEMBERED)
        self._read_lately = Latest[tuple[str, int, int], Any](REMEMBERED)
        self._encoded = Latest[tuple[Asked, str, bool], bytes](REMEMBERED)

    def parameters(self, number: int | None = None) -> Parameters:
        """Return a snapshot, by default the newest."""
        wanted = self._store.newest if number is None else number
        if wanted not in self._known:
            self._known = {wanted: known_parameters(self.laboratory, self._store.snapshot(wanted))}
        return self._known[wanted]

    def newest(self) -> dict[str, object]:
        """Return the number of the newest snapshot, and its id."""
        return {"number": self._store.newest, "id": self.parameters().id}

    def describe(self) -> dict[str, object]:
        """Return the bounds of what programs share, as the packer takes them."""
        budgets, spans = capacities(self.laboratory, self.limits)
        spacings = dict.fromkeys(self.laboratory.feedlines(), SPACING)
        return {"capacities": budgets, "longest_spans": spans, "spacings": spacings, "period": self.laboratory.period}

    def prepare(
        self,
        text: str,
        *,
        parameters: int | None,
        optimise: bool,
        out: Path,
        inputs: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Compile a text for its best place, and write to ``out`` where else it could run; see `compile`."""
        asked = Asked.of(text, inputs)
        parameters = self._store.newest if parameters is None else parameters  # one snapshot for all of it
        known = self.parameters(parameters)
        found = self._relocatable(asked, known, optimise)
        places: tuple[Candidate, ...] = () if found is None else found.candidates
        if not places:
            info = self.compile(text, inputs=inputs, parameters=parameters, optimise=optimise, place=None, out=out)
            sequence: Played = codec.read(out)["sequence"]
            used = [qubit for qubit in sequence.placement if qubit >= 0]
            # Shots that branch have the whole chip: whoever played beside them would have to branch with them.
            taken = range(len(sequence.qubits)) if sequence.is_steered else used
            claims = claims_of(sequence, taken, known, self.laboratory, self.limits)
            claims = replace(claims, n_points=info["n_points"])
            length = info["period"] * claims.n_points
            places = (Candidate(placement=tuple(used), claims=claims, expected_success=1.0, duration_s=length),)
            info["fixed"] = True
        else:
            best = list(places[0].placement)
            info = self.compile(text, inputs=inputs, parameters=parameters, optimise=optimise, place=best, out=out)
            info["fixed"] = False
        known_as = (asked, known.id, optimise)
        out.with_suffix(".places").write_bytes(self._encoded.get(known_as, lambda: codec.encode(places)))
        return info

    def compile(
        self,
        text: str,
        *,
        parameters: int | None,
        optimise: bool,
        place: list[int] | None,
        out: Path,
        inputs: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Compile a text, check every limit, and write its waveforms to ``out``; return what the scheduler must know.

        Parameters
        ----------
        inputs : values of the program's inputs, by name
        place : physical qubits of one of its candidates; None leaves the place to the compiler

        Raises
        ------
        QctlError
            When the text is no program, or one that this laboratory cannot run.
        """
        parameters = self._store.newest if parameters is None else parameters
        known = self.parameters(parameters)
        asked = Asked.of(text, inputs)
        wanted = (asked, known.id, optimise, None if place is None else tuple(place))
        info, data = self._compiled.get(wanted, lambda: self._compile(asked, known, optimise, place))
        crash_point("worker.compiled")
        codec.write_encoded(out, data)
        return {**info, "parameters": parameters}

    def _compile(
        self, asked: Asked, known: Parameters, optimise: bool, place: list[int] | None
    ) -> tuple[dict[str, Any], bytes]:
        program = self._program(asked, known)
        alone = place is None and needs_the_machine(program, self.laboratory)
        found = (
            takes_of(program, known, self.laboratory, self.limits)
            if alone
            else (with_atoms(program, self._placed(asked, program, known, optimise, place)),)
        )
        if not all(one.n_measured for one in found):
            raise CompileError("nothing is measured", allowed="at least one measurement into a bit")
        period = max(one.shot_seconds for one in found) / (1 if alone else found[0].n_points)
        shots = min(self._most_shots(one, sum(each.shot_seconds for each in found)) for one in found)
        sequence, *others = (replace(one, shots=shots) for one in found)
        info: dict[str, Any] = {
            "circuit": _digest([one.digest for one in found]),
            "waveforms": _digest([waveforms_digest(flatten(one, self.laboratory, self.limits)) for one in found]),
            "parameters_id": known.id,
            "conditions": conditions(known, self.laboratory),
            "n_points": program.n_points,
            "n_bits": sequence.n_bits,
            "period": period,
            "most_shots": shots,
            "placement": list(sequence.placement),
            "place": place,
            "qubits": list(sequence.qubits),
            "light": light_of(self.laboratory, known, sequence),
            "registers": [[one.name, one.start, one.size] for one in program.bits],
        }
        return info, codec.encode({"sequence": sequence, "takes": tuple(others), "registers": program.bits})

    def link(self, parts: Sequence[Mapping[str, Any]], out: Path) -> dict[str, object]:
        """Write what the instruments play in one window to ``out``; return the digest of each AWG's upload.

        Parameters
        ----------
        parts : ``compiled`` file, ``shots`` and ``parameters`` of each program; a file of the calibration service
            holds its parameters itself
        """
        compiled = [self._read(Path(p["compiled"])) for p in parts]
        if len(parts) == 1 and (takes := takes_in(compiled[0])):
            return self._link_takes([replace(one, shots=parts[0]["shots"]) for one in takes], parts[0], out)
        members = [replace(one["sequence"], shots=p["shots"]) for one, p in zip(compiled, parts, strict=True)]
        known = compiled[0].get("known") or self.parameters(parts[0]["parameters"])
        linked = link(members, known, self.laboratory, self.limits)
        playlists = flatten(linked.sequence, self.laboratory, self.limits)
        bare = replace(linked.sequence, tracks={})
        members = [replace(one, tracks={}) for one in linked.members]
        how = {"sequence": bare, "members": members, "readout": linked.readout}
        codec.write(linked_beside(out), how)
        self._read(linked_beside(out), how)
        window = {"takes": ((bare, playlists),), "operate": standing(known), "parameters_id": known.id}
        if bare.filled:  # images are looked at while it plays
            window["known"] = known
        codec.write(out, window)
        return {"uploads": {name: digest_of(playlist) for name, playlist in sorted(playlists.items())}}

    def _link_takes(self, takes: Sequence[Played], part: Mapping[str, Any], out: Path) -> dict[str, object]:
        """Write a window of shots that branch; the values go with it, since answers are told from them as they come."""
        known = self.parameters(part["parameters"])
        playlists = [flatten(one, self.laboratory, self.limits) for one in takes]
        bare = [replace(one, tracks={}) for one in takes]
        how = {"operate": standing(known), "parameters_id": known.id, "known": known}
        codec.write(out, {"takes": tuple(zip(bare, playlists, strict=True)), **how})
        names = sorted({name for each in playlists for name in each})
        digests = {name: _digest([digest_of(each[name]) for each in playlists if name in each]) for name in names}
        return {"uploads": digests}

    def read(
        self, parts: Sequence[Mapping[str, Any]], record: Path, window: str, began: float, linked: Path
    ) -> list[dict[str, object]]:
        """Return for each program of a window the file with its counts, and how many shots each has.

        What the calibration service asked for is not read out here: it gets its own record.

        Parameters
        ----------
        began : when its first shot was played, s since 1970
        linked : the file that `link` wrote for this window
        """
        found = codec.read(record)
        when = {"window": window, "began": began}
        alone = len(parts) == 1 and "program" in parts[0]
        if alone and (takes := takes_in(self._read(Path(parts[0]["compiled"])))):
            program, known = self._program_of(parts[0])
            result = read_takes(found, takes, program, known, self.laboratory)
            return [self._counted(parts[0], result, _instruments(found[0]), when)]
        how = self._read(linked_beside(linked))
        records = Linked(how["sequence"], how["members"], how["readout"]).split(found[0])
        return [
            self._read_one(part, one, when) if "program" in part else _kept(one, Path(part["out"]))
            for part, one in zip(parts, records, strict=True)
        ]

    def _read_one(self, part: Mapping[str, Any], found: Record, when: Mapping[str, object]) -> dict[str, object]:
        registers = self._read(Path(part["compiled"]))["registers"]
        program, known = self._program_of(part)
        mine = replace(found, parameters_id=known.id)  # a window plays under one name, its programs have snapshots each
        result = read_out(mine, known, self.laboratory, registers=registers)
        return self._counted(part, compute(result, program), found.instruments, when)

    def _program_of(self, part: Mapping[str, Any]) -> tuple[Program, Parameters]:
        known = self.parameters(part["parameters"])
        return self._program(Asked.of(part["program"], part.get("inputs")), known), known

    def _counted(
        self, part: Mapping[str, Any], result: Result, instruments: Mapping[str, str], when: Mapping[str, object]
    ) -> dict[str, object]:
        """Write the counts of the shots that count, and everything that says how they came to be."""
        counted, timing = count(result.bits, result.kept, result.outputs), result.timing
        header = {
            "n_bits": counted.n_bits,
            "shown": list(counted.names),
            **when,
            "fence": part["fence"],
            "parameters_id": result.parameters_id,
            "placement": list(result.placement),
            "co_runners": part["co_runners"],
            "remarks": part["remarks"],
            "compiled": part["info"],
            "uploads": part["uploads"],
            "laboratory": {"name": self.laboratory.name, "digest": self.laboratory.digest},
            "dropped": dict(result.dropped),
            "timing": {
                "deadlines": timing.deadlines,
                "misses": timing.misses,
                "discarded_segments": timing.discarded_segments,
                "flags": dict(timing.flags),
                "seconds": dict(timing.seconds),
            },
            "instruments": dict(instruments),
        }
        out = Path(part["out"])
        out.write_bytes(pack(header, counted.arrays()))
        return {"out": str(out), "shots": result.shots, "told": asdict(Kept.of(result))}

    def close(self) -> None:
        """Let go of the parameter store."""
        self._store.close()

    def _read(self, path: Path, known: Any = None) -> Any:  # noqa: ANN401 (whatever was written)
        """Return what a file of a job holds; files are replaced, never changed, and what a job plays is read often.

        Parameters
        ----------
        known : what was written into it just now
        """
        key = (str(path), path.stat().st_ino, path.stat().st_mtime_ns)
        return self._read_lately.get(key, lambda: codec.read(path) if known is None else known)

    def _program(self, asked: Asked, known: Parameters) -> Program:
        return self._programs.get((asked, known.id), lambda: asked.read(known, self.laboratory))

    def _relocatable(self, asked: Asked, known: Parameters, optimise: bool) -> Relocatable | None:
        """Return a program with its places; None when it is to be played gate by gate, or decides by measured bits."""
        program = self._program(asked, known)
        if not optimise or program.flow or program.n_hidden or needs_the_machine(program, self.laboratory):
            return None
        key = (asked, known.id, optimise)
        return self._places.get(key, lambda: relocatable(program, known, self.laboratory, self.limits))

    def _placed(
        self, asked: Asked, program: Program, known: Parameters, optimise: bool, place: list[int] | None
    ) -> Played:
        if place is None:
            return compile_program(program, known, self.laboratory, self.limits, optimise=optimise)
        found = self._relocatable(asked, known, optimise)
        there = [one for one in (found.candidates if found else ()) if list(one.placement) == place]
        if found is None or not there:
            raise CompileError(f"a place at qubits {place}", allowed="one of its candidates")
        return found.sequence(there[0], known, self.laboratory, self.limits)

    def _most_shots(self, sequence: Played, seconds: float) -> int:
        """Return how many shots one segment may have: a second of machine time, and what fits the memories.

        Parameters
        ----------
        seconds : what one shot of all sweep points takes
        """
        shots = max(1, min(SEGMENT_SHOTS, int(SEGMENT_SECONDS / seconds + 1e-9)))
        return shots if sequence.is_steered else max(shots_at_once(replace(sequence, shots=shots), self.limits))


def _instruments(found: Record | PlayedInParts) -> Mapping[str, str]:
    return found.record.instruments if isinstance(found, PlayedInParts) else found.instruments


def _digest(several: Sequence[str]) -> str:
    """Return one digest for several; that of one alone is itself."""
    return several[0] if len(several) == 1 else hashlib.sha256(json.dumps(several).encode()).hexdigest()


def _kept(record: Record, out: Path) -> dict[str, object]:
    codec.write(out, record)
    return {"out": str(out), "shots": record.shots}


def linked_beside(window: Path) -> Path:
    """Return where it is written how a window's record is taken apart."""
    return window.with_suffix(".linked")


def standing(known: Parameters) -> Parameters:
    """Return what is applied before a window and holds for all of it: biases, voltages and tones."""
    return Parameters({name: known.estimates[name] for name in operating_point(known)}, known.number)


def waveforms_digest(playlists: Mapping[str, Playlist]) -> str:
    """Return the SHA-256 of every sample that a job would play alone."""
    whole = {name: digest_of(playlist) for name, playlist in playlists.items()}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
