"""Score the parameters of a chain of ions against its truth: values, gates, detection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.physics.ions.chain import Chain
from qctl.physics.ions.crystal import TWO_PI
from qctl.physics.ions.script import Stretch
from qctl.physics.ions.twin import Glow, IonTwin

from .gates import GateScore
from .ion_gates import IonBench, judged
from .readout import ReadoutScore
from .score import Score
from .stage import Upload
from .truths import scored

MOST = 300  # photons that are looked at


def score_ions(
    laboratory: Laboratory,
    twin: IonTwin,
    parameters: Parameters,
    gates: Sequence[tuple[str, str]],
    upload: Upload,
    *,
    at: float = 0.0,
    seed: int = 0,
) -> Score:
    """Return how good parameters of a chain are, given what they would upload; see :func:`.score.score`."""
    bench = IonBench(laboratory, twin, parameters, upload, at, seed)
    truths = {f"{name}.frequency": ion.frequency for name, ion in bench.chain.twin.ions.items()}
    truths |= {
        f"trap.mode_{number}": float(nu / TWO_PI) for number, nu in enumerate(bench.chain.mode_frequencies, start=1)
    }
    truths |= _of_steps_on_request(bench.chain)
    found: list[GateScore] = judged(bench, gates)
    readouts = tuple(_readout(bench, ion) for ion in range(len(bench.chain.names)))
    for one in readouts:
        truths |= {f"{one.target}.readout.p01": one.p01, f"{one.target}.readout.p10": one.p10}
    return Score(scored(parameters, truths), tuple(found), readouts)


def _of_steps_on_request(chain: Chain) -> dict[str, float]:
    """Return what is true of what a bring-up does not need: frequencies across the axis, stray fields, pointing."""
    twin = chain.twin
    found = {f"{name}.voltage": electrode.compensation for name, electrode in twin.electrodes.items()}
    if twin.focus is not None:
        found |= {f"{name}.focus.frequency": place for name, place in twin.focus.places.items()}
    if twin.tickle is not None:
        found |= {f"trap.radial_{number}": frequency for number, frequency in enumerate(chain.radial, start=1)}
    return found


def _readout(bench: IonBench, ion: int) -> ReadoutScore:
    """Return how often an ion is told wrong at the threshold of the parameters, and at the best one.

    The laws of photons are drawn: 200,000 looks at each state through the light that would shine.
    """
    rng, name = np.random.default_rng((5, ion)), bench.chain.names[ion]
    truth = bench.twin.ions[name]
    light = next(
        (s for s in reversed(bench.scripts[0].steps) if isinstance(s, Stretch) and Glow.DETECTION in s.glowing.lights),
        None,
    )
    if light is None:
        return ReadoutScore(name, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    shots, time = 200_000, light.end - light.start
    down, up = light.glowing.flips()
    dark, bright = light.glowing.photons(truth, 0.0)
    wrong = []
    for rate, other, leak in ((dark, bright, up), (bright, dark, down)):
        until = np.minimum(rng.standard_exponential(shots) / max(leak, 1e-12), time)
        photons = rng.poisson(rate * until + other * (time - until))
        wrong.append(np.bincount(np.minimum(photons, MOST), minlength=MOST + 1) / shots)
    p01, p10 = 1 - np.cumsum(wrong[0]), np.cumsum(wrong[1])
    asked = int(np.clip(bench.parameters[f"{name}.readout.counts"], 0, MOST))
    best = float(1 - (p01 + p10).min() / 2)
    return ReadoutScore(name, float(p01[asked]), float(p10[asked]), best, 0.0, 0.0, time)
