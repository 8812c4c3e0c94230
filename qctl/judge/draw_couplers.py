"""Draw tunable couplers that are strong enough for the guessed CZ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qctl.core.errors import ConfigError
from qctl.physics.chip import exchange_table
from qctl.physics.spectrum import fold
from qctl.physics.twin import Coupler, Transmon
from qctl.platforms.pulses import cz

from . import ranges
from .chance import rounded
from .plan import Plan


def draw_couplers(plan: Plan, qubits: Mapping[str, Transmon]) -> dict[str, Coupler]:
    """Return all couplers; with half a quantum in its loop each turns |11> through |20> once or more in a guessed CZ.

    Raises
    ------
    ConfigError
        When a coupling has no flux line: what cannot be switched off is no coupler here.
    """
    fixed = [name for name, coupling in plan.laboratory.couplings.items() if coupling.flux is None]
    if fixed:
        raise ConfigError(
            f"{', '.join(fixed)} cannot be tuned", allowed="couplings with a flux line", where=plan.laboratory.name
        )
    return {name: _coupler(plan, name, qubits) for name in plan.laboratory.couplings}


def _coupler(plan: Plan, name: str, qubits: Mapping[str, Transmon]) -> Coupler:
    chance, low = plan.chance(f"{name} coupler"), qubits[plan.ordered(name)[0]]
    first = Coupler(
        frequency=rounded(low.frequency + chance.within(ranges.COUPLER_ABOVE), 5),
        anharmonicity=chance.within(ranges.COUPLER_ANHARMONICITY),
        asymmetry=chance.within(ranges.COUPLER_ASYMMETRY),
        g1=chance.within(ranges.COUPLER_G),
        g2=chance.within(ranges.COUPLER_G),
        residual=rounded(chance.sign() * chance.within(ranges.RESIDUAL), 3),
        zz=rounded(chance.sign() * chance.within(ranges.ZZ), 3),
    )
    wanted = chance.within(ranges.EXCHANGE)
    stretch = float(np.sqrt(wanted / turns(plan, name, first, qubits, 0.5)))
    return replace(first, g1=rounded(first.g1 * stretch), g2=rounded(first.g2 * stretch))


def turns(plan: Plan, name: str, coupler: Coupler, qubits: Mapping[str, Transmon], flux: float) -> float:
    """Return how often |11> goes through |20> and back in the guessed CZ whose pulse reaches ``flux`` in the loop."""
    a, b = (qubits[q] for q in plan.laboratory.couplings[name].pair)
    low, high = sorted((a, b), key=lambda t: t.frequency)
    meeting = low.frequency - high.anharmonicity
    f1, f2 = (low.frequency, meeting) if a is low else (meeting, low.frequency)
    pulse = cz(plan.laboratory, plan.known, name)[1]
    g = exchange_table(coupler, f1, f2)(fold(flux * pulse.envelope.real))
    return float(2 * np.sqrt(2) * np.abs(g).sum() / plan.rate(pulse.line))
