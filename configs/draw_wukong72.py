"""Write wukong72: a laboratory of 72 qubits that is too regular to write by hand, and a twin drawn for it.

    python configs/draw_wukong72.py            # configs/wukong72.yaml and configs/twins/wukong72.yaml, seed 72

Layout after Origin Wukong: 72 working qubits on a square lattice of 6 rows and 12 columns, 126 tunable couplers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

ROWS, COLUMNS, CHANNELS = 6, 12, 8
SITES = [(r, c) for r in range(ROWS) for c in range(COLUMNS)]
QUBITS = [f"q{k}" for k in range(len(SITES))]
HIGH, LOW = 5.10, 4.50  # GHz, carriers
SLOTS = (
    0.190,
    0.215,
    0.240,
    0.265,
)  # GHz above the carrier; at 0.30 it would drive the 1-2 transition, at 0.15 its image
TONES = (-215, -145, -80, 110, 180, 245)  # MHz from the carrier, down a column
READOUTS = (7.19, 7.20, 7.21, 7.22)  # GHz; three feedlines share one source

AWG = 'driver: "qctl.instruments.tek_awg5200:TekAwg5200", address: mock, sample_rate: 1 GHz, full_scale: 0.5 V'
SCOPE = 'driver: "qctl.instruments.infiniium:Infiniium", address: mock, sample_rate: 1 GHz, full_scale: 0.25 V'
SOURCE = 'driver: "qctl.instruments.sgs100a:Sgs100a", address: mock'

LABORATORY = """\
# Seventy-two tunable transmons on a square lattice of 6 rows and 12 columns (q0 to q71, row by row) with 126 tunable
# couplers, after Origin Wukong. Written by configs/draw_wukong72.py.
# High and low qubits alternate like a checkerboard: 5.290 to 5.365 GHz and 4.690 to 4.765 GHz. Each band has four
# slots, given so that no two of the eight nearest qubits of one band share a slot.
# One feedline a column. All AWGs and digitizers are started by one marker, behind distribution amplifiers; so are the
# carriers. Nobody has 198 direct-current sources: the loops are shielded and cooled without field, stand within 0.01
# flux quanta of zero, where couplers are off and qubits at their upper sweet spots, and are moved by pulses only.
platform: superconducting
reference: 10 MHz            # distributed to every instrument
period: 200 us               # one shot; the passive reset of about five T1 is part of it
"""

TWIN = """\
# What is true of wukong72, and only the mock rack reads. Drawn by configs/draw_wukong72.py within the ranges of
# devices of 2024, as for transmon5.
levels: 3
noise_groups: 8
"""


def couplings() -> list[tuple[int, int]]:
    """Return neighbours on the lattice, by their first qubit."""
    right = [(k, k + 1) for k, (_, c) in enumerate(SITES) if c + 1 < COLUMNS]
    down = [(k, k + COLUMNS) for k, (r, _) in enumerate(SITES) if r + 1 < ROWS]
    return sorted(right + down)


def name_of(pair: tuple[int, int]) -> str:
    """Return the name of a coupling."""
    return f"q{pair[0]}-q{pair[1]}"


def is_high(site: tuple[int, int]) -> bool:
    """Return whether the qubit of a site idles in the upper band."""
    return sum(site) % 2 == 0


def design(site: tuple[int, int]) -> float:
    """Return the designed frequency, GHz; in each band a king's move on the turned lattice changes the slot."""
    r, c = site
    slot = (r + c) // 2 % 2 + 2 * ((r - c) // 2 % 2)
    return (HIGH if is_high(site) else LOW) + SLOTS[slot]


def outputs() -> Iterator[tuple[int, int]]:
    """Yield outputs as (AWG, channel), in order."""
    number = 0
    while True:
        yield number // CHANNELS + 1, number % CHANNELS + 1
        number += 1


def section(name: str, entries: Iterable[tuple[str, str]]) -> str:
    """Return one section, an entry a line."""
    return "\n".join([f"\n{name}:", *(f"  {key}: {{{value}}}" for key, value in entries), ""])


def lines() -> list[tuple[str, str]]:
    """Return all lines: drives on the first AWGs, then feedlines, fluxes of qubits, fluxes of couplers."""
    free = outputs()

    def pair() -> str:
        (awg, i), (_, q) = next(free), next(free)
        return f"i: awg{awg}.{i}, q: awg{awg}.{q}"

    found = []
    for name, site in zip(QUBITS, SITES, strict=True):
        source = f"drive_{'high' if is_high(site) else 'low'}{1 if site[1] < COLUMNS // 2 else 2}"
        found.append((f"{name}.drive", f"{pair()}, mixed_with: {source}, attenuation: 60 dB, delay: 52 ns"))
    for c in range(COLUMNS):
        back = f"back: [digitizer{c}.1, digitizer{c}.2]"
        ways = "attenuation: 70 dB, delay: 60 ns, return_delay: 84 ns"
        found.append((f"feedline{c}", f"{pair()}, mixed_with: readout{c // 3}, {back}, {ways}"))
    for name in [*QUBITS, *map(name_of, couplings())]:
        awg, channel = next(free)
        found.append((f"{name}.flux", f"output: awg{awg}.{channel}, attenuation: 20 dB, delay: 46 ns"))
    awgs = next(free)[0]  # two outputs are left over
    started = [*(f"awg{k}" for k in range(2, awgs + 1)), *(f"digitizer{c}" for c in range(COLUMNS))]
    return [("trigger", f"output: awg1.marker.1, starts: [{', '.join(started)}], delay: 8 ns"), *found]


def instruments() -> list[tuple[str, str]]:
    """Return all instruments."""
    n_awgs = -(-(2 * len(QUBITS) + 2 * COLUMNS + len(QUBITS) + len(couplings())) // CHANNELS)
    late = [", trigger_latency: 480 ns" if k else "" for k in range(n_awgs)]
    found = [(f"awg{k}", f"{AWG}{more}") for k, more in enumerate(late, 1)]
    found += [(f"digitizer{c}", f"{SCOPE}, trigger_latency: 20 ns") for c in range(COLUMNS)]
    carriers = {f"drive_{band}{k}": f for band, f in (("high", HIGH), ("low", LOW)) for k in (1, 2)}
    carriers |= {f"readout{k}": f for k, f in enumerate(READOUTS)}
    return found + [(name, f"{SOURCE}, frequency: {f:.2f} GHz, power: 16 dBm") for name, f in carriers.items()]


def tone(site: tuple[int, int]) -> float:
    """Return the designed readout frequency, GHz."""
    return READOUTS[site[1] // 3] + TONES[site[0]] / 1e3


def laboratory() -> str:
    """Return the laboratory file."""
    names = [name for name, _ in instruments() if not name.startswith("digitizer")]
    limits = {name: "min: -0.5 V, max: 0.5 V" if name[0] == "a" else "min: -20 dBm, max: 18 dBm" for name in names}
    pulses = "x180.duration: 24 ns, x90.duration: 24 ns"
    guesses = []
    for name, site in zip(QUBITS, SITES, strict=True):
        qubit = f"frequency: {design(site):.3f} GHz, anharmonicity: -302 MHz, t1: 40 us, t2: 30 us, {pulses}"
        readout = f"readout.frequency: {tone(site):.3f} GHz, readout.amplitude: 0.12, readout.duration: 1 us"
        guesses.append((name, f"{qubit}, {readout}"))
    guesses += [(name_of(pair), "cz.duration: 48 ns") for pair in couplings()]
    qubits = [
        (name, f"drive: {name}.drive, readout: feedline{site[1]}, flux: {name}.flux")
        for name, site in zip(QUBITS, SITES, strict=True)
    ]
    pairs = [(name_of(p), f"pair: [q{p[0]}, q{p[1]}], flux: {name_of(p)}.flux") for p in couplings()]
    return LABORATORY + "".join(
        (
            section("instruments", instruments()),
            section("lines", lines()),
            section("qubits", qubits),
            section("couplings", pairs),
            section("safe", ((name, "action: off") for name in names)),
            section("limits", limits.items()),
            section("first_guess", guesses),
        )
    )


class Draw:
    """Random numbers as they are written."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def near(self, middle: float, spread: float, digits: int, unit: str = "") -> str:
        """Return a number within ``spread`` of ``middle``, and its unit."""
        return f"{self.rng.uniform(middle - spread, middle + spread):.{digits}f} {unit}".strip()

    def either(self, low: float, high: float, digits: int, unit: str = "") -> str:
        """Return a number between ``low`` and ``high`` of either sign."""
        return f"{self.rng.choice([-1, 1]) * self.rng.uniform(low, high):.{digits}f} {unit}".strip()

    def mixer(self) -> str:
        """Return what a mixer does wrong."""
        return (
            f"gain: {self.near(1.0, 0.045, 3)}, phase: {self.near(0.0, 3.5, 1, 'deg')}, "
            f"offset_i: {self.near(0.0, 3.5, 1, 'mV')}, offset_q: {self.near(0.0, 3.5, 1, 'mV')}"
        )

    def terms(self, *slow: float) -> str:
        """Return a step response: a fast term, and slow ones of about the given length in us."""
        fast = f"{{amplitude: {self.either(0.010, 0.022, 3)}, tau: {self.near(33, 11, 0, 'ns')}}}"
        rest = [f"{{amplitude: {self.either(0.008, 0.013, 3)}, tau: {self.near(t, 0.6 * t, 1, 'us')}}}" for t in slow]
        return f"[{', '.join([fast, *rest])}]"


def twin(seed: int) -> str:
    """Return the twin."""
    draw = Draw(seed)
    return TWIN + "".join(
        (
            section("qubits", qubit_truths(draw)),
            section("resonators", resonator_truths(draw)),
            section("couplers", coupler_truths(draw)),
            section("drives", drive_truths(draw)),
            section("fluxes", flux_truths(draw)),
            section("feedlines", feedline_truths(draw)),
            crosstalk(draw),
        )
    )


def qubit_truths(draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield the qubits: a little off their design."""
    for name, site in zip(QUBITS, SITES, strict=True):
        yield (
            name,
            f"frequency: {draw.near(design(site), 0.0015, 5, 'GHz')}, anharmonicity: {draw.near(-303, 8, 1, 'MHz')}, "
            f"asymmetry: {draw.near(0.24, 0.03, 2)}, t1: {draw.near(40, 6, 1, 'us')}, "
            f"t_phi: {draw.near(45, 7, 0, 'us')}, detuning_noise: {draw.near(2.8, 0.5, 1, 'kHz')}, "
            f"thermal: {draw.near(0.014, 0.004, 3)}",
        )


def resonator_truths(draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield the resonators: the tone of the laboratory file stands up to 1 MHz off the middle of levels 0 and 1."""
    for name, site in zip(QUBITS, SITES, strict=True):
        shift = draw.rng.uniform(1.8, 2.3)
        yield (
            name,
            f"frequency: {draw.near(tone(site) + shift / 2e3, 0.001, 5, 'GHz')}, "
            f"kappa: {draw.near(2.75, 0.35, 1, 'MHz')}, shifts: [-{shift:.2f} MHz, -{1.74 * shift:.2f} MHz], "
            f"coupling: {draw.near(0.955, 0.015, 2)}, "
            f"fano: {draw.near(0, 0.11, 2, 'rad')}, critical_photons: {draw.near(170, 30, 0)}",
        )


def coupler_truths(draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield the couplers: off at zero flux but for ``residual`` and ``zz``."""
    for pair in couplings():
        yield (
            name_of(pair),
            f"frequency: {draw.near(7.6, 0.04, 2, 'GHz')}, anharmonicity: -250 MHz, "
            f"asymmetry: {draw.near(0.56, 0.01, 2)}, g1: {draw.near(150, 4, 0, 'MHz')}, "
            f"g2: {draw.near(150, 4, 0, 'MHz')}, "
            f"residual: {draw.either(0.2, 0.38, 2, 'MHz')}, zz: {draw.either(10, 21, 0, 'kHz')}",
        )


def drive_truths(draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield the drive lines."""
    for name in QUBITS:
        yield (
            f"{name}.drive",
            f"rabi_frequency: {draw.near(282, 20, 0, 'MHz')}, {draw.mixer()}, delay: {draw.near(52.2, 0.8, 1, 'ns')}",
        )


def flux_truths(draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield the flux lines; those of couplers couple more strongly."""
    for name in QUBITS:
        yield (
            f"{name}.flux",
            f"flux_per_volt: {draw.near(1.04, 0.06, 2)}, offset: {draw.near(0, 0.008, 4)}, "
            f"delay: {draw.near(46, 0.6, 1, 'ns')}, distortion: {draw.terms(2.0)}",
        )
    for pair in couplings():
        yield (
            f"{name_of(pair)}.flux",
            f"flux_per_volt: {draw.near(2.6, 0.07, 2)}, offset: {draw.near(0, 0.004, 4)}, "
            f"delay: {draw.near(46, 0.6, 1, 'ns')}, distortion: {draw.terms()}",
        )


def feedline_truths(draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield the feedlines."""
    for c in range(COLUMNS):
        yield (
            f"feedline{c}",
            f"attenuation: {draw.near(105.5, 0.5, 1, 'dB')}, amplification: {draw.near(88, 0.5, 1, 'dB')}, "
            f"noise_temperature: {draw.near(0.8, 0.08, 2, 'K')}, delay: {draw.near(60.2, 0.5, 1, 'ns')}, "
            f"return_delay: {draw.near(84.2, 0.5, 1, 'ns')}, {draw.mixer()}",
        )


def crosstalk(draw: Draw) -> str:
    """Return what reaches neighbours of a drive line, and the loops next to a loop."""
    text = ["\ndrive_crosstalk:             # relative to what the line does to its own qubit"]
    for k, (r, c) in enumerate(SITES):
        for other, (r2, c2) in enumerate(SITES):
            apart = abs(r - r2) + abs(c - c2)
            if apart == 1 or (apart == 2 and r != r2 and c != c2):
                magnitude = draw.near(0.0075, 0.0025, 4) if apart == 1 else draw.near(0.0015, 0.0005, 4)
                phase = draw.near(0, 3.1, 1, "rad")
                text.append(f"  - {{source: q{k}.drive, qubit: q{other}, magnitude: {magnitude}, phase: {phase}}}")
    text.append("\nflux_crosstalk:")
    for pair in couplings():
        for k in pair:
            loop, qubit = f"{name_of(pair)}.flux", f"q{k}.flux"
            text.append(f"  - {{source: {qubit}, target: {loop}, magnitude: {draw.either(0.005, 0.010, 3)}}}")
            text.append(f"  - {{source: {loop}, target: {qubit}, magnitude: {draw.either(0.002, 0.004, 3)}}}")
    return "\n".join([*text, ""])


def main() -> None:
    """Write both files beside this script."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=72, help="of the twin")
    here, seed = Path(__file__).parent, options.parse_args().seed
    (here / "wukong72.yaml").write_text(laboratory(), encoding="utf-8")
    (here / "twins" / "wukong72.yaml").write_text(twin(seed), encoding="utf-8")


if __name__ == "__main__":
    main()
