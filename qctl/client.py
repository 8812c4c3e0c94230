"""Use a laboratory that a daemon serves: the verbs of `qctl.Lab`, over the local socket or a loopback port.

Nothing heavy is imported: programs are compiled where they run.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sized
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable
from urllib.parse import quote, urlencode, urlsplit

from qctl.core.errors import QctlError, UsageError

TOKEN = "QCTL_TOKEN"  # noqa: S105 (the name of a variable)
PATIENCE = 60.0
FINAL = ("DONE", "FAILED", "CANCELLED", "INTERRUPTED")


@runtime_checkable
class Written(Protocol):
    """What Python code wrote: a `qctl.Circuit`."""

    @property
    def axes(self) -> tuple[Sized, ...]:
        """Return what is swept."""

    def openqasm(self) -> str:
        """Return the circuit as OpenQASM 3."""


class RefusedError(QctlError):
    """The daemon said no; ``code`` says why to programs."""

    def __init__(
        self, asked: str, *, code: str, status: int, allowed: str = "", where: str = "", remedy: str = ""
    ) -> None:
        super().__init__(asked, allowed=allowed, where=where, remedy=remedy)
        self.code, self.status = code, status


class UnreachableError(QctlError):
    """No daemon answers."""

    exit_code = 4


@dataclass(frozen=True)
class RemoteResult:
    """What a job counted.

    Parameters
    ----------
    document : everything the daemon said: placement, parameters, timing, co-runners, versions
    """

    document: Mapping[str, Any]

    @property
    def shots(self) -> int:
        """Return the repetitions of each sweep point."""
        return int(self.document["shots"])

    def counts_of(self, point: int) -> dict[str, int]:
        """Return how often each key came at one sweep point."""
        if self.document["counts"] is None:
            raise UsageError("so many keys that they come as a file", allowed="few", remedy="ask for the result's file")
        return dict(self.document["counts"][point])

    def ends_of(self, point: int) -> list[tuple[str, dict[str, float], int]]:
        """Return keys, the values that were shown with them, by name, and how often they came so, at one sweep point.

        Elements of arrays have names of their own: ``a[0]``.
        """
        if not self.document.get("shown"):
            return [(key, {}, number) for key, number in self.counts_of(point).items()]
        names, ends = self.document["shown"], self.document.get("ends")
        if ends is None:
            raise UsageError("so many keys that they come as a file", allowed="few", remedy="ask for the result's file")
        numbers = [(key, [float(v) if isinstance(v, str) else v for v in values], n) for key, values, n in ends[point]]
        return [(key, dict(zip(names, values, strict=True)), number) for key, values, number in numbers]

    def outputs_of(self, point: int) -> dict[str, dict[str, int]]:
        """Return by name of an output that is no bit how often each of its values came at one sweep point."""
        return {name: dict(points[point]) for name, points in self._outputs.items()}

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts of a job with one sweep point."""
        found = self.document["counts"]
        if found is not None and len(found) != 1:
            raise UsageError(f"the counts of {len(found)} sweep points", allowed="one; counts_of(point) gives each")
        return self.counts_of(0)

    @property
    def outputs(self) -> dict[str, dict[str, int]]:
        """Return how often each value of each output came, of a job with one sweep point."""
        if (n_points := max(map(len, self._outputs.values()), default=1)) != 1:
            raise UsageError(f"the outputs of {n_points} sweep points", allowed="one; outputs_of(point) gives each")
        return self.outputs_of(0)

    @property
    def _outputs(self) -> Mapping[str, Any]:
        if self.document.get("shown") and "outputs" not in self.document:
            raise UsageError("so many keys that they come as a file", allowed="few", remedy="ask for the result's file")
        found: Mapping[str, Any] = self.document.get("outputs", {})
        return found


class Client:
    """A daemon, asked over one connection at a time; best used in ``with``.

    Parameters
    ----------
    place : path of a local socket, or ``http://127.0.0.1:PORT``
    token : for the port; the local socket knows who asks. By default what QCTL_TOKEN holds
    """

    def __init__(self, place: str | os.PathLike[str], token: str | None = None) -> None:
        self.place, self._token = str(place), token or os.environ.get(TOKEN, "")
        self._link: http.client.HTTPConnection | None = None

    def run(self, program: str | os.PathLike[str] | Written, shots: int = 4000, **asked: Any) -> RemoteResult:  # noqa: ANN401 (plain data)
        """Submit a program, wait, and return what it counted; see `submit` for ``asked``.

        Raises
        ------
        RefusedError
            When it is not accepted, or does not end well.
        """
        return self.result(self.submit(program, shots, **asked))

    def submit(
        self, program: str | os.PathLike[str] | Written, shots: int = 4000, *, key: str | None = None, **asked: object
    ) -> str:
        """Return the job that a program became: it is durable when this returns.

        Parameters
        ----------
        program : OpenQASM text, the path of a file that holds it, or a `qctl.Circuit`
        key : the same key finds the same job; drawn when None, so that a retry of this call is never a second job
        asked : inputs, name, job_class (``class`` of the API), priority, isolation, on_crash, after, deadline_s, ...
        """
        text, inputs = _said(program)
        body = {"program": text, "shots": shots, **inputs, **asked}
        if "job_class" in body:
            body["class"] = body.pop("job_class")
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        return str(self.post("/v1/jobs", body, headers)["job"])

    def job(self, job: str) -> dict[str, Any]:
        """Return a job as it stands."""
        return dict(self.get(f"/v1/jobs/{_name(job)}"))

    def jobs(self, **asked: object) -> list[dict[str, Any]]:
        """Return jobs, newest first; ``state``, ``before``, ``limit`` and ``everybody`` choose among them."""
        return list(self.get("/v1/jobs", **asked))

    def wait(self, job: str) -> dict[str, Any]:
        """Return a job once it has ended, however long it waits."""
        while True:
            with suppress(TimeoutError):  # nothing was stored for a while
                for _ in self.lines(f"/v1/jobs/{_name(job)}/segments", follow="true"):
                    continue
            found = self.job(job)
            if found["state"] in FINAL:
                return found

    def result(self, job: str) -> RemoteResult:
        """Wait for a job and return what it counted; raise RefusedError when it did not end well."""
        found = self.wait(job)
        if found["state"] != "DONE":
            state, reason = found["state"], found["reason"]
            raise RefusedError(f"job {job} is {state}: {reason}", code=state.lower(), status=409)
        return RemoteResult(self.get(f"/v1/jobs/{_name(job)}/result"))

    def segments(self, job: str, *, follow: bool = False) -> Iterator[dict[str, Any]]:
        """Yield counts as they are stored."""
        return self.lines(f"/v1/jobs/{_name(job)}/segments", follow=str(follow).lower())

    def events(self, *, after: int = 0, follow: bool = False) -> Iterator[dict[str, Any]]:
        """Yield what happened to one's jobs."""
        return self.lines("/v1/events", after=after, follow=str(follow).lower())

    def cancel(self, job: str, reason: str = "") -> str:
        """Cancel a job; return its state."""
        return str(self.post(f"/v1/jobs/{_name(job)}/cancel", {"reason": reason})["state"])

    def hold(self, job: str, reason: str = "") -> str:
        """Keep a job from running."""
        return str(self.post(f"/v1/jobs/{_name(job)}/hold", {"reason": reason})["state"])

    def resume(self, job: str) -> str:
        """Let a held job run again."""
        return str(self.post(f"/v1/jobs/{_name(job)}/resume", {})["state"])

    def why(self, job: str) -> str:
        """Say why a job is where it is."""
        return str(self.get(f"/v1/jobs/{_name(job)}/why")["why"])

    def status(self) -> dict[str, Any]:
        """Return what the machine is doing."""
        return dict(self.get("/v1/status"))

    def get(self, path: str, **asked: object) -> Any:  # noqa: ANN401 (plain data)
        """Return the document at a path."""
        return self._whole("GET", path + (f"?{urlencode(asked, doseq=True)}" if asked else ""))

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401
        """Send a document; return the answer."""
        encoded = json.dumps(body, allow_nan=False).encode()
        return self._whole("POST", path, encoded, {"Content-Type": "application/json", **(headers or {})})

    def lines(self, path: str, **asked: object) -> Iterator[dict[str, Any]]:
        """Yield documents, a line each, as they come."""
        link = self._connected()
        answer = self._send(link, "GET", f"{path}?{urlencode(asked)}")
        try:
            for line in answer:
                yield json.loads(line)
        finally:
            self.close()  # the rest of a stream is nobody's business

    def close(self) -> None:
        """Close the connection; a later call opens another one."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _whole(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:  # noqa: ANN401 (plain data)
        answer = self._send(self._connected(), method, path, body, headers)
        return json.loads(answer.read())

    def _send(
        self, link: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:  # fmt: skip
        known = {"Authorization": f"Bearer {self._token}"} if self._token and isinstance(link, _Tcp) else {}
        try:
            link.request(method, path, body, {**known, **(headers or {})})
            answer = link.getresponse()
        except (OSError, http.client.HTTPException) as reason:
            self.close()
            raise self._unreachable(reason) from reason
        if answer.status >= 400:
            text = answer.read()
            self.close()
            raise _refused(answer.status, text)
        return answer

    def _connected(self) -> http.client.HTTPConnection:
        if self._link is None:
            try:
                self._link = _link(self.place)
                self._link.connect()
            except OSError as reason:
                self._link = None
                raise self._unreachable(reason) from reason
        return self._link

    def _unreachable(self, reason: Exception) -> UnreachableError:
        return UnreachableError(f"no daemon answers at {self.place} ({reason})", remedy="start one: qctl serve")


class _Tcp(http.client.HTTPConnection):
    """A loopback port."""


class _Unix(http.client.HTTPConnection):
    """A local socket, however long its name is."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        folder = None
        name = str(self._path)
        if len(os.fsencode(name)) > 100:
            folder = os.open(self._path.parent, os.O_RDONLY)
            name = f"/proc/self/fd/{folder}/{self._path.name}"
        try:
            self.sock.connect(name)
        except OSError:
            self.sock.close()
            self.sock = None
            raise
        finally:
            if folder is not None:
                os.close(folder)


def _link(place: str) -> http.client.HTTPConnection:
    if not place.startswith("http:"):
        return _Unix(Path(place))
    parts = urlsplit(place)
    return _Tcp(parts.hostname or "127.0.0.1", parts.port, timeout=PATIENCE)


def _refused(status: int, text: bytes) -> RefusedError:
    try:
        said = json.loads(text)["error"]
        fields = {name: str(said[name]) for name in ("allowed", "where", "remedy")}
        return RefusedError(str(said["said"]), code=str(said["code"]), status=status, **fields)
    except (ValueError, KeyError, TypeError):
        return RefusedError(f"answer {status}: {text[:200]!r}", code="unreadable", status=status)


def _said(program: str | os.PathLike[str] | Written) -> tuple[str, dict[str, object]]:
    """Return the text of a program; of one that is swept, with the input that counts its points."""
    if isinstance(program, Written):
        n_points = math.prod(len(axis) for axis in program.axes)
        return program.openqasm(), {"inputs": {"point": list(range(n_points))}} if n_points > 1 else {}
    if isinstance(program, str) and ("\n" in program or ";" in program):
        return program, {}
    path = Path(program)
    try:
        return path.read_text(encoding="utf-8"), {}
    except (OSError, UnicodeDecodeError) as reason:
        raise UsageError(
            f"cannot read {str(path)!r} ({reason})", allowed="OpenQASM text, or a file that holds it"
        ) from reason


def _name(job: str) -> str:
    return quote(job, safe="")
