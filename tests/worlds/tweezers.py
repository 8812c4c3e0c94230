"""A tweezer array of hand-made waveforms and switches: what a run would send, made without any other part."""

from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from qctl.core.laboratory import Laboratory, Line
from qctl.core.port import Port
from qctl.physics.atoms.twin import AtomTwin, Camera, Deflector, Qubits, Rydberg, Site, Tweezers, Zone
from qctl.physics.atoms.world import AtomWorld
from qctl.physics.stage import Exposing, Playing, Stage, Switching

US, UM, MHZ = 1e-6, 1e-6, 1e6
PITCH = 6 * UM
GATE = 3 * UM  # distance of the two sites of the zone
WAVES = ("tweezers_x", "tweezers_y", "pointer_x", "pointer_y", "raman", "raman_local", "rydberg_blue")
LINES = (
    "trap_off",
    "dark",
    "mot",
    "cooling",
    "imaging",
    "probe",
    "pumping",
    "pushout",
    "rydberg_red",
    "zone_light",
    "zone_cooling",
    "zone_pumping",
)
RATE = 50e6
RAMAN, BLUE = 10e6, 15e6  # Hz at which the modulators' light is in resonance
CAMERA = Port("camera", 1)


def laboratory(n=16):
    lines = {name: Line(output=Port("awg", k + 1)) for k, name in enumerate(WAVES)}
    lines |= {name: Line(switch=Port("pulser", k + 1)) for k, name in enumerate(LINES)}
    return Laboratory(
        name="array",
        platform="neutral_atom",
        reference=10e6,
        period=0.2,
        instruments={},
        lines=MappingProxyType(lines),
        qubits={f"q{k}": None for k in range(n)},
        couplings={},
        safe={},
        limits={},
    )


def sites(n=16, **more):
    side = int(np.ceil(np.sqrt(n)))
    found = {f"q{k}": Site(x=(k % side) * PITCH, y=(k // side) * PITCH, **more) for k in range(n)}
    return found | {"zone0": Site(x=9 * UM, y=-60 * UM), "zone1": Site(x=9 * UM + GATE, y=-60 * UM)}


def ideal(n=16, **more):
    """Nothing goes wrong that can be switched off."""
    parts = {
        "sites": sites(n),
        # 10 um per MHz; x = 0 at 2 MHz, y = 0 at 10 MHz
        "deflector": Deflector(x0=-20 * UM, y0=-100 * UM, slope_x=10e-12, slope_y=10e-12),
        "pointer": Deflector(x0=-20 * UM, y0=-20 * UM, slope_x=10e-12, slope_y=10e-12),
        "camera": Camera(row0=6, column0=6, scale=6 / PITCH, loss=0.0),
        "tweezers": Tweezers(move_loss=0.0, lifetime=1e9, heating=0.0, temperature=1e-6, loading=1.0),
        "qubits": Qubits(
            frequency=RAMAN, noise=0.0, amplitude_noise=0.0, scattering=0.0, pumping_error=0.0, push_error=0.0,
            local_floor=0.0,
        ),
        "rydberg": Rydberg(
            frequency=BLUE, blue=600e6, red=200e6, linewidth=0.0, shift=0.0, lifetime=1e3, frequency_noise=0.0,
            amplitude_noise=0.0, y=-60 * UM,
        ),
        "zone": Zone(y=-60 * UM, floor=0.0, bright_time=1e9, dark_time=1e9, loss=0.0, pumping_error=0.0),
    }  # fmt: skip
    return AtomTwin(**(parts | more))


@dataclass
class Score:
    """One shot of 120 ms of loading and imaging, then whatever a test adds; times in s after that."""

    lead: float = 0.12
    length: float = 0.06
    high: dict = field(default_factory=dict)
    waves: dict = field(default_factory=dict)
    exposures: list = field(default_factory=list)
    loading: bool = True

    def __post_init__(self):
        if self.loading:
            self.on("trap_off", -self.lead, -self.lead + 5e-3)
            self.on("mot", -self.lead + 5e-3, -25e-3)
            self.image(-20e-3)
            self.on("cooling", -8e-3, -1e-3)
            self.on("pumping", -1e-3, -0.5e-3)

    def on(self, line, start, end):
        self.high.setdefault(line, []).append((self.lead + start, self.lead + end))

    def image(self, start, seconds=10e-3, light="imaging"):
        self.on(light, start, start + seconds)
        self.exposures.append((self.lead + start, self.lead + start + seconds))

    def play(self, line, start, samples):
        self.waves.setdefault(line, []).append((start, np.asarray(samples, np.float32)))

    def tone(self, line, start, seconds, frequency, volts, phase=0.0):
        t = start + (np.arange(round(seconds * RATE)) + 0.5) / RATE
        self.play(line, start, volts * np.cos(2 * np.pi * frequency * t + phase))

    def point(self, lab):
        found = {}
        for line, spans in self.high.items():
            edges = np.array([t for span in sorted(spans) for t in span])
            found[lab.lines[line].switch] = Switching(edges)
        for line, parts in self.waves.items():
            end = max(start + len(samples) / RATE for start, samples in parts)
            volts = np.zeros(round(end * RATE) + 1, np.float32)
            for start, samples in parts:
                first = round(start * RATE)
                volts[first : first + len(samples)] += samples
            found[lab.lines[line].output] = Playing(volts, RATE, self.lead)
        return found

    def stage(self, lab):
        shape = (40, 40)
        return Stage((self.point(lab),), {}, {}, {"camera": Exposing(CAMERA, np.array(self.exposures), shape)}, 0.2)


class Array:
    """A world, and what its frames say: True where an atom shines."""

    def __init__(self, twin, n=16, seed=1):
        self.lab = laboratory(n)
        self.world = AtomWorld(self.lab, twin, seed)
        camera = twin.camera
        xy = np.array([[s.x, s.y] for s in list(twin.sites.values())[:n]])
        self.pixels = np.rint(np.array([camera.row0, camera.column0]) + camera.scale * xy[:, ::-1]).astype(int)
        shine = camera.rate * 10e-3 * camera.efficiency
        self.threshold = 9 * camera.offset + camera.gain * 0.4 * shine

    def frames(self, score, shots=200):
        return self.world.run(score.stage(self.lab), shots)[CAMERA][:, 0]

    def bright(self, score, shots=200):
        frames = self.frames(score, shots).astype(float)
        sums = [frames[:, :, r - 1 : r + 2, c - 1 : c + 2].sum(axis=(2, 3)) for r, c in self.pixels]
        return np.stack(sums, axis=-1) > self.threshold


def site(k, side=4):
    """Where the k-th site of the array is."""
    return (k % side) * PITCH, (k // side) * PITCH


ZONE = ((9 * UM, -60 * UM), (9 * UM + GATE, -60 * UM))


def to_zone(k, place):
    """A way from a site to the zone that keeps between the columns."""
    (x, y), goal = site(k), ZONE[place]
    return [(x, y), (x + PITCH / 2, y), (x + PITCH / 2, -50 * UM), (goal[0], -50 * UM), goal]


def rydberg(score, start, seconds, frequency=BLUE, volts=0.5, phase=None):
    """Both beams, with all traps off."""
    t = start + (np.arange(round(seconds * RATE)) + 0.5) / RATE
    turned = 0.0 if phase is None else phase(t - start)
    score.play("rydberg_blue", start, volts * np.cos(2 * np.pi * frequency * t + turned))
    for line in ("rydberg_red", "dark"):
        score.on(line, start - 1e-6, start + seconds + 1e-6)


def move(score, start, path, seconds=200e-6, edge=50e-6, volts=0.2):
    """Carry what stands at the first point along straight lines; return when it is put down."""
    times, points = [0.0, edge], [path[0], path[0]]
    for point in path[1:]:
        times.append(times[-1] + seconds)
        points.append(point)
    times.append(times[-1] + edge)
    points.append(path[-1])
    end = times[-1]
    t = (np.arange(round(end * RATE)) + 0.5) / RATE
    level = np.clip(np.minimum(t, end - t) / edge, 0, 1)
    points = np.array(points)
    for axis, line, origin in ((0, "tweezers_x", -20 * UM), (1, "tweezers_y", -100 * UM)):
        position = np.zeros(len(t))
        for k in range(len(times) - 1):
            here = (t >= times[k]) & (t < times[k + 1] + 1e-12)
            s = (t[here] - times[k]) / (times[k + 1] - times[k])
            smooth = 10 * s**3 - 15 * s**4 + 6 * s**5
            position[here] = points[k][axis] + (points[k + 1][axis] - points[k][axis]) * smooth
        frequency = (position - origin) / 10e-12
        score.play(line, start, volts * level * np.cos(2 * np.pi * np.cumsum(frequency) / RATE))
    return start + end
