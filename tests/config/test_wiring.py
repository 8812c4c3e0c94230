"""Wiring of a laboratory: what does not fit together is said at its place."""

import pytest

# What is written instead of what, and words of the mistakes that must come of it.
WRONG = {
    "port of an instrument that is not there": (
        "i: awg1.1,",
        "i: awg9.1,",
        ["'awg9' is no instrument.*did you mean 'awg"],
    ),
    "port used twice": ("i: awg1.3,", "i: awg1.1,", ["port awg1.1 a second time; .*first in q0.drive"]),
    "input used twice": (
        "[digitizer.1, digitizer.2]",
        "[digitizer.1, digitizer.1]",
        ["port digitizer.1 a second time"],
    ),
    "source misspelt": (
        "q0.drive: {i: awg1.1, q: awg1.2, mixed_with: drive_high",
        "q0.drive: {i: awg1.1, q: awg1.2, mixed_with: drive_hihg",
        ["'drive_hihg' is no instrument.*did you mean 'drive_high'"],
    ),
    "pair on two AWGs": ("q: awg1.2", "q: awg3.8", ["line q0.drive: i on awg1, q on awg3; allowed: one AWG"]),
    "half of a pair": (
        "i: awg1.1, q: awg1.2",
        "i: awg1.1",
        ["q0.drive: half of an I/Q pair; allowed: i and q together"],
    ),
    "pair without a carrier": (", mixed_with: drive_high, attenuation: 60 dB, delay: 52 ns", "", ["without a carrier"]),
    "pair and output": ("i: awg1.1,", "output: awg3.8, i: awg1.1,", ["an I/Q pair and a single output"]),
    "feedline that does not come back": ("back: [digitizer.1, digitizer.2],", "", ["feedline is a drive line"]),
    "marker as flux output": ("output: awg2.5,", "output: awg2.marker.5,", ["a marker that starts nothing"]),
    "output that starts": (
        "trigger:  {output: awg1.marker.1, starts: [awg2, awg3, digitizer], delay: 8 ns}",
        "trigger:  {output: awg3.8, starts: [awg2, awg3, digitizer], delay: 8 ns}",
        ["starts instruments without a marker"],
    ),
    "negative delay": ("delay: 52 ns", "delay: -52 ns", ["negative delay; allowed: zero or more"]),
    "line of another kind": (
        "q0: {drive: q0.drive, readout: feedline, flux: q0.flux}",
        "q0: {drive: q0.drive, readout: feedline, flux: q1.drive}",
        ["q1.drive is a drive line; allowed: a flux"],
    ),
    "unknown line": (
        "q0: {drive: q0.drive, readout: feedline, flux: q0.flux}",
        "q0: {drive: q0.drvie, readout: feedline, flux: q0.flux}",
        ["'q0.drvie' is no line.*did you mean 'q0.drive'"],
    ),
    "shared drive": (
        "q0: {drive: q0.drive, readout: feedline, flux: q0.flux}",
        "q0: {drive: q1.drive, readout: feedline, flux: q0.flux}",
        ["q1.drive already serves q0"],
    ),
    "line for nobody": (", flux: q0.flux}", "}", ["line q0.flux serves no qubit"]),
    "coupling to nowhere": ("pair: [q0, q1]", "pair: [q0, q7]", ["'q7' is no qubit", "'q0-q1' couples q0 and q7"]),
    "coupling to itself": ("pair: [q0, q1]", "pair: [q0, q0]", ["q0 coupled to itself", "couples q0 and q0"]),
    "coupling the wrong way round": ("pair: [q0, q1]", "pair: [q1, q0]", ["'q0-q1' couples q1 and q0"]),
    "AWG that nothing starts": ("starts: [awg2, awg3, ", "starts: [awg2, ", ["nothing starts awg3"]),
    "digitizer that nothing starts": ("awg3, digitizer]", "awg3]", ["nothing starts digitizer"]),
    "started twice": ("[awg2, awg3, ", "[awg2, awg3, awg3, ", ["awg3 a second time; allowed: each once"]),
    "master that is started": ("[awg2,", "[awg1, awg2,", ["every AWG is started by another one"]),
    "source that is started": ("awg3, digitizer]", "awg3, digitizer, drive_low]", ["drive_low has no trigger input"]),
    "trigger from a started AWG": (
        "trigger:  {output: awg1.marker.1, starts: [awg2, awg3, digitizer], delay: 8 ns}",
        "trigger:  {output: awg2.marker.1, starts: [awg2, awg3, digitizer], delay: 8 ns}",
        ["awg2.marker.1 starts instruments, but awg1 starts awg2"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_together_is_said_at_its_place(name, answered):
    old, new, said = WRONG[name]
    answered(old, new, said)
