"""A small laboratory with every kind of line, and programs for it."""

from dataclasses import replace

import numpy as np
import pytest
from unitaries import unitary_of as unitary_of

from qctl.compile import default_parameters
from qctl.core.laboratory import Coupling, InstrumentEntry, Laboratory, LimitEntry, Line, Qubit, SafeAction, SafeEntry
from qctl.core.port import Port
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.protocols import AwgLimits, DigitizerLimits

FREQUENCIES = (5.3e9, 4.7e9, 5.35e9, 4.75e9)
TONES = (7.0e9, 7.06e9, 7.12e9, 7.3e9)
AWG = AwgLimits(
    n_channels=8,
    markers_per_channel=2,
    bits=15,
    min_rate=1e6,
    max_rate=2.5e9,
    min_samples=64,
    granularity=16,
    memory=1_000_000,
    max_steps=1000,
    max_full_scale=0.75,
    min_full_scale=0.0125,
)
DIGITIZER = DigitizerLimits(
    n_channels=2,
    bits=10,
    rates=(5e8, 1e9),
    max_segments=1000,
    memory=10_000_000,
    rearm=4e-6,
    min_samples=16,
    max_full_scale=4.0,
    min_full_scale=0.004,
)


def build(n_qubits=3):
    """Chain of coupled qubits; drives and readout at 1 GS/s, flux at 2 GS/s, digitizer at 500 MS/s."""
    names = [f"q{k}" for k in range(n_qubits)]
    awg = {"driver": "fake:Awg", "address": "mock", "full_scale": 0.5}
    instruments = {
        "awg1": InstrumentEntry(sample_rate=1e9, **awg),
        "awg2": InstrumentEntry(sample_rate=2e9, trigger_latency=20e-9, **awg),
        "digitizer": InstrumentEntry(
            driver="fake:D", address="mock", sample_rate=5e8, full_scale=0.2, trigger_latency=10e-9
        ),
        "high": InstrumentEntry(driver="fake:S", address="mock", frequency=5.1e9, power=10.0),
        "low": InstrumentEntry(driver="fake:S", address="mock", frequency=4.5e9, power=10.0),
        "tone": InstrumentEntry(driver="fake:S", address="mock", frequency=7.2e9, power=10.0),
    }
    lines = {"trigger": Line(output=Port("awg1", 1, marker=True), starts=("awg2", "digitizer"), delay=4e-9)}
    for k, name in enumerate(names):
        i, q = (Port("awg1", 2 * k + 1), Port("awg1", 2 * k + 2))
        lines[f"{name}.drive"] = Line(i=i, q=q, mixed_with="high" if k % 2 == 0 else "low", delay=(10 + k) * 1e-9)
        lines[f"{name}.flux"] = Line(output=Port("awg2", k + 1), delay=12.5e-9)
    last = 2 * n_qubits
    lines["feedline"] = Line(
        i=Port("awg1", last + 1),
        q=Port("awg1", last + 2),
        mixed_with="tone",
        back=(Port("digitizer", 1), Port("digitizer", 2)),
        delay=30e-9,
        return_delay=44e-9,
    )
    couplings = {}
    for k in range(n_qubits - 1):
        name = f"q{k}-q{k + 1}"
        lines[f"{name}.flux"] = Line(output=Port("awg2", n_qubits + k + 1), delay=11e-9)
        couplings[name] = Coupling(pair=(names[k], names[k + 1]), flux=f"{name}.flux")
    guess = {}
    for k, name in enumerate(names):
        guess |= {f"{name}.frequency": FREQUENCIES[k], f"{name}.readout.frequency": TONES[k]}
        guess |= {f"{name}.readout.duration": 200e-9, f"{name}.readout.depletion": 100e-9}
    return Laboratory(
        name="chain",
        platform="superconducting",
        reference=10e6,
        period=100e-6,
        instruments=instruments,
        lines=lines,
        qubits={name: Qubit(drive=f"{name}.drive", readout="feedline", flux=f"{name}.flux") for name in names},
        couplings=couplings,
        safe={name: SafeEntry(action=SafeAction.OFF) for name in instruments if name != "digitizer"},
        limits={"awg1": LimitEntry(min=-0.5, max=0.5)},
        first_guess=guess,
        digest=f"chain of {n_qubits}",
    )


@pytest.fixture(scope="session")
def laboratory():
    return build()


@pytest.fixture(scope="session")
def limits():
    return {"awg1": AWG, "awg2": AWG, "digitizer": DIGITIZER}


@pytest.fixture(scope="session")
def parameters(laboratory):
    return default_parameters(laboratory)


@pytest.fixture(scope="session")
def program():
    """Return a maker of programs: (op, qubits, angles, bit) in each row, one list per sweep point."""

    def make(*points, n_qubits=3, n_bits=3, physical=True, shots=100):
        rows = [event(*row) for point in points for row in point]
        starts = np.cumsum([0, *map(len, points)]).astype(np.int64)
        return Program(np.array(rows, EVENT), n_qubits, n_bits, starts, shots, physical=physical)

    return make


@pytest.fixture(scope="session")
def random_native():
    """Return a maker of random physical programs of native operations on a chain."""

    def make(seed, n_points=2, n_gates=25, n_qubits=3):
        rng = np.random.default_rng(seed)
        rows, starts = [], [0]
        for _ in range(n_points):
            for k in range(n_gates):
                qubit, kind = int(rng.integers(n_qubits)), int(rng.integers(7))
                pair = (qubit, qubit + 1) if qubit + 1 < n_qubits else (qubit, qubit - 1)
                choices = [
                    event(Op.R, (qubit,), (np.pi / 2 * rng.choice([-2, -1, 1, 2]), float(rng.uniform(-9, 9)))),
                    event(Op.R, (qubit,), (np.pi / 2, float(rng.uniform(-9, 9)))),
                    event(Op.RZ, (qubit,), (float(rng.uniform(-9, 9)),)),
                    event(Op.CZ, pair),
                    event(Op.DELAY, (qubit,), (int(rng.integers(30)) * 2e-9,)),
                    event(Op.BARRIER, (qubit,), bit=k // 3),
                    event(Op.MEASURE, (qubit,), bit=qubit) if k > n_gates - 6 else event(Op.R, (qubit,), (np.pi, 0.3)),
                ]
                rows.append(choices[kind])
            starts.append(len(rows))
        return Program(np.array(rows, EVENT), n_qubits, n_qubits, np.array(starts, np.int64), physical=True)

    return make


@pytest.fixture
def changed():
    """Return a maker of laboratories with some fields of one instrument replaced."""

    def change(laboratory, name, **fields):
        instruments = {**laboratory.instruments, name: replace(laboratory.instruments[name], **fields)}
        return replace(laboratory, instruments=instruments, digest="")

    return change


@pytest.fixture(scope="session")
def build_laboratory():
    """Return the maker of chains."""
    return build
