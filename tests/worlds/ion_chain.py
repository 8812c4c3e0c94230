"""A small chain with its wiring, and stages that play pulses on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, Qubit
from qctl.core.port import Port
from qctl.physics.ions.twin import Beam, Electrode, Glow, Ion, IonTwin, Light, Trap
from qctl.physics.ions.world import IonWorld
from qctl.physics.stage import Carrier, Counting, Playing, Stage, Switching

RATE, RF, MODE = 50e6, 12e6, 1e6
COOLING, PUMPING, DETECTION = (100e-6, 1.1e-3), (1.1e-3, 1.2e-3), (3.0e-3, 3.4e-3)
COLD = (1.1e-3, 2.6e-3)  # sideband cooling, with pumping light
GATES = 2.7e-3  # s; when pulses begin


def laboratory(n_ions: int) -> Laboratory:
    """Return wiring: one beam and one counter channel for each ion, three lights, one electrode."""
    lines = {f"beam{k}": Line(output=Port("awg", k + 1)) for k in range(n_ions)}
    lines |= {f"counter{k}": Line(counted_by=Port("counter", k + 1)) for k in range(n_ions)}
    for k, light in enumerate(("cooling", "pumping", "detection")):
        lines[light] = Line(switch=Port("ttl", k + 1), carrier=Port("dds", k + 1))
    lines["ex"] = Line(supply=Port("dc", 1))
    return Laboratory(
        name="chain",
        platform="trapped_ion",
        reference=10e6,
        period=5e-3,
        instruments={"awg": InstrumentEntry(driver="x:Y", address="mock", sample_rate=RATE)},
        lines=lines,
        qubits={f"q{k}": Qubit(drive=f"beam{k}", readout=f"counter{k}") for k in range(n_ions)},
        couplings={},
        safe={},
        limits={},
    )


def truth(n_ions: int, **changed: object) -> IonTwin:
    """Return a chain without any noise."""
    plain = IonTwin(
        noise_groups=1,
        ions={f"q{k}": Ion(frequency=RF, bright=50e3, dark=500.0) for k in range(n_ions)},
        beams={f"beam{k}": Beam(rabi_frequency=1e6) for k in range(n_ions)},
        lights={
            "cooling": Light(kind=Glow.COOLING, resonance=200e6, rate=4e5),
            "pumping": Light(kind=Glow.PUMPING, rate=2e5),
            "detection": Light(kind=Glow.DETECTION),
        },
        trap=Trap(frequency=MODE, lamb_dicke=0.1),
        electrodes={"ex": Electrode(compensation=0.5, modulation=1.0)},
    )
    return replace(plain, **changed)


@dataclass(frozen=True)
class Tone:
    """``volts cos(2 pi frequency t + phase)`` from ``start`` on, with edges of half a cosine."""

    beam: int
    start: float
    duration: float
    volts: float
    frequency: float = RF
    phase: float = 0.0
    edge: float = 2e-6


def playing(tones: list[Tone], n_ions: int) -> dict[Port, Playing]:
    """Return what all beams play."""
    found = {}
    for beam in range(n_ions):
        mine = [tone for tone in tones if tone.beam == beam]
        if mine:
            last = max(tone.start + tone.duration for tone in mine)
            times = (np.arange(round(last * RATE) + 10) + 0.5) / RATE
            volts = sum(_wave(tone, times) for tone in mine) / np.sinc(RF / RATE)
            found[Port("awg", beam + 1)] = Playing(volts.astype(np.float32), RATE, 0.0)
    return found


def _wave(tone: Tone, times: np.ndarray) -> np.ndarray:
    since = times - tone.start
    edge = np.clip(np.minimum(since, tone.duration - since) / max(tone.edge, 1e-12), 0, 1)
    return tone.volts * (1 - np.cos(np.pi * edge)) / 2 * np.cos(2 * np.pi * tone.frequency * times + tone.phase)


def cold_tones(n_ions: int, modes: np.ndarray, volts: float = 0.05) -> list[Tone]:
    """Return red sidebands of all modes on all beams, while pumping light is on."""
    return [Tone(b, COLD[0] + 5e-6, 1.4e-3, volts, RF - nu) for b in range(n_ions) for nu in modes]


def stage(
    points: list[dict[Port, Playing]], n_ions: int, *, cold: bool = True, biases: dict[str, float] | None = None
) -> Stage:
    """Return a stage: cooling, pumping, pulses, detection."""
    pumping = (COLD[0], COLD[1] + 50e-6) if cold else PUMPING
    spans = {1: COOLING, 2: pumping, 3: DETECTION}
    lights = {Port("ttl", k): Switching(np.array(span)) for k, span in spans.items()}
    counting = Counting(tuple(Port("counter", k + 1) for k in range(n_ions)), np.array([DETECTION]))
    carriers = {
        "dds.1": Carrier(200e6 - 9.8e6, 0.0, True),
        "dds.2": Carrier(0.0, 0.0, True),
        "dds.3": Carrier(0.0, 0.0, True),
    }
    return Stage(
        points=tuple({**lights, **point} for point in points),
        carriers=carriers,
        biases=biases if biases is not None else {"dc.1": 0.5},
        acquisitions={"counter": counting},
        period=5e-3,
    )


def bits(world: IonWorld, one: Stage, n_cycles: int, threshold: int = 5) -> np.ndarray:
    """Return what is told from the photons, shape (n_cycles, n_points, n_ions)."""
    found = world.run(one, n_cycles)
    return np.stack([found[port][:, :, 0] > threshold for port in sorted(found)], axis=2)
