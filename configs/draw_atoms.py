"""Write atoms16 and atoms100: laboratories too regular to write by hand, each with a twin.

    python configs/draw_atoms.py               # configs/atoms16.yaml, atoms100.yaml, and their twins, seed 16

A square array of tweezers 6 um apart (87Rb), and a zone 28 um beside it where two atoms stand 3 um apart under beams of
420 and 1013 nm.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from qctl.config import read_laboratory
from qctl.judge.draw_atoms import draw_atoms
from qctl.judge.text import twin_text

AWG = 'driver: "qctl.instruments.tek_awg5200:TekAwg5200", address: mock'
ZONE = tuple((dx, 0.0) for dx in (0.0, 3.0, 6.0, 9.0, 12.0))  # um from the first place; gates use two


@dataclass(frozen=True)
class Layout:
    """An array of ``side * side`` sites; lengths in um, of the camera pixels per um."""

    side: int
    scale: float
    x: float  # of the first site
    y: float
    zone_x: float
    zone_y: float
    pitch: float = 6.0
    reach: float = 99.0  # pitches within which pairs are gated directly

    @property
    def coupled(self) -> str:
        """Return in words which pairs are gated."""
        return "any pair" if self.reach > 2 * self.side else f"any pair within {self.reach:g} sites, others by swaps"

    def pairs(self) -> list[tuple[int, int]]:
        """Return the pairs that are gated."""
        places = self.sites()
        most = self.reach * self.pitch
        return [
            (a, b)
            for a, b in combinations(range(len(places)), 2)
            if np.hypot(*np.subtract(places[a], places[b])) < most
        ]

    def sites(self) -> list[tuple[float, float]]:
        """Return x and y of each site."""
        n = self.side
        return [(self.x + self.pitch * (k % n), self.y + self.pitch * (k // n)) for k in range(n * n)]


LAYOUTS = {
    "atoms16": Layout(side=4, scale=1.0, x=20.0, y=40.0, zone_x=27.0, zone_y=12.0),
    "atoms100": Layout(side=10, scale=2 / 3, x=15.0, y=38.0, zone_x=40.0, zone_y=8.0, reach=2.5),
}


def laboratory(layout: Layout, measured: bool) -> str:
    """Return the laboratory file."""
    qubits = [f"q{k}" for k in range(layout.side**2)]
    lines = [
        f"# {len(qubits)} sites for single 87Rb atoms, {layout.pitch:g} um apart, and a zone for Rydberg gates beside",
        "# them. Written by configs/draw_atoms.py.",
        "# A shot: traps are emptied, loaded (about half of them), seen, sorted, cooled and pumped; waveforms; then",
        "# light that only 1 scatters, and an image of who is left.",
        "platform: neutral_atom",
        "reference: 10 MHz",
        "period: 200 ms",
        "slot: 20 ms                      # within a shot, for each decision of the host",
        *(
            ["parameters: atoms16.parameters.json   # measured; made by qctl calibrate --from-scratch"]
            if measured
            else []
        ),
        "",
        "instruments:",
        '  pulser: {driver: "qctl.instruments.qc9520:Qc9520", address: mock}',
        f"  deflector: {{{AWG}, sample_rate: 25 MHz, full_scale: 0.75 V}}",
        f"  lasers: {{{AWG}, sample_rate: 100 MHz, full_scale: 0.75 V}}",
        '  camera: {driver: "qctl.instruments.frame_server:FrameServer", address: mock}',
        '  hologram: {driver: "qctl.instruments.hologram_server:HologramServer", address: mock}',
        "",
        "lines:",
        "  trap_off: {switch: pulser.1}       # traps of the array are dark while it is high",
        "  traps:    {shaped_by: hologram}    # what gives each trap of the array its part of the light",
        "  mot:      {switch: pulser.2}       # loading light; traps of the zone are dark meanwhile",
        "  imaging:  {switch: pulser.3}",
        "  cooling:  {switch: pulser.4}",
        "  pumping:  {switch: pulser.5}",
        "  probe:    {switch: pulser.6}       # scattered by atoms in 1 alone",
        "  exposure: {switch: pulser.7, starts: [camera]}",
        "  start:    {switch: pulser.8, starts: [deflector, lasers]}",
        "  array:    {seen_by: camera.1}",
        "  tweezers_x: {output: deflector.1}  # crossed deflectors: movable traps",
        "  tweezers_y: {output: deflector.2}",
        "  pointer_x:  {output: deflector.3}  # and the local Raman beam",
        "  pointer_y:  {output: deflector.4}",
        "  zone_light:   {output: deflector.5}  # switches light that atoms in 1 scatter, in the zone alone",
        "  zone_cooling: {output: deflector.6}  # light that cools them there",
        "  zone_pumping: {output: deflector.7}  # and light that brings them into 0",
        "  raman:        {output: lasers.1}   # modulator of Raman light on all atoms",
        "  raman_local:  {output: lasers.2}   # of that behind the pointer",
        "  rydberg_blue: {output: lasers.3}   # of 420 nm",
        "  rydberg_red:  {output: lasers.4}   # switch of 1013 nm",
        "  dark:         {output: lasers.5}   # switches all traps off for Rydberg pulses",
        "",
        "qubits:",
        *(f"  {q}: {{drive: raman_local, readout: array}}" for q in qubits),
        "",
        f"couplings:                   # atoms are carried: {layout.coupled}",
        *(f"  q{a}-q{b}: {{pair: [q{a}, q{b}]}}" for a, b in layout.pairs()),
        "",
        "safe:",
        "  pulser: {action: off, order: 1}",
        "  deflector: {action: off}",
        "  lasers: {action: off}",
        "  hologram: {action: hold}",
        "",
        "limits:",
        "  deflector: {min: -0.75 V, max: 0.75 V}",
        "  lasers: {min: -0.75 V, max: 0.75 V}",
        "",
        "first_guess:",
        *_guesses(layout, qubits),
        "",
    ]
    return "\n".join(lines)


def _guesses(layout: Layout, qubits: list[str]) -> list[str]:
    s = layout.scale
    found = [
        "  array:",
        *(
            f"    {line}.{name}: {value}"
            for line in ("tweezers_x", "pointer_x")
            for name, value in (("map_1", "2 MHz"), ("map_2", f"{0.1 / s:.6g} MHz"), ("map_3", "0 Hz"))
        ),
        *(
            f"    {line}.{name}: {value}"
            for line in ("tweezers_y", "pointer_y")
            for name, value in (("map_1", "2 MHz"), ("map_2", "0 Hz"), ("map_3", f"{0.1 / s:.6g} MHz"))
        ),
        f"    pace: {4.0 / s:.6g} us",
        "    rydberg.resonance: 20 MHz",
    ]
    for k, (dx, dy) in enumerate(ZONE, start=1):
        found.append(f"    zone.row_{k}: {s * (layout.zone_y + dy):.6g}")
        found.append(f"    zone.column_{k}: {s * (layout.zone_x + dx):.6g}")
    for q, (x, y) in zip(qubits, layout.sites(), strict=True):
        found.append(f"  {q}: {{frequency: 10 MHz, site.row: {s * y:.6g}, site.column: {s * x:.6g}}}")
    return found


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=16)
    seed, here = parser.parse_args().seed, Path(__file__).parent
    for name, layout in LAYOUTS.items():
        (here / f"{name}.yaml").write_text(laboratory(layout, measured=name == "atoms16"), encoding="utf-8")
        drawn = draw_atoms(read_laboratory(here / f"{name}.yaml"), seed)
        heading = "What is true of the array; only the mock rack reads it. Drawn by configs/draw_atoms.py."
        (here / "twins" / f"{name}.yaml").write_text(twin_text(drawn, heading), encoding="utf-8")


if __name__ == "__main__":
    main()
