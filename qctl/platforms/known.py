"""What superconducting gates need to know: names of parameters, and what is assumed until somebody measures."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import pi, tan

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
"""Assumed value and unit by name behind ``qN.``; for drag see also `held_drag`."""

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
    estimates.update(_held_drags(laboratory, dict(estimates)))
    return Parameters(estimates, note=f"first guesses of {laboratory.name}")


def held_drag(carrier: float, sample_rate: float, anharmonicity: float) -> float:
    """Return what a DAC that holds its samples adds to the best drag.

    It weakens a tone at f by ``sinc(f / sample_rate)``. Over the width of a pulse that is a slope, ``1 + h (f -
    carrier)`` with ``h = d ln sinc / df``, which adds ``-h / (2 pi) dI/dt`` to Q; ``drag = anharmonicity * h`` takes it
    away again. All in Hz.
    """
    x = pi * carrier / sample_rate
    return anharmonicity * (x / tan(x) - 1) / carrier if carrier else 0.0


def _held_drags(laboratory: Laboratory, estimates: Mapping[str, Estimate]) -> Iterator[tuple[str, Estimate]]:
    """Yield the drag assumed for each qubit whose carrier can be guessed."""
    for name, qubit in laboratory.qubits.items():
        line, frequency = laboratory.lines[qubit.drive], estimates.get(f"{name}.frequency")
        source = laboratory.instruments[line.mixed_with].frequency if line.mixed_with is not None else None
        rate = laboratory.instruments[line.outputs[0].instrument].sample_rate
        if source is None or rate is None or frequency is None or not abs(frequency.value - source) < rate / 2:
            continue
        added = held_drag(frequency.value - source, rate, estimates[f"{name}.anharmonicity"].value)
        for kind in ("x90", "x180"):
            drag = f"{name}.{kind}.drag"
            if drag not in laboratory.first_guess:
                yield drag, replace(estimates[drag], value=estimates[drag].value + added)


def _unit(name: str) -> str:
    last = name.rpartition(".")[2]
    return "s" if last.startswith("tau_") else _UNITS.get(last, "")
