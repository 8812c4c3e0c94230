"""What calibration of an atom array would find if it made no errors: parameters straight from the hidden truth."""

import numpy as np


def pixel(camera, site):
    cos, sin = np.cos(camera.turn), np.sin(camera.turn)
    return (
        camera.row0 + camera.scale * (site.y * cos - site.x * sin),
        camera.column0 + camera.scale * (site.x * cos + site.y * sin),
    )


def true_parameters(lab, truth, known):
    """Return known parameters with the true values in place of guesses; the phase of the gate is left as it is."""
    values, qubits, rydberg = {}, truth.qubits, truth.rydberg
    full = lab.instruments["lasers"].full_scale
    for name in lab.qubits:
        site = truth.sites[name]
        values[f"{name}.site.row"], values[f"{name}.site.column"] = pixel(truth.camera, site)
        values[f"{name}.frequency"] = qubits.frequency + site.shift
        quarter = 1 / (4 * 1.8e-6) / qubits.local_rabi / full  # two edges of 0.2 us make 2 us as good as 1.8
        values[f"{name}.x90.amplitude"], values[f"{name}.x180.amplitude"] = quarter, 2 * quarter
    for k in range(len(truth.sites) - len(lab.qubits)):
        row, column = pixel(truth.camera, truth.sites[f"zone{k}"])
        values[f"array.zone.row_{k + 1}"], values[f"array.zone.column_{k + 1}"] = row, column
    for line, beam in (("tweezers", truth.deflector), ("pointer", truth.pointer)):
        values |= _maps(line, beam, truth)
    values["array.away"] = qubits.frequency + truth.tweezers.shift
    blue = rydberg.blue * known["array.rydberg.level"] * full
    rabi = blue * rydberg.red / (2 * rydberg.intermediate)
    values["array.rydberg.rabi"], values["array.gate.duration"] = (
        rabi,
        7.85 / (2 * np.pi * rabi) + known["array.gate.edge"],
    )
    shift = rydberg.shift * (rydberg.red**2 - blue**2) / (4 * rydberg.intermediate)
    values["array.rydberg.resonance"] = rydberg.frequency - shift
    values["array.global.amplitude"] = 1 / (4 * 1.8e-6) / qubits.rabi / full
    return known.replaced(values)


def _maps(line, beam, truth):
    seen = np.array([[1, *pixel(truth.camera, site)[::-1]] for site in truth.sites.values()])
    up = np.array([(site.y - beam.y0) / beam.slope_y for site in truth.sites.values()])
    across = (np.array([site.x for site in truth.sites.values()]) - beam.x0 - beam.shear * up) / beam.slope_x
    found = {}
    for axis, tones in (("x", across), ("y", up)):
        numbers = np.linalg.lstsq(seen, tones, rcond=None)[0]
        found |= {f"array.{line}_{axis}.map_{k + 1}": float(number) for k, number in enumerate(numbers)}
    return found
