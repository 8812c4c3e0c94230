"""What superconducting gates need to know: names of parameters, and what is assumed until somebody measures."""

from collections.abc import Mapping

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters

ns, us, MHz = 1e-9, 1e-6, 1e6

QUBIT = {
    "anharmonicity": (-300 * MHz, "Hz"),
    "t1": (30 * us, "s"),
    "t2": (20 * us, "s"),
    "x180.amplitude": (0.30, ""),
    "x180.duration": (24 * ns, "s"),
    "x180.drag": (0.5, ""),
    "x90.amplitude": (0.15, ""),
    "x90.duration": (24 * ns, "s"),
    "x90.drag": (0.5, ""),
    "readout.amplitude": (0.12, ""),
    "readout.duration": (1 * us, "s"),
    "readout.edge": (10 * ns, "s"),
    "readout.depletion": (400 * ns, "s"),
    "readout.rotation": (0.0, "rad"),
    "readout.threshold": (0.0, "V"),
    "readout.p01": (0.02, ""),
    "readout.p10": (0.02, ""),
    "error": (1e-3, ""),
}
"""Assumed value and unit by name behind ``qN.``; drag of 0.5 cancels the phase error of a resonant pulse."""

CZ = {
    "cz.flux_amplitude": (0.3, ""),
    "cz.coupler_amplitude": (0.3, ""),
    "cz.duration": (48 * ns, "s"),
    "cz.edge": (6 * ns, "s"),
    "cz.margin": (2 * ns, "s"),
    "cz.coupler_edge": (8 * ns, "s"),
    "cz.phase_low": (0.0, "rad"),
    "cz.phase_high": (0.0, "rad"),
    "cz.error": (1e-2, ""),
}
"""Assumed value and unit by name behind ``qA-qB.``"""

LINE = {"mixer.gain": 1.0, "mixer.phase": 0.0, "mixer.offset_i": 0.0, "mixer.offset_q": 0.0}
_UNITS = {"frequency": "Hz", "bias": "A", "delay": "s", "return_delay": "s", "phase": "rad"}


def value(known: Mapping[str, float], name: str, assumed: float) -> float:
    """Return a parameter, or what is assumed of it while nobody knows."""
    if name not in known:  # not known.get: Parameters raises its own error
        return assumed
    return known[name]


def defaults(laboratory: Laboratory) -> Parameters:
    """Return first guesses where the laboratory file gives one, assumptions for the rest; errors are infinite."""
    estimates = {}
    for names, table in ((laboratory.qubits, QUBIT), (laboratory.couplings, CZ)):
        for target in names:
            for name, (number, unit) in table.items():
                estimates[f"{target}.{name}"] = Estimate(number, unit=unit, run="assumed by the platform")
    for line, wiring in laboratory.lines.items():
        if wiring.mixed_with is not None:
            for name, number in LINE.items():
                estimates[f"{line}.{name}"] = Estimate(number, unit=_unit(name), run="assumed by the platform")
    for name, number in laboratory.first_guess.items():
        unit = estimates[name].unit if name in estimates else _unit(name)
        estimates[name] = Estimate(number, unit=unit, run="first guess of the laboratory file")
    return Parameters(estimates, note=f"first guesses of {laboratory.name}")


def _unit(name: str) -> str:
    last = name.rpartition(".")[2]
    return "s" if last.startswith("tau_") else _UNITS.get(last, "")
