"""What is true of the qubits of a simulated laboratory, worked out by the tests themselves: no formula of a fit."""

import numpy as np
from scipy.linalg import expm

from qctl.judge.solvable import sweet_biases
from qctl.platforms.distortion import mixer_correction
from qctl.platforms.envelopes import drag as raised_cosine

LOWER = np.diag(np.sqrt([1.0, 2.0]), 1)


def frequency(chip, known, qubit):
    """Return the transition 0-1 at the biases that are known, by diagonalisation, Hz."""
    return levels(chip, known, qubit)[1]


def levels(chip, known, qubit):
    lines = chip.laboratory.lines
    flux = chip.resting_flux({lines[n].bias: known[f"{n}.bias"] for n in lines if lines[n].bias})
    place = chip.names.index(qubit)
    return chip.energies(place, flux[place]) / (2 * np.pi)


def sweet_bias(chip, line):
    """Return the current that brings a loop to zero flux when all others are there too, A."""
    return sweet_biases(chip)[line]


def propagator(chip, known, qubit, kind, **changed):
    """Return what one gate pulse does to three levels, by the held samples behind the mixer, in the qubit's frame."""
    lab, line = chip.laboratory, chip.laboratory.qubits[qubit].drive
    wiring, truth = lab.lines[line], chip.drive_line(line)
    awg, carrier = lab.instruments[wiring.i.instrument], lab.instruments[wiring.mixed_with].frequency
    value = {n: changed.get(n, known[f"{qubit}.{kind}.{n}"]) for n in ("amplitude", "duration", "drag")}
    n, rate = round(value["duration"] * awg.sample_rate), awg.sample_rate
    beat = known[f"{qubit}.frequency"] - carrier
    slope = value["drag"] / (2 * np.pi * known[f"{qubit}.anharmonicity"])
    z = value["amplitude"] * raised_cosine(n, rate, slope) * np.exp(2j * np.pi * beat * np.arange(n) / rate)
    matrix, offset = mixer_correction(line, known)
    i, q = (matrix @ np.stack([z.real, z.imag]) + offset[:, None]) * awg.full_scale
    i, q = i + truth.offset_i, q + truth.offset_q
    seen = i + 1j * truth.gain * (q * np.cos(truth.phase) + i * np.sin(truth.phase))
    bare = np.diag(levels(chip, known, qubit)[:3] - carrier * np.arange(3))
    whole = np.eye(3)
    for sample in seen:
        drive = truth.rabi_frequency / 2 * sample * LOWER
        whole = expm(-2j * np.pi / rate * (bare + drive + drive.conj().T)) @ whole
    return np.diag(np.exp(2j * np.pi * beat * n / rate * np.arange(3))) @ whole


def gate_error(found, kind):
    """Return the average gate error (Nielsen, Phys. Lett. A 303, 249), whatever the phase of the line is."""
    angle = {"x90": np.pi / 2, "x180": np.pi}[kind]
    inner, c, s = found[:2, :2], np.cos(angle / 2), np.sin(angle / 2)
    axis = (np.angle(inner[1, 0]) - np.angle(inner[0, 1])) / 2  # up to half a turn
    errors = []
    for phase in np.exp(1j * np.array([axis, axis + np.pi])):
        wanted = np.array([[c, -1j * s / phase], [-1j * s * phase, c]])
        overlap = abs(np.trace(wanted.conj().T @ inner)) ** 2
        errors.append(1 - (np.trace(inner.conj().T @ inner).real + overlap) / 6)
    return min(errors)


def best_amplitude(chip, known, qubit, kind):
    """Return the amplitude of the least gate error."""
    guess = known[f"{qubit}.{kind}.amplitude"]
    tried = guess * np.linspace(0.97, 1.03, 13)
    errors = [gate_error(propagator(chip, known, qubit, kind, amplitude=a), kind) for a in tried]
    parabola = np.polynomial.Polynomial.fit(tried, errors, 2)
    return float(parabola.deriv().roots()[0].real)


def coherence_limit(twin, known, qubit):
    """Return the error that no pulse of the duration of x90 undercuts."""
    t = twin.qubits[qubit]
    t2 = 1 / (0.5 / t.t1 + 1 / t.t_phi)
    return known[f"{qubit}.x90.duration"] * (1 / t.t1 + 2 / t2) / 6
