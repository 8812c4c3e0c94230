"""A simulated heavy-hex chip of 127 transmons, made of copies of the qubits and couplings of ideal20.

Each site takes the place of a site of ideal20, so that neighbours are neighbours there too: the lattice is folded like
a map. Its qubits and couplings are true copies, and so the parameters that were measured on ideal20 are measured
parameters here. On top the twin has what ideal20 lacks, drawn as for wukong72: static ZZ of every coupling, drive
crosstalk among neighbours and diagonal neighbours, flux crosstalk between loops. Nothing decays, so that states are
vectors and the outcomes of ten entangled qubits can be written down exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from qctl.config import read, read_laboratory, read_parameters
from qctl.config.find import find_laboratory, twin_of
from qctl.core.laboratory import Coupling, InstrumentEntry, Laboratory, Line, Qubit
from qctl.core.parameters import Parameters
from qctl.core.port import Port
from qctl.physics.twin import DriveCrosstalk, FluxCrosstalk, Twin

PERIOD = 250e-6  # s, the frame
ROWS = 7  # long rows of 14 or 15 qubits, four bridges between neighbours
CHANNELS = 8
PER_FEEDLINE = 5


def sites() -> list[tuple[int, int]]:
    """Return the 127 sites (row, column) on a square lattice: long rows are even, bridges odd."""
    found = []
    for k in range(ROWS):
        columns = range(14) if k == 0 else range(1, 15) if k == ROWS - 1 else range(15)
        found += [(2 * k, c) for c in columns]
        if k < ROWS - 1:
            found += [(2 * k + 1, c) for c in range(2 * (k % 2), 15, 4)]
    return found


SITES = sites()
INDEX = {site: k for k, site in enumerate(SITES)}
PAIRS = sorted(
    (INDEX[site], INDEX[other])
    for site in SITES
    for other in ((site[0], site[1] + 1), (site[0] + 1, site[1]))
    if other in INDEX
)


def folded(position: int, size: int) -> int:
    """Return a place on a strip of ``size`` that is folded like a map."""
    place = position % (2 * size - 2)
    return min(place, 2 * size - 2 - place)


def original(k: int) -> int:
    """Return the qubit of ideal20 that qubit k copies."""
    row, column = SITES[k]
    return 5 * folded(row, 4) + folded(column, 5)


def coupling_original(a: int, b: int) -> str:
    """Return the coupling of ideal20 that a pair copies."""
    low, high = sorted((original(a), original(b)))
    return f"q{low}-q{high}"


def name_of(pair: tuple[int, int]) -> str:
    """Return the name of a coupling."""
    return f"q{pair[0]}-q{pair[1]}"


@cache
def laboratory() -> Laboratory:
    """Return the wiring: AWGs of eight outputs, one feedline and digitizer for every five qubits."""
    model = read_laboratory(find_laboratory("ideal20"))
    ports = (Port(f"awg{k // CHANNELS + 1}", k % CHANNELS + 1) for k in range(10_000))
    lines, n = dict[str, Line](), len(SITES)
    for k in range(n):
        source = model.lines[model.qubits[f"q{original(k)}"].drive].mixed_with
        lines[f"q{k}.drive"] = Line(i=next(ports), q=next(ports), mixed_with=source)
    for k in range(-(-n // PER_FEEDLINE)):
        back = (Port(f"digitizer{k}", 1), Port(f"digitizer{k}", 2))
        lines[f"feedline{k}"] = Line(i=next(ports), q=next(ports), mixed_with=f"readout{k % 4}", back=back)
    for name in [*(f"q{k}" for k in range(n)), *map(name_of, PAIRS)]:
        lines[f"{name}.flux"] = Line(output=next(ports))
    awgs = list(dict.fromkeys(p.instrument for line in lines.values() for p in line.outputs))
    digitizers = [f"digitizer{k}" for k in range(-(-n // PER_FEEDLINE))]
    marker = replace(model.lines["trigger"], starts=(*awgs[1:], *digitizers))
    awg, digitizer = model.instruments["awg1"], model.instruments["digitizer0"]
    instruments: dict[str, InstrumentEntry] = dict.fromkeys(awgs, awg) | dict.fromkeys(digitizers, digitizer)
    instruments |= {name: entry for name, entry in model.instruments.items() if entry.frequency is not None}
    qubits = {
        f"q{k}": Qubit(drive=f"q{k}.drive", readout=f"feedline{k // PER_FEEDLINE}", flux=f"q{k}.flux") for k in range(n)
    }
    couplings = {name_of(p): Coupling(pair=(f"q{p[0]}", f"q{p[1]}"), flux=f"{name_of(p)}.flux") for p in PAIRS}
    return replace(
        model,
        name="heavy-hex127",
        period=PERIOD,
        parameters=None,
        path="",
        digest="heavy-hex127",
        instruments=instruments,
        lines={"trigger": marker, **lines},
        qubits=qubits,
        couplings=couplings,
        safe={name: model.safe.get(name, model.safe["awg1"]) for name in instruments},
        limits={},
        first_guess={},
    )


def read_as(k: int) -> int:
    """Return the qubit of ideal20 whose resonator and readout qubit k copies: five on a feedline, by place."""
    return 5 * (k // PER_FEEDLINE % 4) + k % PER_FEEDLINE


@cache
def parameters() -> Parameters:
    """Return what was measured on ideal20, under the names of the copies."""
    model = read_parameters(find_laboratory("ideal20").parent / "ideal20.parameters.json").estimates
    found = {}
    for k in range(len(SITES)):
        for own, name in ((f"q{original(k)}.", f"q{k}."), (f"q{read_as(k)}.readout.", f"q{k}.readout.")):
            found |= {name + key.removeprefix(own): value for key, value in model.items() if key.startswith(own)}
    for k in range(-(-len(SITES) // PER_FEEDLINE)):
        own = f"feedline{k % 4}."
        found |= {f"feedline{k}." + key.removeprefix(own): v for key, v in model.items() if key.startswith(own)}
    for a, b in PAIRS:
        own = coupling_original(a, b) + "."
        found |= {name_of((a, b)) + "." + key.removeprefix(own): v for key, v in model.items() if key.startswith(own)}
    return Parameters(found, note="copies of ideal20")


def twin(seed: int = 127, *, crosstalk: bool = True) -> Twin:
    """Return what is true of the chip; without crosstalk, copies of ideal20 and nothing else."""
    model, rng = read(twin_of(find_laboratory("ideal20")), Twin), np.random.default_rng(seed)
    n = len(SITES)
    couplers = {}
    for pair in PAIRS:
        shift = float(rng.choice([-1, 1]) * rng.uniform(10e3, 21e3)) if crosstalk else 0.0
        couplers[name_of(pair)] = replace(model.couplers[coupling_original(*pair)], zz=shift)
    fluxes = {"default": model.fluxes["default"]}
    fluxes |= {f"{name_of(p)}.flux": model.fluxes[f"{coupling_original(*p)}.flux"] for p in PAIRS}
    return replace(
        model,
        qubits={f"q{k}": model.qubits[f"q{original(k)}"] for k in range(n)},
        resonators={f"q{k}": model.resonators[f"q{read_as(k)}"] for k in range(n)},
        couplers=couplers,
        fluxes=fluxes,
        drive_crosstalk=tuple(_drive_crosstalk(rng)) if crosstalk else (),
        flux_crosstalk=tuple(_flux_crosstalk(rng)) if crosstalk else (),
    )


def _drive_crosstalk(rng: np.random.Generator) -> Iterator[DriveCrosstalk]:
    for k, (r, c) in enumerate(SITES):
        for other, (r2, c2) in enumerate(SITES):
            apart = abs(r - r2) + abs(c - c2)
            if apart in (1, 2):
                magnitude = rng.uniform(0.005, 0.010) if apart == 1 else rng.uniform(0.001, 0.002)
                yield DriveCrosstalk(
                    source=f"q{k}.drive", qubit=f"q{other}", magnitude=float(magnitude), phase=float(rng.uniform(-3, 3))
                )


def _flux_crosstalk(rng: np.random.Generator) -> Iterator[FluxCrosstalk]:
    """Yield what leaks from each loop into the loops around it that take no part in the same gate.

    What a coupler leaks into its own two qubits, and they into it, is part of how a CZ was calibrated.
    """
    for pair in PAIRS:
        loop = f"{name_of(pair)}.flux"
        for k in pair:
            for other in (p for p in PAIRS if k in p and p != pair):
                far = other[0] if other[1] == k else other[1]
                yield _leak(rng, loop, f"q{far}.flux", 0.002, 0.004)
                yield _leak(rng, loop, f"{name_of(other)}.flux", 0.002, 0.004)
                yield _leak(rng, f"q{far}.flux", loop, 0.005, 0.010)


def _leak(rng: np.random.Generator, source: str, target: str, low: float, high: float) -> FluxCrosstalk:
    return FluxCrosstalk(source=source, target=target, magnitude=float(rng.choice([-1, 1]) * rng.uniform(low, high)))
