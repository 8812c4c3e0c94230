"""Simulated Qblox Cluster with one readout module: takes Q1ASM, integrates what it hears, thresholds, raises markers.

Source: the SCPI layer of qblox-instruments 1.4 for firmware below 1.0 (``scpi/layers/cluster_mm_legacy.py``) and the
formats that its drivers read (``native/cluster_legacy.py``): bins are ``QqqLL``, sums of samples and weights of 12
bits. Ranges and times from docs.qblox.com. The carrier of a sequencer turns by ``exp(-i 2 pi f t)`` before the weights,
and a rotation by phi makes ``x cos phi - y sin phi`` of the sums; both are conventions that a calibration absorbs.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import q1asm
from .device import Handler, ScpiDevice, Setting, toggle
from .message import Parameter, Unit
from .q1_realtime import Core, Outcome, Question, shot
from .signals import Deciding
from .values import ScpiError, block, definite, string, switch, whole

MODEL = "Cluster"
BUILD = (  # of the firmware whose command set this is
    "fwVersion=0.12.0 fwBuild=26/09/2025-09:02:05 fwHash=0x0C12F6CC fwDirty=0 kmodVersion=0.13.0 "
    "kmodBuild=22/10/2025-12:58:39 kmodHash=0x28A9548B kmodDirty=0 swVersion=0.13.0 swBuild=22/10/2025-12:58:39 "
    "swHash=0x28A9548B swDirty=0 cfgManVersion=0.12.0 cfgManBuild=22/10/2025-12:58:39 cfgManHash=0x28A9548B "
    "cfgManDirty=0"
)
IDENTITY = f"Qblox,Cluster MM,{{serial}},{BUILD}"
SLOT = 6  # of the one module
N_SEQUENCERS, N_BINS, N_SAMPLES, N_SCOPE = 6, 131_072, 16_384, 16_384
FULL_SCALE, STEPS = 1.0, 2**11  # V, and codes above zero
MARKER_VOLTS = (0.0, 3.3)
TRIGGER_LEVEL = 0.5  # V, of the external trigger input
Kind = TypeVar("Kind", np.float32, np.void)
_BIN = np.dtype([("valid", "<u8"), ("path0", "<i8"), ("path1", "<i8"), ("told", "<u4"), ("count", "<u4")])

_DEFAULT: dict[str, Any] = {
    "acq": [
        {
            "demod": {"en": False},
            "th_acq": {
                "discr_threshold": 0.0,
                "non_weighed_integration_len": 1024,
                "rotation_matrix_a11": 1.0,
                "rotation_matrix_a12": 0.0,
            },
            "th_acq_mrk_map": {"addr": 0, "en": False, "inv": False},
            "th_acq_trg_map": {"addr": 1, "en": False, "inv": False},
            "ttl": {"auto_bin_incr_en": False, "in": False, "threshold": 0.0},
        }
    ],
    "awg": [
        {
            "cont_mode": {"en_path": [False, False], "wave_idx_path": [0, 0]},
            "mixer": {"en": False, "corr_gain_ratio": 1.0, "corr_phase_offset_degree": 0.0},
            "marker_ovr": {"en": False, "val": 0},
            "gain_path": [1.0, 1.0],
            "nco": {"freq_hz": 0.0, "po": 0.0, "delay_comp": 0, "delay_comp_en": False},
            "offs_path": [0.0, 0.0],
            "upsample_rate_path": [0, 0],
        }
    ],
    "seq_proc": {"sync_en": False, "trg": [{"count_threshold": 1, "threshold_invert": False} for _ in range(15)]},
}


@dataclass
class Named(Generic[Kind]):
    """Arrays by name, and the numbers by which programs call them."""

    entries: dict[str, NDArray[Kind]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return how long all of them are together."""
        return sum(map(len, self.entries.values()))

    def get(self, name: Parameter) -> NDArray[Kind]:
        """Return the array whose quoted name is given."""
        if string(name) not in self.entries:
            raise ScpiError(-224, f"no {string(name)[:40]}")
        return self.entries[string(name)]

    def numbered(self, index: int) -> NDArray[Kind]:
        """Return the array with a number."""
        return self.entries[self.names[index]]

    def put(self, name: Parameter, index: Parameter) -> None:
        """Give a number to an array."""
        self.get(name)
        self.names[whole(index)] = string(name)

    def drop(self, name: str) -> None:
        """Forget one array, or ``all`` of them."""
        if name.lower() != "all" and name not in self.entries:
            raise ScpiError(-224, f"no {name[:40]}")
        self.entries = {n: one for n, one in self.entries.items() if name.lower() != "all" and n != name}
        self.names = {index: n for index, n in self.names.items() if n in self.entries}


@dataclass
class Sequencer:
    """One sequencer's memory and state."""

    configuration: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(_DEFAULT))
    inputs: list[list[int]] = field(default_factory=lambda: [[0], [1]])
    program: tuple[q1asm.Instruction, ...] | None = None
    weights: Named[np.float32] = field(default_factory=lambda: Named())
    waveforms: Named[np.float32] = field(default_factory=lambda: Named())
    bins: Named[np.void] = field(default_factory=lambda: Named())
    state: str = "IDLE"
    error: str = ""


@dataclass(frozen=True)
class Run:
    """What the armed sequencers do; see `Deciding`."""

    n_shots: int
    started: int
    sequencers: Sequence[Sequencer]
    queues: Sequence[q1asm.Queue]
    cores: Sequence[Core]
    threshold: float = TRIGGER_LEVEL
    marker_volts: tuple[float, float] = MARKER_VOLTS

    def shot(self, answers: Sequence[int]) -> Outcome:
        """Return how far a shot goes by these answers."""
        return shot(self.cores, 4, answers)

    def tell(self, question: Question, volts: Mapping[int, NDArray[np.float32]]) -> NDArray[np.int64]:
        """Quantise, turn back by the carrier, weigh, sum, rotate, compare."""
        one = self.sequencers[question.sequencer]
        acquisition, awg = one.configuration["acq"][0], one.configuration["awg"][0]
        codes = [np.clip(np.rint(volts[k + 1] * (STEPS / FULL_SCALE)), -STEPS, STEPS - 1) for k in (0, 1)]
        samples = codes[one.inputs[0][0]] + 1j * codes[one.inputs[1][0]]
        if acquisition["demod"]["en"]:
            times = question.start + np.arange(question.length)
            samples = samples * np.exp(-2j * np.pi * (awg["nco"]["freq_hz"] * 1e-9 * times % 1.0))
        taken = [self._weights(one, index, question.length) for index in question.weights]
        path0, path1 = np.rint(samples.real @ taken[0]), np.rint(samples.imag @ taken[1])
        threshold = acquisition["th_acq"]
        turned = threshold["rotation_matrix_a11"] * path0 - threshold["rotation_matrix_a12"] * path1
        told = turned >= threshold["discr_threshold"] * STEPS**2
        return np.stack([path0, path1, told]).astype(np.int64)

    def _weights(self, one: Sequencer, index: int, length: int) -> NDArray[np.float64]:
        if index < 0:
            return np.full(length, float(STEPS))
        weights = one.weights.numbered(index).astype(np.float64)
        return np.clip(np.rint(weights * STEPS), -STEPS, STEPS - 1)


class QbloxCluster(ScpiDevice):
    """The mainframe; its rack asks what it does in a shot (``deciding``) and brings what was told (``deliver``)."""

    look: Callable[[], None] = staticmethod(lambda: None)

    def make_settings(self) -> Iterable[Setting]:
        """Return the plain settings."""
        self._armed: Run | None = None
        self._mapped = toggle("TRG:IN:MAP:ENAble")
        self._address = Setting("TRG:IN:MAP:ADDRess", 1, whole, str, 1, 15)
        return (
            self._mapped,
            self._address,
            Setting("TRG:IN:DLY", 0, whole, str, 0, 10_000),
            toggle("STATus:QUEStionable:FREQuency:REFerence:SRC", value=True),
        )

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return the commands of the mainframe and of the sequencers of its module."""
        self.sequencers = [Sequencer() for _ in range(N_SEQUENCERS)]
        self._assembled, self._log = True, "no program yet"
        at = "SLOT#:SEQuencer#"
        weight, acquisition = f"{at}:ACQ:WLISt:WEIght", f"{at}:ACQ:ALISt:ACQuisition"
        return (
            ("*MODS?", lambda: _json({f"SLOT {SLOT}": {"IDN": f"Qblox,Cluster QRM,0,{BUILD}"}})),
            ("*DESCribe?", lambda: _json(_described("cluster_mm", {str(SLOT): _described("cluster_qrm")}))),
            ("SLOT#:IDN?", lambda slot: f"Qblox,Cluster QRM,{self._slot(slot)},{BUILD}"),
            ("BP:MODules?", lambda: str(1 << (SLOT - 1))),
            ("SLOT#:STATus:ASSEMbler:SUCCess?", lambda slot: str(int(self._slot(slot) > 0 and self._assembled))),
            ("SLOT#:STATus:ASSEMbler:LOG?", lambda slot: definite(self._log.encode()) if self._slot(slot) else None),
            (f"{at}:PROGram", self._put_program),
            (f"{at}:CONFiguration", lambda s, k, text: self._configure(self._one(s, k), text)),
            (f"{at}:CONFiguration?", lambda s, k: _json(self._one(s, k).configuration)),
            (f"{at}:ACQ:CHANnelmap", lambda s, k, text: setattr(self._one(s, k), "inputs", _inputs(text))),
            (f"{at}:ACQ:CHANnelmap?", lambda s, k: _json(self._one(s, k).inputs)),
            (f"{at}:STATE?", self._state),
            (f"{at}:ARM", lambda s, k: setattr(self._idle(s, k), "state", "ARMED")),
            (f"{at}:START", self._start),
            (f"{at}:STOP", self._stop),
            (f"{at}:CLR:FLAGS", lambda s, k: setattr(self._one(s, k), "error", "")),
            *self._samples(weight, lambda one: one.weights),
            *self._samples(f"{at}:AWG:WLISt:WAVeform", lambda one: one.waveforms),
            (f"{acquisition}:NEW", self._new_acquisition),
            (f"{acquisition}:DELete", lambda s, k, name: self._bins(s, k).drop(string(name))),
            (f"{acquisition}:INDex", lambda s, k, name, index: self._bins(s, k).put(name, index)),
            (f"{acquisition}:BINs?", lambda s, k, name: str(len(self._bins(s, k).get(name)))),
            (f"{acquisition}:DATA?", self._data),
        )  # fmt: skip

    def reset(self) -> None:
        """Return to power-on."""
        super().reset()
        self.sequencers = [Sequencer() for _ in range(N_SEQUENCERS)]
        self._armed = None

    def execute(self, units: tuple[Unit, ...], alive: Callable[[], bool] = lambda: True) -> bytes | None:
        """Run one message; replies of this instrument end in CR and LF."""
        reply = super().execute(units, alive)
        return None if reply is None else bytes(reply) + b"\r"

    # --- a run ---

    @property
    def deciding(self) -> Deciding | None:
        """Return what the running sequencers do; None where none runs, or no trigger reaches them."""
        return self._armed if self._mapped.get() else None

    def _start(self, slot: int, number: int) -> None:
        one = self._one(slot, number)
        if one.state != "ARMED" or one.program is None:
            raise ScpiError(-221, f"sequencer {number} is {one.state}")
        one.state = "RUNNING"
        running = [s for s in self.sequencers if s.state == "RUNNING"]
        try:
            queues = [q1asm.run(s.program or ()) for s in running]
        except q1asm.AssemblyError as reason:
            one.error, self._armed = str(reason), None
            return
        if len({queue.n_shots for queue in queues}) == 1:
            cores = [_core(s, queue) for s, queue in zip(running, queues, strict=True)]
            self._armed = Run(queues[0].n_shots, next(self.clock), running, queues, cores)

    def _stop(self, slot: int, number: int) -> None:
        one = self._one(slot, number)
        one.state = "STOPPED" if one.state == "RUNNING" else one.state
        self._armed = None
        self.lock.notify_all()

    def deliver(self, deciding: object, told: Sequence[NDArray[np.int64]] | None, why: str) -> None:
        """Fill bins: an array of shape (n_acquisitions, 3, n_shots) for each sequencer that acquired."""
        run = self._armed
        if run is None or run is not deciding:
            return
        self._armed = None
        for one, queue, values in zip(run.sequencers, run.queues, told or (), strict=False):
            for k in range(queue.bins.shape[1]):
                bins = one.bins.numbered(0)
                at = queue.bins[:, k]
                for name, row in zip(("path0", "path1", "told"), values[k], strict=True):
                    bins[name][at] += row.astype(bins[name].dtype)
                bins["valid"][at] = 1
                bins["count"][at] += 1
        for one in run.sequencers:
            one.state, one.error = "STOPPED", why
        self.lock.notify_all()

    def _state(self, slot: int, number: int) -> str:
        self.look()
        one = self._one(slot, number)
        flags = "ACQ_BINNING_DONE," if one.state == "STOPPED" and one.bins.entries else ""
        return f"{'ERROR' if one.error else 'OKAY'};{one.state};{flags};;{one.error + ',' if one.error else ''};"

    # --- memory ---

    def _put_program(self, slot: int, number: int, text: Parameter) -> None:
        one = self._idle(slot, number)
        try:
            one.program = q1asm.assemble(bytes(block(text)).decode("ascii"))
            self._assembled, self._log = True, f"{len(one.program)} instructions"
        except (q1asm.AssemblyError, UnicodeDecodeError) as reason:
            one.program, self._assembled, self._log = None, False, str(reason)
            raise ScpiError(-200, "assembly failed") from reason
        one.state, one.error = "IDLE", ""

    def _configure(self, one: Sequencer, text: Parameter) -> None:
        try:
            given = json.loads(bytes(block(text)))
            complete = all(given[key] and len(given[key]) == len(_DEFAULT[key]) for key in _DEFAULT)
            complete = complete and given["acq"][0].keys() >= _DEFAULT["acq"][0].keys()
            complete = complete and given["awg"][0].keys() >= _DEFAULT["awg"][0].keys()
        except (ValueError, KeyError, TypeError, AttributeError) as reason:
            raise ScpiError(-224, "configuration") from reason
        if not complete or not abs(float(given["awg"][0]["nco"]["freq_hz"])) <= 500e6:
            raise ScpiError(-222, "configuration")
        given["awg"][0]["nco"]["freq_hz"] = round(float(given["awg"][0]["nco"]["freq_hz"]) * 4) / 4
        one.configuration = given

    def _samples(self, at: str, of: Callable[[Sequencer], Named[np.float32]]) -> Iterable[tuple[str, Handler]]:
        """Return the commands of a list of weights, or of waveforms, which nothing plays here."""

        def new(slot: int, number: int, name: Parameter, size: Parameter, integers: Parameter) -> None:
            held, n_samples = of(self._one(slot, number)), whole(size)
            if switch(integers) or n_samples < 4 or held.size + n_samples > N_SAMPLES:
                raise ScpiError(-225, f"{n_samples} samples")
            held.entries[string(name)] = np.zeros(n_samples, np.float32)

        def put(slot: int, number: int, name: Parameter, samples: Parameter) -> None:
            held, data = of(self._one(slot, number)).get(name), np.frombuffer(block(samples), "<f4")
            if len(data) != len(held) or not np.all(np.abs(data) <= 1.0):
                raise ScpiError(-222, "samples")
            held[:] = data

        def get(slot: int, number: int, name: Parameter, start: Parameter, size: Parameter) -> bytes:
            held = of(self._one(slot, number)).get(name)[whole(start) :][: whole(size)]
            return definite(held.astype("<f4").tobytes())

        return (
            (f"{at}:NEW", new),
            (f"{at}:DATA", put),
            (f"{at}:DATA?", get),
            (f"{at}:DELete", lambda s, k, name: of(self._one(s, k)).drop(string(name))),
            (f"{at}:INDex", lambda s, k, name, index: of(self._one(s, k)).put(name, index)),
            (f"{at}:LENGth?", lambda s, k, name: str(len(of(self._one(s, k)).get(name)))),
        )

    def _new_acquisition(self, slot: int, number: int, name: Parameter, n_bins: Parameter) -> None:
        one, wanted = self._one(slot, number), whole(n_bins)
        used = sum(each.bins.size for each in self.sequencers)
        if wanted < 1 or used + wanted > N_BINS or string(name).lower() == "all":
            raise ScpiError(-225, f"{wanted} bins, {N_BINS - used} are free")
        one.bins.entries[string(name)] = np.zeros(wanted, _BIN)

    def _data(self, slot: int, number: int, name: Parameter) -> bytes:
        bins = self._bins(slot, number).get(name)
        scope = definite(bytes(4 * N_SCOPE)) + definite(b"\0") + definite(bytes(4))
        return scope + scope + definite(bins.tobytes())

    # --- small things ---

    def _slot(self, slot: int) -> int:
        if slot != SLOT:
            raise ScpiError(-114, f"no module in slot {slot}")
        return slot

    def _one(self, slot: int, number: int) -> Sequencer:
        self._slot(slot)
        if not 0 <= number < N_SEQUENCERS:
            raise ScpiError(-114, f"sequencer {number}")
        return self.sequencers[number]

    def _bins(self, slot: int, number: int) -> Named[np.void]:
        return self._one(slot, number).bins

    def _idle(self, slot: int, number: int) -> Sequencer:
        one = self._one(slot, number)
        if one.state == "RUNNING":
            raise ScpiError(-221, f"sequencer {number} is running")
        return one


def _core(one: Sequencer, queue: q1asm.Queue) -> Core:
    acquisition = one.configuration["acq"][0]
    mapped = acquisition["th_acq_trg_map"]
    lengths = [len(one.weights.numbered(k)) for k in range(len(one.weights.names))]
    return Core(
        queue.before,
        queue.shot,
        lengths,
        acquisition["th_acq"]["non_weighed_integration_len"],
        int(mapped["addr"]) if mapped["en"] else 0,
        bool(mapped["inv"]),
    )


def _described(model: str, modules: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the mainframe says of itself, or of a module."""
    built = {"version": [0, 13, 0], "build": 1761137919, "hash": "28A9548B", "dirty": False}
    parts = dict.fromkeys(("fw", "kmod", "sw", "cfg_man"), built)
    names = {"manufacturer": "Qblox", "model": model, "name": model.replace("_", "-"), "ser": "00000_0000_000"}
    return {**names, **parts, "is_rf": False, "is_extended_instrument": False, "modules": modules or {}}


def _inputs(text: Parameter) -> list[list[int]]:
    try:
        given = json.loads(bytes(block(text)))
    except ValueError as reason:
        raise ScpiError(-224, "channel map") from reason
    if given not in ([[0], [1]], [[1], [0]], [[0], [0]], [[1], [1]]):
        raise ScpiError(-224, "channel map")
    return list(given)


def _json(content: object) -> bytes:
    return definite(json.dumps(content).encode())


MOCK = QbloxCluster
