"""What a scan costs per qubit, from 5 qubits to 72: pulses on every qubit, all of them read at once, over real links.

The rack is served in this process, so that its seconds of CPU count with those of the client. The scan is a sweep of
the amplitude of a pi pulse; the first run of each laboratory, which makes tables of spectra, is not counted. transmon5
samples at 2 GS/s and wukong72 at 1 GS/s: what matters most are the ratios within wukong72, where qubits are added to
one rack.
"""

import re
import time
from contextlib import contextmanager

import numpy as np
import pytest

from qctl import Lab, config
from qctl.config.find import find_laboratory, twin_of
from qctl.core.program import EVENT, Op, Program, event
from qctl.instruments.mock.rack import serve
from qctl.physics.twin import Twin
from qctl.physics.world import World

POINTS, SHOTS = 12, 100
COLUMNS = 12  # of wukong72; one feedline each


@contextmanager
def opened(name, folder):
    """Yield a laboratory whose rack is served in this process."""
    original = find_laboratory(name)
    laboratory = config.read_laboratory(original)
    with serve(laboratory, World(laboratory, config.read(twin_of(original), Twin), 1)) as rack:
        text = re.sub(r"(?m)^parameters:.*\n", "", original.read_text())
        for instrument, link in rack.instruments.items():
            text = re.sub(rf"(?m)^(\s+{instrument}: .*address: )mock", rf'\g<1>"{link.address}"', text)
        path = folder / original.name
        path.write_text(text)
        with Lab.open(path, seed=1, state=folder / "state") as lab:
            yield lab


def scan(lab, qubits, points):
    """Return programs and parameters: a pi pulse of growing amplitude on each of ``qubits``, and all of them read."""
    rows = [event(Op.R, (q,), (np.pi, 0.0)) for q in qubits]
    rows += [event(Op.BARRIER, (q,), (), 1) for q in qubits]
    rows += [event(Op.MEASURE, (q,), (), bit) for bit, q in enumerate(qubits)]
    names = lab.laboratory.qubit_names
    program = Program(np.array(rows, EVENT), len(names), len(qubits), np.array([0, len(rows)]), SHOTS, physical=True)
    amplitudes = np.linspace(0.1, 0.9, points)
    return [
        (program, lab.parameters.replaced({f"{names[q]}.x180.amplitude": float(a) for q in qubits})) for a in amplitudes
    ]


def spent(lab, qubits):
    """Return microseconds of CPU per qubit, point and shot."""
    pairs = scan(lab, qubits, POINTS)
    begun = time.process_time()
    lab.run_each(pairs, SHOTS)
    return (time.process_time() - begun) / (len(qubits) * POINTS * SHOTS) * 1e6


def test_the_cost_per_qubit_from_5_to_72(benchmark, tmp_path):
    found = {}
    with opened("transmon5", tmp_path) as lab:
        lab.run_each(scan(lab, range(5), 1), SHOTS)
        found["transmon5"] = spent(lab, range(5))
    with opened("wukong72", tmp_path) as lab:
        lab.run_each(scan(lab, range(72), 1), SHOTS)
        for columns in (1, 4):
            found[f"{6 * columns} of 72"] = spent(lab, [q for q in range(72) if q % COLUMNS < columns])
        found["72"] = benchmark.pedantic(spent, (lab, range(72)), rounds=1)
    benchmark.extra_info.update({key: f"{value:.1f} us" for key, value in found.items()})
    benchmark.extra_info["72_to_6"] = round(found["72"] / found["6 of 72"], 2)
    benchmark.extra_info["72_to_transmon5"] = round(found["72"] / found["transmon5"], 2)


if __name__ == "__main__":
    pytest.main([__file__, "--benchmark-only", "-s"])
