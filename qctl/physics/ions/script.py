"""What happens during a shot, in order: stretches of light, and pulses between them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from qctl.core.port import Port
from qctl.physics.memory import Memory
from qctl.physics.stage import Counting, Playing, Stage, Switching

from .chain import Chain
from .contents import Contents
from .crystal import TWO_PI
from .drive import excerpt, light_of, windows
from .focus import Focused, Pointed, focused, pointed_at
from .glow import RECOIL, Glowing, Shining, shining, sideband_cooling
from .tickle import shaking
from .tones import Act, acts
from .twin import Glow

Floats = NDArray[np.float64]
ROOM = 0.35e6  # Hz beyond the highest mode that are looked at
UNEXPLAINED = 1e-3  # share of the power of outputs that may lie outside the band that is looked at
CLOSE = 5e-6  # s; edges of tones that cool are met so well
ENOUGH = 12.0, 5.0  # time constants of cooling and of pumping after which nothing is left of what was before


@dataclass(frozen=True)
class Stretch:
    """A time during which the same lights are on.

    Parameters
    ----------
    up, down : rates at which light, and pulses on sidebands meanwhile, add quanta to each mode and take them, 1/s
    """

    start: float
    end: float
    glowing: Glowing
    up: Floats
    down: Floats


Step = Stretch | Act | Focused


@dataclass(frozen=True)
class Script:
    """One sweep point.

    Parameters
    ----------
    steps : in order of time
    end : s
    """

    steps: tuple[Step, ...]
    end: float

    def begins_anew(self, chain: Chain) -> bool:
        """Return whether nothing of what was before matters: ions are cooled and mixed before anything else."""
        cooled, mixed = np.zeros(len(chain.mode_frequencies)), 0.0
        for step in self.steps:
            if not isinstance(step, Stretch) or (cooled.min() > ENOUGH[0] and mixed > ENOUGH[1]):
                break
            cooled = cooled + (step.end - step.start) * (step.down - step.up)
            mixed += (step.end - step.start) * sum(step.glowing.flips())
        return bool(cooled.min() > ENOUGH[0]) and mixed > ENOUGH[1]


class Scriptwriter:
    """Reads stages; what recurs from point to point or from run to run is a look-up."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.contents = memory, Contents()

    def script(
        self, chain: Chain, stage: Stage, point: Mapping[Port, Playing | Switching], open_: frozenset[str],
        shut: frozenset[str],
    ) -> Script:  # fmt: skip
        """Return what happens at one sweep point.

        Parameters
        ----------
        open_, shut : lines whose shutters are stuck
        """
        gates = gates_of(stage)
        found = self._acts(chain, point)
        spans = self._spans(chain, stage, point, open_, shut)
        tickle = shaking(chain, stage.carriers, point)
        ends = [float(e) for _, span in spans.values() for e in span.ravel() if np.isfinite(e)]
        ends += tickle.edges if tickle is not None else []
        end = max([*ends, *gates.ravel().tolist(), *(a.end for a in found)], default=0.0)
        edges = np.unique([0.0, *(e for e in ends if 0 < e < end), *(g for g in gates.ravel() if 0 < g < end), end])
        edges = _apart(edges, np.array([t for a in found if a.side for t in (a.start, a.end) if 0 < t < end]))
        steps: list[Step] = []
        for first, last in itertools.pairwise(edges):
            middle = (first + last) / 2
            lights = {
                kind: one
                for kind, (one, span) in spans.items()
                if np.any((span[:, 0] <= middle) & (middle < span[:, 1]))
            }
            share = 1.0 if tickle is None else tickle.left(chain, lights.get(Glow.COOLING), float(middle))
            meanwhile = tuple(a for a in found if a.start < last and a.end > first)
            if lights:
                steps.append(_stretch(chain, float(first), float(last), Glowing(lights, share), meanwhile, self.memory))
        dark = [a for a in found if not any(s.start < (a.start + a.end) / 2 < s.end for s in steps)]
        pointed = focused(chain, stage, point, gates.ravel(), self._pointed)
        end = max([end, *(one.end for one in pointed)])
        return Script(tuple(sorted([*steps, *dark, *pointed], key=lambda s: s.start)), float(end))

    def _pointed(self, chain: Chain, playing: Playing) -> Pointed:
        key = ("pointed", self.contents.of(playing), chain.digest)
        return self.memory.get(key, lambda: pointed_at(chain, playing))

    def _spans(
        self, chain: Chain, stage: Stage, point: Mapping[Port, Playing | Switching], open_: frozenset[str],
        shut: frozenset[str],
    ) -> dict[Glow, tuple[Shining, Floats]]:  # fmt: skip
        """Return for each light how it shines when its shutter is open, and when that is, shape (n, 2)."""
        found = {}
        for line, truth in chain.twin.lights.items():
            wired = chain.laboratory.lines.get(line)
            if wired is None or line in shut:
                continue
            carrier = stage.carriers.get(str(wired.carrier)) if wired.carrier is not None else None
            one = None if wired.carrier is not None and carrier is None else shining(truth, carrier)
            if one is None:
                continue
            switch = point.get(wired.switch) if wired.switch is not None else None
            edges = switch.edges if isinstance(switch, Switching) else np.zeros(0)
            spans = np.append(edges, np.inf)[: 2 * ((len(edges) + 1) // 2)].reshape(-1, 2)
            found[truth.kind] = one, np.array([[-np.inf, np.inf]]) if line in open_ else spans
        return found

    def _acts(self, chain: Chain, point: Mapping[Port, Playing | Switching]) -> list[Act]:
        playing = {name: one for name, port in chain.beams.items() if isinstance(one := point.get(port), Playing)}
        content = blake2b(digest_size=16)
        for name, one in playing.items():
            content.update(name.encode() + self.contents.of(one))

        def looked_at() -> Windows:
            return Windows(tuple((w, excerpt(playing, w).digest) for w in windows(list(playing.values()))))

        found: list[Act] = []
        for window, digest in self.memory.get(("point", content.digest()), looked_at).found:
            make = partial(self._window, chain, playing, window)
            found += self.memory.get(("acts", digest, chain.digest), make).acts
        return found

    def _window(self, chain: Chain, playing: Mapping[str, Playing], window: tuple[float, float]) -> Acts:
        played, middle = excerpt(playing, window), float(chain.frequencies.mean())
        half = float(chain.mode_frequencies[-1]) / TWO_PI + ROOM + float(np.ptp(chain.frequencies))
        light = light_of(played, chain.twin.beams, middle, half, self.memory)
        several = acts(chain, played.beams, light)
        if light.unseen > UNEXPLAINED and chain.modulation:
            for side in (-1, 1):
                beyond = side * chain.twin.trap.radio_frequency
                if middle + beyond > half:
                    other = light_of(played, chain.twin.beams, middle + beyond, half, self.memory)
                    several += acts(chain, played.beams, other, beyond)
        return Acts(tuple(several))


def _apart(edges: Floats, more: Floats) -> Floats:
    """Return edges and such of ``more`` as lie `CLOSE` or further from all before them: tones begin together."""
    found = edges.tolist()
    for edge in np.sort(more).tolist():
        if np.abs(np.array(found) - edge).min() > CLOSE:
            found.append(edge)
    return np.sort(np.array(found))


def _stretch(
    chain: Chain, start: float, end: float, glowing: Glowing, meanwhile: tuple[Act, ...], memory: Memory
) -> Stretch:
    """Return a stretch of light; pulses on sidebands cool while pumping light is on."""
    modes, width = chain.mode_frequencies, glowing.sideband_width()
    up, down = glowing.quanta(modes / TWO_PI)
    for act in meanwhile if width else ():
        if act.side:
            share = (min(end, act.end) - max(start, act.start)) / (end - start)
            eta = chain.eta[list(act.ions), act.mode]
            key = ("cooling", act.digest, width, eta.tobytes())
            rate = share * float(memory.get(key, partial(_cooling, act, eta, width)))
            few = rate * (RECOIL + (width / (4 * modes[act.mode])) ** 2)
            more, less = (few, rate + few) if act.side < 0 else (rate + few, few)
            up[act.mode], down[act.mode] = up[act.mode] + more, down[act.mode] + less
    return Stretch(start, end, glowing, up, down)


def _cooling(act: Act, eta: Floats, width: float) -> np.float64:
    return np.float64(sideband_cooling(act.fields, act.dt, eta, width))


@dataclass(frozen=True)
class Windows:
    """When something is played during a sweep point, s, each with what tells its excerpt from others."""

    found: tuple[tuple[tuple[float, float], bytes], ...]

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return 100 * len(self.found)


@dataclass(frozen=True)
class Acts:
    """Pulses of a window."""

    acts: tuple[Act, ...]

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return sum(act.nbytes for act in self.acts)


def gates_of(stage: Stage) -> Floats:
    """Return all gates of all counters, shape (n, 2)."""
    several = [one.gates for one in stage.acquisitions.values() if isinstance(one, Counting)]
    return np.concatenate([np.zeros((0, 2)), *several])
