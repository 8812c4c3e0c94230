"""A laboratory that a daemon serves, with the verbs that plugins ask for: every sweep becomes a durable job."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.client import Client, RefusedError, RemoteResult
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.errors import ConfigError, LimitError, UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.outputs import shown
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import Program
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.frontends import Inputs, Text, Written, as_program, to_inputs
from qctl.run.known import known_parameters

TOO_LARGE = "too-large"  # what a daemon calls it
FRESH = 5.0  # s for which parameters are believed without asking again


class ServedLab:
    """A daemon as a machine for plugins.

    The daemon counts: which shots came in which order is not known, so that results hold them sorted.

    Parameters
    ----------
    place : path of a local socket, or ``http://127.0.0.1:PORT``
    token : for the port; by default what QCTL_TOKEN holds
    laboratory : file of the laboratory that the daemon serves; found by its name when None

    Attributes
    ----------
    keeps_shots : False: answers are counts
    longest_run : s of machine time that may be asked for at once
    """

    keeps_shots = False
    longest_run = math.inf  # quotas of the daemon bound jobs

    def __init__(
        self, place: str, *, token: str | None = None, laboratory: str | os.PathLike[str] | None = None
    ) -> None:
        self._place, self._token, self._lock = place.removeprefix("unix:"), token, Lock()
        with self._client() as client:
            name = str(client.get("/v1/capabilities")["laboratory"])
        self._laboratory = read_laboratory(_file(name) if laboratory is None else Path(laboratory))
        if self._laboratory.name != name:
            raise UsageError(f"the laboratory {self._laboratory.name!r}", allowed=f"{name!r}", where=place)
        self._known, self._asked = known_parameters(self._laboratory), -FRESH

    @property
    def laboratory(self) -> Laboratory:
        """Return what the laboratory's file says."""
        return self._laboratory

    @property
    def parameters(self) -> Parameters:
        """Return the newest parameters of the daemon's store, at most some seconds old."""
        with self._lock:
            if time.monotonic() - self._asked > FRESH:
                with self._client() as client:
                    found = client.get("/v1/calibration")
                stored = {
                    name: Estimate(float(one["value"]), float(one["error"] or np.inf), str(one["unit"]))
                    for name, one in found["values"].items()
                }
                measured = Parameters(stored, int(found["snapshot"]), str(found["note"])) if stored else None
                self._known, self._asked = known_parameters(self._laboratory, measured), time.monotonic()
            return self._known

    def run(
        self,
        program: Program | Written | Text,
        shots: int = 4000,
        *,
        inputs: Inputs | None = None,
        optimise: bool = True,
    ) -> Result:
        """Submit a program with all its sweep points as one job, wait for it, and return what was counted.

        ``inputs`` are as of `Lab.run`; a daemon neither mitigates nor plays each way for itself. The result has the
        timing of all windows (misses too), and the placement where all had the same.

        Raises
        ------
        RefusedError
            When it is not accepted, or does not end well; a run that is interrupted is cancelled.
        """
        program = as_program(program, inputs)
        with self._client() as client:
            text, inputs = to_inputs(program)
            try:
                job = client.submit(text, shots, optimise=optimise, job_class="interactive", inputs=inputs)
            except RefusedError as refused:
                if refused.code == TOO_LARGE:  # whoever has several points may come again with half of them
                    raise LimitError(str(refused), where=self._place) from refused
                raise
            try:
                answer = client.result(job)
            except RefusedError:
                raise
            except BaseException:
                client.cancel(job, "the run that it belongs to has ended")
                raise
        bits, kept, outputs = _shots(answer, program, shots)
        return Result(
            bits=bits,
            iq=np.zeros((program.n_points, shots, 0), np.complex128),
            measured=(),
            qubits=self._laboratory.qubit_names,
            placement=_placement(answer.document),
            parameters_id=str(answer.document.get("parameters_id", "")),
            kept=None if kept.all() else kept,
            dropped=dict(answer.document.get("dropped", {})),
            timing=_timing(answer.document),
            registers=program.bits,
            outputs=outputs,
            axes=program.axes,
        )

    def close(self) -> None:
        """Do nothing: connections are closed after each call, and the daemon goes on."""

    def _client(self) -> Client:
        return Client(self._place, self._token)


def connect(place: str, *, token: str | None = None, laboratory: str | os.PathLike[str] | None = None) -> ServedLab:
    """Return the laboratory that a daemon serves: what runs on a `qctl.Lab` runs on it too.

    Parameters
    ----------
    place : path of the daemon's local socket, or ``http://127.0.0.1:PORT``
    token, laboratory : as of `ServedLab`
    """
    return ServedLab(place, token=token, laboratory=laboratory)


def _shots(
    answer: RemoteResult, program: Program, shots: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], dict[str, NDArray[np.generic]]]:
    """Return counts as shots, sorted by key, those that do not count last: bits, which count, and outputs."""
    shape, n_bits = (program.n_points, shots), program.n_bits - program.n_hidden
    bits, kept, outputs = np.zeros((*shape, n_bits), np.uint8), np.zeros(shape, bool), []
    for point in range(program.n_points):
        ends = sorted(answer.ends_of(point), key=lambda end: end[0])
        keys = np.array([[int(bit) for bit in key] for key, _, _ in ends], np.uint8).reshape(len(ends), n_bits)
        where = np.repeat(np.arange(len(ends)), [number for _, _, number in ends])
        bits[point, : len(where)], kept[point, : len(where)] = keys[where], True
        which = np.concatenate([where, np.full(shots - len(where), -1, np.intp)])
        outputs.append(shown(dict(program.outputs), [values for _, values, _ in ends], which))
    return bits, kept, {name: np.stack([each[name] for each in outputs]) for name in outputs[0]} if outputs else {}


def _timing(said: Mapping[str, Any]) -> Timing:
    """Return what the timing report of a job says."""
    return Timing(**said["timing"])


def _placement(said: Mapping[str, Any]) -> tuple[int, ...]:
    """Return where a job was played; nothing where its windows had different places."""
    places = {tuple(one["placement"]) for one in said["segments"]}
    return places.pop() if len(places) == 1 else ()


def _file(name: str) -> Path:
    try:
        return find_laboratory(name)
    except (ConfigError, UsageError) as reason:
        raise UsageError(
            f"the laboratory {name!r} of a daemon", allowed="one that comes with qctl, or whose file is known",
            remedy="qctl.integrations.served.ServedLab(place, laboratory=FILE)",
        ) from reason  # fmt: skip
