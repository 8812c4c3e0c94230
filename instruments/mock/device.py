"""What every simulated instrument answers: common commands, error queue, status, and a table of plain settings."""

from __future__ import annotations

import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import header
from .message import Parameter, Unit
from .part import Part
from .values import ScpiError, number, quoted, switch

log = logging.getLogger(__name__)

Reply = str | bytes | memoryview | None
Handler = Callable[..., Reply]
"""Called with the numeric suffixes and then the parameters; queries return what to send back."""

_QUEUE = 32  # entries; SCPI-99, volume 2, 21.8.1: the last one becomes -350 when more come
_PATIENCE = 0.2  # s between looks at whether a caller that waits is still there
_ESR_BITS = {1: 32, 2: 16, 3: 8, 4: 4}  # command, execution, device and query errors by hundreds


@dataclass
class Setting:
    """A value that can be set and asked for, with no further effect.

    Parameters
    ----------
    pattern : header, without ``?``
    value : at power-on
    read : turns a parameter into the value
    write : turns the value into a reply
    low, high : allowed range of numbers
    suffixes : allowed values of the numeric suffixes; each combination has its own value
    """

    pattern: str
    value: Any
    read: Callable[[Parameter], Any] = number
    write: Callable[[Any], str] = str
    low: float | None = None
    high: float | None = None
    suffixes: Sequence[range] = ()
    values: dict[tuple[int, ...], Any] = field(default_factory=dict)

    def key(self, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Return the suffixes, 1 where none was given; refuse those that the instrument has not."""
        key = tuple(1 if n < 0 else n for n in numbers)
        if any(n not in allowed for n, allowed in zip(key, self.suffixes, strict=True)):
            raise ScpiError(-114)
        return key

    def get(self, *suffixes: int) -> Any:  # noqa: ANN401 - a setting holds what its reader returns
        """Return the value, for one combination of suffixes."""
        return self.values.get(suffixes, self.value)

    def ask(self, *arguments: Any) -> str:  # noqa: ANN401
        """Answer the query."""
        if len(arguments) > len(self.suffixes):
            raise ScpiError(-108)
        return self.write(self.get(*self.key(arguments[: len(self.suffixes)])))

    def put(self, *arguments: Any) -> None:  # noqa: ANN401
        """Take a new value; raise ScpiError when it is not allowed."""
        numbers, parameters = arguments[: len(self.suffixes)], arguments[len(self.suffixes) :]
        if len(parameters) != 1:
            raise ScpiError(-108 if parameters else -109)
        value = self.read(parameters[0])
        if (self.low is not None and not value >= self.low) or (self.high is not None and not value <= self.high):
            raise ScpiError(-222, f"{self.pattern} {parameters[0]}")
        self.values[self.key(numbers)] = value

    def reset(self) -> None:
        """Return to the value at power-on."""
        self.values.clear()


@dataclass(frozen=True, slots=True)
class Command:
    """A handler and how many arguments it takes."""

    handler: Handler
    fewest: int
    most: float

    @classmethod
    def of(cls, handler: Handler) -> Command:
        """Read the numbers of arguments from the signature."""
        fewest, most = 0, 0.0
        for parameter in inspect.signature(handler).parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                most = float("inf")
            else:
                most += 1
                fewest += parameter.default is parameter.empty
        return cls(handler, fewest, most)

    def __call__(self, *arguments: int | Parameter) -> Reply:
        """Run; the wrong number of parameters is an error of the sender."""
        if not self.fewest <= len(arguments) <= self.most:
            raise ScpiError(-109 if len(arguments) < self.fewest else -108)
        return self.handler(*arguments)


def nr3(value: float) -> str:
    """Write a number as most instruments do: ``5.000000000E+09``."""
    return f"{value:.9E}"


def toggle(pattern: str, value: bool = False, **more: Any) -> Setting:  # noqa: ANN401
    """Return a boolean setting; it answers 1 or 0."""
    return Setting(pattern, value, switch, lambda on: str(int(on)), **more)


class ScpiDevice(Part):
    """One simulated instrument; servers give it messages, it gives back replies."""

    options = ""

    def power_on(self) -> None:
        """Build the tree of commands."""
        self.errors: deque[tuple[int, str]] = deque()
        self.event_status = 128  # power on
        self.enables = {"ESE": 0, "SRE": 0}
        self._caller = threading.local()
        self.cleared = 0  # counts device clears: what waits gives up when it changes
        self.settings = list(self.make_settings())
        plain = [(s.pattern, partial(self._put, s)) for s in self.settings] + [
            (f"{s.pattern}?", s.ask) for s in self.settings
        ]
        entries = [*self.commands(), *plain, *self._common()]
        self.tree = header.Tree([(pattern, Command.of(handler)) for pattern, handler in entries])

    def make_settings(self) -> Iterable[Setting]:
        """Return the plain settings of this instrument."""
        return ()

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return (pattern, handler) of everything that is more than a setting."""
        return ()

    def reset(self) -> None:
        """Return to the state at power-on."""
        for setting in self.settings:
            setting.reset()

    def clear(self) -> None:
        """Device clear: give up what waits; settings stay."""
        with self.lock:
            self.cleared += 1
            self.lock.notify_all()

    def close(self) -> None:
        """Called when the rack stops."""
        self.clear()

    def execute(self, units: tuple[Unit, ...], alive: Callable[[], bool] = lambda: True) -> bytes | memoryview | None:
        """Run one program message; return the reply without its terminator, None when nothing was asked.

        ``alive`` says whether whoever asked is still there; what waits gives up when not.
        """
        self._caller.alive = alive
        replies: list[bytes | memoryview] = []
        path = ""
        for unit in units:
            with self.lock:
                at = header.below(path, unit.header)
                path = path if at.startswith("*") else at
                reply = self._run(at, unit)
            if reply is not None:
                replies.append(reply.encode("latin-1") if isinstance(reply, str) else reply)
        if not replies:
            return None
        return replies[0] if len(replies) == 1 else b";".join(replies)

    def _run(self, at: str, unit: Unit) -> Reply:
        found = self.tree.find(at)
        try:
            if found is None:
                raise ScpiError(-113, unit.header[:60])
            command, numbers = found
            self.changes += not at.endswith("?") and (at[0] != "*" or at == "*RST")
            return command(*numbers, *unit.parameters)
        except ScpiError as error:
            self.fail(error)
            return None

    def _put(self, setting: Setting, *arguments: int | Parameter) -> None:
        if not self.faults.ignores_setting():
            setting.put(*arguments)

    def fail(self, error: ScpiError) -> None:
        """Put an error into the queue."""
        log.info("%s: %s", self.name, error)
        self.event_status |= _ESR_BITS.get(-error.number // 100, 8)
        if len(self.errors) < _QUEUE:
            self.errors.append((error.number, error.text))
        else:
            self.errors[-1] = (-350, ScpiError.TEXTS[-350])

    def next_error(self) -> tuple[int, str]:
        """Take the oldest error from the queue."""
        if self.faults.endless_errors:
            return -350, ScpiError.TEXTS[-350]
        return self.errors.popleft() if self.errors else (0, "No error")

    def wait_until(self, done: Callable[[], bool]) -> bool:
        """Hold the caller until ``done``; False when it was cleared or hung up first. The lock is free meanwhile."""
        before, alive = self.cleared, getattr(self._caller, "alive", lambda: True)
        while not done():
            self.lock.wait(_PATIENCE)
            if self.cleared != before or not alive():
                return False
        return True

    def complete(self) -> bool:
        """Say whether all operations have ended (``*OPC?`` waits for it)."""
        return True

    def _common(self) -> Iterable[tuple[str, Handler]]:
        """IEEE 488.2, chapter 10, and SCPI-99, volume 2, chapter 21.8."""
        return (
            ("*IDN?", lambda: self.faults.identity(self.identity)),
            ("*OPT?", lambda: self.options or "0"),
            ("*RST", self._reset),
            ("*TST?", lambda: "0"),
            ("*CLS", self._clear_status),
            ("*WAI", self._wait),
            ("*TRG", self.trigger),
            ("*OPC", self._operation_complete),
            ("*OPC?", self._operation_complete_query),
            ("*STB?", lambda: str(self.status_byte())),
            ("*ESR?", self._event_status_query),
            ("*ESE", lambda value: self._enable("ESE", value)),
            ("*ESE?", lambda: str(self.enables["ESE"])),
            ("*SRE", lambda value: self._enable("SRE", value)),
            ("*SRE?", lambda: str(self.enables["SRE"])),
            ("SYSTem:ERRor[:NEXT]?", lambda: "{},{}".format(*self._quoted_error())),
            ("SYSTem:ERRor:ALL?", self._all_errors),
            ("SYSTem:ERRor:CODE[:NEXT]?", lambda: str(self.next_error()[0])),
            ("SYSTem:ERRor:COUNt?", lambda: str(len(self.errors))),
            ("SYSTem:VERSion?", lambda: "1999.0"),
        )

    def trigger(self) -> Reply:
        """``*TRG``; instruments without a bus trigger ignore it."""
        raise ScpiError(-211)

    def status_byte(self) -> int:
        """Return IEEE 488.2's status byte: errors queued, standard events."""
        standard = 32 if self.event_status & self.enables["ESE"] else 0
        status = (4 if self.errors else 0) | standard
        return status | (64 if status & self.enables["SRE"] else 0)

    def _quoted_error(self) -> tuple[int, str]:
        code, text = self.next_error()
        return code, quoted(text)

    def _all_errors(self) -> str:
        found = [self._quoted_error() for _ in range(max(1, len(self.errors)))]
        return ",".join(f"{code},{text}" for code, text in found)

    def _reset(self) -> None:
        self.reset()
        self.lock.notify_all()

    def _clear_status(self) -> None:
        self.errors.clear()
        self.event_status = 0

    def _enable(self, register: str, value: Parameter) -> None:
        self.enables[register] = int(number(value)) & 255

    def _event_status_query(self) -> str:
        status, self.event_status = self.event_status, 0
        return str(status)

    def _wait(self) -> None:
        self.wait_until(self.complete)

    def _operation_complete(self) -> None:
        if self.complete():
            self.event_status |= 1

    def _operation_complete_query(self) -> Reply:
        if self.faults.stuck_opc():
            self.wait_until(lambda: False)
            return None
        return "1" if self.wait_until(self.complete) else None
