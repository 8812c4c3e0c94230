"""Outputs, clocks and first guesses of a laboratory: what cannot be is said at its place."""

import pytest

# What is written instead of what, and words of the mistakes that must come of it.
WRONG = {
    "no safe state": ("  awg3: {action: off}\n", "", ["awg3 has no entry in safe"]),
    "no limits": ("  awg3: {min: -0.5 V, max: 0.5 V}\n", "", ["awg3 has no entry in limits"]),
    "safe state of what has no output": (
        "  awg3: {action: off}\n",
        "  awg3: {action: off}\n  digitizer: {action: off}\n",
        ["digitizer has no outputs"],
    ),
    "ramp without a rate": ("value: 0 mA, rate: 5 mA/s", "value: 0 mA", ["bias_q0: ramp without a rate"]),
    "ramp to nowhere": ("value: 0 mA, rate: 5 mA/s", "rate: 5 mA/s", ["bias_q0: ramp to no value"]),
    "ramp faster than allowed": ("rate: 5 mA/s", "rate: 50 mA/s", ["0.05 A/s is too fast; allowed: up to 0.01"]),
    "ramp beyond the limits": ("value: 0 mA", "value: 0.1 A", ["0.1 A is beyond its limits; allowed: -0.005 to 0.005"]),
    "ramp in volts": ("value: 0 mA, rate: 5 mA/s", "value: 0 V, rate: 5 mV/s", ["safe in V, limited in A"]),
    "ramp in volts and amperes": (
        "value: 0 mA, rate: 5 mA/s",
        "value: 0 V, rate: 5 mA/s",
        ["rate is in A, but value is in V"],
    ),
    "off with a value": ("awg1: {action: off}", "awg1: {action: off, value: 0 V}", ["off with a value"]),
    "limits upside down": (
        "awg1: {min: -0.5 V, max: 0.5 V}",
        "awg1: {min: 0.5 V, max: -0.5 V}",
        ["not below max", "full scale"],
    ),
    "limits of the wrong unit": (
        "awg1: {min: -0.5 V, max: 0.5 V}",
        "awg1: {min: -1 A, max: 1 A}",
        ["limits of awg in A"],
    ),
    "limit narrower than full scale": (
        "awg1: {min: -0.5 V, max: 0.5 V}",
        "awg1: {min: -0.2 V, max: 0.2 V}",
        ["full scale of 0.5"],
    ),
    "power beyond the limits": ("power: 16 dBm", "power: 20 dBm", ["power 20 dBm; allowed: -20 to 18 dBm"]),
    "bias without a rate": ("{min: -5 mA, max: 5 mA, rate: 10 mA/s}", "{min: -5 mA, max: 5 mA}", ["bias_q0: no rate"]),
    "AWG without a clock": (
        "sample_rate: 2 GHz, full_scale: 0.5 V}",
        "full_scale: 0.5 V}",
        ["awg1 has no sample_rate"],
    ),
    "source with a clock": (
        "frequency: 5.08 GHz,",
        "frequency: 5.08 GHz, sample_rate: 1 GHz,",
        ["source, which has no sample_rate"],
    ),
    "spare instrument": (
        "  bias_q0:    {",
        '  spare: {driver: "a.b:C", address: mock}\n  bias_q0:    {',
        ["spare is wired to nothing"],
    ),
    "period off the clock": ("period: 200 us", "period: 200.0001 us", ["is no multiple of reference and of 4 more"]),
    "no reference": ("reference: 10 MHz", "reference: 0 Hz", ["reference 0; allowed: more than zero"]),
    "readout off the grid": ("7.055 GHz", "7.0550012 GHz", ["allowed: multiples of 5 kHz.*write 7.055 GHz"]),
    "readout beyond the digitizer": (
        "7.055 GHz",
        "8.3 GHz",
        ["1100 MHz from readout_source; allowed: less than 1000 MHz"],
    ),
    "drive beyond the AWG": ("frequency: 5.2815 GHz", "frequency: 6.2815 GHz", ["1201.5 MHz from drive_high"]),
    "two readouts at one frequency": ("7.055 GHz", "6.985 GHz", ["q1 at the readout frequency of q0"]),
    "quantity that is none": ("t1: 38 us", "t1x: 38 us", ["a qubit has no quantity 't1x'; .*did you mean 't1'"]),
    "impossible t2": ("t2: 30 us", "t2: 80 us", ["t2 of q0 is 8e-05 s; allowed: up to twice its t1"]),
    "guess for nobody": ("  q0-q1: {cz.", "  q0-q7: {cz.", ["first guesses for 'q0-q7'.*did you mean"]),
    "no guess": ("anharmonicity: -302 MHz,", "", ["no first guess of q0.anharmonicity"]),
    "amplitude beyond full scale": ("readout.amplitude: 0.12", "readout.amplitude: 1.2", ["readout.amplitude 1.2"]),
    "bias beyond its limits": ("bias: 1.42 mA", "bias: 14.2 mA", ["0.0142 A is beyond the limits of bias_q0_q1"]),
    "snapshot that is not there": (
        "period:",
        "parameters: x.parameters.json\nperiod:",
        ["there is no x.parameters.json"],
    ),
    "snapshot somewhere else": ("period:", "parameters: ../x.parameters.json\nperiod:", ["names no snapshot"]),
    "driver that is no class": (
        '"qctl.instruments.gs200:Gs200"',
        '"qctl.instruments.gs200"',
        ["names no driver; .*MODULE:CLASS"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_together_is_said_at_its_place(name, answered):
    old, new, said = WRONG[name]
    answered(old, new, said)
