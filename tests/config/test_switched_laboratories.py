"""Laboratories with pulse generators, counters and electrodes: roles, masters, and what is refused with its place."""

import re

import pytest

from qctl.config import read_laboratory
from qctl.core.errors import ConfigError
from qctl.core.laboratory import Role

TEXT = """\
platform: trapped_ion
reference: 10 MHz
period: 5 ms
instruments:
  awg:     {driver: "a:A", address: mock, sample_rate: 62.5 MHz, full_scale: 0.5 V, trigger_latency: 100 ns}
  ttl:     {driver: "b:B", address: mock}
  dds:     {driver: "c:C", address: mock}
  dc:      {driver: "d:D", address: mock}
  counter: {driver: "e:E", address: mock}
  slm:     {driver: "f:F", address: mock}
lines:
  beam0:   {output: awg.1}
  cooling: {switch: ttl.1, carrier: dds.1}
  pumping: {switch: ttl.4}
  detection: {switch: ttl.5}
  trap:    {carrier: dds.2}
  ex:      {supply: dc.1}
  traps:   {shaped_by: slm}
  seen0:   {counted_by: counter.1}
  start:   {switch: ttl.2, starts: [awg]}
  gate:    {switch: ttl.3, starts: [counter]}
qubits:
  q0: {drive: beam0, readout: seen0}
couplings: {}
safe:
  awg: {action: off}
  ttl: {action: off}
  dds: {action: off}
  slm: {action: hold}
  dc: {action: ramp, value: 0 V, rate: 1 V/s}
limits:
  awg: {min: -0.5 V, max: 0.5 V}
  dds: {min: -60 dBm, max: 4 dBm}
  dc: {min: -10 V, max: 10 V, rate: 5 V/s}
first_guess:
  q0: {frequency: 15 MHz, readout.counts: 5}
  cooling: {tone.frequency: 80 MHz, tone.amplitude: 0.5, duration: 1 ms}
  trap: {tone.frequency: 20 MHz, tone.amplitude: 0.8, mode_1: 1 MHz}
  ex: {voltage: 0.2 V}
"""


@pytest.fixture
def lab(tmp_path):
    def read(old: str = "", new: str = ""):
        assert old in TEXT
        path = tmp_path / "lab.yaml"
        path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
        return read_laboratory(path)

    return read


def test_roles_follow_from_what_lines_name(lab):
    assert lab().roles() == {
        "awg": Role.AWG,
        "ttl": Role.PULSER,
        "dds": Role.DDS,
        "dc": Role.SUPPLY,
        "slm": Role.HOLOGRAM,
        "counter": Role.COUNTER,
    }


def test_the_pulse_generator_times_the_laboratory(lab):
    assert lab().masters() == ("ttl",)


def test_a_light_is_tuned_and_an_electrode_held_by_parameters(lab):
    guess = lab().first_guess
    assert guess["cooling.tone.frequency"] == 80e6
    assert guess["ex.voltage"] == 0.2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("starts: [awg]", "starts: [dds]", "dds has no trigger input here"),
        ("starts: [counter]", "starts: []", "nothing starts counter"),
        ("{counted_by: counter.1}", "{counted_by: counter.1, supply: dc.2}", "two lines in one"),
        ("carrier: dds.2", "carrier: awg.2", "awg as dds, elsewhere as awg"),
        ("readout: seen0", "readout: beam0", "beam0 is a beam line; .*counted_by"),
        ("drive: beam0", "drive: beam0, flux: beam0", "flux on platform trapped_ion"),
        ("ttl: {action: off}", "ttl: {action: hold}", "ttl: hold of digital outputs"),
        ("  ttl: {action: off}\n", "", "ttl has no entry in safe"),
        ("dc: {min: -10 V, max: 10 V, rate: 5 V/s}", "dc: {min: -10 V, max: 10 V}", "dc: no rate"),
        ("dds: {min: -60 dBm, max: 4 dBm}", "dds: {min: -1 V, max: 1 V}", "limits of dds in V"),
        ("limits:\n", "limits:\n  ttl: {min: 0 V, max: 5 V}\n", "ttl has no levels"),
        ("frequency: 15 MHz", "frequency: 40 MHz", "frequency of q0 is 40 MHz; .*31.25 MHz"),
        ("ex:      {supply: dc.1}", "ex:      {supply: cooling.1}", "'cooling' is no instrument"),
        ("switch: ttl.3", "switch: ttl.1", "port ttl.1 a second time"),
        ("voltage: 0.2 V", "voltage: 0.2 A", "voltage: '0.2 A' is no quantity in V"),
        ("voltage: 0.2 V", "voltage: 12 V", "12 V is beyond the limits of dc; allowed: -10 to 10 V"),
        ("  ex: {voltage: 0.2 V}\n", "", "no first guess of ex.voltage"),
        ("  pumping: {switch: ttl.4}\n", "", "no line 'pumping' with a switch on platform trapped_ion"),
        (", mode_1: 1 MHz", "", "no first guess of trap.mode_1"),
        ("tone.frequency: 20 MHz, ", "", "no first guess of trap.tone.frequency"),
        ("tone.amplitude: 0.5", "tone.amplitude: -0.5", "tone.amplitude -0.5"),
        ("tone.amplitude: 0.5", "tone.amplitude: 1.5", "tone.amplitude 1.5; .*fraction of full scale"),
        ("slm: {action: hold}", "slm: {action: off}", "slm: off of a hologram; .*hold"),
        ("limits:\n", "limits:\n  slm: {min: 0 V, max: 5 V}\n", "slm has no levels"),
        ("traps:   {shaped_by: slm}", "traps:   {shaped_by: slm, supply: dc.2}", "two lines in one"),
        ("  seen0", "  more:    {shaped_by: slm}\n  seen0", "line more: traps a second time"),
        ("  ex: {voltage", "  pumping: {tone.frequency: 80 MHz}\n  ex: {voltage", "line pumping has no tone"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(lab, old, new, said):
    with pytest.raises(ConfigError) as refused:
        lab(old, new)
    mistakes = [str(mistake) for mistake in refused.value.mistakes]
    assert any(re.search(said, mistake) for mistake in mistakes), mistakes
    assert all(re.match(r".*lab\.yaml:\d+:\d+: ", mistake) for mistake in mistakes)
    assert len(mistakes) <= 3, mistakes


def test_no_entry_can_be_left_out_unnoticed(lab):
    silent = []
    for line in TEXT.splitlines(keepends=True):
        if not line.startswith("  "):
            continue
        try:
            lab(line, "")
        except ConfigError:
            continue
        silent.append(line.split(":")[0].strip())
    assert silent == []
