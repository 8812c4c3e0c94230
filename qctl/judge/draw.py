"""Draw a whole hidden truth for a laboratory file."""

from __future__ import annotations

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.physics.twin import Twin

from .draw_couplers import draw_couplers
from .draw_drift import draw_drift, draw_fluctuators
from .draw_lines import (
    draw_drive_crosstalk,
    draw_drives,
    draw_feedlines,
    draw_flux_crosstalk,
    draw_fluxes,
    draw_latencies,
)
from .draw_qubits import draw_qubits, draw_resonators
from .plan import Plan


def draw_twin(laboratory: Laboratory, seed: int, *, drifting: bool = False) -> Twin:
    """Return a random truth around the first guesses of a laboratory, always solvable (see :mod:`.solvable`).

    What is drawn for one qubit, coupler or line depends on the seed and its name; frequencies also on its neighbours.

    Parameters
    ----------
    drifting : the truth also moves in virtual time; at its mean it is the same as without

    Raises
    ------
    ConfigError
        When the guesses leave no room for a chip that this wiring can operate.
    """
    if seed < 0:
        raise ConfigError(f"seed {seed}", allowed="0 or more")
    plan = Plan(laboratory, seed)
    qubits, resonators = draw_qubits(plan), draw_resonators(plan)
    flux_crosstalk = draw_flux_crosstalk(plan)
    return Twin(
        qubits=qubits,
        resonators=resonators,
        couplers=draw_couplers(plan, qubits),
        drives=draw_drives(plan),
        fluxes=draw_fluxes(plan, flux_crosstalk),
        feedlines=draw_feedlines(plan, resonators),
        drive_crosstalk=draw_drive_crosstalk(plan),
        flux_crosstalk=flux_crosstalk,
        latencies=draw_latencies(plan),
        defects=draw_fluctuators(plan) if drifting else {},
        drift=draw_drift(plan) if drifting else None,
    )
