"""All processes of a served laboratory, beside a rack of simulated instruments that outlives them, as real ones do."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qctl.client import Client
from qctl.config.find import find_laboratory
from qctl.control.rack import mock_rack

BELL = "OPENQASM 3; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
OUTPUTS = {"drive_high": "OUTP?", "drive_low": "OUTP?", "readout_source": "OUTP?"}
OUTPUTS |= {f"awg{k}": "AWGControl:RSTATe?" for k in (1, 2, 3)}


@contextmanager
def instruments(folder, name="transmon5", seed=1):
    """Serve a laboratory's instruments; give a copy of its file that says where they are, and their addresses."""
    original = find_laboratory(name)
    with mock_rack(str(original), seed=seed) as rack:
        left = iter(re.findall(r"^ {2}(\w+):.*address: mock", original.read_text(), re.MULTILINE))
        text = re.sub("address: mock", lambda _: f'address: "{rack.addresses[next(left)]}"', original.read_text())
        lab = folder / original.name
        lab.write_text(text)
        parameters = f"{name}.parameters.json"
        (folder / parameters).write_bytes((original.parent / parameters).read_bytes())
        yield lab, dict(rack.addresses)


@dataclass
class Stack:
    """One run of ``qctl serve``, and what it printed."""

    lab: Path
    state: Path
    process: subprocess.Popen = None
    options: dict = field(default_factory=dict)
    said: list = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def start(self, **environment):
        settings = {"lab": str(self.lab), "state": str(self.state), "options": self.options}
        with (self.state / "stderr").open("ab") as complaints:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "qctl.daemon", "supervisor", json.dumps(settings)],
                stdout=subprocess.PIPE,
                stderr=complaints,
                env={**os.environ, **environment},
                text=True,
            )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        return self

    def _read(self, process):
        for line in process.stdout:
            with self.news:
                self.said.append((time.monotonic(), json.loads(line)))
                self.news.notify_all()

    def heard(self, what, since=0.0, timeout=300.0):
        """Wait for a line that has a key (or key and value); return when it came and what it said."""
        key, _, value = what.partition("=")

        def found():
            return next(
                (one for one in self.said if one[0] >= since and key in one[1] and value in ("", one[1][key])), None
            )

        with self.news:
            if not self.news.wait_for(found, timeout):
                raise TimeoutError(
                    f"{what!r} was not said: {self.said[-5:]}\n{(self.state / 'stderr').read_text()[-3000:]}"
                )
            return found()

    def pid(self, name):
        return [one["pid"] for _, one in self.said if one.get("started") == name][-1]

    def client(self):
        return Client(str(self.state / "run" / "qctl.sock"))

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(10)
        self.process.stdout.close()
        return code


def live_outputs(addresses):
    """Return the names of outputs that are on, asked over links of our own."""
    found = []
    for name, question in OUTPUTS.items():
        _, host, port, _ = addresses[name].split("::")
        with socket.create_connection((host, int(port)), timeout=5) as link:
            link.sendall(f"{question}\n".encode())
            answer = b""
            while not answer.endswith(b"\n"):
                answer += link.recv(256)
        if answer.strip() != b"0":
            found.append(name)
    return found


def seconds_until_safe(addresses, limit=10.0):
    """Return how long it takes until every microwave and pulse output is off."""
    begun = time.monotonic()
    while live_outputs(addresses):
        if time.monotonic() - begun > limit:
            return float("inf")
        time.sleep(0.01)
    return time.monotonic() - begun
