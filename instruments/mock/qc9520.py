"""Simulated Quantum Composers 9528: timers, multiplexer, bursts on its own clock; what cannot be is refused.

Source: 9520 series user manual, chapter "Programming the 9520 pulse generator".
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from .line_device import LineDevice
from .signals import PlayedStep, Player

MODEL = "9528"
IDENTITY = "QC,9528,{serial},2.4.1-1.0.8"
N_CHANNELS = 8
STEP = 250e-12  # s
MIN_WIDTH, MAX_TIME, MIN_PERIOD, MAX_PERIOD = 10e-9, 999.99999999975, 100e-9, 5000.0
MIN_GAP = 100e-9  # s, from the last edge of a shot to the next shot
LEVELS = (0.0, 2.5)  # V into 50 ohm
_LINE = re.compile(r":(PULS|PULSE)([0-9]?)((?::[A-Z]+)+)(\?| ([-+.0-9A-Z]+))", re.IGNORECASE)
_SHORT = {
    "STATE": "STATE", "STAT": "STATE", "WIDTH": "WIDT", "WIDT": "WIDT", "DELAY": "DEL", "DEL": "DEL", "PERIOD": "PER",
    "PER": "PER", "MODE": "MODE", "MOD": "MODE", "BCOUNTER": "BCO", "BCO": "BCO", "MUX": "MUX", "POLARITY": "POL",
    "POL": "POL", "SYNC": "SYNC", "CMODE": "CMOD", "CMOD": "CMOD", "OUTPUT": "OUTP", "OUTP": "OUTP",
    "TRIGGER": "TRIG", "TRIG": "TRIG",
}  # fmt: skip
_NUMBERS = {
    "PER": (MIN_PERIOD, MAX_PERIOD),
    "BCO": (1, 9_999_999),
    "DEL": (0.0, MAX_TIME),
    "WIDT": (MIN_WIDTH, MAX_TIME),
    "MUX": (0, 255),
}
_WORDS = {
    "MODE": ("NORM", "SING", "BURS", "DCYC"),
    "CMOD": ("NORM", "SING", "BURS", "DCYC"),
    "POL": ("NORM", "COMP", "INV"),
    "OUTP:MODE": ("TTL", "ADJ"),
    "TRIG:MODE": ("DIS", "TRIG"),
    "SYNC": ("T0", "CHA", "CHB", "CHC", "CHD", "CHE", "CHF", "CHG", "CHH"),
    "STATE": ("0", "1", "ON", "OFF"),
}
_SYSTEM = {"STATE", "PER", "MODE", "BCO", "TRIG:MODE"}
_CHANNEL = {"STATE", "DEL", "WIDT", "MUX", "POL", "SYNC", "CMOD", "OUTP:MODE"}


class Qc9520(LineDevice):
    """All outputs off and stopped at power-on. A timer runs whether or not its own output is on."""

    settings: dict[tuple[int, str], str]

    def power_on(self) -> None:
        """Begin at the settings of power-on."""
        self.reset()

    def reset(self) -> None:
        """Return to the state at power-on."""
        self.started = 0
        system = {"PER": "0.01000000000", "MODE": "NORM", "BCO": "1", "TRIG:MODE": "DIS"}
        channel = {
            "STATE": "0", "DEL": "0.00000000000", "WIDT": "0.00000100000", "POL": "NORM", "SYNC": "T0", "CMOD": "NORM",
            "OUTP:MODE": "TTL",
        }  # fmt: skip
        self.settings = {(0, keyword): value for keyword, value in system.items()}
        for k in range(1, N_CHANNELS + 1):
            self.settings |= {(k, keyword): value for keyword, value in channel.items()}
            self.settings[k, "MUX"] = str(1 << (k - 1))

    def answer(self, line: str) -> tuple[str, ...]:
        """Answer one line."""
        if line.upper() == "*IDN?":
            return (self.faults.identity(self.identity),)
        if line.upper() == "*RST":
            self.reset()
            return ("ok",)
        if line[:1] not in (":", "*"):
            return ("?1",)
        found = _LINE.fullmatch(line)
        if found is None:
            return ("?3",)
        number = int(found[2] or 1)
        parts = [_SHORT.get(part, "") for part in found[3].upper().split(":")[1:]]
        keyword = ":".join(parts)
        if "" in parts or number > N_CHANNELS or keyword not in (_CHANNEL if number else _SYSTEM):
            return ("?3",)
        if found[5] is None:
            return (str(int(self._running())) if (number, keyword) == (0, "STATE") else self.settings[number, keyword],)
        return (self._set(number, keyword, found[5].upper()),)

    def _set(self, number: int, keyword: str, value: str) -> str:
        if self.faults.ignores_setting():
            return "ok"
        if keyword in _NUMBERS:
            low, high = _NUMBERS[keyword]
            try:
                given = float(value)
            except ValueError:
                return "?5"
            if not low <= given <= high:
                return "?5"
            whole = keyword in ("BCO", "MUX")
            if given != (round(given) if whole else round(round(given / STEP) * STEP, 11)):
                return "?5"
            value = str(int(given)) if whole else f"{given:.11f}"
        elif value not in _WORDS[keyword]:
            return "?5"
        if keyword == "STATE":
            value = {"ON": "1", "OFF": "0"}.get(value, value)
            if number == 0:
                return self._switch(value == "1")
        self.settings[number, keyword] = value
        return "ok"

    def _switch(self, on: bool) -> str:
        if on and self._latest() > float(self.settings[0, "PER"]) - MIN_GAP * (1 - 1e-6):
            return "?8"
        self.started = next(self.clock) if on else 0
        self.lock.notify_all()
        return "ok"

    def _running(self) -> bool:
        return self.started > 0

    def _timers(self, output: int) -> list[tuple[int, int]]:
        """Return (rise, fall) of the timers joined at an output that is on, in steps, in order."""
        if self.settings[output, "STATE"] != "1":
            return []
        mask = int(self.settings[output, "MUX"])
        joined = [k for k in range(1, N_CHANNELS + 1) if mask >> (k - 1) & 1]
        rises = [(round(float(self.settings[k, "DEL"]) / STEP), k) for k in joined]
        return sorted((rise, rise + round(float(self.settings[k, "WIDT"]) / STEP)) for rise, k in rises)

    def _latest(self) -> float:
        return max((fall for k in range(1, N_CHANNELS + 1) for _, fall in self._timers(k)), default=0) * STEP

    def pulses(self, output: int) -> NDArray[np.float64]:
        """Return when an output toggles in a shot, s: overlapping pulses are one."""
        merged: list[list[int]] = []
        for rise, fall in self._timers(output):
            if merged and rise <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], fall)
            else:
                merged.append([rise, fall])
        return np.array(merged, float).ravel() * STEP

    def player(self) -> Player | None:
        """Return what it plays now; None when it is not running."""
        if not self._running():
            return None
        switching = {k: self.pulses(k) for k in range(1, N_CHANNELS + 1)}
        switching = {k: times for k, times in switching.items() if len(times)}
        edges = {k: np.rint(times[::2] / STEP).astype(np.int64) for k, times in switching.items()}
        period = float(self.settings[0, "PER"])
        burst = self.settings[0, "MODE"] == "BURS"
        return Player(
            rate=1 / STEP,
            interval=period,
            steps=(PlayedStep(1, {}, edges, "ITR", 0, switching),),
            started=self.started,
            marker_levels=dict.fromkeys(switching, LEVELS),
            threshold=1.0,
            n_shots=int(self.settings[0, "BCO"]) if burst else None,
        )


MOCK = Qc9520
