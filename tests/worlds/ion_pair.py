"""Two ions of the laboratory ion8, with a twin that remembers: small enough that shots in parts are quick."""

import re

from qctl.config.find import find_laboratory
from qctl.run import Lab

TWIN = """\
noise_groups: 2
ions:
  q0: {frequency: 15 MHz, bright: 80 kHz, dark: 1 kHz}
  q1: {frequency: 15.0012345 MHz, bright: 80 kHz, dark: 1 kHz}
beams:
  beam0: {rabi_frequency: 390.625 kHz, delay: 120 ns}
  beam1: {rabi_frequency: 390.625 kHz, delay: 121 ns}
lights:
  cooling: {kind: cooling, resonance: 90 MHz, saturation: 0.8, power: -2 dBm, rate: 100 kHz}
  pumping: {kind: pumping, resonance: 80 MHz, power: -2 dBm, rate: 300 kHz, error: 0.0002}
  detection: {kind: detection, resonance: 80 MHz, power: -2 dBm, leak_bright: 30 Hz, leak_dark: 5 Hz}
trap: {frequency: 1 MHz, lamb_dicke: 0.1, heating: 20, heating_others: 1, drive: trap}
focus: {places: {q0: 13 MHz, q1: 14 MHz}, floor: FLOOR}
"""


def two_ions(text):
    text = re.sub(r"(?m)^(parameters|  (counter|beam|seen|q)[2-7]): .*\n", "", text)
    text = re.sub(r"(?m)^  q[0-7]-q[2-7]: .*\n", "", text)
    text = text.replace("q1: {frequency: 15 MHz", "q1: {frequency: 15.0012345 MHz").replace(": 0.32", ": 0.355")
    return re.sub(r"(, counter[2-7])+", "", text.replace("amplitude: 0.16", "amplitude: 0.1775"))


def written(folder, floor="4e-6"):
    """Write the laboratory's file and its twin; return both paths."""
    file, twin = folder / "ion2.yaml", folder / "truth.yaml"
    file.write_text(two_ions(find_laboratory("ion8").read_text(encoding="utf-8")), encoding="utf-8")
    twin.write_text(TWIN.replace("FLOOR", floor), encoding="utf-8")
    return file, twin


def opened(folder, floor="4e-6"):
    """Open them."""
    file, twin = written(folder, floor)
    return Lab.open(file, seed=3, twin=twin, state=folder / "state")
