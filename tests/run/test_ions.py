"""Two ions end to end: a program in, counts out; what goes wrong with ions and their light is noticed and said."""

import logging
import re
from pathlib import Path

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.readout.screen import NO_ION, STUCK_OPEN, UNDETECTED
from qctl.run import Lab

CONFIGS = Path(__file__).parents[2] / "configs"
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; '
TWIN = """\
noise_groups: 2
ions:
  q0: {frequency: 15 MHz, bright: 40 kHz, dark: 1 kHz}
  q1: {frequency: 15 MHz, bright: 40 kHz, dark: 1 kHz}
beams:
  beam0: {rabi_frequency: 390.625 kHz, delay: 120 ns}
  beam1: {rabi_frequency: 390.625 kHz, delay: 121 ns}
lights:
  cooling: {kind: cooling, resonance: 90 MHz, saturation: 0.8, power: -2 dBm, rate: 100 kHz}
  pumping: {kind: pumping, resonance: 80 MHz, power: -2 dBm, rate: 300 kHz, error: 0.001}
  detection: {kind: detection, resonance: 80 MHz, power: -2 dBm, leak_bright: 30 Hz, leak_dark: 5 Hz}
trap: {frequency: 1 MHz, lamb_dicke: 0.1, heating: 50, heating_others: 1, drive: trap}
"""


def two_ions(text):
    """Return the file of eight ions without the last six."""
    text = re.sub(r"(?m)^(parameters|  (counter|beam|seen|q)[2-7]): .*\n", "", text)
    text = re.sub(r"(?m)^  q[0-7]-q[2-7]: .*\n", "", text)
    return re.sub(r"(, counter[2-7])+", "", text)


@pytest.fixture
def lab(tmp_path):
    """Return a function that opens the laboratory with faults in its truth: (text of faults) -> Lab."""
    opened = []

    def start(faults=""):
        file, twin = tmp_path / "ion2.yaml", tmp_path / "truth.yaml"
        file.write_text(two_ions((CONFIGS / "ion8.yaml").read_text(encoding="utf-8")), encoding="utf-8")
        twin.write_text(TWIN + (f"faults: [{faults}]\n" if faults else ""), encoding="utf-8")
        opened.append(Lab.open(file, seed=3, twin=twin, state=tmp_path / "state"))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_what_is_flipped_is_bright_and_what_is_not_is_dark(lab):
    result = lab().run(HEAD + "x q[0]; c = measure q;", shots=100)
    assert result.counts.get("10", 0) > 80  # first guesses, no calibration
    assert result.kept.all()
    photons = result.photons[0]
    assert np.median(photons[:, 0]) > 6
    assert np.median(photons[:, 1]) <= 1


def test_an_ion_that_goes_dark_is_named_and_its_shots_do_not_count(lab, caplog):
    laboratory = lab("{kind: dark, target: q1, at: 1 s, until: 2 s}")
    with caplog.at_level(logging.WARNING):
        result = laboratory.run_each([(HEAD + "x q[0]; c = measure q;", laboratory.parameters)], 300)
    assert result.dropped == {"q1 scatters no cooling light: the ion is dark, hot or lost": 101}
    assert sum(result.counts.values()) == 199
    assert result.kept[0].tolist() == [True] * 99 + [False] * 101 + [True] * 100
    assert "101 of 300 shots: q1 scatters no cooling light" in caplog.text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("{kind: lost, target: q1, at: 1 s}", re.escape(NO_ION)),  # the other one moves to the middle
        ("{kind: trap_off, at: 1 s}", re.escape(NO_ION)),
        ("{kind: stuck_shut, target: cooling, at: 1 s}", re.escape(NO_ION)),
        ("{kind: stuck_open, target: cooling, at: 1 s}", re.escape(STUCK_OPEN)),
        ("{kind: stuck_open, target: detection, at: 1 s}", re.escape(STUCK_OPEN)),
        ("{kind: stuck_shut, target: detection, at: 1 s}", re.escape(UNDETECTED)),
    ],
)
def test_what_stays_wrong_stops_the_run_within_a_second_and_is_said_in_plain_words(lab, fault, said):
    laboratory = lab(fault)
    with pytest.raises(InstrumentError, match=said):
        laboratory.run(HEAD + "x q[0]; c = measure q;", shots=1000)
    assert laboratory.station.clock.passed <= 3.0  # a second was good, in the next it happened
