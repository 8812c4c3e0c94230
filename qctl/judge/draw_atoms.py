"""Draw a hidden truth for an array of atoms, around the first guesses of its laboratory file."""

from __future__ import annotations

import numpy as np

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.units import MHz, kHz, us
from qctl.physics.atoms.twin import (
    AtomDrift,
    AtomTwin,
    Camera,
    Deflector,
    Hologram,
    Qubits,
    Rydberg,
    Site,
    Tweezers,
    Zone,
)
from qctl.physics.twin import Wander

um, uK = 1e-6, 1e-6

SLOPE = 10 * um / MHz  # metres of a deflector's beam per hertz
ZONE_WAIST = 10 * um
STRAY = 0.35  # pixels by which a guessed place is off, standard deviation of the whole camera
TURNED = 4e-3  # rad, of the camera
STRETCHED = 0.003  # relative, of camera and deflectors
SHIFTS = 15.0  # Hz, between sites
DEPTHS, RABIS = 0.02, 0.01  # relative, between sites; of depths those of the zone
UNEVEN = 0.06  # the same of depths within the array, as a hologram leaves them that nobody corrected
TRAP_SHIFT = SHIFTS / (UNEVEN * 1e-3)  # Hz per K: what is left of it in traps whose light is compensated
SHARED = 0.9  # of what differs between frequencies of sites, the part that their depths explain
RAMAN = 300.0  # Hz by which the guessed frequency is off
RYDBERG = 300 * kHz  # the same of the Rydberg resonance, beside a light shift of about -1 MHz that nobody guesses
HOUR = 3600.0


def draw_atoms(laboratory: Laboratory, seed: int, *, drifting: bool = False) -> AtomTwin:
    """Return a random truth: an array that loads, with gates that can reach some parts in a thousand.

    Raises
    ------
    ConfigError
        When the seed is negative, or the file does not guess where sites are.
    """
    if seed < 0:
        raise ConfigError(f"seed {seed}", allowed="0 or more")
    rng, guess = np.random.default_rng((seed, 87)), laboratory.first_guess
    if f"{laboratory.qubit_names[0]}.site.row" not in guess:
        raise ConfigError("no guess of where the sites are", where=laboratory.name)
    array = laboratory.qubits[laboratory.qubit_names[0]].readout
    pixel = guess[f"{array}.tweezers_x.map_2"] * SLOPE  # metres
    places = {q: (guess[f"{q}.site.row"], guess[f"{q}.site.column"]) for q in laboratory.qubits}
    zone = {
        f"zone{k - 1}": (guess[f"{array}.zone.row_{k}"], guess[f"{array}.zone.column_{k}"])
        for k in range(1, 10)
        if f"{array}.zone.row_{k}" in guess
    }
    places |= {name: zone[name] for name in list(zone)[:2]}

    def near(value: float, share: float) -> float:
        return float(value * (1 + share * rng.standard_normal()))

    def site(row: float, column: float, in_array: bool) -> Site:
        other, shifted = float(rng.standard_normal()), float(rng.standard_normal()) if in_array else 0.0
        deeper = UNEVEN * (SHARED * shifted + (1 - SHARED**2) ** 0.5 * other) if in_array else DEPTHS * other
        depth, rabi = 1e-3 * (1 + deeper), near(1.0, RABIS)
        return Site(x=column * pixel, y=row * pixel, depth=depth, shift=SHIFTS * shifted, rabi=rabi)

    sites = {name: site(*place, in_array=name in laboratory.qubits) for name, place in places.items()}
    further = {name: Site(x=column * pixel, y=row * pixel) for name, (row, column) in zone.items() if name not in sites}
    return AtomTwin(
        sites=sites | further,
        deflector=_deflector(rng),
        pointer=_deflector(rng),
        camera=Camera(
            row0=STRAY * float(rng.standard_normal()),
            column0=STRAY * float(rng.standard_normal()),
            scale=near(1 / pixel, STRETCHED),
            turn=TURNED * float(rng.standard_normal()),
            rate=near(25e3, 0.1),
            background=near(100.0, 0.2),
            loss=near(1.5e-3, 0.3),
        ),
        tweezers=Tweezers(
            temperature=near(12 * uK, 0.15),
            loading=min(0.9, near(0.58, 0.05)),
            shift=3 * float(rng.standard_normal()),
            move_loss=near(1e-3, 0.3),
        ),
        qubits=Qubits(
            frequency=10 * MHz + RAMAN * float(rng.standard_normal()),
            noise=near(4.0, 0.2),
            rabi=near(1 * MHz, 0.05),
            local_rabi=near(1 * MHz, 0.05),
            trap_shift=TRAP_SHIFT,
            local_shift=2e-3 * float(rng.standard_normal()),
        ),
        rydberg=Rydberg(
            frequency=guess[f"{array}.rydberg.resonance"] + RYDBERG * float(rng.standard_normal()),
            blue=near(600 * MHz, 0.04),
            red=near(200 * MHz, 0.03),
            lifetime=near(130 * us, 0.08),
            y=sites["zone0"].y,
            waist=ZONE_WAIST,
        ),
        zone=Zone(
            y=sites["zone0"].y + 0.3 * um * float(rng.standard_normal()),
            scattering=near(1.5 * MHz, 0.1),
            floor=near(1e-6, 0.3),
            bright_time=near(0.5, 0.2),
            background=near(30.0, 0.2),
            pumping_time=near(30 * us, 0.1),
        ),
        hologram=Hologram(exponent=float(np.random.default_rng((seed, 88)).uniform(0.8, 1.0))),
        drift=_drift() if drifting else None,
    )


def _deflector(rng: np.random.Generator) -> Deflector:
    return Deflector(
        x0=-20 * um + 0.15 * um * float(rng.standard_normal()),
        y0=-20 * um + 0.15 * um * float(rng.standard_normal()),
        slope_x=SLOPE * (1 + STRETCHED * float(rng.standard_normal())),
        slope_y=SLOPE * (1 + STRETCHED * float(rng.standard_normal())),
        shear=2e-3 * SLOPE * float(rng.standard_normal()),
        full=0.15,
    )


def _drift() -> AtomDrift:
    return AtomDrift(
        qubit_frequency=Wander(sigma=3.0, tau=HOUR),
        rydberg_frequency=Wander(sigma=20e3, tau=HOUR),
        raman_rabi=Wander(sigma=3e-3, tau=HOUR),
        rydberg_rabi=Wander(sigma=5e-3, tau=HOUR),
        photons=Wander(sigma=0.02, tau=HOUR),
    )
