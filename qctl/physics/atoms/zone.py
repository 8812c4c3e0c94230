"""Light on atoms in the zone alone: what they scatter, what becomes of them, and what it does to atoms elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .ensemble import Ensemble

Floats = NDArray[np.float64]

IN_THE_LIGHT = 0.1  # share of the light from which on it cools rather than only taking phases
SEEN = 0.5  # photons in the camera: an atom that sends fewer is not measured, it only loses its phase


def shine(atoms: Ensemble, seconds: float) -> Floats:
    """Let light act that atoms in 1 scatter; return for how long each place shines, as in full light, s.

    Shape (n_shots, n_places). Atoms in the beam are measured, heated, and now and then lost. An atom elsewhere that
    scatters ``n`` photons on average, were it in 1, keeps ``exp(-n / 2)`` of its coherence.
    """
    zone, camera = atoms.truth.zone, atoms.truth.camera
    sites = list(atoms.truth.sites.values())
    glow = np.zeros((atoms.n_shots, len(sites)))
    for atom in atoms.atoms():
        place = int(atoms.place[atom])
        full = seconds * zone.share(sites[place].y)
        if full * camera.rate * camera.efficiency < SEEN:
            atoms.dephase(atom, 0.5 * -np.expm1(-0.5 * zone.scattering * full))
            continue
        here = atoms.present[:, atom].copy()
        shone = atoms.scatter(atom, full, zone.bright_time, zone.dark_time)
        atoms.temperature[atom] = max(float(atoms.temperature[atom]), atoms.truth.tweezers.hot)
        glow[:, place] += shone * here
        atoms.lose_some(atom, 1 - (1 - zone.loss) ** (shone / 10e-3))
    return glow


def calm(atoms: Ensemble, seconds: float) -> None:
    """Cool atoms in the zone, by light that takes no account of their states; elsewhere it takes phases as `shine`."""
    zone, truth = atoms.truth.zone, atoms.truth.tweezers
    sites = list(atoms.truth.sites.values())
    for atom in atoms.atoms():
        full = seconds * zone.share(sites[int(atoms.place[atom])].y)
        if full < IN_THE_LIGHT * seconds:
            atoms.dephase(atom, 0.5 * -np.expm1(-0.5 * zone.scattering * full))
            continue
        above = float(atoms.temperature[atom]) - truth.temperature
        atoms.temperature[atom] = truth.temperature + above * np.exp(-full / truth.cooling_time)
        atoms.scramble(atom)


def empty(atoms: Ensemble, seconds: float) -> None:
    """Pump atoms in the zone into 0; elsewhere a few are hit too, and forget what they were."""
    zone = atoms.truth.zone
    sites = list(atoms.truth.sites.values())
    for atom in atoms.atoms():
        share = zone.share(sites[int(atoms.place[atom])].y)
        hit = atoms.rng.random(atoms.n_shots) < -np.expm1(-seconds * share / zone.pumping_time)
        atoms.ground(atom, hit, zone.pumping_error)
