"""A laboratory that a daemon serves, with the verbs that plugins ask for: every sweep point becomes a durable job."""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from qctl.client import Client, RemoteResult
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.errors import ConfigError, UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import Program
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.frontends import Text, Written, as_program, to_openqasm
from qctl.known import known_parameters

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
    """

    keeps_shots = False

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

    def run(self, program: Program | Written | Text, shots: int = 4000, *, optimise: bool = True) -> Result:
        """Submit every sweep point as a job, wait for all, and return what they counted.

        Raises
        ------
        RefusedError
            When one is not accepted, or does not end well; the others are cancelled.
        """
        program = as_program(program)
        with self._client() as client:
            texts = [to_openqasm(program, k) for k in range(program.n_points)]
            jobs = [client.submit(text, shots, optimise=optimise, job_class="interactive") for text in texts]
            try:
                answers = [client.result(job) for job in jobs]
            except BaseException:
                for job in jobs:
                    client.cancel(job, "the run that it belongs to has failed")
                raise
        bits = np.array([_shots(answer, shots, program.n_bits) for answer in answers])
        identity = str(answers[0].document.get("parameters", "")) if answers else ""
        return Result(
            bits=bits.reshape(len(jobs), shots, program.n_bits),
            iq=np.zeros((len(jobs), shots, 0), np.complex128),
            measured=(),
            qubits=self._laboratory.qubit_names,
            placement=(),
            parameters_id=identity,
            timing=Timing(),
            registers=program.bits,
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


def _shots(answer: RemoteResult, shots: int, n_bits: int) -> NDArray[np.uint8]:
    """Return counts as shots, shape (shots, n_bits), sorted by key."""
    counts = answer.counts
    keys = np.array([[int(bit) for bit in key] for key in sorted(counts)], np.uint8).reshape(len(counts), n_bits)
    bits = np.repeat(keys, [counts[key] for key in sorted(counts)], axis=0)
    if len(bits) != shots:
        raise UsageError(f"{len(bits)} of {shots} shots count", allowed="all")
    return bits


def _file(name: str) -> Path:
    try:
        return find_laboratory(name)
    except (ConfigError, UsageError) as reason:
        raise UsageError(
            f"the laboratory {name!r} of a daemon", allowed="one that comes with qctl, or whose file is known",
            remedy="qctl.integrations.served.ServedLab(place, laboratory=FILE)",
        ) from reason  # fmt: skip
