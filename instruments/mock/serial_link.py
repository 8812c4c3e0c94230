"""A simulated instrument on a serial port: a pseudo-terminal whose other end is opened like ``/dev/ttyUSB0``."""

from __future__ import annotations

import logging
import os
import select
import threading
import tty

from .line_device import LineDevice

log = logging.getLogger(__name__)

LONGEST_LINE = 200  # characters; more without an end is thrown away, as instruments do


class SerialPort:
    """Serves one instrument until it is closed.

    Attributes
    ----------
    address : VISA resource name
    """

    def __init__(self, device: LineDevice) -> None:
        self.device = device
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)  # no echo, no translation; held open, so that clients may come and go
        self.address = f"ASRL{os.ttyname(self._theirs)}::INSTR"
        self._stop_reading, self._stop_writing = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="serial", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        os.close(self._stop_writing)
        self._thread.join()
        for file in (self._ours, self._theirs, self._stop_reading):
            os.close(file)

    def _serve(self) -> None:
        rest = b""
        while True:
            ready, _, _ = select.select([self._ours, self._stop_reading], [], [])
            if self._stop_reading in ready:
                return
            rest += self.device.faults.spoil(os.read(self._ours, 4096))
            *lines, rest = rest.replace(b"\r", b"\n").split(b"\n")
            rest = b"" if len(rest) > LONGEST_LINE else rest
            for line in filter(None, lines):
                reply = "".join(f"{part}\r\n" for part in self.device.take(line.decode("latin-1")))
                self._send(self.device.faults.spoil(reply.encode("latin-1")))

    def _send(self, data: bytes) -> None:
        while data:
            _, ready, _ = select.select([], [self._ours], [], 1.0)
            if not ready:
                log.info("%s: nobody reads its serial line", self.device.name)
                return
            data = data[os.write(self._ours, data) :]
