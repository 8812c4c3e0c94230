"""Tektronix AWG5200 series arbitrary waveform generator.

Source: AWG5200 Series Programmer Manual (077-1337), chapter "Command descriptions": groups Control, Clock, Output,
Source, Trigger, Waveform and Sequence. Waveform data are real (little-endian float32 in -1...1); marker 1 is bit 6
and marker 2 bit 7 of a byte per sample.

What is uploaded is named after its content, so a waveform that is already there is not sent again, and each upload is
read back whole and compared: a length that agrees would also be found in a waveform whose data were lost. That doubles
the traffic of an upload, once per waveform.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import AwgLimits
from qctl.core.sequence import Playlist, Waveform
from qctl.transport import Command, Session, Word, command, grammar

from .pace import WALL, Clock, wait_until
from .scpi import Choice, Number, ScpiInstrument, refuse_beyond
from .tek_flow import EVENT_LEVEL, EVENT_SETUP, assignments, flow_commands, flow_queries

T = TypeVar("T")

SEQUENCE = "qctl"
MARKER_HIGH, MARKER_LOW = 1.0, 0.0  # V into 50 ohm
TRIGGER_LEVEL = 0.5  # V at input A, the middle of a marker; at power-on it is 1.4 V, which no marker reaches
TRIGGER_IMPEDANCE = 50  # ohm
_MARKER_BIT = 6  # of marker 1
_PART = 1 << 26  # samples sent in one block: 256 MiB
_NEVER = -1  # no generation of a session
_AT_ONCE = 64  # queries in one message


class Wanted(NamedTuple):
    """A number that is set, then asked for."""

    header: str
    value: float
    tolerance: float
    of: tuple[Word, ...] = ()


class TekAwg5200(ScpiInstrument):
    """AWG5208: eight channels, one sequence step for each trigger."""

    identity = "TEKTRONIX,AWG52"
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.HOLD, SafeAction.OFF})
    limits: ClassVar[AwgLimits] = AwgLimits(
        n_channels=8,
        markers_per_channel=1,
        bits=15,
        min_rate=298.0,
        max_rate=2.5e9,
        min_samples=2400,
        granularity=1,
        memory=2_000_000_000,
        max_steps=16_383,
        max_full_scale=0.75,
        min_full_scale=0.0125,
        event_setup=EVENT_SETUP,
    )

    mode = Choice("INSTrument:MODE", "AWG", "FGEN")
    clock_source = Choice("CLOCk:SOURce", "INTernal", "EFIXed", "EVARiable", "EXTernal")
    sample_rate = Number("CLOCk:SRATe", low=limits.min_rate, high=limits.max_rate)
    trigger_interval = Number("TRIGger:INTerval", low=1e-6, high=10.0)

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock
        self._stored: set[str] = set()  # waveforms known to be in its memory
        self._used: tuple[int, ...] = ()  # channels that the loaded sequence plays on
        self._n_steps = self._n_waiting = 0
        self._content: tuple[tuple[str, ...], tuple[int, ...], bytes] | None = None  # of the loaded playlist
        self._wait_for = Word("ATRigger")
        self._loaded = _NEVER  # generation of the session when the memory was last verified

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Set the 10 MHz reference, sample rate, full scale (V peak, within ``limit``), one marker and trigger A.

        All outputs go off, and what another user may have left (function generator, offset, skew) is undone.
        """
        self.stop()
        self._switch_off()
        self.clock_source = "EFIXed"
        if entry.sample_rate is not None:
            self.sample_rate = entry.sample_rate
        if entry.full_scale is not None:
            self._set_full_scale(entry.full_scale, limit)
        channels = range(1, self.limits.n_channels + 1)
        for channel in channels:
            self.write(f"SOURce{channel}:DAC:RESolution", self.limits.bits)
            self.write(f"SOURce{channel}:RMODe", Word("CONTinuous"))
        self.check()
        self._set([w for k in channels for w in (_offset(k), Wanted(f"SOURce{k}:SKEW", 0.0, 1e-12))])
        self._set_triggers()
        self._set([Wanted("OUTPut:OFF", 0.0, 0.0)])  # switches nothing on: each output is off

    def load(self, playlist: Playlist) -> None:
        """Make the program memory hold ``playlist`` and nothing else; read back and compare what was sent."""
        self._refuse(playlist)
        self.stop()
        generation = self.session.generation
        if self._loaded != generation:
            self._wipe()
        names = [name_of(waveform) for waveform in playlist.waveforms]
        jumps = b"" if playlist.jumps is None else playlist.jumps.tobytes()
        content = (tuple(names), playlist.steps.shape, playlist.steps.tobytes() + jumps)
        if content == self._content:
            return
        self._content, self._loaded = None, _NEVER  # until all is verified
        self._drop(self._stored - set(names))
        self._upload({n: w for n, w in zip(names, playlist.waveforms, strict=True) if n not in self._stored})
        self._write_sequence(playlist, names)
        self.check()
        self._verify_sequence(playlist, names)
        self._content, self._loaded = content, generation
        self._refuse_dirty()

    def arm(self, period: float | None) -> None:
        """Outputs on; each step waits for the external trigger A, or for the internal one of ``period`` seconds."""
        self._refuse_dirty()
        if period is not None:
            self.trigger_interval = period
        wait_for = Word("ATRigger" if period is None else "ITRigger")
        if wait_for != self._wait_for:
            self._wait_for = wait_for
            self.session.write(*(self._wait_command(step) for step in range(1, self._n_waiting + 1)))
        self.session.write(*(command(f"OUTPut{channel}:STATe", True) for channel in self._used))
        self.check()
        self._refuse_dirty()

    def start(self) -> None:
        """Run: from here on triggers count."""
        self._refuse_dirty()
        self.write("AWGControl:RUN")
        wait_until(lambda: self._run_state() != 0, 30.0, self._clock, lambda: "it did not start", self.name)
        self.check()

    def stop(self) -> None:
        """Stop playing; the program memory stays."""
        self.write("AWGControl:STOP")
        wait_until(lambda: self._run_state() == 0, 30.0, self._clock, lambda: "it did not stop", self.name)

    def jump(self, step: int) -> None:
        """While it runs: let step number ``step``, from 0, wait for the next trigger (``SOURce:JUMP:FORCe``)."""
        self._refuse_dirty()
        if not 0 <= step < self._n_steps:
            raise InstrumentError(f"step {step}", allowed=f"0 to {self._n_steps - 1}", where=self.name)
        self.session.write(*(command(f"SOURce{channel}:JUMP:FORCe", step + 1) for channel in self._used))
        self.check()

    def make_safe(self, entry: SafeEntry) -> None:
        """Hold, or (for anything else: nothing it plays is safe but silence) stop and switch all outputs off."""
        if entry.action is SafeAction.HOLD:
            return
        channels = range(1, self.limits.n_channels + 1)
        self.session.write(command("AWGControl:STOP"), *(command(f"OUTPut{k}:STATe", False) for k in channels))
        self.check()

    def live(self) -> tuple[str, ...]:
        """Return the outputs that are on, as read back now."""
        states = self._ask_all(
            [command(f"OUTPut{k + 1}:STATe?") for k in range(self.limits.n_channels)], grammar.boolean
        )
        return tuple(f"output {k}" for k, on in enumerate(states, start=1) if on)

    # --- memory ---

    def _upload(self, waveforms: Mapping[str, Waveform]) -> None:
        """Send new waveforms and compare what comes back."""
        if not waveforms:
            return
        for name, waveform in waveforms.items():
            self.write("WLISt:WAVeform:NEW", name, len(waveform.codes), Word("REAL"))
            self._send("WLISt:WAVeform:DATA", name, as_floats(waveform.codes))
            if waveform.markers.any():
                self._send("WLISt:WAVeform:MARKer:DATA", name, as_marker_bytes(waveform.markers))
        lengths = self._ask_all([command("WLISt:WAVeform:LENGth?", name) for name in waveforms], grammar.nr1)
        for (name, waveform), length in zip(waveforms.items(), lengths, strict=True):
            if length != len(waveform.codes):
                raise InstrumentError(
                    f"waveform {name} holds {length} samples", allowed=f"{len(waveform.codes)}", where=self.name
                )
        self.check()
        self._stored.update(waveforms)

    def _send(self, header: str, name: str, samples: NDArray[np.generic]) -> None:
        for first in range(0, len(samples), _PART):
            part = samples[first : first + _PART]
            self.session.write_block(command(header, name, first, len(part)), part)
            self._compare(command(f"{header}?", name, first, len(part)), part)

    def _compare(self, query: Command, sent: NDArray[np.generic]) -> None:
        found = np.empty_like(sent)
        self.session.ask_block(query, found)
        if not np.array_equal(found, sent):
            raise InstrumentError(
                f"{query} differs from what was sent in {np.count_nonzero(found != sent)} of {len(sent)} samples",
                where=self.name,
                remedy="upload again; if it happens again, power cycle the instrument",
            )

    def _wipe(self) -> None:
        """Forget everything: after a fault, nobody knows what the memory holds."""
        self.session.write(command("SLISt:SEQuence:DELete", Word("ALL")), command("WLISt:WAVeform:DELete", Word("ALL")))
        self.check()
        self._stored.clear()
        self._content, self._n_steps = None, 0

    def _drop(self, names: set[str]) -> None:
        """Delete the old sequence, then the waveforms that only it needed."""
        if self._n_steps:
            self.write("SLISt:SEQuence:DELete", SEQUENCE)
            self._n_steps = 0
        for name in sorted(names):
            self.write("WLISt:WAVeform:DELete", name)
        self._stored -= names

    def _write_sequence(self, playlist: Playlist, names: list[str]) -> None:
        steps = playlist.steps
        self._n_steps = len(steps)
        self._n_waiting = self._n_steps if playlist.jumps is None else 1
        self._used = tuple(int(c) + 1 for c in np.flatnonzero((steps >= 0).any(axis=0)))
        self.write("SLISt:SEQuence:NEW", SEQUENCE, self._n_steps, self.limits.n_channels)
        for number, step in enumerate(steps.tolist(), start=1):
            waits = [self._wait_command(number)] if number <= self._n_waiting else []
            self.session.write(*waits, *assignments(SEQUENCE, number, step, names))
        self._write_flow(playlist)
        for channel in self._used:
            self.write(f"SOURce{channel}:CASSet:SEQuence", SEQUENCE, channel)

    def _verify_sequence(self, playlist: Playlist, names: list[str]) -> None:
        """Ask for every assignment: what plays is what was compiled (G14)."""
        found = self.ask(grammar.nr1, "SLISt:SEQuence:LENGth?", SEQUENCE)
        if found != self._n_steps:
            raise InstrumentError(f"the sequence has {found} steps", allowed=f"{self._n_steps}", where=self.name)
        places = np.argwhere(playlist.steps >= 0).tolist()
        queries = [command(f"SLISt:SEQuence:STEP{s + 1}:TASSet{c + 1}:WAVeform?", SEQUENCE) for s, c in places]
        for (step, channel), answer in zip(places, self._ask_all(queries, grammar.quoted), strict=True):
            wanted = names[playlist.steps[step, channel]]
            if answer != wanted:
                where = f"{self.name} step {step + 1} channel {channel + 1}"
                raise InstrumentError(f"it would play {answer!r}", allowed=wanted, where=where)
        if playlist.jumps is None:
            self._verify_order()
        else:
            self._verify_flow(playlist.jumps)

    def _write_flow(self, playlist: Playlist) -> None:
        """Let the last step go to the first; or let each step go where the playlist says, by events at input B."""
        if playlist.jumps is None:
            self.write(f"SLISt:SEQuence:STEP{self._n_steps}:GOTO", SEQUENCE, Word("FIRSt"))
            return
        input_b = Word("BTRigger")
        self.write("TRIGger:SLOPe", Word("POSitive"), input_b)
        self._set(
            [
                Wanted("TRIGger:IMPedance", TRIGGER_IMPEDANCE, 0.05, (input_b,)),
                Wanted("TRIGger:LEVel", EVENT_LEVEL, 0.05, (input_b,)),
            ]
        )
        self.session.write(*flow_commands(SEQUENCE, playlist.jumps))

    def _verify_flow(self, jumps: NDArray[np.int32]) -> None:
        """Ask what each step waits for, and where it goes."""
        asked = list(flow_queries(SEQUENCE, jumps))
        answers = self._ask_all([query for query, _ in asked], grammar.plain)
        for (query, word), answer in zip(asked, answers, strict=True):
            wanted = word or str(self._wait_for)
            if answer != wanted and not (wanted[0].isalpha() and _is(Word(wanted), answer)):
                raise InstrumentError(f"{query} is answered {answer}", allowed=wanted, where=self.name)

    def _verify_order(self) -> None:
        """Ask what the first and the last step wait for, and where the last one goes."""
        last = f"SLISt:SEQuence:STEP{self._n_steps}"
        queries = [command(f"{step}:WINPut?", SEQUENCE) for step in ("SLISt:SEQuence:STEP1", last)]
        queries.append(command(f"{last}:GOTO?", SEQUENCE))
        wanted = (self._wait_for, self._wait_for, Word("FIRSt"))
        for query, word, answer in zip(queries, wanted, self._ask_all(queries, grammar.plain), strict=True):
            if not _is(word, answer):
                raise InstrumentError(f"{query} is answered {answer}", allowed=str(word), where=self.name)

    def _ask_all(self, queries: list[Command], read: Callable[[str], T]) -> list[T]:
        parts = (queries[first : first + _AT_ONCE] for first in range(0, len(queries), _AT_ONCE))
        return [answer for part in parts for answer in self.session.ask_many(part, read)]

    # --- small things ---

    def _wait_command(self, step: int) -> Command:
        return command(f"SLISt:SEQuence:STEP{step}:WINPut", SEQUENCE, self._wait_for)

    def _run_state(self) -> int:
        return self.ask(grammar.nr1, "AWGControl:RSTATe?")

    def _set_full_scale(self, full_scale: float, limit: LimitEntry | None) -> None:
        refuse_beyond(limit, full_scale, "full scale", self.name)
        low, high = self.limits.min_full_scale, self.limits.max_full_scale
        if not low <= full_scale <= high:
            raise InstrumentError(
                f"full scale {full_scale:g} V is outside the range", allowed=f"{low:g} to {high:g} V", where=self.name
            )
        channels = range(1, self.limits.n_channels + 1)
        peak_to_peak = 2 * full_scale
        self._set([Wanted(f"SOURce{k}:VOLTage", peak_to_peak, 1e-3 * peak_to_peak) for k in channels])

    def _switch_off(self) -> None:
        """Switch every output off, then leave the function generator, and ask whether both are so."""
        self._set([Wanted(f"OUTPut{k}:STATe", 0.0, 0.0) for k in range(1, self.limits.n_channels + 1)])
        self.mode = "AWG"
        if self.mode != "AWG":
            raise InstrumentError("it stays a function generator", allowed="INSTrument:MODE AWG", where=self.name)

    def _set_triggers(self) -> None:
        """Make marker 1 of every channel swing across the level of trigger input A, and ask whether it does."""
        input_a = Word("ATRigger")
        wanted = [
            Wanted("TRIGger:IMPedance", TRIGGER_IMPEDANCE, 0.05, (input_a,)),
            Wanted("TRIGger:LEVel", TRIGGER_LEVEL, 0.05, (input_a,)),
        ]
        for channel in range(1, self.limits.n_channels + 1):
            marker = f"SOURce{channel}:MARKer1:VOLTage:LEVel:IMMediate"
            wanted += [Wanted(f"{marker}:HIGH", MARKER_HIGH, 0.05), Wanted(f"{marker}:LOW", MARKER_LOW, 0.05)]
        self.write("TRIGger:SLOPe", Word("POSitive"), input_a)
        self._set(wanted)

    def _set(self, wanted: list[Wanted]) -> None:
        """Send settings, drain the error queue, and compare what comes back."""
        self.session.write(*(command(one.header, one.value, *one.of) for one in wanted))
        self.check()
        queries = [command(f"{one.header}?", *one.of) for one in wanted]
        for query, one, found in zip(queries, wanted, self._ask_all(queries, grammar.nr3), strict=True):
            if not abs(found - one.value) <= one.tolerance:
                raise InstrumentError(f"{query} is answered {found:g}", allowed=f"{one.value:g}", where=self.name)

    def _refuse_dirty(self) -> None:
        if self._content is None or self._loaded != self.session.generation:
            raise InstrumentError(
                "its program memory is not known to hold the sequence", where=self.name, remedy="load it (again)"
            )

    def _refuse(self, playlist: Playlist) -> None:
        n_steps, n_channels = playlist.steps.shape
        limits = self.limits
        if not 1 <= n_steps <= limits.max_steps or n_channels > limits.n_channels:
            raise InstrumentError(
                f"{n_steps} steps on {n_channels} channels",
                allowed=f"1 to {limits.max_steps} steps on at most {limits.n_channels} channels",
                where=self.name,
            )
        if not (playlist.steps >= 0).any():
            raise InstrumentError("a playlist that plays nothing", allowed="at least one waveform", where=self.name)
        for waveform in playlist.waveforms:
            if len(waveform.codes) < limits.min_samples:
                raise InstrumentError(
                    f"a waveform of {len(waveform.codes)} samples",
                    allowed=f"at least {limits.min_samples}",
                    where=self.name,
                )


def as_floats(codes: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return codes as fractions of full scale; ``rint(value * 32767)`` gives each code back exactly.

    float32 keeps 24 bits, so the error of a quotient is below 2**-25, a thousandth of a code.
    """
    if len(codes) and int(codes.min()) == -32768:
        raise InstrumentError("code -32768", allowed="-32767 to 32767: full scale is symmetric")
    return (codes / np.float32(32767)).astype("<f4")


def as_marker_bytes(markers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return one byte per sample with marker 1 in the bit where the instrument wants it."""
    if (markers > 1).any():
        raise InstrumentError("a second marker", allowed="marker 1: more would cost another bit of resolution")
    return markers << np.uint8(_MARKER_BIT)


def name_of(waveform: Waveform) -> str:
    """Return the name under which the instrument keeps a waveform: its content."""
    content = hashlib.sha256(waveform.codes.tobytes() + waveform.markers.tobytes())
    return f"w{content.hexdigest()[:24]}"


def _is(word: Word, answer: str) -> bool:
    """Tell whether an answer is a mnemonic, in its long or its short form."""
    return answer.upper() in (str(word).upper(), "".join(c for c in str(word) if not c.islower()))


def _offset(channel: int) -> Wanted:
    return Wanted(f"SOURce{channel}:VOLTage:LEVel:IMMediate:OFFSet", 0.0, 1e-3)
