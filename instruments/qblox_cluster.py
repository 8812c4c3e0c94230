"""Qblox Cluster with one readout module (QRM): tells states of qubits while the shot goes on.

Source: the SCPI layer and the drivers of the maker's package qblox-instruments 1.4 (BSD-4-Clause; files
``scpi/layers/cluster_mm_legacy.py`` and ``native/cluster_legacy.py``), which document the command set of firmware below
1.0; figures from docs.qblox.com, "Feedback" (364 ns from the last sample to a marker, through the trigger network that
takes one trigger in 252 ns) and "Readout sequencers". The module plays nothing; its markers are 3.3 V.

Queries are not tagged: nothing says that a Cluster answers several in one message.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.branching import Branching
from qctl.core.errors import InstrumentError, LimitError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import DeciderLimits
from qctl.transport import Command, Session, command, grammar

from .pace import WALL, Clock, wait_until
from .q1_programs import START_ADDRESS, SequencerPlan, plans
from .scpi import ScpiInstrument

N_SEQUENCERS = 6
FULL_SCALE = 1.0  # V at an input
SAMPLE_RATE = 1e9
_STEPS = 2**11  # of 12 bits, of samples and of weights, above zero
_BIN = np.dtype([("valid", "<u8"), ("path0", "<i8"), ("path1", "<i8"), ("told", "<u4"), ("count", "<u4")])
_SCOPE_BLOCKS = 6  # samples, out of range, averages, for two paths: in front of the bins
_MOST_BYTES = 1 << 26
_TEXT_BYTES = 1 << 20
_NEVER = -1
_STATE = grammar.matching(r"[A-Z]+;[A-Z0-9_ ]+;[ -~]*")


class QbloxCluster(ScpiInstrument):
    """A mainframe with a QRM in any slot; ports are inputs and markers of that module."""

    identity = "Qblox,Cluster"
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.HOLD, SafeAction.OFF})
    tagged = False
    error_query: ClassVar[Command] = command("SYSTem:ERRor:NEXT?")
    limits: ClassVar[DeciderLimits] = DeciderLimits(
        rates=(SAMPLE_RATE,),
        n_inputs=2,
        n_markers=4,
        n_qubits=N_SEQUENCERS - 1,
        memory=131_072,
        max_samples=16_384,
        latency=364e-9,
        spacing=256e-9,
        event=100e-9,
        lead=16e-9,
        max_shots=65_536,
    )

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock
        self._slot = 0
        self._plans: list[SequencerPlan] = []
        self._loaded = _NEVER  # generation of the session when all was verified
        self._n_shots = 0

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Find the module, stop it, take the 10 MHz reference, and map the external trigger onto the network."""
        self._slot = self._find()
        self.stop()
        self.write("STATus:QUEStionable:FREQuency:REFerence:SRC", False)
        self.write("TRG:IN:MAP:ENAble", True)
        self.write("TRG:IN:MAP:ADDRess", START_ADDRESS)
        self.check()
        found = self.ask(grammar.boolean, "TRG:IN:MAP:ENAble?"), self.ask(grammar.nr1, "TRG:IN:MAP:ADDRess?")
        if found != (True, START_ADDRESS):
            raise InstrumentError(
                f"its trigger input is mapped {found}", allowed=f"to {START_ADDRESS}", where=self.name
            )
        if entry.sample_rate != SAMPLE_RATE:
            raise InstrumentError(f"sample_rate {entry.sample_rate}", allowed=f"{SAMPLE_RATE:g} Hz", where=self.name)

    def arm(self, branching: Branching, n_shots: int) -> None:
        """Load what changed, read it back, and start: every sequencer waits for the first trigger."""
        wanted = plans(branching, n_shots, FULL_SCALE)
        self._refuse(wanted)
        self.stop()
        generation = self.session.generation
        before = self._plans if self._loaded == generation else []
        self._loaded = _NEVER  # until all is verified
        for number, plan in enumerate(wanted):
            old = before[number] if number < len(before) else None
            if old is None or not _same(old, plan):
                self._upload(number, plan)
            else:
                self._clear(number, plan)
        self.check()
        self._plans, self._n_shots, self._loaded = wanted, n_shots, generation
        for number in range(len(wanted)):
            self.write(f"{self._sequencer(number)}:ARM")
        for number in range(len(wanted)):
            self.write(f"{self._sequencer(number)}:START")
        self.check()
        if self.session.generation != generation:
            raise InstrumentError("the link failed while it was armed", where=self.name, remedy="load it again")

    def wait(self, timeout: float) -> None:
        """Return when every sequencer has stopped."""
        wait_until(self._stopped, timeout, self._clock, lambda: "it is still waiting for triggers", self.name)

    def fetch(self, answers: NDArray[np.uint8], points: NDArray[np.complex128]) -> None:
        """Fill both, shape (n_shots, n_windows); an empty bin is an error."""
        for number, plan in enumerate(self._plans):
            if plan.n_bins:
                bins = self._bins(number, plan.n_bins).reshape(self._n_shots, len(plan.columns))
                sums = (bins["path0"] + 1j * bins["path1"]) * (FULL_SCALE / _STEPS**2)
                for k, column in enumerate(plan.columns):
                    answers[:, column] = bins["told"][:, k]
                    points[:, column] = sums[:, k] / next(iter(plan.weights.values())).sum()
        self.check()

    def stop(self) -> None:
        """Stop all sequencers."""
        for number in range(N_SEQUENCERS):
            self.write(f"{self._sequencer(number)}:STOP")
        self.check()

    def make_safe(self, entry: SafeEntry) -> None:
        """Stop, unless it is to hold: a stopped sequencer has its markers low."""
        if entry.action is not SafeAction.HOLD:
            self._slot = self._slot or self._find()
            self.stop()

    # --- memory ---

    def _upload(self, number: int, plan: SequencerPlan) -> None:
        where = self._sequencer(number)
        present = self._read_json(f"{where}:CONFiguration?")
        self._write_json(f"{where}:CONFiguration", _merged(present, _configuration(plan)))
        self._write_json(f"{where}:ACQ:CHANnelmap", [[0], [1]])
        self.write(f"{where}:ACQ:WLISt:WEIght:DELete", "ALL")
        for index, (name, weights) in enumerate(plan.weights.items()):
            self.write(f"{where}:ACQ:WLISt:WEIght:NEW", name, len(weights), False)
            self.session.write_block(command(f"{where}:ACQ:WLISt:WEIght:DATA", name), weights)
            self.write(f"{where}:ACQ:WLISt:WEIght:INDex", name, index)
            self._compare(where, name, weights)
        self._clear(number, plan)
        program = np.frombuffer(plan.program.encode("ascii"), np.uint8)
        self.session.write_block(command(f"{where}:PROGram"), program)
        if not self.ask(grammar.boolean, f"SLOT{self._slot}:STATus:ASSEMbler:SUCCess?"):
            said = self.session.ask_blocks(command(f"SLOT{self._slot}:STATus:ASSEMbler:LOG?"), 1, _TEXT_BYTES)[0]
            raise InstrumentError(f"its program was not assembled: {said.decode('ascii', 'replace')}", where=self.name)
        self._verify(where, plan)

    def _clear(self, number: int, plan: SequencerPlan) -> None:
        """Make an empty acquisition of as many bins as answers will come."""
        where = self._sequencer(number)
        self.write(f"{where}:ACQ:ALISt:ACQuisition:DELete", "ALL")
        if plan.n_bins:
            self.write(f"{where}:ACQ:ALISt:ACQuisition:NEW", "told", plan.n_bins)
            self.write(f"{where}:ACQ:ALISt:ACQuisition:INDex", "told", 0)

    def _compare(self, where: str, name: str, weights: NDArray[np.float32]) -> None:
        found = np.empty_like(weights)
        self.session.ask_block(command(f"{where}:ACQ:WLISt:WEIght:DATA?", name, 0, len(weights)), found)
        if not np.allclose(found, weights, rtol=0, atol=1 / _STEPS):
            raise InstrumentError(f"weights {name} are not what was sent", where=self.name, remedy="load them again")

    def _verify(self, where: str, plan: SequencerPlan) -> None:
        """Ask for everything that shapes an answer."""
        if lost := _differing(_configuration(plan), self._read_json(f"{where}:CONFiguration?")):
            raise InstrumentError(f"its configuration is not what was sent: {lost}", where=self.name)

    def _read_json(self, query: str) -> Any:  # noqa: ANN401 - what JSON holds
        text = self.session.ask_blocks(command(query), 1, _TEXT_BYTES)[0]
        try:
            return json.loads(text)
        except ValueError as reason:
            raise InstrumentError(f"{query} is answered by no JSON", where=self.name) from reason

    def _write_json(self, header: str, content: object) -> None:
        text = json.dumps(content, separators=(",", ":")).encode("ascii")
        self.session.write_block(command(header), np.frombuffer(text, np.uint8))

    def _bins(self, number: int, n_bins: int) -> NDArray[np.void]:
        query = command(f"{self._sequencer(number)}:ACQ:ALISt:ACQuisition:DATA?", "told")
        content = self.session.ask_blocks(query, _SCOPE_BLOCKS + 1, _MOST_BYTES, timeout=60.0)[-1]
        if len(content) != n_bins * _BIN.itemsize:
            raise InstrumentError(f"{len(content)} bytes of bins", allowed=f"{n_bins} bins", where=self.name)
        bins = np.frombuffer(content, _BIN)
        missing = int(np.count_nonzero((bins["valid"] == 0) | (bins["count"] != 1)))
        if missing:
            raise InstrumentError(f"{missing} of {n_bins} answers are missing or doubled", where=self.name)
        return bins

    # --- small things ---

    def _sequencer(self, number: int) -> str:
        return f"SLOT{self._slot}:SEQuencer{number}"

    def _find(self) -> int:
        """Return the slot of the one readout module."""
        try:
            slots = {int(name.split()[-1]): str(one["IDN"]) for name, one in self._read_json("*MODS?").items()}
        except (ValueError, KeyError, TypeError, AttributeError) as reason:
            raise InstrumentError("its list of modules is not understood", where=self.name) from reason
        found = [slot for slot, idn in slots.items() if "QRM" in idn.upper()]
        if len(found) != 1:
            raise InstrumentError(f"readout modules in slots {found}", allowed="one", where=self.name)
        return found[0]

    def _stopped(self) -> bool:
        states = [self.ask(_STATE, f"{self._sequencer(k)}:STATE?").split(";") for k in range(len(self._plans))]
        for status, *_, errors, _log in (state for state in states if len(state) >= 5):
            if status == "ERROR" or errors:
                raise InstrumentError(f"a sequencer says {status}: {errors}", where=self.name, remedy="arm it again")
        return all(state[1] == "STOPPED" for state in states)

    def _refuse(self, wanted: list[SequencerPlan]) -> None:
        limits = self.limits
        asked = sum(plan.n_bins for plan in wanted)
        if len(wanted) > N_SEQUENCERS or asked > limits.memory:
            raise LimitError(
                f"{len(wanted)} sequencers, {asked} answers",
                allowed=f"{N_SEQUENCERS} and {limits.memory}",
                where=self.name,
                remedy="fewer qubits, or fewer shots at once",
            )
        for plan in wanted:
            samples = sum(map(len, plan.weights.values()))
            if samples > limits.max_samples:
                raise LimitError(f"weights of {samples} samples", allowed=f"{limits.max_samples}", where=self.name)


def _configuration(plan: SequencerPlan) -> dict[str, Any]:
    """Return the settings of a sequencer that matter here, as the instrument writes them."""
    trigger = {"addr": max(plan.address, 1), "en": plan.address > 0, "inv": False}
    threshold = {
        "discr_threshold": plan.threshold,
        "non_weighed_integration_len": 1024,
        "rotation_matrix_a11": math.cos(plan.rotation),
        "rotation_matrix_a12": math.sin(plan.rotation),
    }
    acquisition = {"demod": {"en": plan.n_bins > 0}, "th_acq": threshold, "th_acq_trg_map": trigger}
    counters = [{"count_threshold": 1, "threshold_invert": False} for _ in range(START_ADDRESS)]
    return {
        "acq": [acquisition],
        "awg": [{"nco": {"freq_hz": plan.frequency, "po": 0.0}, "marker_ovr": {"en": False, "val": 0}}],
        "seq_proc": {"sync_en": False, "trg": counters},
    }


def _merged(present: Any, wanted: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Return ``present`` with what is wanted in its place; what is not named stays."""
    if isinstance(present, dict) and isinstance(wanted, dict):
        return present | {name: _merged(present.get(name), value) for name, value in wanted.items()}
    if isinstance(present, list) and isinstance(wanted, list) and len(present) == len(wanted):
        return [_merged(old, new) for old, new in zip(present, wanted, strict=True)]
    return wanted


def _differing(wanted: object, found: object, place: str = "") -> str:
    """Return the first place where ``found`` is not what was wanted; what it holds beside that does not matter."""
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            return place
        return next((w for k, v in wanted.items() if (w := _differing(v, found.get(k), f"{place}.{k}"))), "")
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) < len(wanted):
            return place
        return next((w for k, v in enumerate(wanted) if (w := _differing(v, found[k], f"{place}.{k}"))), "")
    if isinstance(wanted, float) and isinstance(found, (int, float)):
        return "" if math.isclose(wanted, found, rel_tol=1e-6, abs_tol=1e-6) else place
    return "" if wanted == found else place


def _same(one: SequencerPlan, two: SequencerPlan) -> bool:
    """Say whether a sequencer that holds one needs nothing to do two, but room for answers."""
    alike = all(
        getattr(one, name) == getattr(two, name)
        for name in ("program", "frequency", "threshold", "rotation", "address")
    )
    return (
        alike
        and one.weights.keys() == two.weights.keys()
        and all(np.array_equal(one.weights[name], two.weights[name]) for name in two.weights)
    )
